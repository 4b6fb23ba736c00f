"""What administrators change: the organisation, departments, teams, services and what is known of people."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from helpdesk.desk import directory, organisation, people, services, skills, teams, tickets
from helpdesk.desk.changes import By, ChangedMeanwhile, Refused, marker_of
from helpdesk.desk.directory import Record
from helpdesk.desk.tickets import Report
from helpdesk.rules.access import Role
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.organisation import get_organisation
from helpdesk.store.security import SecurityEvent
from helpdesk.store.services import Service
from helpdesk.store.teams import Team
from tests.conftest import MONDAY_9, House

TEN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def by(house: House) -> By:
    return By(TEN, house.eli.id, "192.0.2.7")


def last_event() -> SecurityEvent:
    return db.session.query(SecurityEvent).order_by(SecurityEvent.id.desc()).first()


def service(house: House, **other: Any) -> dict[str, Any]:
    return {**services.state_of(house.erp), **other}


def team(house: House, **other: Any) -> dict[str, Any]:
    values = {**teams.state_of(house.team), **other}
    del values["members"]
    return values


def members(house: House) -> dict[int, bool]:
    return {house.bo.id: False, house.chen.id: True}


def record(role: Role = Role.AGENT, **other: Any) -> Record:
    columns = dict.fromkeys(directory.FIELDS) | {"name": "Bo"} | other
    return Record(role, columns, ("bo@example.org",))


def test_a_change_is_logged_from_and_to_and_only_what_changed(house: House) -> None:
    services.save(house.erp.id, service(house, description="Orders", is_core=False), by(house))
    event = last_event()
    assert (event.what, event.subject, event.actor_id) == ("setting_changed", "service:ERP", house.eli.id)
    assert event.address == "192.0.2.7"
    assert event.detail == {"from": {"is_core": True}, "to": {"description": "Orders", "is_core": False}}


def test_saving_the_same_logs_nothing(house: House) -> None:
    before = db.session.query(SecurityEvent).count()
    services.save(house.erp.id, service(house), by(house))
    assert db.session.query(SecurityEvent).count() == before


def test_nobody_overwrites_what_another_has_changed(house: House) -> None:
    seen = marker_of(services.state_of(house.erp))
    services.save(house.erp.id, service(house, description="Orders"), by(house), seen)
    with pytest.raises(ChangedMeanwhile):
        services.save(house.erp.id, service(house, description="Stock"), by(house), seen)
    assert db.session.get(Service, house.erp.id).description == "Orders"


def test_names_stay_apart(house: House) -> None:
    with pytest.raises(Refused, match="name: name_taken"):
        services.save(None, service(house, name="Printing"), by(house))


def test_a_service_that_moves_leaves_its_tickets_with_the_old_team(house: House) -> None:
    ticket = tickets.report(Report("Slow", "", service_id=house.erp.id), house.ana, now=MONDAY_9, door="web")
    other = teams.save(None, team(house, name="Network"), {}, by(house))
    services.save(house.erp.id, service(house, team_id=other.id), by(house))
    later = tickets.report(Report("Slow", "", service_id=house.erp.id), house.ana, now=TEN, door="web")
    db.session.refresh(ticket)
    assert (ticket.team_id, later.team_id) == (house.team.id, other.id)


def test_members_and_leads_of_a_team_are_set_together(house: House) -> None:
    saved = teams.save(house.team.id, team(house), {house.bo.id: True, house.eli.id: False}, by(house))
    assert {m.person_id: m.is_lead for m in saved.members} == {house.bo.id: True, house.eli.id: False}
    assert last_event().detail["from"] == {
        "members": [[house.bo.id, False, False], [house.chen.id, True, False]]
    }


def test_reporters_cannot_be_in_a_team(house: House) -> None:
    with pytest.raises(Refused, match="members: not_staff"):
        teams.save(house.team.id, team(house), {house.ana.id: False}, by(house))


def test_a_team_that_still_gets_reports_stays_in_use(house: House) -> None:
    with pytest.raises(Refused, match="is_active: team_in_use"):
        teams.save(house.team.id, team(house, is_active=False), members(house), by(house))
    db.session.expire_all()
    assert db.session.get(Team, house.team.id).is_active


def test_fewer_than_three_present_people_are_too_small_a_team(house: House) -> None:
    assert teams.is_too_small(house.team)
    teams.save(house.team.id, team(house), {**members(house), house.eli.id: False}, by(house))
    db.session.expire_all()
    assert not teams.is_too_small(house.team)
    house.bo.left_at = TEN
    assert teams.is_too_small(house.team)


def test_options_of_the_organisation_keep_what_else_stands_there(house: House) -> None:
    get_organisation().options = {"demo_accounts": ["Ana"]}
    db.session.commit()
    state = {**organisation.state_of(get_organisation()), "security_log_days": 400, "hotline": "100"}
    organisation.change(state, by(house))
    assert get_organisation().options["demo_accounts"] == ["Ana"]
    assert get_organisation().options["security_log_days"] == 400
    assert last_event().detail == {
        "from": {"security_log_days": 180},
        "to": {"hotline": "100", "security_log_days": 400},
    }


def test_departments_do_not_run_in_circles(house: House) -> None:
    sales = organisation.save_department(None, {"name": "Sales", "parent_id": None}, by(house))
    export = organisation.save_department(None, {"name": "Export", "parent_id": sales.id}, by(house))
    with pytest.raises(Refused, match="parent_id: own_parent"):
        organisation.save_department(sales.id, {"name": "Sales", "parent_id": export.id}, by(house))


def test_a_person_is_added_with_an_invitation(house: House) -> None:
    wanted = Record(
        Role.AGENT, record(name="Gao").columns, ("gao@example.org", "g@example.org"), {house.team.id: True}
    )
    gao = directory.add(wanted, by(house), with_letter=True)
    assert gao.email == "gao@example.org"
    assert [(m.team_id, m.is_lead) for m in gao.memberships] == [(house.team.id, True)]
    assert [letter.to_address for letter in db.session.query(Letter).filter_by(kind="invitation")] == [
        "gao@example.org"
    ]


def test_an_invitation_needs_an_address(house: House) -> None:
    with pytest.raises(Refused, match="addresses: needs_address"):
        directory.add(Record(Role.AGENT, record(name="Gao").columns), by(house), with_letter=True)


def test_details_and_addresses_are_changed_and_logged(house: House) -> None:
    wanted = Record(
        Role.AGENT, record(phone="12").columns, ("b@example.org", "bo@example.org"), {house.team.id: False}
    )
    bo = directory.edit(house.bo.id, wanted, by(house))
    assert (bo.phone, bo.email) == ("12", "b@example.org")
    assert last_event().what == "person_changed"
    assert last_event().detail["to"] == {"phone": "12", "addresses": ["b@example.org", "bo@example.org"]}


def test_an_address_or_a_number_is_one_persons(house: House) -> None:
    house.chen.staff_number = "7"
    db.session.commit()
    with pytest.raises(Refused, match="staff_number: number_taken"):
        directory.edit(house.bo.id, record(staff_number="7"), by(house))
    with pytest.raises(Refused, match="addresses: address_taken"):
        directory.edit(house.bo.id, Record(Role.AGENT, record().columns, ("chen@example.org",)), by(house))


def test_another_role_is_an_event_of_its_own(house: House) -> None:
    directory.edit(house.bo.id, record(Role.LEAD), by(house))
    found = db.session.query(SecurityEvent).filter_by(what="role_changed").one()
    assert found.detail == {"from": "agent", "to": "lead"}


def test_the_last_administrator_keeps_the_role(house: House) -> None:
    people.set_password(house.eli.id, "vier muntere Elche", now=MONDAY_9)
    with pytest.raises(people.LastAdministrator):
        directory.edit(house.eli.id, Record(Role.MANAGER, record(name="Eli").columns), by(house))
    db.session.expire_all()
    assert house.eli.role == Role.ADMINISTRATOR


def test_out_of_a_working_role_the_tickets_go_back(house: House) -> None:
    ticket = tickets.report(Report("Slow", "", service_id=house.erp.id), house.ana, now=MONDAY_9, door="web")
    tickets.accept(ticket.id, house.bo, now=MONDAY_9)
    still_in_team = Record(Role.REPORTER, record().columns, (), {house.team.id: False})
    with pytest.raises(Refused, match="role: not_staff"):
        directory.edit(house.bo.id, still_in_team, by(house))
    directory.edit(house.bo.id, record(Role.REPORTER), by(house))
    db.session.refresh(ticket)
    assert ticket.assignee_id is None
    assert house.bo.memberships == []


def test_seniors_of_a_team_are_set_with_its_members_and_stay_where_nothing_is_said(house: House) -> None:
    teams.save(house.team.id, team(house), members(house), by(house), seniors=[house.chen.id])
    saved = teams.save(house.team.id, team(house), members(house), by(house))
    assert [m.person_id for m in saved.members if m.is_senior] == [house.chen.id]
    saved = teams.save(house.team.id, team(house), members(house), by(house), seniors=[])
    assert not any(m.is_senior for m in saved.members)


def test_two_teams_do_not_hand_up_to_each_other(house: House) -> None:
    second = teams.save(None, team(house, name="Second", hands_up_to_id=house.team.id), {}, by(house))
    for above in (second.id, house.team.id):
        with pytest.raises(Refused, match="above_itself"):
            teams.save(house.team.id, team(house, hands_up_to_id=above), members(house), by(house))


def test_who_is_on_call_can_be_given_tickets_only_where_there_is_a_roster(house: House) -> None:
    with pytest.raises(Refused, match="needs_roster"):
        teams.save(house.team.id, team(house, dispatch="on_call"), members(house), by(house))


def test_skills_belong_to_people_and_services_until_they_are_removed(house: House) -> None:
    sap = skills.save(None, {"name": "SAP"}, by(house))
    with pytest.raises(Refused, match="name_taken"):
        skills.save(None, {"name": "SAP"}, by(house))
    services.save(house.erp.id, service(house, skills=[sap.id]), by(house))
    directory.edit(house.bo.id, replace(record(), skills=(sap.id,)), by(house))
    directory.edit(house.bo.id, record(), by(house))  # a door that knows nothing of skills
    assert services.state_of(house.erp)["skills"] == [sap.id]
    assert directory.state_of(house.bo)["skills"] == [sap.id]
    skills.remove(sap.id, by(house))
    assert (services.state_of(house.erp)["skills"], directory.state_of(house.bo)["skills"]) == ([], [])
    assert last_event().subject == "skill:SAP"

"""Tickets given by rule: to whom, how the timeline says it, and that two at once get two turns."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from helpdesk.desk import check, dispatch, hand_up, tickets, triage, waiting
from helpdesk.desk.tickets import Report
from helpdesk.rules.access import Role
from helpdesk.rules.attention import read
from helpdesk.rules.timeline import Happening
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.people import Person, get_person
from helpdesk.store.rosters import Absence
from helpdesk.store.services import Service
from helpdesk.store.skills import PersonSkill, ServiceSkill, Skill
from helpdesk.store.teams import Member, Team
from helpdesk.store.tickets import Entry, Ticket, list_entries
from tests.at_once import at_once
from tests.conftest import MONDAY_9, House, read_anew
from tests.desk.test_escalations import roster

LATER = MONDAY_9 + timedelta(minutes=10)
DAY = timedelta(days=1)


def joins(house: House, name: str, role: Role = Role.AGENT, **how: Any) -> Person:
    person = house.person(name, role)
    db.session.flush()
    db.session.add(Member(team_id=house.team.id, person_id=person.id, **how))
    db.session.commit()
    db.session.expire_all()
    return person


@pytest.fixture
def gil(house: House) -> Person:
    """A third in the team, with Bo and Chen before them."""
    return joins(house, "Gil")


def rule(house: House, way: str, **other: Any) -> None:
    for name, value in {"dispatch": way, **other}.items():
        setattr(house.team, name, value)
    db.session.commit()


def away(person: Person) -> None:
    db.session.add(Absence(person_id=person.id, starts_at=MONDAY_9, ends_at=MONDAY_9 + DAY))
    db.session.commit()


def skilled(person: Person | None, service: Service | None, name: str = "SAP") -> None:
    skill = db.session.query(Skill).filter_by(name=name).first() or Skill(name=name)
    db.session.add(skill)
    db.session.flush()
    if person is not None:
        db.session.add(PersonSkill(person_id=person.id, skill_id=skill.id))
    if service is not None:
        db.session.add(ServiceSkill(service_id=service.id, skill_id=skill.id))
    db.session.commit()


def report(house: House, service: Service | None = None, subject: str = "It jams", **more: Any) -> Ticket:
    command = Report(subject, "Help", service_id=service.id if service else None)
    return tickets.report(command, house.ana, now=more.pop("now", MONDAY_9), door="web", **more)


def who(found: Sequence[Ticket]) -> list[str | None]:
    return [ticket.assignee.name if ticket.assignee else None for ticket in found]


def last(ticket: Ticket, kind: str) -> Entry:
    return [entry for entry in list_entries(ticket.id) if entry.kind == kind][-1]


def letters_to(person: Person, kind: str = "assigned") -> list[Letter]:
    return db.session.query(Letter).filter_by(kind=kind, person_id=person.id).order_by(Letter.id).all()


def proven() -> bool:
    return not [d for batch in check.check() for d in batch.differences]


def test_by_hand_nobody_is_given_a_new_ticket(house: House) -> None:
    ticket = report(house)
    assert ticket.assignee is None
    assert [e.kind for e in list_entries(ticket.id)] == ["reported"]


def test_in_turn_each_gets_one_and_the_round_begins_again(house: House, gil: Person) -> None:
    rule(house, "in_turn")
    assert who([report(house) for _ in range(4)]) == ["Bo", "Chen", "Gil", "Bo"]


def test_whoever_is_given_a_ticket_has_to_accept_it_and_the_answer_is_still_owed(house: House) -> None:
    rule(house, "in_turn")
    ticket = report(house)
    assert (ticket.state, ticket.accepted_at, ticket.next_target) == ("new", None, "response")
    entry = last(ticket, "assigned")
    assert (entry.actor_id, entry.is_public) == (None, False)
    assert entry.detail == {
        "from": None,
        "to": house.bo.id,
        "accept": "handed",
        "way": "in_turn",
        "load": 0,
        "passed_over": {},
    }
    timeline = [Happening(e.kind, e.at, e.detail) for e in list_entries(ticket.id)]
    assert [asking.why for asking in read(timeline).askings] == ["handed"]
    assert proven()


def test_whoever_is_given_a_ticket_is_told_by_letter(house: House) -> None:
    rule(house, "in_turn")
    ticket = report(house)
    [letter] = letters_to(house.bo)
    assert f"It is your turn: {ticket.number} has come to you." in letter.text
    assert not letters_to(house.chen)


def test_the_least_loaded_gets_it_and_waiting_ones_do_not_count(house: House) -> None:
    waits, held = report(house), report(house)
    for ticket, person in ((waits, house.bo), (held, house.chen)):
        tickets.accept(ticket.id, person, now=MONDAY_9)
    waiting.wait(
        waits.id, house.bo, waiting_for="supplier", question="", wake_at=MONDAY_9 + DAY, now=MONDAY_9
    )
    rule(house, "least_loaded")
    assert who([report(house), report(house)]) == ["Bo", "Chen"]  # Bo has none in work; then both have one


def test_on_call_is_first_in_line_and_the_backup_while_they_are_away(house: House) -> None:
    first, backup = roster("First", house.chen), roster("Backup", house.bo)
    rule(house, "on_call", roster_id=first.id, backup_roster_id=backup.id)
    assert who([report(house)]) == ["Chen"]
    away(house.chen)
    assert who([report(house)]) == ["Bo"]


def test_absent_and_unskilled_ones_are_passed_over(house: House, gil: Person) -> None:
    rule(house, "in_turn")
    skilled(None, house.erp)
    skilled(gil, None)
    away(house.bo)
    ticket = report(house, house.erp)
    assert who([ticket, report(house)]) == ["Gil", "Chen"]  # without a service nobody needs a skill
    assert last(ticket, "assigned").detail["passed_over"] == {"away": 1, "unskilled": 1}


def test_where_nobody_fits_it_stays_with_the_team_and_the_timeline_says_so(house: House) -> None:
    rule(house, "in_turn")
    skilled(None, house.erp)
    away(house.bo)
    ticket = report(house, house.erp)
    assert ticket.assignee is None
    assert last(ticket, "not_assigned").detail["passed_over"] == {"away": 1, "unskilled": 1}
    assert proven()


def test_a_manager_in_the_team_and_who_has_left_get_nothing(house: House) -> None:
    joins(house, "Hal", Role.MANAGER)
    gone = joins(house, "Gil")
    gone.left_at = MONDAY_9 - DAY
    rule(house, "in_turn")
    assert who([report(house) for _ in range(3)]) == ["Bo", "Chen", "Bo"]


def test_of_a_restricted_service_nobody_outside_the_team_is_given_a_ticket(house: House) -> None:
    house.erp.is_restricted = True
    outsider = house.person("Hal", Role.AGENT)
    db.session.flush()
    rule(house, "on_call", roster_id=roster("Everybody's", outsider).id)
    secret, plain = report(house, house.erp), report(house, house.printing)
    assert who([secret, plain]) == [None, "Hal"]
    assert last(secret, "not_assigned").detail["passed_over"] == {"barred": 1}


def test_a_ticket_that_moves_to_a_team_is_given_out_by_its_rule(house: House) -> None:
    network = Team(name="Network", dispatch="in_turn")
    db.session.add(network)
    db.session.flush()
    db.session.add(Member(team_id=network.id, person_id=house.eli.id))
    db.session.commit()
    ticket = tickets.accept(report(house).id, house.bo, now=MONDAY_9)
    triage.move(ticket.id, house.bo, team_id=network.id, reason="Wi-Fi", now=LATER)
    assert (who([ticket]), ticket.accepted_at) == (["Eli"], None)
    assert [e.kind for e in list_entries(ticket.id)] == ["reported", "accepted", "moved", "assigned"]
    assert proven()


def test_triage_gives_a_mailed_report_to_who_can_once_its_service_is_known(house: House) -> None:
    ticket = report(house)
    rule(house, "in_turn")
    skilled(None, house.erp)
    skilled(house.chen, None)
    triage.triage(ticket.id, house.bo, service_id=house.erp.id, now=LATER)
    assert who([ticket]) == ["Chen"]
    assert len(letters_to(house.chen)) == 1
    assert proven()


def test_whoever_logs_a_call_and_accepts_it_takes_nobodys_turn(house: House) -> None:
    rule(house, "in_turn")
    assert report(house, is_taken=True).assignee is None
    assert house.team.last_in_turn_id is None


def test_by_hand_a_way_chooses_somebody_else_than_who_has_it(house: House, gil: Person) -> None:
    ticket = report(house)
    for expected in ("Bo", "Chen", "Gil", "Bo"):
        dispatch.assign_by(ticket.id, house.chen, "in_turn", now=LATER)
        assert who([ticket]) == [expected]
    dispatch.assign_by(ticket.id, house.chen, "least_loaded", now=LATER)
    assert (who([ticket]), ticket.accepted_at) == (["Chen"], None)  # by rule even the actor has to accept
    assert last(ticket, "assigned").actor_id == house.chen.id
    assert proven()


def test_a_way_that_finds_nobody_says_why_and_changes_nothing(house: House) -> None:
    ticket = report(house)
    away(house.bo)
    away(house.chen)
    with pytest.raises(dispatch.Nobody) as fault:
        dispatch.assign_by(ticket.id, house.chen, "in_turn", now=LATER)
    assert [why for _person, why in fault.value.choice.passed_over] == ["away", "away"]
    assert [e.kind for e in list_entries(ticket.id)] == ["reported"]


def test_the_form_looks_without_taking_a_turn(house: House) -> None:
    ticket = report(house)
    assert [c.person_id for c in dispatch.propose(ticket, LATER)] == [None, house.bo.id, house.bo.id]
    assert house.team.last_in_turn_id is None


# Handing up


def test_a_junior_hands_up_to_the_senior_with_the_fewest_who_is_here(house: House) -> None:
    busy, absent, free = (joins(house, name, is_senior=True) for name in ("Gil", "Hal", "Ida"))
    away(absent)
    tickets.accept(report(house).id, busy, now=MONDAY_9)
    ticket = tickets.accept(report(house).id, house.bo, now=MONDAY_9)
    hand_up.hand_up(ticket.id, house.bo, "Needs the ABAP stack", now=LATER)
    assert (who([ticket]), ticket.accepted_at) == (["Ida"], None)
    assert last(ticket, "assigned").detail["reason"] == "Needs the ABAP stack"
    assert free.id == ticket.assignee_id
    assert proven()


def test_whom_a_ticket_is_handed_up_to_reads_why_while_the_answer_is_owed(house: House) -> None:
    senior = joins(house, "Gil", is_senior=True)
    ticket = report(house)
    hand_up.hand_up(ticket.id, house.bo, "Needs the ABAP stack", now=LATER)
    assert ticket.next_target == "response"  # handing up is no answer
    [letter] = letters_to(senior)
    assert f"Bo hands {ticket.number} up to you: Needs the ABAP stack" in letter.text


def test_a_senior_hands_up_to_the_team_above_whose_rule_gives_it_out(house: House) -> None:
    above = Team(name="Second level", dispatch="in_turn")
    db.session.add(above)
    db.session.flush()
    db.session.add(Member(team_id=above.id, person_id=house.eli.id))
    rule(house, "by_hand", hands_up_to_id=above.id)
    senior = joins(house, "Gil", is_senior=True)
    joins(house, "Hal", is_senior=True)
    ticket = tickets.accept(report(house).id, senior, now=MONDAY_9)
    hand_up.hand_up(ticket.id, senior, "The vendor's", now=LATER)
    assert (ticket.team.name, who([ticket])) == ("Second level", ["Eli"])
    assert last(ticket, "moved").detail["reason"] == "The vendor's"


def test_where_there_is_nobody_above_nothing_is_handed_up(house: House) -> None:
    ticket = report(house)
    assert not hand_up.has_above(ticket, house.bo.id)
    with pytest.raises(dispatch.Nobody):
        hand_up.hand_up(ticket.id, house.bo, "Hard", now=LATER)


def test_handing_up_is_no_word_to_who_watches_the_silence(house: House) -> None:
    joins(house, "Gil", is_senior=True)
    ticket = tickets.accept(report(house).id, house.bo, now=MONDAY_9)
    hand_up.hand_up(ticket.id, house.bo, "Hard", now=LATER)
    timeline = [Happening(e.kind, e.at, e.detail) for e in list_entries(ticket.id)]
    assert read(timeline).silence is None  # whoever has it now has to accept first
    assert [(a.at, a.why) for a in read(timeline).askings] == [(LATER, "handed")]


# At once


@pytest.mark.parametrize("round_", range(3))
def test_reports_at_once_never_get_the_same_turn(app: Flask, house: House, gil: Person, round_: int) -> None:
    rule(house, "in_turn")
    ana = house.ana.id

    def once() -> int:
        return tickets.report(Report("Printer", "jam"), get_person(ana), now=LATER, door="web").id

    found = at_once(app, *[once] * 6)
    assert [each for each in found if isinstance(each, Exception)] == []
    read_anew()
    names = who(db.session.query(Ticket).filter(Ticket.id.in_(found)).all())
    assert sorted(str(name) for name in names) == ["Bo", "Bo", "Chen", "Chen", "Gil", "Gil"]

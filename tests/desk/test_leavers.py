from datetime import UTC, datetime

import pytest

from helpdesk.desk import leavers, people, rosters, tickets, tokens
from helpdesk.desk.changes import By
from helpdesk.desk.tickets import Report
from helpdesk.store import db
from helpdesk.store.escalations import EscalationPolicy
from helpdesk.store.letters import Letter
from helpdesk.store.rosters import Layer
from helpdesk.store.security import SecurityEvent, list_tokens
from helpdesk.store.tickets import Ticket, get_ticket_for_change, list_entries
from tests.conftest import MONDAY_9, House, a_roster

TEN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
ONE = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def accepted(house: House, subject: str = "List is slow") -> Ticket:
    ticket = tickets.report(Report(subject, "", service_id=house.erp.id), house.ana, now=MONDAY_9, door="web")
    return tickets.accept(ticket.id, house.bo, now=MONDAY_9)


def by(house: House, now: datetime = TEN) -> By:
    return By(now, house.eli.id, "192.0.2.7")


def letters(kind: str) -> list[Letter]:
    return db.session.query(Letter).filter_by(kind=kind).order_by(Letter.id).all()


def events(what: str) -> list[SecurityEvent]:
    return db.session.query(SecurityEvent).filter_by(what=what).order_by(SecurityEvent.id).all()


def test_open_tickets_of_a_leaver_go_back_to_the_team(house: House) -> None:
    ticket, solved = accepted(house), accepted(house, "Solved meanwhile")
    get_ticket_for_change(solved.id).is_open = False
    db.session.commit()
    [given_back] = leavers.leave(house.bo.id, by(house))
    assert given_back.id == ticket.id
    assert given_back.assignee_id is None
    assert given_back.team_id == house.team.id
    entry = list_entries(ticket.id)[-1]
    assert (entry.kind, entry.actor_id) == ("assigned", house.eli.id)
    assert entry.detail == {"from": house.bo.id, "to": None, "accept": "handed"}
    assert get_ticket_for_change(solved.id).assignee_id == house.bo.id


def test_the_sessions_links_and_tokens_of_a_leaver_end(house: House) -> None:
    tokens.add_token(house.bo.id, "script", now=MONDAY_9)
    before = house.bo.session_epoch
    leavers.leave(house.bo.id, by(house))
    assert house.bo.session_epoch == before + 1
    assert list_tokens(house.bo.id) == []


def test_turns_of_a_leaver_are_gaps(house: House) -> None:
    roster = a_roster(
        "ERP",
        Layer(
            position=0,
            name="weeks",
            people=[house.bo.id],
            starts_at="2026-03-02T00:00",
            every=1,
            unit="weeks",
        ),
    )
    db.session.add(roster)
    db.session.commit()
    assert rosters.who_is_on_call(roster.id, NOON) == house.bo
    leavers.leave(house.bo.id, by(house))
    assert rosters.who_is_on_call(roster.id, NOON) is None
    assert events("person_left")[0].detail == {"tickets": 0, "rosters": ["ERP"]}


def test_the_lead_hears_which_tickets_need_somebody(house: House) -> None:
    ticket = accepted(house)
    leavers.leave(house.bo.id, by(house))
    [letter] = letters("person_left")
    assert letter.person_id == house.chen.id
    assert f"{ticket.number} List is slow" in letter.text


def test_the_manager_hears_of_a_lead_who_leaves(house: House) -> None:
    leavers.leave(house.chen.id, by(house))
    assert [letter.person_id for letter in letters("person_left")] == [house.dee.id]


def test_the_lead_hears_of_ladders_that_name_a_leaver_and_teams_they_manage(house: House) -> None:
    ladder = db.session.query(EscalationPolicy).filter_by(severity="major", target="response").one()
    ladder.steps[0].to, ladder.steps[0].person_id = "person", house.dee.id
    db.session.commit()
    leavers.leave(house.dee.id, by(house))
    [letter] = letters("person_left")
    assert letter.person_id == house.chen.id
    assert "need another manager: ERP" in letter.text
    assert "name somebody else:\n\nMajor · First answer\n" in letter.text
    assert "Critical" not in letter.text


def test_the_last_administrator_cannot_leave(house: House) -> None:
    people.set_password(house.eli.id, "vier muntere Elche", now=MONDAY_9)
    with pytest.raises(people.LastAdministrator):
        leavers.leave(house.eli.id, by(house))
    assert house.eli.left_at is None


def test_leaving_twice_changes_nothing(house: House) -> None:
    leavers.leave(house.bo.id, by(house))
    assert leavers.leave(house.bo.id, by(house, NOON)) == []
    assert house.bo.left_at == TEN
    assert len(events("person_left")) == 1


def test_whoever_comes_back_needs_a_new_password_and_keeps_the_team(house: House) -> None:
    people.set_password(house.bo.id, "vier muntere Elche", now=MONDAY_9)
    leavers.leave(house.bo.id, by(house))
    back = leavers.come_back(house.bo.id, by(house, ONE))
    assert back.is_active
    assert back.password_hash is None
    assert [member.team_id for member in back.memberships] == [house.team.id]
    assert len(events("person_returned")) == 1

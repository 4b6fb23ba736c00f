"""What ringing writes: entries with their lateness, notices for each way, what is skipped and why."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from helpdesk.desk import alarms, escalations, tickets, triage, waiting
from helpdesk.desk.check import check
from helpdesk.desk.registration import Report
from helpdesk.rules.access import Role
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db, notices
from helpdesk.store.channels import Channel
from helpdesk.store.escalations import Alarm, EscalationPolicy, find_next_due
from helpdesk.store.health import find_oldest_due
from helpdesk.store.notices import Notice
from helpdesk.store.people import Address
from helpdesk.store.tickets import Entry, Ticket, list_entries
from tests.conftest import MONDAY_9, House

NIGHT = datetime(2026, 3, 2, 22, 0, tzinfo=UTC)  # Monday 23:00 in Berlin
MORNING = NIGHT + timedelta(hours=8)


def report(house: House, severity: str = "critical", at: datetime = NIGHT) -> Ticket:
    works, affected = {
        "critical": (Works.NOTHING, Affected.EVERYONE),
        "minor": (Works.SMALL_FAULT, Affected.ME),
    }[severity]
    command = Report("Nobody can post", "504", service_id=house.erp.id, works=works, affected=affected)
    return tickets.report(command, house.ana, now=at, door="web")


def ring(at: datetime) -> None:
    while escalations.ring(at).tickets:
        pass


def rings(ticket: Ticket) -> list[dict[str, Any]]:
    return [entry.detail for entry in list_entries(ticket.id) if entry.kind == "escalated"]


def told() -> set[tuple[str, int | None, int | None]]:
    return {(n.kind, n.person_id, n.channel_id) for n in db.session.query(Notice)}


def skipped(ticket: Ticket) -> list[tuple[str, int]]:
    """(why, how late) of each alarm that was due and pointless."""
    found = db.session.query(Alarm).filter_by(ticket_id=ticket.id, state="skipped").order_by(Alarm.id)
    return [(alarm.detail["because"], alarm.detail["late_seconds"]) for alarm in found]


def channel(**owner: int) -> int:
    made = Channel(name="Chat", sealed_url="sealed", created_at=NIGHT, verified_at=NIGHT, **owner)
    db.session.add(made)
    db.session.commit()
    return made.id


def step(severity: str, place: int) -> Any:
    policy = db.session.query(EscalationPolicy).filter_by(severity=severity, target="response").one()
    return policy.steps[place]


def test_after_a_night_down_each_missed_step_rings_once_and_says_how_late(house: House) -> None:
    ticket = report(house)
    ring(MORNING)
    late = [(r["step"], r["late_seconds"]) for r in steps_of(ticket)]
    hours = 8 * 3600
    assert late == [
        (0, hours),
        (1, hours - 15 * 60),
        (2, hours - 30 * 60),
        (3, hours - 45 * 60),
        (4, hours - 3600),
    ]
    assert {n.alarm_id for n in db.session.query(Notice).filter_by(kind="escalated")} >= {
        r["alarm"] for r in steps_of(ticket)
    }
    assert find_next_due(MORNING) == MORNING + timedelta(minutes=5), (
        "the page that repeats goes on by the clock"
    )


def steps_of(ticket: Ticket) -> list[dict[str, Any]]:
    """The rings of the response's ladder, each with its step."""
    by_id = {a.id: a for a in db.session.query(Alarm).filter_by(ticket_id=ticket.id)}
    return [
        r | {"step": by_id[r["alarm"]].detail["step"]} for r in rings(ticket) if r["target"] == "response"
    ]


def test_what_was_missed_and_no_longer_matters_is_skipped_with_reason_and_lateness(house: House) -> None:
    ticket = report(house)
    tickets.accept(ticket.id, house.bo, now=NIGHT + timedelta(minutes=16))
    assert skipped(ticket) == [("over", 16 * 60), ("over", 60)]
    ring(NIGHT + timedelta(minutes=16))
    assert rings(ticket) == []
    assert db.session.query(Notice).count() == 0


def test_a_step_skipped_while_the_ticket_waited_comes_back(house: House) -> None:
    ticket = report(house, "minor", MONDAY_9)
    ring(MONDAY_9)
    tickets.accept(ticket.id, house.bo, now=MONDAY_9)
    alarm = db.session.query(Alarm).filter(Alarm.key.like("resolution:1:%:0:0")).one()
    at = alarm.due_at
    asked = {"waiting_for": "reporter", "wake_at": at + timedelta(days=3), "question": "Which tray?"}
    waiting.wait(ticket.id, house.bo, **asked, now=at + timedelta(seconds=5))
    db.session.refresh(alarm)
    assert (alarm.state, alarm.detail["because"], alarm.detail["late_seconds"]) == ("skipped", "waiting", 5)
    waiting.resume(ticket.id, house.bo, now=at + timedelta(minutes=1))
    db.session.refresh(alarm)
    assert (alarm.state, alarm.fired_at, "because" in alarm.detail) == ("pending", None, False)


def test_each_way_to_a_person_and_to_the_team_is_told_once(house: House) -> None:
    bos, teams = channel(person_id=house.bo.id), channel(team_id=house.team.id)
    report(house, "minor", MONDAY_9)
    ring(MONDAY_9)
    assert told() == {
        ("escalated", house.bo.id, None),
        ("escalated", house.bo.id, bos),
        ("escalated", house.chen.id, None),
        ("escalated", None, teams),
    }


@pytest.mark.parametrize(("way", "by_mail", "by_chat"), [("mail", True, False), ("chat", False, True)])
def test_a_step_keeps_to_its_channel(house: House, way: str, by_mail: bool, by_chat: bool) -> None:
    bos, teams = channel(person_id=house.bo.id), channel(team_id=house.team.id)
    chens = channel(person_id=house.chen.id)
    step("minor", 0).channel = way
    db.session.commit()
    report(house, "minor", MONDAY_9)
    ring(MONDAY_9)
    mails = {("escalated", house.bo.id, None), ("escalated", house.chen.id, None)}
    chats = {
        ("escalated", house.bo.id, bos),
        ("escalated", house.chen.id, chens),
        ("escalated", None, teams),
    }
    assert told() == (mails if by_mail else set()) | (chats if by_chat else set())


def test_a_step_by_chat_reaches_a_team_in_its_own_channel(house: House) -> None:
    teams = channel(team_id=house.team.id)
    step("minor", 0).channel = "chat"
    db.session.commit()
    ticket = report(house, "minor", MONDAY_9)
    ring(MONDAY_9)
    assert told() == {("escalated", None, teams)}, "nobody stands in, and no lead is warned"
    (first,) = steps_of(ticket)
    assert (first["people"], first["passed_over"]) == ([house.bo.id, house.chen.id], [])


def test_who_cannot_be_reached_is_passed_over_and_the_lead_is_warned(house: House) -> None:
    ticket = report(house, "minor", MONDAY_9)
    triage.assign(ticket.id, house.chen, house.bo.id, now=MONDAY_9)
    ring(MONDAY_9)
    db.session.query(Notice).delete()
    db.session.query(Address).filter_by(person_id=house.bo.id).delete()
    db.session.commit()
    half = db.session.query(Alarm).filter(Alarm.key.like("response:1:minor:1:0")).one().due_at
    ring(half)
    last = steps_of(ticket)[-1]
    assert {"to": "assignee", "why": "unreachable"} in last["passed_over"]
    assert ("uncovered", house.chen.id, None) in told()


def test_who_may_not_read_a_restricted_ticket_is_passed_over_and_the_lead_is_warned(house: House) -> None:
    outsider = house.person("Gil", Role.AGENT)
    db.session.flush()
    step("minor", 0).to, step("minor", 0).person_id = "person", outsider.id
    db.session.commit()
    open_to_all = report(house, "minor", MONDAY_9)
    ring(MONDAY_9)
    house.erp.is_restricted = True
    db.session.commit()
    restricted = report(house, "minor", MONDAY_9)
    ring(MONDAY_9)
    assert steps_of(open_to_all)[0]["people"] == [outsider.id]
    (first,) = steps_of(restricted)
    assert (first["people"], first["passed_over"]) == ([house.chen.id], [{"to": "person", "why": "barred"}])
    assert ("uncovered", house.chen.id, None) in told()


@contextmanager
def refused(key: str) -> Iterator[None]:
    """The database takes no new alarm of that key."""

    def look(_connection: Any, _cursor: Any, statement: str, given: Any, *_rest: Any) -> None:
        if statement.startswith("INSERT INTO alarm") and key in str(given):
            raise OSError("no room")

    event.listen(db.engine, "before_cursor_execute", look)
    try:
        yield
    finally:
        event.remove(db.engine, "before_cursor_execute", look)


def test_a_batch_that_cannot_be_written_together_rings_ticket_by_ticket(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """The next page of the one is the first of its own, of the other the second: only that is refused."""
    broken = report(house, at=NIGHT - timedelta(minutes=5))
    ring(NIGHT - timedelta(minutes=5))
    sound = report(house)
    with refused("response:1:critical:0:2"):
        rang = escalations.ring(NIGHT)
        assert (rang.tickets, rang.fired, rang.failed) == (2, 1, 1)
        assert escalations.ring(NIGHT).tickets == 0, "the broken one is put off"
    assert (len(rings(sound)), len(rings(broken))) == (1, 1)
    assert "could not ring together" in caplog.text
    ring(NIGHT + escalations.TRY_AGAIN_AFTER)
    assert len(rings(broken)) == 2


def test_an_alarm_that_cannot_ring_stays_late_for_all_who_watch(house: House) -> None:
    ticket = report(house)
    again = NIGHT + escalations.TRY_AGAIN_AFTER
    with refused("response:1:critical:0:1"):
        ring(NIGHT)
        assert find_next_due(NIGHT) == NIGHT + timedelta(minutes=15), "the clock lets the broken one be"
        assert find_next_due(again) == again
        ring(again)
    later = again + timedelta(minutes=2)
    assert (find_oldest_due(later), rings(ticket)) == (NIGHT, [])
    third = again + escalations.TRY_AGAIN_AFTER
    ring(third)
    assert (find_oldest_due(third), rings(ticket)[0]["late_seconds"]) == (None, 600)


def test_what_is_kept_after_ringing_is_what_the_rules_say(house: House) -> None:
    report(house)
    report(house, "minor", MONDAY_9)
    for at in (MONDAY_9, NIGHT, NIGHT + timedelta(minutes=5), NIGHT + timedelta(hours=3), MORNING):
        ring(at)
        assert [difference for batch in check() for difference in batch.differences] == []


def test_late_is_never_less_than_nothing() -> None:
    assert alarms.late_seconds(NIGHT, NIGHT - timedelta(seconds=1)) == 0
    assert alarms.late_seconds(NIGHT, NIGHT + timedelta(seconds=61.9)) == 61


def test_notices_of_a_ring_name_their_entry(house: House) -> None:
    ticket = report(house, "minor", MONDAY_9)
    ring(MONDAY_9)
    [entry] = db.session.query(Entry).filter_by(ticket_id=ticket.id, kind="escalated")
    found = db.session.query(Notice).all()
    assert {(n.entry_id, n.ticket_id, n.alarm_id) for n in found} == {
        (entry.id, ticket.id, entry.detail["alarm"])
    }
    assert notices.find_next_notice_due(MONDAY_9) == MONDAY_9

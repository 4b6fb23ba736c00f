"""Nothing falls between people: raised, handed over, silent, promised; literal instants, Berlin is UTC+1."""

from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.desk import check, closing, tickets, triage, waiting
from helpdesk.rules.lifecycle import NotAllowed
from helpdesk.rules.severity import Severity
from helpdesk.store import db
from helpdesk.store.escalations import Alarm
from helpdesk.store.letters import Letter
from helpdesk.store.people import Person
from helpdesk.store.rosters import Absence
from helpdesk.store.tickets import Entry, Ticket
from tests.conftest import MONDAY_9, House
from tests.desk.test_escalations import DAY, NIGHT, report, ring_until, rostered

__all__ = ["rostered"]  # a fixture


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


@pytest.fixture
def accepted(rostered: House) -> Ticket:
    """Monday 09:00: minor, Gil has it, and has written to Ana."""
    ticket = report(rostered, "minor", MONDAY_9)
    tickets.accept(ticket.id, rostered.gil, now=MONDAY_9)
    tickets.reply(ticket.id, rostered.gil, "I look at it", now=MONDAY_9)
    return ticket


def told(ticket: Ticket, about: str = "acceptance") -> list[tuple[str, str, list[str]]]:
    """(Berlin time, as what, whom) of each ring about that target, or of that kind of alarm."""
    names = {p.id: p.name for p in db.session.query(Person)}
    found = db.session.query(Entry).filter_by(ticket_id=ticket.id, kind="escalated").order_by(Entry.id)
    return [
        (f"{e.at + timedelta(hours=1):%a %H:%M}", e.detail["to"], [names[i] for i in e.detail["people"]])
        for e in found
        if about in (e.detail["target"], e.detail["about"])
    ]


def raise_it(ticket: Ticket, house: House, at: datetime) -> None:
    triage.change_severity(ticket.id, house.gil, Severity.CRITICAL, "everyone", now=at)


def pending(ticket: Ticket, kind: str) -> list[tuple[str, datetime]]:
    found = db.session.query(Alarm).filter_by(ticket_id=ticket.id, kind=kind, state="pending")
    return sorted((a.key, a.due_at) for a in found)


def proven() -> bool:
    """Whether all that is kept is what the rules say."""
    return not [d for batch in check.check() for d in batch.differences]


# Raised and handed over


def test_a_ticket_raised_after_acceptance_pages_from_the_beginning_until_accepted(
    rostered: House, accepted: Ticket
) -> None:
    at = MONDAY_9 + minutes(20)
    raise_it(accepted, rostered, at)
    assert (accepted.state, accepted.accepted_at) == ("new", None)
    ring_until(at + minutes(16))
    tickets.accept(accepted.id, rostered.bo, now=at + minutes(17))
    ring_until(at + minutes(45))
    assert told(accepted) == [
        ("Mon 09:20", "on_call", ["Bo"]),
        ("Mon 09:25", "on_call", ["Bo"]),
        ("Mon 09:30", "on_call", ["Bo"]),
        ("Mon 09:35", "backup", ["Gil"]),
        ("Mon 09:35", "on_call", ["Bo"]),
    ]
    assert accepted.state == "in_work"
    assert proven()


def test_raised_again_it_begins_again(rostered: House, accepted: Ticket) -> None:
    for start in (0, 30):
        at = MONDAY_9 + minutes(start)
        triage.change_severity(accepted.id, rostered.gil, Severity.CRITICAL, "all", now=at)
        ring_until(at + minutes(6))
        tickets.accept(accepted.id, rostered.bo, now=at + minutes(7))
        triage.change_severity(accepted.id, rostered.bo, Severity.MINOR, "few", now=at + minutes(8))
    assert [t[0] for t in told(accepted)] == ["Mon 09:00", "Mon 09:05", "Mon 09:30", "Mon 09:35"]


def test_raised_again_before_anybody_accepted_it_begins_again_too(rostered: House) -> None:
    number = report(rostered, "major", MONDAY_9).id
    ring_until(MONDAY_9)
    triage.change_severity(number, rostered.gil, Severity.MINOR, "few", now=MONDAY_9 + minutes(2))
    ring_until(MONDAY_9 + minutes(2))
    triage.change_severity(number, rostered.gil, Severity.MAJOR, "many", now=MONDAY_9 + minutes(4))
    ring_until(MONDAY_9 + minutes(4))
    ticket = db.session.get_one(Ticket, number)
    assert [(at, to) for at, to, _people in told(ticket, "response")] == [
        ("Mon 09:00", "team"),
        ("Mon 09:00", "on_call"),
        ("Mon 09:02", "team"),
        ("Mon 09:04", "team"),
        ("Mon 09:04", "on_call"),
    ]
    assert proven()


def test_the_deadlines_do_not_know_of_acceptance(rostered: House, accepted: Ticket) -> None:
    raise_it(accepted, rostered, MONDAY_9 + minutes(20))
    ring_until(MONDAY_9 + minutes(40))
    assert {(t.target, t.cycle, t.state) for t in accepted.targets} == {
        ("response", 1, "met"),
        ("resolution", 1, "running"),
    }


def test_a_lowered_severity_asks_nobody(rostered: House) -> None:
    ticket = report(rostered, "critical", MONDAY_9)
    tickets.accept(ticket.id, rostered.gil, now=MONDAY_9)
    triage.change_severity(ticket.id, rostered.gil, Severity.MINOR, "few", now=MONDAY_9 + minutes(5))
    assert (ticket.state, ticket.accepted_at) == ("in_work", MONDAY_9)
    assert ticket.update_by is None


def test_whom_it_is_handed_to_is_told_at_once_again_at_half_and_the_lead_at_the_end(
    rostered: House, accepted: Ticket
) -> None:
    at = MONDAY_9 + timedelta(hours=1)
    triage.assign(accepted.id, rostered.gil, rostered.bo.id, now=at)
    assert (accepted.state, accepted.accepted_at, accepted.assignee_id) == ("new", None, rostered.bo.id)
    ring_until(at)
    assert db.session.query(Letter).filter_by(kind="assigned").count() == 0  # the alarm says it
    ring_until(at + timedelta(hours=6))
    assert told(accepted) == [
        ("Mon 10:00", "assignee", ["Bo"]),
        ("Mon 13:00", "assignee", ["Bo"]),  # two of four hours, lunch left out
        ("Mon 15:00", "lead", ["Chen"]),
    ]
    assert proven()


def test_a_raised_ticket_that_is_handed_on_pages_on_until_somebody_accepts(
    rostered: House, accepted: Ticket
) -> None:
    at = MONDAY_9 + minutes(20)
    raise_it(accepted, rostered, at)
    triage.assign(accepted.id, rostered.gil, rostered.chen.id, now=at + minutes(2))
    ring_until(at + minutes(6))
    tickets.accept(accepted.id, rostered.chen, now=at + minutes(7))
    ring_until(at + minutes(60))
    assert told(accepted) == [
        ("Mon 09:20", "on_call", ["Bo"]),
        ("Mon 09:22", "assignee", ["Chen"]),
        ("Mon 09:25", "on_call", ["Bo"]),
    ]
    assert proven()


def test_an_absent_person_is_skipped_for_whoever_is_on_call(rostered: House, accepted: Ticket) -> None:
    db.session.add(Absence(person_id=rostered.chen.id, starts_at=MONDAY_9, ends_at=MONDAY_9 + DAY))
    db.session.commit()
    triage.assign(accepted.id, rostered.gil, rostered.chen.id, now=MONDAY_9 + minutes(60))
    ring_until(MONDAY_9 + minutes(60))
    assert told(accepted) == [("Mon 10:00", "on_call", ["Bo"])]
    entry = db.session.query(Entry).filter_by(kind="escalated").one()
    assert entry.detail["passed_over"] == [{"to": "assignee", "why": "absent"}]
    assert entry.detail["target"] == "acceptance"


def test_given_back_to_the_team_it_reaches_whoever_is_on_call(rostered: House, accepted: Ticket) -> None:
    triage.assign(accepted.id, rostered.gil, None, now=MONDAY_9 + minutes(60))
    ring_until(MONDAY_9 + minutes(60))
    assert told(accepted) == [("Mon 10:00", "on_call", ["Bo"])]


def test_accepting_or_answering_ends_the_asking(rostered: House, accepted: Ticket) -> None:
    at = MONDAY_9 + timedelta(hours=1)
    triage.assign(accepted.id, rostered.gil, rostered.bo.id, now=at)
    ring_until(at)
    tickets.reply(accepted.id, rostered.bo, "Mine now", now=at + minutes(5))
    assert (accepted.state, accepted.accepted_at) == ("in_work", at + minutes(5))
    ring_until(at + timedelta(hours=6))
    assert told(accepted) == [("Mon 10:00", "assignee", ["Bo"])]


def test_who_passes_it_on_and_writes_to_the_reporter_does_not_accept_for_others(
    rostered: House, accepted: Ticket
) -> None:
    at = MONDAY_9 + timedelta(hours=1)
    triage.assign(accepted.id, rostered.gil, rostered.bo.id, now=at)
    tickets.reply(accepted.id, rostered.gil, "Bo goes on with it", now=at)
    assert accepted.accepted_at is None
    ring_until(at + timedelta(hours=3))
    assert [t[0] for t in told(accepted)] == ["Mon 10:00", "Mon 13:00"]


def test_a_report_passed_on_before_an_answer_is_asked_for_by_its_own_ladder_and_then_by_this(
    rostered: House,
) -> None:
    ticket = report(rostered, "minor", MONDAY_9)
    triage.assign(ticket.id, rostered.chen, rostered.gil.id, now=MONDAY_9)
    ring_until(MONDAY_9)
    assert [t[1] for t in told(ticket, "response")] == ["team"]
    # Bo answers for Gil: the response is met, but nobody has accepted.
    tickets.reply(ticket.id, rostered.bo, "Gil will write", now=MONDAY_9 + minutes(30))
    ring_until(MONDAY_9 + minutes(30))
    assert told(ticket) == [("Mon 09:30", "assignee", ["Gil"])]


def test_handing_it_to_oneself_accepts_it(rostered: House) -> None:
    ticket = report(rostered, "minor", MONDAY_9)
    triage.assign(ticket.id, rostered.bo, rostered.bo.id, now=MONDAY_9)
    assert (ticket.state, ticket.accepted_at) == ("in_work", MONDAY_9)
    assert ticket.targets[0].state == "met"


def test_handing_it_to_whoever_has_it_changes_nothing(rostered: House, accepted: Ticket) -> None:
    before = len(accepted.entries)
    triage.assign(accepted.id, rostered.chen, rostered.gil.id, now=MONDAY_9 + minutes(5))
    db.session.expire_all()
    assert (len(accepted.entries), accepted.accepted_at) == (before, MONDAY_9)


def test_the_same_severity_again_asks_nobody(rostered: House, accepted: Ticket) -> None:
    triage.change_severity(accepted.id, rostered.gil, Severity.MINOR, "still", now=MONDAY_9 + minutes(5))
    assert accepted.accepted_at == MONDAY_9


def test_a_raised_ticket_at_night_is_asked_for_as_its_severity_counts(
    rostered: House, accepted: Ticket
) -> None:
    triage.change_severity(accepted.id, rostered.gil, Severity.MAJOR, "more", now=NIGHT)
    ring_until(NIGHT + timedelta(hours=11))
    assert told(accepted)[:2] == [
        ("Tue 09:00", "team", ["Bo", "Chen", "Gil"]),
        ("Tue 09:00", "on_call", ["Bo"]),
    ]


# Accepted and then silent


def test_a_critical_ticket_accepted_and_then_silent_alarms_after_half_an_hour_and_an_hour(
    rostered: House,
) -> None:
    ticket = report(rostered, "critical", MONDAY_9)
    tickets.accept(ticket.id, rostered.gil, now=MONDAY_9)
    ring_until(MONDAY_9 + minutes(59))
    assert told(ticket, "silent") == [("Mon 09:30", "assignee", ["Gil"])]
    assert pending(ticket, "silent") == [("silent:1:lead", MONDAY_9 + minutes(60))]


@pytest.mark.parametrize("word", ["reply", "note", "wait", "severity", "promise"])
def test_a_word_ends_the_silence(rostered: House, word: str) -> None:
    ticket = report(rostered, "critical", MONDAY_9)
    at = MONDAY_9 + minutes(10)
    tickets.accept(ticket.id, rostered.gil, now=MONDAY_9)
    assert len(pending(ticket, "silent")) == 2
    if word == "reply":
        tickets.reply(ticket.id, rostered.gil, "On it", now=at)
    elif word == "note":
        tickets.note(ticket.id, rostered.gil, "Looks like the disk", now=at)
    elif word == "wait":
        waiting.wait(ticket.id, rostered.gil, waiting_for="supplier", wake_at=at + DAY, now=at)
    elif word == "severity":
        triage.change_severity(ticket.id, rostered.gil, Severity.MAJOR, "fewer", now=at)
    else:
        tickets.promise_update(ticket.id, rostered.gil, at + minutes(60), now=at)
    assert pending(ticket, "silent") == []
    assert proven()


def test_looking_at_it_is_no_word(rostered: House) -> None:
    ticket = report(rostered, "critical", MONDAY_9)
    tickets.accept(ticket.id, rostered.gil, now=MONDAY_9)
    triage.triage(ticket.id, rostered.gil, now=MONDAY_9 + minutes(1))
    tickets.reporter_reply(ticket.id, rostered.ana, "Anybody?", now=MONDAY_9 + minutes(2), door="web")
    assert len(pending(ticket, "silent")) == 2


def test_a_major_ticket_may_be_silent_for_two_counted_hours(rostered: House) -> None:
    at = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)  # Monday 17:00 in Berlin; closed at 18:00
    ticket = report(rostered, "major", at)
    tickets.accept(ticket.id, rostered.bo, now=at)
    assert [due for _, due in pending(ticket, "silent")] == [
        datetime(2026, 3, 3, 9, 0, tzinfo=UTC),
        datetime(2026, 3, 3, 11, 0, tzinfo=UTC),
    ]


def test_a_minor_ticket_may_be_silent(rostered: House) -> None:
    ticket = report(rostered, "minor", MONDAY_9)
    tickets.accept(ticket.id, rostered.bo, now=MONDAY_9)
    assert pending(ticket, "silent") == []


def test_who_was_told_of_the_silence_may_accept_again_and_is_watched_anew(rostered: House) -> None:
    ticket = report(rostered, "critical", MONDAY_9)
    tickets.accept(ticket.id, rostered.gil, now=MONDAY_9)
    ring_until(MONDAY_9 + minutes(30))
    told_of = db.session.query(Letter).filter_by(kind="accepted").count()
    tickets.accept(ticket.id, rostered.gil, now=MONDAY_9 + minutes(31))
    assert pending(ticket, "silent") == [
        ("silent:2:assignee", MONDAY_9 + minutes(61)),
        ("silent:2:lead", MONDAY_9 + minutes(91)),
    ]
    assert db.session.query(Letter).filter_by(kind="accepted").count() == told_of
    assert proven()


# News


def test_a_critical_ticket_bears_a_promise_of_news_from_acceptance_on(rostered: House) -> None:
    ticket = report(rostered, "critical", MONDAY_9)
    assert ticket.update_by is None
    tickets.accept(ticket.id, rostered.gil, now=MONDAY_9)
    assert ticket.update_by == MONDAY_9 + minutes(60)
    assert "Next news by" in db.session.query(Letter).filter_by(kind="accepted").one().text
    assert proven()


def test_news_that_does_not_come_is_told_to_the_assignee_and_then_to_the_lead(rostered: House) -> None:
    ticket = report(rostered, "critical", MONDAY_9)
    tickets.accept(ticket.id, rostered.gil, now=MONDAY_9)
    tickets.reply(ticket.id, rostered.gil, "On it", update_by=MONDAY_9 + minutes(40), now=MONDAY_9)
    ring_until(MONDAY_9 + minutes(55))
    assert told(ticket, "news") == [("Mon 09:40", "assignee", ["Gil"]), ("Mon 09:55", "lead", ["Chen"])]


def test_an_answer_moves_the_promise_on(rostered: House) -> None:
    ticket = report(rostered, "critical", MONDAY_9)
    tickets.accept(ticket.id, rostered.gil, now=MONDAY_9)
    tickets.reply(ticket.id, rostered.gil, "Still on it", now=MONDAY_9 + minutes(50))
    assert ticket.update_by == MONDAY_9 + minutes(110)
    assert pending(ticket, "news")[0] == (
        f"news:{ticket.update_by.timestamp():.0f}:assignee",
        MONDAY_9 + minutes(110),
    )
    assert proven()


def test_a_promise_of_a_minor_ticket_is_kept_by_an_answer(rostered: House, accepted: Ticket) -> None:
    tickets.promise_update(accepted.id, rostered.gil, MONDAY_9 + DAY, now=MONDAY_9)
    assert accepted.update_by == MONDAY_9 + DAY
    tickets.reply(accepted.id, rostered.gil, "Here it is", now=MONDAY_9 + minutes(5))
    assert accepted.update_by is None


def test_a_critical_ticket_is_not_left_without_a_promise(rostered: House) -> None:
    ticket = report(rostered, "critical", MONDAY_9)
    tickets.accept(ticket.id, rostered.gil, now=MONDAY_9)
    tickets.promise_update(ticket.id, rostered.gil, None, now=MONDAY_9 + minutes(5))
    assert ticket.update_by == MONDAY_9 + minutes(65)


def test_waiting_for_the_reporter_ends_the_promise_and_their_answer_begins_one(rostered: House) -> None:
    ticket = report(rostered, "critical", MONDAY_9)
    tickets.accept(ticket.id, rostered.gil, now=MONDAY_9)
    wait = {"waiting_for": "reporter", "wake_at": MONDAY_9 + DAY, "question": "Which?"}
    waiting.wait(ticket.id, rostered.gil, **wait, now=MONDAY_9)
    assert (ticket.update_by, pending(ticket, "news")) == (None, [])
    with pytest.raises(NotAllowed):
        tickets.promise_update(ticket.id, rostered.gil, MONDAY_9 + DAY, now=MONDAY_9)
    tickets.reporter_reply(ticket.id, rostered.ana, "This", now=MONDAY_9 + minutes(9), door="web")
    assert ticket.update_by == MONDAY_9 + minutes(69)


def test_resolving_ends_the_promise(rostered: House) -> None:
    ticket = report(rostered, "critical", MONDAY_9)
    tickets.accept(ticket.id, rostered.gil, now=MONDAY_9)
    closing.resolve(ticket.id, rostered.gil, "disk", "new disk", now=MONDAY_9 + minutes(9))
    assert (ticket.update_by, pending(ticket, "news"), pending(ticket, "silent")) == (None, [], [])


def test_whoever_takes_it_over_keeps_what_was_promised(rostered: House) -> None:
    ticket = report(rostered, "critical", MONDAY_9)
    tickets.accept(ticket.id, rostered.gil, now=MONDAY_9)
    tickets.accept(ticket.id, rostered.bo, now=MONDAY_9 + minutes(20))
    assert ticket.update_by == MONDAY_9 + minutes(60)
    assert ticket.accepted_at == MONDAY_9 + minutes(20)

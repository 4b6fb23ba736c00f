"""Reopenings that were none; literal instants, Berlin is UTC+1 in March 2026."""

from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.desk import check, closing, excuses, reopenings, tickets, waiting
from helpdesk.rules.lifecycle import NotAllowed
from helpdesk.rules.severity import Affected, Answers, Works
from helpdesk.store import db
from helpdesk.store.attachments import list_attachments
from helpdesk.store.escalations import Alarm
from helpdesk.store.excuses import list_excuses
from helpdesk.store.letters import Letter
from helpdesk.store.mail import RawMail
from helpdesk.store.tickets import Attachment, Entry, Ticket, list_entries
from tests.conftest import MONDAY_9, House
from tests.desk.test_escalations import NIGHT, report, ring_until, rostered

__all__ = ["rostered"]  # a fixture
MINUTE = timedelta(minutes=1)
REOPENED = NIGHT + 10 * MINUTE
JUDGED = NIGHT + 40 * MINUTE


@pytest.fixture
def reopened(rostered: House) -> Ticket:
    """Monday 23:00: critical, accepted and resolved at once; ten minutes later Ana says that it is not."""
    ticket = report(rostered, "critical", NIGHT)
    tickets.accept(ticket.id, rostered.bo, now=NIGHT)
    closing.resolve(ticket.id, rostered.bo, "disk", "a new disk", now=NIGHT)
    closing.reopen(ticket.id, rostered.ana, "Now the printer jams", now=REOPENED)
    ring_until(NIGHT + 20 * MINUTE)
    return ticket


def judge(ticket: Ticket, house: House, **changes: object) -> Ticket:
    return reopenings.not_a_reopening(ticket.id, house.bo, "another device", now=JUDGED, **changes)


def cycles(ticket: Ticket) -> list[tuple[str, int, str, datetime]]:
    return [(t.target, t.cycle, t.state, t.started_at) for t in ticket.targets]


def proven() -> bool:
    return not [d for batch in check.check() for d in batch.differences]


def test_the_old_ticket_is_resolved_as_it_was(rostered: House, reopened: Ticket) -> None:
    judge(reopened, rostered)
    assert (reopened.state, reopened.reopen_count) == ("resolved", 0)
    assert (reopened.resolved_at, reopened.accepted_at) == (NIGHT, NIGHT)
    assert cycles(reopened) == [("response", 1, "met", NIGHT), ("resolution", 1, "met", NIGHT)]
    pending = db.session.query(Alarm).filter_by(ticket_id=reopened.id, state="pending")
    assert {a.key: a.due_at for a in pending} == {
        "resolved:0:remind_confirm": datetime(2026, 3, 5, 8, 0, tzinfo=UTC),
        "resolved:0:close_silent": datetime(2026, 3, 6, 8, 0, tzinfo=UTC),
    }
    assert proven()


def test_the_new_ticket_counts_from_the_reopening_with_its_words(rostered: House, reopened: Ticket) -> None:
    new = judge(reopened, rostered)
    assert (new.reported_at, new.state, new.reporter_id) == (REOPENED, "new", rostered.ana.id)
    assert (new.severity, new.service_id, new.team_id) == ("critical", rostered.erp.id, rostered.team.id)
    assert cycles(new) == [("response", 1, "running", REOPENED), ("resolution", 1, "running", REOPENED)]
    first = list_entries(new.id)[0]
    assert (first.kind, first.body, first.actor_id) == ("reported", "Now the printer jams", rostered.ana.id)
    assert proven()


def test_both_name_each_other_with_who_and_why(rostered: House, reopened: Ticket) -> None:
    new = judge(reopened, rostered)
    there, here = (list_entries(each.id)[-1] for each in (reopened, new))
    voided = next(e for e in list_entries(reopened.id) if e.kind == "reopened")
    assert voided.voided_at == JUDGED
    assert there.detail == {
        "how": "became",
        "ticket": new.id,
        "reason": "another device",
        "voids": voided.id,
    }
    assert here.detail == {"how": "came_of", "ticket": reopened.id, "reason": "another device"}
    assert (there.actor_id, here.actor_id) == (rostered.bo.id, rostered.bo.id)


def test_the_reporter_is_told_by_when_the_new_report_is_answered(rostered: House, reopened: Ticket) -> None:
    new = judge(reopened, rostered)
    letter = db.session.query(Letter).filter_by(kind="not_reopened").one()
    assert letter.person_id == rostered.ana.id
    assert f"new report, {new.number}" in letter.text
    assert "another device" in letter.text
    assert "00:10" in letter.text  # an hour after the reopening


def test_answers_given_anew_decide_the_severity(rostered: House, reopened: Ticket) -> None:
    answers = Answers(Works.SMALL_FAULT, Affected.ME)
    new = judge(reopened, rostered, answers=answers, service_id=rostered.printing.id)
    assert (new.severity, new.service_id) == ("minor", rostered.printing.id)


def test_words_and_files_that_came_by_mail_go_along(rostered: House) -> None:
    ticket = report(rostered, "minor", MONDAY_9)
    closing.resolve(ticket.id, rostered.bo, "paper", "took it out", now=MONDAY_9)
    at = MONDAY_9 + MINUTE
    brought = {"quoted": "> It works again.", "cause": ""}
    db.session.add(raw := RawMail(sha256="cd", size=1, door="smtp", recipients=[], received_at=at))
    db.session.commit()
    by_mail = {"door": "mail", "detail": brought, "raw_mail_id": raw.id}
    entry = tickets.reporter_reply(ticket.id, rostered.ana, "No, look", now=at, **by_mail)
    file = {"name": "a.png", "media_type": "image/png", "size": 1, "sha256": "ab", "role": "inline"}
    db.session.add(Attachment(ticket_id=ticket.id, entry_id=entry.id, **file))
    db.session.commit()
    closing.reopen(ticket.id, rostered.ana, "", now=at, door="mail")
    new = judge(ticket, rostered)
    assert list_entries(new.id)[0].body == "No, look"
    assert list_entries(new.id)[0].detail["quoted"] == "> It works again."
    assert [(a.name, a.role) for a in list_attachments(new.id)] == [("a.png", "inline")]


@pytest.mark.parametrize("meanwhile", ["waiting", "resolved"])
def test_what_has_gone_on_cannot_be_taken_back(rostered: House, reopened: Ticket, meanwhile: str) -> None:
    at = NIGHT + 30 * MINUTE
    if meanwhile == "waiting":
        waiting.wait(reopened.id, rostered.bo, waiting_for="supplier", wake_at=at + 60 * MINUTE, now=at)
    else:
        closing.resolve(reopened.id, rostered.bo, "x", "y", now=at)
    with pytest.raises(NotAllowed):
        judge(reopened, rostered)
    assert db.session.query(Ticket).count() == 1


def test_what_was_never_reopened_is_refused(rostered: House) -> None:
    with pytest.raises(NotAllowed):
        judge(report(rostered, "minor", MONDAY_9), rostered)


def test_accepting_and_answering_meanwhile_is_no_obstacle(rostered: House, reopened: Ticket) -> None:
    tickets.accept(reopened.id, rostered.gil, now=NIGHT + 25 * MINUTE)
    tickets.reply(reopened.id, rostered.gil, "I look", now=NIGHT + 26 * MINUTE)
    judge(reopened, rostered)
    assert (reopened.state, len(reopened.targets), reopened.update_by) == ("resolved", 2, None)
    assert proven()


def test_a_later_reopening_rings_from_the_beginning(rostered: House, reopened: Ticket) -> None:
    judge(reopened, rostered)
    at = NIGHT + 60 * MINUTE
    closing.reopen(reopened.id, rostered.ana, "And the disk again", now=at)
    ring_until(at)
    rang = db.session.query(Entry).filter_by(ticket_id=reopened.id, kind="escalated", at=at)
    assert sorted(e.detail["to"] for e in rang) == ["backup", "on_call"]
    assert [(t.target, t.cycle) for t in reopened.targets][-1] == ("response", 2)
    assert proven()


def test_an_excuse_of_what_never_was_is_withdrawn(rostered: House, reopened: Ticket) -> None:
    late = NIGHT + 90 * MINUTE
    tickets.reply(reopened.id, rostered.bo, "Sorry", now=late)
    excuses.excuse(
        reopened.id,
        rostered.chen,
        "response",
        2,
        reason="power cut",
        evidence="the utility says so",
        now=late,
    )
    reopenings.not_a_reopening(reopened.id, rostered.bo, "another device", now=late + MINUTE)
    assert list_excuses(reopened.id) == []

"""Letters as they are read: golden texts beside this file, links cut to what is stable."""

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from helpdesk.desk import closing, digests, escalations, feedback, follow_ups, tickets, triage, waiting
from helpdesk.desk.tickets import Report
from helpdesk.outbound import links, notices
from helpdesk.outbound.smtp import build
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.escalations import find_next_due
from helpdesk.store.follow_ups import FollowUp
from helpdesk.store.letters import Letter
from helpdesk.store.organisation import get_organisation
from helpdesk.store.rosters import Absence
from helpdesk.store.tickets import Ticket
from tests.conftest import MONDAY_9, House

GOLDEN = Path(__file__).parent / "letters"
NIGHT = datetime(2026, 3, 2, 22, 0, tzinfo=UTC)  # Monday 23:00 in Berlin
REPORT = Report(
    "Label printer prints nothing",
    "It blinks red.\n\nRestarting did not help.",
    works=Works.NOTHING,
    affected=Affected.ME,
)


def letter(kind: str) -> Letter:
    db.session.rollback()
    return db.session.query(Letter).filter_by(kind=kind).order_by(Letter.id).first()


def reads_as(name: str, found: Letter) -> None:
    """Compares with the golden text; HELPDESK_WRITE_GOLDEN=1 writes it anew, to be read by a person."""
    said = f"{found.subject}\n\n{found.text}"
    stable = re.sub(r"/(follow|confirm|alarm|quiet)/[\w.~-]+", r"/\1/TOKEN", said)
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("HELPDESK_WRITE_GOLDEN"):
        path.write_text(stable, encoding="utf-8")
    assert stable == path.read_text(encoding="utf-8")


def ring(at: datetime) -> None:
    escalations.ring(at)
    notices.gather(at)


@pytest.fixture
def ticket(house: House) -> Ticket:
    get_organisation().hotline = "030 1234"
    db.session.commit()
    return tickets.report(REPORT, house.ana, now=MONDAY_9, door="web")


def test_the_receipt_says_by_when_somebody_answers(ticket: Ticket) -> None:
    reads_as("received", letter("received"))


def test_the_receipt_says_why_it_is_then_outside_hours(house: House) -> None:
    tickets.report(REPORT, house.ana, now=NIGHT, door="web")
    reads_as("received_at_night", letter("received"))


def test_the_receipt_of_a_mail_asks_what_stands_still_and_names_the_hotline(house: House) -> None:
    get_organisation().hotline = "030 1234"
    db.session.commit()
    tickets.report(Report("Help", "It is broken"), house.ana, now=MONDAY_9, door="mail")
    reads_as("received_by_mail", letter("received"))


def test_accepting_says_who_has_it(ticket: Ticket, house: House) -> None:
    tickets.accept(ticket.id, house.bo, now=MONDAY_9)
    reads_as("accepted", letter("accepted"))


def test_a_reply_is_in_the_letter(ticket: Ticket, house: House) -> None:
    tickets.reply(
        ticket.id, house.bo, "Please try the <other> tray.\r\n\r\nhttp://example.org/help", now=MONDAY_9
    )
    found = letter("replied")
    reads_as("replied", found)
    assert "the &lt;other&gt; tray" in found.html
    assert '<a href="http://example.org/help"' in found.html


def test_whoever_has_the_ticket_reads_what_the_reporter_wrote(ticket: Ticket, house: House) -> None:
    tickets.accept(ticket.id, house.bo, now=MONDAY_9)
    tickets.reporter_reply(ticket.id, house.ana, "Now it blinks green.", now=MONDAY_9, door="web")
    found = letter("reporter_wrote")
    reads_as("reporter_wrote", found)
    assert found.key == f"entry:{found.entry_id}:{house.bo.id}"


def test_what_the_reporter_wrote_goes_to_the_team_where_nobody_has_it(ticket: Ticket, house: House) -> None:
    tickets.reporter_reply(ticket.id, house.ana, "Now it blinks green.", now=MONDAY_9, door="web")
    reads_as("reporter_wrote_to_the_team", letter("reporter_wrote"))
    wrote = db.session.query(Letter).filter_by(kind="reporter_wrote")
    assert {x.to_address for x in wrote} == {"bo@example.org", "chen@example.org"}


def test_no_letter_of_a_message_goes_to_its_author(ticket: Ticket, house: House) -> None:
    tickets.reporter_reply(ticket.id, house.bo, "Me too", now=MONDAY_9, door="web")
    wrote = db.session.query(Letter).filter_by(kind="reporter_wrote")
    assert [x.to_address for x in wrote] == ["chen@example.org"]


def test_an_alarm_for_a_further_answer_says_so(ticket: Ticket, house: House) -> None:
    tickets.accept(ticket.id, house.bo, now=MONDAY_9)
    tickets.reporter_reply(ticket.id, house.ana, "Any news?", now=MONDAY_9, door="web")
    while letter("escalated") is None:
        ring(find_next_due(MONDAY_9))
    reads_as("escalated_for_an_update", letter("escalated"))


def test_an_assignment_says_what_is_due(ticket: Ticket, house: House) -> None:
    triage.assign(ticket.id, house.chen, house.bo.id, now=MONDAY_9)
    reads_as("assigned", letter("assigned"))


def test_an_alarm_says_what_is_due_and_has_one_button(ticket: Ticket, house: House) -> None:
    ring(MONDAY_9 + timedelta(minutes=3))
    found = letter("escalated")
    reads_as("escalated", found)
    assert found.html.count("<a ") == 1
    assert "style" in found.html
    assert "<script" not in found.html


def test_an_alarm_says_who_was_passed_over(ticket: Ticket, house: House) -> None:
    db.session.add(Absence(person_id=house.chen.id, starts_at=MONDAY_9, ends_at=MONDAY_9 + timedelta(days=1)))
    db.session.commit()
    triage.assign(ticket.id, house.chen, None, now=MONDAY_9)
    ring(MONDAY_9)
    ring(MONDAY_9 + timedelta(minutes=150))
    rang = db.session.query(Letter).filter_by(kind="escalated").order_by(Letter.id)
    reads_as("escalated_to_the_manager", rang.all()[-1])
    reads_as("uncovered", letter("uncovered"))


def test_letters_of_waiting_and_closing(ticket: Ticket, house: House) -> None:
    day = timedelta(days=1)
    wake_at = MONDAY_9 + 20 * day
    tickets.accept(ticket.id, house.bo, now=MONDAY_9)
    waiting.wait(
        ticket.id, house.bo, waiting_for="reporter", wake_at=wake_at, question="Which tray?", now=MONDAY_9
    )
    waiting.nudge(ticket.id, 1, now=MONDAY_9 + day)
    closing.resolve(ticket.id, house.bo, "Jam", "Paper taken out.", now=MONDAY_9 + 2 * day)
    closing.remind_confirm(ticket.id, now=MONDAY_9 + 3 * day)
    closing.reopen(ticket.id, house.ana, "Still blinking", now=MONDAY_9 + 4 * day)
    closing.resolve(ticket.id, house.bo, "Jam", "Again.", now=MONDAY_9 + 5 * day)
    closing.close_silent(ticket.id, now=MONDAY_9 + 8 * day)
    for kind in ("asked", "nudged", "resolved", "remind_confirm", "reopened", "closed"):
        reads_as(kind, letter(kind))


def test_the_digest_names_what_is_late_and_comes_once_a_day(ticket: Ticket, house: House) -> None:
    morning = MONDAY_9 + timedelta(hours=22)
    assert digests.write_digests(MONDAY_9) == 0  # nothing is late: no letter
    assert digests.write_digests(morning) == 1
    assert digests.write_digests(morning) == 0
    reads_as("digest", letter("digest"))


def test_letters_of_closing_the_loop(ticket: Ticket, house: House) -> None:
    day = timedelta(days=1)
    closing.resolve(ticket.id, house.bo, "Jam", "Paper taken out.", now=MONDAY_9)
    closing.confirm(ticket.id, house.ana, now=MONDAY_9)
    assert [feedback.ask_due(MONDAY_9 + n * day) for n in (1, 4)] == [1, 1]
    said = {"reasons": ["slow", "had_to_repeat"], "words": "Three calls!"}
    feedback.rate(ticket.id, house.ana, 2, **said, now=MONDAY_9 + 4 * day)
    found = db.session.query(FollowUp).one()
    follow_ups.escalate_due(MONDAY_9 + 9 * day)
    digests.write_digests(MONDAY_9 + 10 * day)
    follow_ups.name_action(found.id, house.chen, "We call back.", now=MONDAY_9 + 10 * day)
    follow_ups.tell(found.id, house.chen, "From now on we call back.", now=MONDAY_9 + 10 * day)
    for kind in ("rating_request", "rating_reminder", "follow_up", "follow_up_overdue", "followed_up"):
        reads_as(kind, letter(kind))
    reads_as("digest_of_follow_ups", letter("digest"))


def test_times_are_said_in_the_recipients_zone_which_is_named(house: House) -> None:
    house.ana.zone = "Asia/Shanghai"
    db.session.commit()
    tickets.report(REPORT, house.ana, now=MONDAY_9, door="web")
    assert "Mon 2 Mar, 21:00 (Shanghai time)" in letter("received").text


def test_somebody_without_an_address_or_who_has_left_gets_no_letter(ticket: Ticket, house: House) -> None:
    house.ana.left_at = MONDAY_9
    db.session.commit()
    tickets.accept(ticket.id, house.bo, now=MONDAY_9)
    assert letter("accepted") is None


def test_a_letter_shows_that_it_is_automatic_ours_and_part_of_a_thread(ticket: Ticket, app: Flask) -> None:
    found = letter("received")
    message = build(found)
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["X-Helpdesk-Instance"] == links.instance_id()
    assert message["References"] == message["In-Reply-To"] == links.thread_id(ticket.id)
    assert message["Reply-To"] == links.reply_address(ticket)
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_a_message_id_is_ours_only_with_our_signature(ticket: Ticket) -> None:
    found = letter("received")
    assert links.is_our_message_id(found.message_id) == found.id
    assert links.is_our_message_id(found.message_id.replace("hd.", "hd.0", 1)) is None
    forged = re.sub(r"\.[0-9a-f]{20}@", f".{'0' * 20}@", found.message_id)
    assert links.is_our_message_id(forged) is None
    assert links.is_our_message_id("<1@example.org>") is None

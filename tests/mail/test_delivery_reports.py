"""Delivery reports: found again at the letter they are about."""

from datetime import timedelta

import pytest

from helpdesk.desk import closing
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.mail import RawMail
from helpdesk.store.people import Address, find_address
from helpdesk.store.tickets import Ticket, list_entries
from tests.conftest import House
from tests.mail.taking import letter_of, take

REPORT = (
    "--r\r\nContent-Type: text/plain\r\n\r\n{said}\r\n"
    "--r\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.org\r\n\r\n"
    "Final-Recipient: rfc822; ana@example.org\r\nAction: {action}\r\nStatus: {status}\r\n"
    "Diagnostic-Code: smtp; {said}\r\n\r\n"
    "--r\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {about}\r\nSubject: x\r\n\r\nx\r\n--r--"
)


def report(
    about: str, action: str = "failed", status: str = "5.1.1", said: str = "550 No such user"
) -> RawMail:
    return take(
        REPORT.format(about=about, action=action, status=status, said=said),
        sender="",
        author="MAILER-DAEMON@mx.example.org",
        subject="Undelivered Mail",
        MIME_Version="1.0",
        Content_Type="multipart/report; report-type=delivery-status; boundary=r",
    )


def address() -> Address:
    db.session.rollback()
    found = find_address("ana@example.org")
    assert found is not None
    return found


def test_a_lasting_failure_marks_letter_and_address_and_the_agent_sees_it(ticket: Ticket) -> None:
    raw = report(letter_of(ticket).message_id)
    letter = letter_of(ticket)
    assert (raw.outcome, raw.cause, raw.ticket_id) == ("filed", "delivery_report", ticket.id)
    assert raw.letter_id == letter.id
    assert (letter.state, "No such user" in letter.report) == ("bounced", True)
    assert (address().failing_since is not None, "5.1.1" in address().fault) == (True, True)
    entry = list_entries(ticket.id)[-1]
    assert (entry.kind, entry.is_public, entry.raw_mail_id) == ("mail_filed", False, raw.id)
    assert entry.detail["report"] | {"words": ""} == {
        "kind": "failed",
        "status": "5.1.1",
        "address": "ana@example.org",
        "words": "",
        "letter": letter.id,
    }


def test_a_failure_for_now_marks_the_letter_alone(ticket: Ticket) -> None:
    report(letter_of(ticket).message_id, status="4.2.2", said="452 Mailbox full")
    assert (letter_of(ticket).state, address().failing_since) == ("bounced", None)


def test_a_delay_leaves_the_letter_on_its_way(ticket: Ticket) -> None:
    before = letter_of(ticket).state
    report(letter_of(ticket).message_id, action="delayed", status="4.4.1", said="will be tried again")
    assert (letter_of(ticket).state, bool(letter_of(ticket).report)) == (before, True)
    assert address().failing_since is None


def test_a_mail_from_the_address_clears_its_mark(ticket: Ticket) -> None:
    report(letter_of(ticket).message_id)
    take("I am back")
    assert (address().failing_since, address().fault) == (None, "")


def test_an_automatic_mail_from_the_address_clears_nothing(ticket: Ticket) -> None:
    report(letter_of(ticket).message_id)
    take("I am away", Auto_Submitted="auto-replied")
    assert address().failing_since is not None


@pytest.mark.parametrize(
    "about", ["<hd.0123456789abcdef0123.0123456789abcdef0123@example.org>", "<x@y.example.org>"]
)
def test_a_report_about_no_letter_of_ours_marks_nobody(ticket: Ticket, about: str) -> None:
    raw = report(about)
    assert (raw.outcome, raw.ticket_id, raw.letter_id) == ("filed", None, None)
    assert address().failing_since is None
    assert "No such user" in raw.preview


def test_a_bounce_changes_no_state_and_no_letter_answers_it(house: House, ticket: Ticket) -> None:
    closing.resolve(ticket.id, house.bo, "dust", "cleaned", now=ticket.reported_at + timedelta(minutes=1))
    letters = db.session.query(Letter).count()
    report(letter_of(ticket).message_id)
    found = db.session.get(Ticket, ticket.id, populate_existing=True)
    assert found is not None
    assert (found.state, db.session.query(Letter).count()) == ("resolved", letters)

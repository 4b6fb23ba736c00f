"""Killed at any step, an answer by mail is written once, or not yet: never half."""

from collections import Counter
from datetime import timedelta

import pytest
from flask import Flask

from helpdesk import clock
from helpdesk.desk import closing
from helpdesk.intake import receive
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.tickets import Ticket, list_entries
from tests.conftest import MONDAY_9, House
from tests.mail.peers import UNDERSTAND, run_until_killed
from tests.mail.taking import letter_of
from tests.mail.test_delivery_reports import REPORT

pytestmark = pytest.mark.processes
STEPS = (
    "helpdesk.desk.tickets.reporter_reply",  # its ticket is found
    "helpdesk.desk.closing.reopen",  # its entry is written
    "helpdesk.desk.mail_entries.finish",  # it is open again and its letters are written
    "helpdesk.outbound.alarms.send_soon",  # it is committed
)


def everything_runs_out() -> None:
    """What the clock does in time: claims of the dead run out."""
    while receive.parse_waiting(clock.now() + timedelta(minutes=10)):
        pass
    db.session.rollback()


@pytest.mark.parametrize("step", STEPS)
def test_a_no_reopens_once(app: Flask, house: House, ticket: Ticket, step: str) -> None:
    closing.resolve(ticket.id, house.bo, "dust", "cleaned", now=MONDAY_9)
    content = (
        f"From: ana@example.org\r\nTo: desk@example.org\r\nSubject: Re: x\r\nMessage-ID: <no@example.org>\r\n"
        f"In-Reply-To: {letter_of(ticket).message_id}\r\n\r\nStill broken\r\n"
    )
    receive.store_raw(content.encode(), "smtp", "ana@example.org", ["desk@example.org"], clock.now())
    run_until_killed(app, UNDERSTAND, step)
    everything_runs_out()
    kinds = Counter(entry.kind for entry in list_entries(ticket.id))
    assert (kinds["reporter_replied"], kinds["reopened"]) == (1, 1)
    found = db.session.get(Ticket, ticket.id, populate_existing=True)
    assert found is not None
    assert (found.state, found.reopen_count) == ("new", 1)
    assert db.session.query(Letter).filter_by(kind="reopened").count() == 1


@pytest.mark.parametrize("step", ["helpdesk.desk.letters.take_report", STEPS[2]])
def test_a_delivery_report_is_taken_once(app: Flask, house: House, ticket: Ticket, step: str) -> None:
    head = (
        "From: MAILER-DAEMON@mx.example.org\r\nTo: desk@example.org\r\nSubject: Undelivered\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=r\r\n\r\n"
    )
    body = REPORT.format(
        about=letter_of(ticket).message_id, action="failed", status="5.1.1", said="550 No such user"
    )
    receive.store_raw((head + body).encode(), "smtp", "", ["desk@example.org"], clock.now())
    run_until_killed(app, UNDERSTAND, step)
    db.session.rollback()
    assert letter_of(ticket).state != "bounced"
    everything_runs_out()
    assert letter_of(ticket).state == "bounced"
    assert [entry.kind for entry in list_entries(ticket.id)].count("mail_filed") == 1

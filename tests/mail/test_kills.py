"""Killed between any two steps of a mail's way in: afterwards each file has its row, each mail one ticket.

The steps stand in docs/mail.md.
"""

import smtplib
from datetime import timedelta

import pytest
from flask import Flask

from helpdesk import clock
from helpdesk.desk import found_mail
from helpdesk.intake import receive
from helpdesk.store import db
from helpdesk.store.escalations import Alarm
from helpdesk.store.letters import Letter
from helpdesk.store.tickets import Entry, Ticket
from tests.conftest import House
from tests.mail.peers import (
    PIPE,
    UNDERSTAND,
    killed_at,
    listening,
    mail,
    raw_files,
    receive_by_pipe,
    rows,
    run_until_killed,
    send,
    wait_until,
)

pytestmark = pytest.mark.processes
NAMED, NAMELESS = mail(), mail().replace(b"Message-ID: <m1@example.org>\r\n", b"")
KEEPING = (
    "helpdesk.desk.mail.keep_file",  # nothing is written
    "helpdesk.store.files.file_path",  # a draft is written
    "helpdesk.desk.mail.take_in",  # the file is there, its row is not
    "helpdesk.outbound.alarms.parse_soon",  # the row is committed, nobody was told
)
UNDERSTANDING = (
    "helpdesk.intake.receive.parse",  # it is claimed
    "helpdesk.desk.attachments.keep",  # it is parsed
    "helpdesk.desk.tickets.report",  # its transaction has begun
    "helpdesk.desk.mail_entries.finish",  # all of the ticket is written, nothing is committed
    "helpdesk.outbound.alarms.send_soon",  # it is committed
)


def everything_runs_out() -> None:
    """What the clock does in time: claims of the dead run out, what lies without a row is found."""
    later = clock.now() + timedelta(days=2)
    found_mail.take_in_found(later)

    def nothing_waits() -> bool:
        receive.parse_waiting(later)
        return all(row.state != "waiting" for row in rows())

    # PostgreSQL keeps a dead worker's locks until it has noticed its death.
    wait_until(nothing_waits, "a message waits still")


def one_ticket_came_of_it(app: Flask) -> None:
    everything_runs_out()
    outcomes = [row.outcome for row in rows()]
    assert sorted(map(str, outcomes)) == ["created", *["duplicate"] * (len(outcomes) - 1)]
    assert raw_files(app) == {row.sha256 for row in rows()}
    [ticket] = db.session.query(Ticket)
    assert db.session.query(Entry).filter_by(ticket_id=ticket.id, kind="reported").count() == 1
    assert db.session.query(Letter).filter_by(kind="received").count() == 1
    assert db.session.query(Alarm).count() > 0


@pytest.fixture(autouse=True)
def no_old_files(app: Flask) -> None:
    """The room of mail outlives a test, its rows do not."""
    for path in (app.config["SETTINGS"].data / "mail").glob("**/*"):
        if path.is_file():
            path.unlink()


@pytest.mark.parametrize("step", KEEPING)
@pytest.mark.parametrize("content", [NAMED, NAMELESS], ids=["named", "nameless"])
def test_a_listener_killed_at_any_step_has_said_no_250_and_its_sender_comes_again(
    app: Flask, house: House, step: str, content: bytes
) -> None:
    with (
        listening(app, first=killed_at(step), lives=False) as at,
        pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)),
    ):
        send(at.port, content)
    with listening(app) as at:
        send(at.port, content)
    one_ticket_came_of_it(app)


@pytest.mark.parametrize("step", KEEPING[2:])
def test_mail_that_nobody_sends_again_is_not_lost_once_it_is_written(
    app: Flask, house: House, step: str
) -> None:
    with (
        listening(app, first=killed_at(step), lives=False) as at,
        pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)),
    ):
        send(at.port, NAMED)
    one_ticket_came_of_it(app)


@pytest.mark.parametrize("step", UNDERSTANDING)
def test_a_worker_killed_at_any_step_leaves_whole_work_for_the_next(
    app: Flask, house: House, step: str
) -> None:
    receive.store_raw(NAMED, "smtp", "ana@example.org", ["desk@example.org"], clock.now())
    run_until_killed(app, UNDERSTAND, step)
    one_ticket_came_of_it(app)


@pytest.mark.parametrize("step", [*KEEPING[:3], *UNDERSTANDING])
def test_a_pipe_killed_at_any_step_is_called_again(app: Flask, house: House, step: str) -> None:
    run_until_killed(app, PIPE, step, given=NAMED)
    receive_by_pipe(app, NAMED)
    one_ticket_came_of_it(app)


def test_a_draft_that_was_never_finished_goes_after_a_day(app: Flask, house: House) -> None:
    run_until_killed(app, PIPE, KEEPING[1], given=NAMED)
    folder = app.config["SETTINGS"].data / "mail"
    assert len(list(folder.glob("draft-*"))) == 1
    found_mail.take_in_found(clock.now() + timedelta(hours=23))
    assert len(list(folder.glob("draft-*"))) == 1
    found_mail.take_in_found(clock.now() + timedelta(hours=25))
    assert list(folder.glob("draft-*")) == []
    assert rows() == []


def test_what_may_be_on_its_way_is_left_alone(app: Flask, house: House) -> None:
    run_until_killed(app, PIPE, KEEPING[2], given=NAMED)
    assert found_mail.take_in_found(clock.now() + timedelta(minutes=50)) == 0
    assert found_mail.take_in_found(clock.now() + timedelta(minutes=70)) == 1
    assert found_mail.take_in_found(clock.now() + timedelta(days=1)) == 0
    [row] = rows()
    assert (row.door, row.sender, row.recipients) == ("disk", None, [])
    assert clock.now() - row.received_at < timedelta(minutes=2)  # when it came, not when it was found

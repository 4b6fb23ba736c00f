"""Whatever is killed, and however often: each alarm rings once, and no mail is lost or made two tickets."""

import json
import signal
import socket
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException

import pytest

from helpdesk import clock
from helpdesk.desk import setup
from helpdesk.rules.access import Role
from helpdesk.store import db
from helpdesk.store.escalations import Alarm
from helpdesk.store.letters import Letter
from helpdesk.store.mail import RawMail
from helpdesk.store.tickets import Entry, Ticket
from tests.stories.conftest import Desk
from tests.stories.killing import (
    claims_of_the_dead_run_out,
    counted,
    each_letter_left,
    each_ring_stands_in_one_letter,
    kill,
    nothing_waits,
)
from tests.stories.service import PATIENCE, wait_until
from tests.stories.targets import shorten_targets

pytestmark = pytest.mark.processes
KILLED = ("worker-0", "clock", "queue", "worker-0", "intake", "web", "worker-0")
MAILS_EACH = 6


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A desk at work: Eli administers, Bo is an agent, Chen leads; nobody is on call, so Chen stands in."""
    with desk.rows():
        house, now = setup.House("Example", "Europe/Berlin"), clock.now()
        for name, role in (("Eli", Role.ADMINISTRATOR), ("Bo", Role.AGENT), ("Chen", Role.LEAD)):
            setup.add_account(name, f"{name.lower()}@example.org", role, None, house, now=now)
        shorten_targets()
    desk.start()
    wait_until(desk.all_parts_run)
    return desk


def test_whatever_is_killed_each_alarm_rings_once_and_no_mail_is_lost(desk: Desk) -> None:
    for turn, name in enumerate(KILLED):
        wait_until(lambda name=name: desk.part(name))
        for n in range(MAILS_EACH):
            desk.send_mail(f"Ana{turn}-{n}", f"Fault {turn}.{n}", "It jams.")
        kill(desk, name)  # what has come is being parsed, rung and sent
    desk.stop(signal.SIGTERM)
    with desk.rows():
        claims_of_the_dead_run_out()
        desk.start()
        reports = len(KILLED) * MAILS_EACH
        wait_until(lambda: counted(Alarm, "fired") == 2 * reports and nothing_waits())
        every_mail_is_one_ticket(reports)
        each_alarm_rang_once(2 * reports)
        each_ring_stands_in_one_letter()
        each_letter_left(desk, len(KILLED))


def every_mail_is_one_ticket(reports: int) -> None:
    """One that came twice, because nobody said that it had been taken, is known by its Message-ID."""
    outcomes = Counter(row.outcome for row in db.session.query(RawMail))
    assert outcomes["created"] == reports
    assert set(outcomes) <= {"created", "duplicate"}
    assert db.session.query(Ticket).count() == reports
    assert db.session.query(Entry).filter_by(kind="reported").count() == reports
    assert db.session.query(Letter).filter_by(kind="received").count() == reports


def each_alarm_rang_once(alarms: int) -> None:
    """One entry for each."""
    rang = [entry.detail["alarm"] for entry in db.session.query(Entry).filter_by(kind="escalated")]
    assert len(rang) == len(set(rang)) == alarms


def test_a_web_process_killed_amid_a_request_writes_nothing_by_half(desk: Desk) -> None:
    token = desk.run("token", "add", "eli@example.org").stdout.strip()
    with begin_report(desk, token) as half_sent, ThreadPoolExecutor() as at_once:
        answers = [at_once.submit(report, desk, token, n) for n in range(20)]
        kill(desk, "web")
        taken = sum(answer.result() for answer in answers)
        assert half_sent.recv(1) == b""
    wait_until(lambda: report(desk, token, 20))
    with desk.rows():
        wait_until(nothing_waits)
        reported = db.session.query(Ticket).count()
        assert taken + 1 <= reported <= 21  # what was answered is there; of the others, whole ones or none
        assert db.session.query(Entry).filter_by(kind="reported").count() == reported
        assert db.session.query(Letter).filter_by(kind="received").count() == reported
        assert len({alarm.ticket_id for alarm in db.session.query(Alarm)}) == reported


def begin_report(desk: Desk, token: str) -> socket.socket:
    """A report of which only half arrives."""
    host, _colon, port = desk.environ["HELPDESK_BIND"].rpartition(":")
    connection = socket.create_connection((host, int(port)), PATIENCE)
    head = (
        "POST /api/v1/tickets HTTP/1.1\r\nHost: desk\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: 1000\r\n\r\n"
    )
    connection.sendall(head.encode() + b'{"subject": "Half')
    return connection


def report(desk: Desk, token: str, number: int) -> bool:
    """Whether a report by the API was answered as taken."""
    body = {"subject": f"Report {number}", "body": "It jams.", "works": "small_fault", "affected": "me"}
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    asking = urllib.request.Request(f"{desk.url}/api/v1/tickets", json.dumps(body).encode(), headers)  # noqa: S310
    try:
        with urllib.request.urlopen(asking, timeout=PATIENCE) as answer:  # noqa: S310
            return bool(answer.status == 201)
    except (OSError, HTTPException):
        return False

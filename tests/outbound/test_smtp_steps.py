"""A mail server that refuses, puts off, hangs up or kills at each step of a letter: none is lost, and none
leaves more than once for each time that somebody died."""

import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from flask import Flask

from helpdesk.desk import failures, tickets
from helpdesk.desk.tickets import Report
from helpdesk.outbound import smtp
from helpdesk.outbound.smtp import Sending
from helpdesk.store import db
from helpdesk.store.letters import Letter
from tests.conftest import MONDAY_9, House
from tests.mail.test_starttls import write_certificate
from tests.outbound.test_smtp import MINUTE, free_port

STEPS = ("EHLO", "MAIL", "RCPT", "DATA")
SENDER = """
import os, sys
from datetime import datetime
from helpdesk.config import load_settings
from helpdesk.core import create_core
from helpdesk.desk import failures
from helpdesk.outbound import smtp
with create_core(load_settings(os.environ)).app_context():
    smtp.send_waiting(datetime.fromisoformat(sys.argv[1]), failures.give_up_letter)
"""


class Server:
    """Answers as it is told at each step: `said` once each, then yes. "hang up": without a word.
    `at`: what else happens there, before it answers."""

    def __init__(self, **options: Any) -> None:
        self.received: list[Any] = []
        self.said: dict[str, list[str]] = {}
        self.at: dict[str, Callable[[], None]] = {}
        port = free_port()
        self.controller = Controller(self, hostname="127.0.0.1", port=port, ready_timeout=10, **options)
        self.controller.start()
        self.port = port

    def _answer(self, step: str, server: Any, otherwise: str = "250 OK") -> str:
        self.at.pop(step, lambda: None)()
        said = self.said.get(step)
        answer = said.pop(0) if said else otherwise
        if answer == "hang up":
            server.transport.abort()
        return answer

    async def handle_EHLO(
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self._answer("EHLO", server)
        return responses

    async def handle_MAIL(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        answer = self._answer("MAIL", server)
        if answer.startswith("250"):
            envelope.mail_from = address
        return answer

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        answer = self._answer("RCPT", server)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        answer = self._answer("DATA", server)
        if answer.startswith("250") or answer == "hang up":  # it has the letter, whatever it says
            self.received.append(message_from_bytes(envelope.content, policy=policy.default))
        return answer


@contextmanager
def sending_to(app: Flask, url: str) -> Iterator[None]:
    settings = app.config["SETTINGS"]
    object.__setattr__(settings, "smtp_url", url)
    yield
    object.__setattr__(settings, "smtp_url", None)


@pytest.fixture
def server(app: Flask) -> Iterator[Server]:
    running = Server()
    with sending_to(app, f"smtp://127.0.0.1:{running.port}"):
        yield running
    running.controller.stop()


def report(house: House, count: int = 1) -> None:
    for _ in range(count):
        tickets.report(Report("Printer", "jam"), house.ana, now=MONDAY_9, door="web")


def send(minutes: float = 0) -> Sending:
    return smtp.send_waiting(MONDAY_9 + minutes * MINUTE, failures.give_up_letter)


def letters() -> list[Letter]:
    db.session.rollback()
    return db.session.query(Letter).order_by(Letter.id).all()


@pytest.mark.parametrize("step", STEPS)
def test_a_server_that_hangs_up_at_any_step_gets_the_letter_later(
    server: Server, house: House, step: str
) -> None:
    report(house, 2)
    server.said[step] = ["hang up"]
    assert send() == Sending(again=1)
    assert letters()[0].fault
    assert send(1) == Sending(sent=2)
    ids = [m["Message-ID"] for m in server.received]
    assert set(ids) == {x.message_id for x in letters()}
    assert len(ids) == (3 if step == "DATA" else 2)


@pytest.mark.parametrize(
    ("step", "answer", "first"),
    [
        ("MAIL", "552 5.3.4 too large", Sending(sent=1, failed=1)),
        ("MAIL", "550 5.7.1 not from you", Sending(again=1)),  # no letter of ours would leave: ours to mend
        ("MAIL", "451 4.3.0 busy", Sending(again=1)),
        ("RCPT", "550 5.1.1 unknown", Sending(sent=1, failed=1)),
        ("RCPT", "450 4.2.0 greylisted", Sending(sent=1, again=1)),
        ("RCPT", "421 4.3.2 closing", Sending(again=1)),
        ("DATA", "554 5.6.0 not like this", Sending(sent=1, failed=1)),
        ("DATA", "452 4.3.1 disk full", Sending(sent=1, again=1)),
        ("DATA", "421 4.3.2 closing", Sending(again=1)),
    ],
)
def test_what_a_server_says_decides_what_becomes_of_the_letter_and_of_the_others(
    server: Server, house: House, step: str, answer: str, first: Sending
) -> None:
    report(house, 2)
    server.said[step] = [answer]
    assert send() == first
    assert letters()[0].fault == answer
    assert send(1).failed == 0
    assert [x.state for x in letters()] == ["failed" if first.failed else "sent", "sent"]
    assert len(server.received) == 2 - first.failed


@pytest.mark.parametrize("step", STEPS)
def test_a_sender_killed_at_any_step_sends_the_letter_at_most_once_more(
    app: Flask, server: Server, house: House, step: str
) -> None:
    report(house, 2)
    child = subprocess.Popen(
        [sys.executable, "-c", SENDER, MONDAY_9.isoformat()],
        env=os.environ | app.config["SETTINGS"].as_environ(),
        stdin=subprocess.DEVNULL,
    )
    server.at[step] = lambda: os.kill(child.pid, signal.SIGKILL)
    assert child.wait(60) == -signal.SIGKILL
    assert [x.state for x in letters()] == ["waiting", "waiting"]
    assert send() == Sending(sent=1)  # the other; the first is still the dead one's
    assert send(smtp.CLAIMED_FOR / MINUTE) == Sending(sent=1)
    ids = sorted(m["Message-ID"] for m in server.received)
    first, second = (x.message_id for x in letters())
    assert ids == sorted([first, second, *([first] if step == "DATA" else [])])


def test_a_password_refused_fails_no_letter_and_its_words_are_shown(app: Flask, house: House) -> None:
    def check(_server: Any, _session: Any, _envelope: Any, _way: str, login: Any) -> AuthResult:
        right = isinstance(login, LoginPassword) and login.password == b"right"
        return AuthResult(success=right, handled=False)

    running = Server(authenticator=check, auth_require_tls=False)
    try:
        with sending_to(app, f"smtp://desk:wrong@127.0.0.1:{running.port}?starttls=never"):
            report(house)
            assert send() == Sending(again=1)
            assert letters()[0].fault.startswith("535")
        with sending_to(app, f"smtp://desk:right@127.0.0.1:{running.port}?starttls=never"):
            assert send(1) == Sending(sent=1)
    finally:
        running.controller.stop()


def test_no_password_goes_to_a_server_that_does_not_encrypt(app: Flask, house: House) -> None:
    asked = []

    def check(*_about: Any) -> AuthResult:
        asked.append(1)
        return AuthResult(success=True)

    running = Server(authenticator=check, auth_require_tls=False)
    try:
        with sending_to(app, f"smtp://desk:secret@127.0.0.1:{running.port}"):
            report(house)
            assert send() == Sending(again=1)
    finally:
        running.controller.stop()
    assert not asked
    assert "STARTTLS" in letters()[0].fault


def test_letters_go_over_tls_to_a_server_whose_certificate_is_known(
    app: Flask, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = write_certificate(tmp_path, "localhost")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    encrypted = []
    running = Server(tls_context=context, require_starttls=True)
    running.at["MAIL"] = lambda: encrypted.append(1)
    try:
        with sending_to(app, f"smtp://localhost:{running.port}?starttls=required"):
            report(house)
            assert send() == Sending(again=1)
            assert "CERTIFICATE_VERIFY_FAILED" in letters()[0].fault
            monkeypatch.setenv("SSL_CERT_FILE", str(cert))
            assert send(1) == Sending(sent=1)
    finally:
        running.controller.stop()
    assert encrypted

"""Sending to a real mail server that refuses, stumbles and dies: nothing is lost, nothing is renamed."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from flask import Flask

from helpdesk.desk import failures, tickets
from helpdesk.desk.tickets import Report
from helpdesk.outbound import smtp
from helpdesk.outbound.smtp import Sending
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.tickets import Entry
from tests.conftest import MONDAY_9, House

MINUTE = timedelta(minutes=1)


class Server:
    """A mail server in a thread. `answers` are its words to the next messages, then 250."""

    def __init__(self, port: int) -> None:
        self.received: list[Any] = []
        self.answers: list[str] = []
        self.greetings = 0
        self.controller = Controller(self, hostname="127.0.0.1", port=port, ready_timeout=10)
        self.controller.start()

    async def handle_EHLO(
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self.greetings += 1
        session.host_name = hostname
        return responses

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            self.received.append(message_from_bytes(envelope.content, policy=policy.default))
        if answer.endswith("and gone"):
            server.transport.close()
        return answer


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture
def server(app: Flask) -> Iterator[Server]:
    port = free_port()
    running = Server(port)
    with sending_to(app, port):
        yield running
    running.controller.stop()


@contextmanager
def sending_to(app: Flask, port: int) -> Iterator[None]:
    """The application with a mail server's address among its settings, which are frozen otherwise."""
    settings = app.config["SETTINGS"]
    object.__setattr__(settings, "smtp_url", f"smtp://127.0.0.1:{port}")
    yield
    object.__setattr__(settings, "smtp_url", None)


def report(house: House, count: int = 1) -> None:
    for _ in range(count):
        tickets.report(Report("Printer", "jam"), house.ana, now=MONDAY_9, door="web")


def send(minutes: float = 0) -> Sending:
    return smtp.send_waiting(MONDAY_9 + minutes * MINUTE, failures.give_up_letter)


def letters() -> list[Letter]:
    db.session.rollback()
    return db.session.query(Letter).order_by(Letter.id).all()


def test_a_batch_goes_over_one_connection(server: Server, house: House) -> None:
    report(house, 3)
    assert send() == Sending(sent=3)
    assert server.greetings == 1
    assert [m["To"] for m in server.received] == ["ana@example.org"] * 3
    assert {(x.state, x.sent_at) for x in letters()} == {("sent", MONDAY_9)}
    assert send() == Sending()


def test_what_is_refused_for_now_comes_again_later_each_time_under_one_message_id(
    server: Server, house: House
) -> None:
    report(house)
    server.answers = ["451 greylisted", "451 greylisted"]
    assert send() == Sending(again=1)
    assert send(0.5) == Sending()  # not yet
    assert send(1) == Sending(again=1)
    assert send(2) == Sending()  # two minutes now
    assert send(3) == Sending(sent=1)
    (found,) = letters()
    assert (found.attempts, found.fault) == (3, "")
    assert server.received[0]["Message-ID"] == found.message_id


def test_what_is_refused_for_good_is_given_up_and_the_timeline_says_so(server: Server, house: House) -> None:
    report(house, 2)
    server.answers = ["550 no such user"]
    assert send() == Sending(sent=1, failed=1)
    failed = letters()[0]
    assert (failed.state, failed.fault) == ("failed", "550 no such user")
    entry = db.session.query(Entry).filter_by(kind="letter_failed").one()
    assert (entry.ticket_id, entry.detail["fault"]) == (failed.ticket_id, "550 no such user")


def test_a_server_that_dies_in_the_middle_loses_nothing(server: Server, house: House) -> None:
    report(house, 3)
    server.answers = ["250 OK", "421 and gone"]
    assert send() == Sending(sent=1, again=1)
    assert send(1) == Sending(sent=2)
    found = letters()
    assert [x.state for x in found] == ["sent"] * 3
    assert sorted(m["Message-ID"] for m in server.received) == sorted(x.message_id for x in found)


def test_a_server_that_is_away_costs_nothing_but_time(app: Flask, house: House) -> None:
    port = free_port()
    with sending_to(app, port):
        report(house)
        assert send() == Sending(again=1)
        back = Server(port)
        try:
            assert send(1) == Sending(sent=1)
        finally:
            back.controller.stop()


def test_after_three_days_it_is_given_up(app: Flask, house: House) -> None:
    port = free_port()
    with sending_to(app, port):
        report(house)
        assert send(3 * 24 * 60) == Sending(again=1)
        assert send(3 * 24 * 60 + 2) == Sending(failed=1)
    assert letters()[0].state == "failed"


def test_a_sender_that_died_leaves_its_letters_to_others_when_its_claim_runs_out(
    server: Server, house: House
) -> None:
    report(house)
    (found,) = letters()
    found.claimed_until = MONDAY_9 + smtp.CLAIMED_FOR
    db.session.commit()
    minutes = smtp.CLAIMED_FOR / MINUTE
    assert send(minutes - 1) == Sending()
    assert send(minutes) == Sending(sent=1)


def test_several_senders_at_once_send_each_letter_once(server: Server, house: House, app: Flask) -> None:
    report(house, 30)

    def work() -> None:
        with app.app_context():
            while smtp.send_waiting(MONDAY_9, failures.give_up_letter, batch=4).sent:
                pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(m["Message-ID"] for m in server.received) == sorted(x.message_id for x in letters())


def test_without_a_mail_server_letters_are_kept_to_be_read(house: House) -> None:
    report(house)
    assert send() == Sending()
    assert letters()[0].state == "kept"


def test_a_letter_that_cannot_be_built_does_not_hold_up_the_others(server: Server, house: House) -> None:
    report(house, 2)
    letters()[0].subject = "two\nlines"
    db.session.commit()
    assert send() == Sending(sent=1, failed=1)

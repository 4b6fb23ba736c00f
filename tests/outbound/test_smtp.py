"""Sending to a real mail server that refuses, stumbles and dies: nothing is lost, nothing is renamed."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes, policy
from itertools import pairwise
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from flask import Flask

from helpdesk.desk import failures, tickets
from helpdesk.desk import letters as desk
from helpdesk.desk.changes import By
from helpdesk.desk.tickets import Report
from helpdesk.outbound import smtp
from helpdesk.outbound.smtp import Sending
from helpdesk.rules.letters import MOST
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
        self.at_data: Callable[[], None] = lambda: None
        self.controller = Controller(self, hostname="127.0.0.1", port=port, ready_timeout=10)
        self.controller.start()

    async def handle_EHLO(
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self.greetings += 1
        session.host_name = hostname
        return responses

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.at_data()
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


def test_it_is_tried_for_two_days_ever_more_seldom_and_a_last_time_at_their_end(
    server: Server, house: House
) -> None:
    report(house)
    server.answers = ["451 later"] * 99
    (letter,) = letters()
    tried_at = []
    while letters()[0].state == "waiting":
        tried_at.append(letters()[0].next_try_at)
        smtp.send_waiting(tried_at[-1], failures.give_up_letter)
    pauses = [(later - sooner) / MINUTE for sooner, later in pairwise(tried_at)]
    assert pauses[:9] == [1, 2, 4, 8, 16, 32, 64, 128, 240]
    assert set(pauses[9:-1]) == {240}
    assert tried_at[-1] - tried_at[0] == timedelta(days=2)
    (letter,) = letters()
    assert (letter.state, letter.fault, letter.attempts) == ("failed", "451 later", len(tried_at))


def test_one_that_had_to_wait_for_its_turn_is_tried_as_long_as_any(server: Server, house: House) -> None:
    report(house)
    server.answers = ["451 later"]
    assert send(10 * 24 * 60) == Sending(again=1)
    assert send(10 * 24 * 60 + 1) == Sending(sent=1)


def test_a_server_that_was_away_for_long_is_tried_every_quarter_of_an_hour(app: Flask, house: House) -> None:
    port = free_port()
    with sending_to(app, port):
        report(house)
        at = MONDAY_9
        for _ in range(9):
            assert smtp.send_waiting(at, failures.give_up_letter) == Sending(again=1)
            pause, at = letters()[0].next_try_at - at, letters()[0].next_try_at
    assert pause == 15 * MINUTE
    assert letters()[0].state == "waiting"


def test_nobody_gets_more_than_thirty_letters_an_hour_but_alarms(server: Server, house: House) -> None:
    report(house, MOST + 3)
    desk.send_trial(house.bo.id, MONDAY_9)
    assert smtp.send_waiting(MONDAY_9, failures.give_up_letter, batch=99) == Sending(sent=MOST + 1)
    assert send(59) == Sending()
    late = letters()[-2]
    late.kind = "escalated"
    late.next_try_at = MONDAY_9
    db.session.commit()
    assert send(59) == Sending(sent=1)
    assert send(60) == Sending(sent=2)
    assert {x.state for x in letters()} == {"sent"}


def test_of_a_thousand_to_one_address_each_hour_bears_thirty(server: Server, house: House) -> None:
    report(house, 2 * MOST + 5)
    sent = [smtp.send_waiting(MONDAY_9 + n * 60 * MINUTE, failures.give_up_letter, 99).sent for n in range(4)]
    assert sent == [MOST, MOST, 5, 0]
    assert sorted(m["Message-ID"] for m in server.received) == sorted(x.message_id for x in letters())


def test_no_letter_leaves_while_letters_are_stopped(server: Server, house: House) -> None:
    report(house, 2)
    by = By(MONDAY_9, house.eli.id)
    desk.stop_letters("wrong text", by)
    assert send() == Sending()
    desk.let_letters_go(by)
    assert send() == Sending(sent=2)


def test_letters_stop_in_the_middle_of_a_batch(server: Server, house: House, app: Flask) -> None:
    report(house, 3)

    def stop() -> None:
        with app.app_context():
            desk.stop_letters("wrong text", By(MONDAY_9, house.eli.id))

    server.at_data = stop
    assert send() == Sending(sent=1)
    assert [x.state for x in letters()] == ["sent", "waiting", "waiting"]


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
    letters()[0].to_address = "two@example.org\nlines"
    db.session.commit()
    assert send() == Sending(sent=1, failed=1)

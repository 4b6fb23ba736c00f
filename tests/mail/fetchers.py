"""The fetcher, in threads of a test or in a process of its own, and mailboxes for it."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from helpdesk import clock
from helpdesk.desk import mailboxes
from helpdesk.desk.changes import By
from helpdesk.intake import fetch, receive
from helpdesk.store import db
from helpdesk.store.mailboxes import Mailbox, get_mailbox
from helpdesk.store.tickets import Ticket
from tests.conftest import House
from tests.mail.dovecot import PASSWORD, Dovecot
from tests.mail.peers import environ

EAGER = {"LOOKS_EVERY": 0.05, "BEATS_EVERY": 0.2, "FIRST_PAUSE": timedelta(milliseconds=100)}
FETCH = (
    "import os; from helpdesk.config import load_settings; from helpdesk.core import create_core\n"
    "from helpdesk.intake import fetch\n"
)


def letter(number: int, words: str = "It jams.", **headers: str) -> bytes:
    head = {
        "From": f"Reporter {number} <r{number}@example.org>",
        "To": "support@example.org",
        "Subject": f"Printer {number}",
        "Message-ID": f"<m{number}@example.org>",
    } | headers
    return (
        "".join(f"{name}: {value}\r\n" for name, value in head.items()).encode() + f"\r\n{words}\r\n".encode()
    )


def add_mailbox(house: House, server: Dovecot, secrets: dict[str, str] | None = None, **more: Any) -> int:
    values = {
        "name": "Support",
        "address": "Support@example.org",
        "host": "127.0.0.1",
        "port": server.port,
        "privacy": "none",
        "user": "desk",
        "auth": "password",
        "token_url": "",
        "client_id": "",
        "scope": "",
        "folder": "INBOX",
        "is_active": True,
    } | more
    by = By(clock.now(), house.eli.id)
    mailbox_id: int = mailboxes.save(None, values, secrets or {"password": PASSWORD}, by).id
    db.session.rollback()
    return mailbox_id


def change(house: House, mailbox_id: int, secrets: dict[str, str] | None = None, **values: Any) -> None:
    state = mailboxes.state_of(get_mailbox(mailbox_id)) | values
    mailboxes.save(mailbox_id, state, secrets or {}, By(clock.now(), house.eli.id))


def seen_anew(mailbox_id: int) -> Mailbox:
    db.session.rollback()
    db.session.expire_all()
    return get_mailbox(mailbox_id)


@contextmanager
def fetching(app: Flask, **paces: Any) -> Iterator[fetch.Fetcher]:
    """The fetcher, in threads of this process, more eager than in service. `paces`: other ones of its."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (EAGER | paces).items():
            patch.setattr(fetch, name, value)
        with _running(app) as fetcher:
            yield fetcher


@contextmanager
def _running(app: Flask) -> Iterator[fetch.Fetcher]:
    stop = threading.Event()
    fetcher = fetch.Fetcher(app, stop)
    thread = threading.Thread(target=fetcher.run)
    thread.start()
    try:
        yield fetcher
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()
        assert not any(each.is_alive() for each in fetcher.threads.values())


@contextmanager
def fetching_process(app: Flask, first: str = "", **more: str) -> Iterator["subprocess.Popen[bytes]"]:
    """The fetcher in a process of its own. `first`: what it runs before."""
    program = f"{FETCH}{first}\nfetch.run(create_core(load_settings(os.environ)))"
    process = subprocess.Popen([sys.executable, "-c", program], env=environ(app, **more))
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(10)


def tickets() -> list[str]:
    receive.parse_waiting(clock.now())
    return sorted(ticket.subject for ticket in db.session.query(Ticket))

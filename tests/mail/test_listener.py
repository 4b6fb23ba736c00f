"""The real listener in a process of its own, spoken to with smtplib."""

import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from flask import Flask

from helpdesk.desk import mail as mail_desk
from helpdesk.intake import receive
from helpdesk.store import db
from helpdesk.store.mail import RawMail, get_bytes
from helpdesk.store.tickets import Ticket
from tests.conftest import MONDAY_9, House

pytestmark = pytest.mark.processes
START = "from helpdesk.config import load_settings; from helpdesk.intake import serve; import os;"
LARGEST = 65536 * 20


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def wait_until(holds: Callable[[], bool], what: str) -> None:
    give_up_at = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < give_up_at, what
        time.sleep(0.02)


def environ(app: Flask, **more: str) -> dict[str, str]:
    return os.environ | app.config["SETTINGS"].as_environ() | more


@contextmanager
def listening(app: Flask, **more: str) -> Iterator[int]:
    port = free_port()
    settings = environ(
        app, HELPDESK_MAIL_BIND=f"127.0.0.1:{port}", HELPDESK_MAIL_MAX_BYTES=str(LARGEST), **more
    )
    server = subprocess.Popen(
        [sys.executable, "-c", f"{START} serve.run(load_settings(os.environ))"], env=settings
    )

    def answers() -> bool:
        assert server.poll() is None, "the listener ended"
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        return False

    try:
        wait_until(answers, "the listener does not listen")
        yield port
        server.send_signal(signal.SIGTERM)
        assert server.wait(5) == 0
    finally:
        if server.poll() is None:
            server.kill()
            server.wait()


def mail(body: bytes = b"It jams.", number: int = 1) -> bytes:
    head = f"From: Ana <ana@example.org>\r\nTo: desk@example.org\r\nMessage-ID: <m{number}@example.org>\r\n"
    return head.encode() + b"Subject: Printer\r\n\r\n" + body + b"\r\n"


def send(port: int, content: bytes, recipient: str = "desk@example.org") -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
        client.sendmail("ana@example.org", [recipient], content)


def rows() -> list[RawMail]:
    db.session.rollback()
    return list(db.session.query(RawMail).order_by(RawMail.id))


def test_what_is_answered_with_250_is_on_the_disk_and_becomes_a_ticket(app: Flask, house: House) -> None:
    content = mail(b".a line with a dot\r\n" + b"x" * 200_000 + b"\r\nand the end")
    with listening(app) as port:
        send(port, content, "Desk+1-abcdef@Example.ORG")
        raw = rows()[0]
        assert (raw.state, raw.sender, raw.door) == ("waiting", "ana@example.org", "smtp")
        assert raw.recipients == ["Desk+1-abcdef@Example.ORG"]
        assert get_bytes(raw) == content
    receive.parse_waiting(MONDAY_9)
    assert [row.outcome for row in rows()] == ["created"]


def test_the_listener_is_no_relay_and_says_its_limits(app: Flask, house: House) -> None:
    with listening(app) as port, smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
        client.ehlo()
        assert client.esmtp_features["size"] == str(LARGEST)
        assert {"8bitmime", "smtputf8"} <= set(client.esmtp_features)
        client.mail("ana@example.org")
        assert client.rcpt("kim@example.org")[0] == 550
        assert client.rcpt("desk@elsewhere.example.org")[0] == 550
        client.rset()
        assert client.mail("ana@example.org", [f"size={LARGEST + 1}"])[0] == 552
        client.rset()
        client.mail("ana@example.org")
        client.rcpt("desk@example.org")
        assert client.data(mail((b"x" * 998 + b"\r\n") * (LARGEST // 1000 + 100)))[0] == 552
    assert rows() == []


def test_mail_that_cannot_be_stored_is_told_to_come_again(app: Flask, house: House, tmp_path: Path) -> None:
    missing = f"sqlite:///{tmp_path}/no-tables.sqlite3"
    with listening(app, HELPDESK_DATABASE_URL=missing) as port:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            send(port, mail())
        assert refused.value.smtp_code == 451


@pytest.mark.parametrize("at", ["helpdesk.desk.mail.understand", "helpdesk.desk.mail._finish"])
def test_a_kill_between_two_steps_neither_loses_nor_doubles(app: Flask, house: House, at: str) -> None:
    """Killed once the row is committed and before it is understood; and when all of the ticket is written
    but for the commit."""
    receive.store_raw(mail(), "smtp", "ana@example.org", ["desk@example.org"], MONDAY_9)
    module, _, name = at.rpartition(".")
    program = (
        f"import os, signal; from helpdesk.config import load_settings; from helpdesk.app import create_app\n"
        f"import {module} as there; from helpdesk.intake import receive; from helpdesk import clock\n"
        f"there.{name} = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)\n"
        "with create_app(load_settings(os.environ)).app_context(): receive.parse_waiting(clock.now())"
    )
    killed = subprocess.run([sys.executable, "-c", program], env=environ(app), check=False)
    assert killed.returncode == -signal.SIGKILL
    [raw] = rows()
    assert (raw.state, raw.attempts, db.session.query(Ticket).count()) == ("waiting", 1, 0)
    claim_ends = raw.claimed_until
    assert claim_ends is not None
    assert [receive.parse_waiting(claim_ends), receive.parse_waiting(claim_ends)] == [1, 0]
    assert ([row.outcome for row in rows()], db.session.query(Ticket).count()) == (["created"], 1)


def test_bytes_without_a_row_are_nothing_and_the_sender_comes_again(app: Flask, house: House) -> None:
    arrival = mail_desk.keep_raw(mail(), "smtp", "ana@example.org", ["desk@example.org"])
    assert rows() == []
    receive.store_raw(mail(), "smtp", "ana@example.org", ["desk@example.org"], MONDAY_9)
    receive.parse_waiting(MONDAY_9)
    assert [(row.sha256, row.outcome) for row in rows()] == [(arrival.sha256, "created")]


def test_one_poison_message_never_blocks_the_next(
    app: Flask, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        receive.store_raw(mail(b"poison" if number == 1 else b"good", number), "smtp", None, [], MONDAY_9)
    parse = receive.parse

    def stumbling(raw: bytes, *rest: object) -> object:
        if b"poison" in raw:
            raise ZeroDivisionError
        return parse(raw, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(receive, "parse", stumbling)
    receive.parse_waiting(MONDAY_9)
    assert [row.outcome for row in rows()] == ["created", None, "created"]
    for _ in range(2):
        assert receive.parse_waiting(rows()[1].claimed_until or MONDAY_9) == 1
    assert (rows()[1].state, rows()[1].cause) == ("quarantined", "fault:ZeroDivisionError")


def test_two_workers_at_once_make_one_ticket_of_each_mail(app: Flask, house: House) -> None:
    for number in range(30):
        receive.store_raw(mail(number=number // 2), "smtp", None, [], MONDAY_9)  # each came twice
    program = (
        "import os; from helpdesk.config import load_settings; from helpdesk.app import create_app\n"
        "from helpdesk.intake import receive; from helpdesk import clock\n"
        "with create_app(load_settings(os.environ)).app_context():\n"
        "    while receive.parse_waiting(clock.now()): pass"
    )
    workers = [subprocess.Popen([sys.executable, "-c", program], env=environ(app)) for _ in range(2)]
    assert [worker.wait(60) for worker in workers] == [0, 0]
    assert sorted(str(row.outcome) for row in rows()) == ["created"] * 15 + ["duplicate"] * 15
    assert db.session.query(Ticket).count() == 15


def test_a_mail_of_ten_megabytes_arrives_whole(app: Flask, house: House) -> None:
    import base64

    file = base64.encodebytes(bytes(range(256)) * 40 * 1024)
    content = (
        b"From: ana@example.org\r\nMessage-ID: <big@example.org>\r\nSubject: Big\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=q\r\n\r\n"
        b"--q\r\nContent-Type: text/plain\r\n\r\nSee it.\r\n--q\r\n"
        b"Content-Type: application/zip; name=big.zip\r\nContent-Transfer-Encoding: base64\r\n"
        b"Content-Disposition: attachment\r\n\r\n" + file.replace(b"\n", b"\r\n") + b"--q--\r\n"
    )
    receive.store_raw(content, "smtp", "ana@example.org", ["desk@example.org"], MONDAY_9)
    receive.parse_waiting(MONDAY_9)
    [raw] = rows()
    assert raw.ticket is not None
    assert [(f.name, f.size) for f in raw.ticket.entries[0].attachments] == [("big.zip", 10 * 1024**2)]


def receive_by_pipe(
    app: Flask, content: bytes, *words: str, **more: str
) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "helpdesk", "mail", "receive", *words]
    return subprocess.run(command, input=content, env=environ(app, **more), capture_output=True, check=False)


def test_the_pipe_says_what_became_of_the_message(app: Flask, house: House) -> None:
    done = receive_by_pipe(app, mail(), "--sender", "ana@example.org", "--recipient", "desk@example.org")
    assert (done.returncode, done.stdout) == (0, b'{"outcome": "created", "ticket": "HD-1", "cause": null}\n')
    again = receive_by_pipe(app, mail())
    assert b'"duplicate", "ticket": "HD-1"' in again.stdout
    quiet = receive_by_pipe(app, mail(number=2), "--sender", "")
    assert b'"filed", "ticket": null, "cause": "null_return_path"' in quiet.stdout


def test_the_pipe_asks_for_another_try_where_the_database_is_down(
    app: Flask, house: House, tmp_path: Path
) -> None:
    done = receive_by_pipe(app, mail(), HELPDESK_DATABASE_URL=f"sqlite:///{tmp_path}/no-tables.sqlite3")
    assert (done.returncode, done.stdout) == (75, b"")
    assert done.stderr.startswith(b"helpdesk: ")

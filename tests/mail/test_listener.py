"""The real listener in a process of its own, spoken to over SMTP."""

import smtplib
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from helpdesk.intake import receive
from helpdesk.store import db
from helpdesk.store.db import transaction
from helpdesk.store.mail import get_bytes
from helpdesk.store.mailboxes import Mailbox
from helpdesk.store.tickets import Ticket
from tests.conftest import MONDAY_9, House
from tests.mail.peers import (
    LARGEST,
    MIB,
    UNDERSTAND,
    environ,
    large_mail,
    listening,
    mail,
    memory,
    raw_files,
    rows,
    send,
)

pytestmark = pytest.mark.processes


def test_what_is_answered_with_250_is_on_the_disk_and_becomes_a_ticket(app: Flask, house: House) -> None:
    content = mail(b".a line with a dot\r\n" + b"x" * 200_000 + b"\r\nand the end")
    with listening(app) as at:
        send(at.port, content, "Desk+1-abcdef@Example.ORG")
        raw = rows()[0]
        assert (raw.state, raw.sender, raw.door) == ("waiting", "ana@example.org", "smtp")
        assert raw.recipients == ["Desk+1-abcdef@Example.ORG"]
        assert get_bytes(raw) == content
    receive.parse_waiting(MONDAY_9)
    assert [row.outcome for row in rows()] == ["created"]


def test_the_listener_is_no_relay_and_says_its_limits(app: Flask, house: House) -> None:
    with listening(app) as at, smtplib.SMTP("127.0.0.1", at.port, timeout=30) as client:
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


def test_a_full_disk_is_told_to_come_again_and_the_session_goes_on(app: Flask, house: House) -> None:
    full = (
        "from helpdesk.intake import keeper\nimport errno\n"
        "class Full(keeper.tempfile.SpooledTemporaryFile):\n"
        "    def write(self, piece):\n"
        "        if b'Subject: Large' in piece: raise OSError(errno.ENOSPC, 'No space left on device')\n"
        "        return super().write(piece)\n"
        "keeper.tempfile.SpooledTemporaryFile = Full"
    )
    with (
        listening(app, first=full) as at,
        smtplib.SMTP("127.0.0.1", at.port, timeout=30) as client,
    ):
        client.ehlo()
        for subject, code in (("Large", 451), ("Printer", 250)):
            client.mail("ana@example.org")
            client.rcpt("desk@example.org")
            content = mail(b"x" * 70_000).replace(b"Subject: Printer", f"Subject: {subject}".encode())
            assert client.data(content)[0] == code
    assert len(rows()) == 1


def test_a_sender_who_goes_away_amid_a_message_leaves_nothing(app: Flask, house: House) -> None:
    with listening(app) as at:
        for goodbye in (b"", b"the e"):
            with socket.create_connection(("127.0.0.1", at.port), 10) as peer:
                talk(peer, b"EHLO there\r\n", b"MAIL FROM:<ana@example.org>\r\n")
                talk(peer, b"RCPT TO:<desk@example.org>\r\n")
                talk(peer, b"DATA\r\n", until=b"354 ")
                peer.sendall(mail() + goodbye)
        send(at.port, mail(number=2))
    assert [get_bytes(row) for row in rows()] == [mail(number=2)]
    assert raw_files(app) >= {rows()[0].sha256}


def test_commands_may_come_several_at_once_also_behind_a_text(app: Flask, house: House) -> None:
    envelope = b"MAIL FROM:<ana@example.org>\r\nRCPT TO:<kim@example.org>\r\nRCPT TO:<desk@example.org>\r\n"
    with listening(app) as at, socket.create_connection(("127.0.0.1", at.port), 10) as peer:
        assert b"250-PIPELINING\r\n" in talk(peer, b"EHLO there\r\n")
        talk(peer, envelope + b"DATA\r\n", until=b"354 ")
        peer.sendall(mail() + b".\r\n" + envelope + b"DATA\r\n")
        talk(peer, b"", until=b"354 ")
        talk(peer, b".\r\nQUIT\r\n", until=b"221 ")
    assert [(row.recipients, get_bytes(row)) for row in rows()] == [
        (["desk@example.org"], mail()),
        (["desk@example.org"], b""),
    ]


def talk(peer: socket.socket, *said: bytes, until: bytes = b"250 ") -> bytes:
    """Says each and waits for the line that begins so."""
    heard = b""
    for each in said:
        heard = b""
        peer.sendall(each)
        while not any(line.startswith(until) for line in heard.splitlines()) or not heard.endswith(b"\n"):
            piece = peer.recv(65536)
            assert piece, heard
            heard += piece
    return heard


def test_a_null_return_path_is_known_as_one(app: Flask, house: House) -> None:
    with listening(app) as at, smtplib.SMTP("127.0.0.1", at.port, timeout=30) as client:
        client.sendmail("", ["desk@example.org"], mail())
    receive.parse_waiting(MONDAY_9)
    assert [(row.sender, row.outcome, row.cause) for row in rows()] == [("", "filed", "null_return_path")]


def test_every_address_of_the_desk_is_taken(app: Flask, house: House) -> None:
    with transaction():
        db.session.add(
            Mailbox(
                name="Sales",
                address="sales@example.org",
                host="imap.example.org",
                port=993,
                user="sales",
                sealed="",
                created_at=MONDAY_9,
            )
        )
    with listening(app, HELPDESK_MAIL_ALIASES="it@example.org, Support@Example.org") as at:
        for address in ("it@example.org", "support+3-ab@example.org", "SALES@example.org"):
            send(at.port, mail(address.encode()), address)
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            send(at.port, mail(), "marketing@example.org")
    assert len(rows()) == 3


def test_mail_that_cannot_be_stored_is_told_to_come_again(app: Flask, house: House, tmp_path: Path) -> None:
    missing = f"sqlite:///{tmp_path}/no-tables.sqlite3"
    with listening(app, HELPDESK_DATABASE_URL=missing) as at:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            send(at.port, mail())
        assert refused.value.smtp_code == 451


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
    workers = [subprocess.Popen([sys.executable, "-c", UNDERSTAND], env=environ(app)) for _ in range(2)]
    assert [worker.wait(60) for worker in workers] == [0, 0]
    assert sorted(str(row.outcome) for row in rows()) == ["created"] * 15 + ["duplicate"] * 15
    assert db.session.query(Ticket).count() == 15


def test_a_message_of_25_mib_takes_little_memory_in_the_listener(app: Flask, house: House) -> None:
    """Its attachment grows by a third on its way."""
    content = large_mail(25 * MIB)
    with listening(app, HELPDESK_MAIL_MAX_BYTES=str(36 * MIB)) as at:
        send(at.port, mail())
        before = memory(at.process.pid)
        send(at.port, content)
        assert memory(at.process.pid) - before < 20 * MIB
    assert get_bytes(rows()[1]) == content


def test_a_mail_of_ten_megabytes_arrives_whole(app: Flask, house: House) -> None:
    receive.store_raw(large_mail(10 * MIB), "smtp", "ana@example.org", ["desk@example.org"], MONDAY_9)
    receive.parse_waiting(MONDAY_9)
    [raw] = rows()
    assert raw.ticket is not None
    assert [(f.name, f.size) for f in raw.ticket.entries[0].attachments] == [("big.zip", 10 * MIB)]

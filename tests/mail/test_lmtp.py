"""LMTP (RFC 2033): the real listener, spoken to with smtplib and over a socket of its own."""

import smtplib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import pytest
from flask import Flask

from helpdesk.store.mail import get_bytes
from tests.conftest import House
from tests.mail.peers import LARGEST, free_port, listening, mail, rows

pytestmark = pytest.mark.processes
TWO = ["desk@example.org", "desk+7-abcdef@example.org"]


class Peer:
    """An LMTP client that reads one reply at a time."""

    def __init__(self, connection: socket.socket, lines: BinaryIO) -> None:
        self.socket, self.lines = connection, lines
        assert self.reply().startswith(b"220")

    def reply(self) -> bytes:
        """The last line of the next reply."""
        line = self.lines.readline()
        while line[3:4] == b"-":
            line = self.lines.readline()
        return line

    def say(self, *commands: str) -> bytes:
        """The reply to the last of them."""
        for command in commands:
            self.socket.sendall(f"{command}\r\n".encode())
            reply = self.reply()
        return reply


@contextmanager
def speaking_to(app: Flask) -> Iterator[Peer]:
    port = free_port()
    with (
        listening(app, HELPDESK_LMTP_BIND=f"127.0.0.1:{port}"),
        socket.create_connection(("127.0.0.1", port), 30) as connection,
        connection.makefile("rb") as lines,
    ):
        yield Peer(connection, lines)


def test_each_recipient_has_a_reply_of_its_own_and_the_message_is_kept_once(app: Flask, house: House) -> None:
    with speaking_to(app) as peer:
        assert peer.say("EHLO there").startswith(b"500")
        assert peer.say("LHLO there", "MAIL FROM:<ana@example.org>").startswith(b"250")
        assert [peer.say(f"RCPT TO:<{each}>")[:3] for each in [TWO[0], "kim@example.org", TWO[1]]] == [
            b"250",
            b"550",
            b"250",
        ]
        assert peer.say("DATA").startswith(b"354")
        peer.socket.sendall(mail() + b".\r\nNOOP\r\n")
        assert [peer.reply()[:9] for _ in range(3)] == [b"250 2.0.0", b"250 2.0.0", b"250 OK\r\n"]
    assert [(row.door, row.recipients, get_bytes(row)) for row in rows()] == [("lmtp", TWO, mail())]


def test_a_message_that_is_too_big_is_refused_for_each_recipient(app: Flask, house: House) -> None:
    with speaking_to(app) as peer:
        peer.say("LHLO there", "MAIL FROM:<ana@example.org>", *(f"RCPT TO:<{each}>" for each in TWO), "DATA")
        peer.socket.sendall(mail(b"x" * LARGEST) + b".\r\n")
        assert [peer.reply()[:3] for _ in range(2)] == [b"552", b"552"]
        peer.say("MAIL FROM:<>", f"RCPT TO:<{TWO[0]}>", "DATA")
        peer.socket.sendall(mail() + b".\r\n")
        assert peer.reply().startswith(b"250")
    assert [row.sender for row in rows()] == [""]


def test_python_speaks_it_as_well(app: Flask, house: House) -> None:
    port = free_port()
    with (
        listening(app, HELPDESK_LMTP_BIND=f"127.0.0.1:{port}"),
        smtplib.LMTP("127.0.0.1", port, timeout=30) as client,
    ):
        client.sendmail("ana@example.org", ["desk@example.org"], mail())
    assert len(rows()) == 1

"""What becomes of fetching when the wire breaks, goes dead, or the server does not give what is asked."""

import time
from datetime import timedelta

import pytest
from flask import Flask

from helpdesk.desk import mail
from helpdesk.intake import fetch
from helpdesk.outbound import imap
from helpdesk.store.mail import get_bytes
from tests.conftest import House
from tests.mail.dovecot import dovecot
from tests.mail.fetchers import add_mailbox, change, fetching, letter, seen_anew, tickets
from tests.mail.peers import rows, wait_until
from tests.mail.wire import wire_to

pytestmark = pytest.mark.processes
HASTY = {"POLLS_EVERY": 0.1, "LONGEST_PAUSE": timedelta(milliseconds=200)}


def test_a_connection_that_breaks_within_a_message_keeps_nothing_of_it(app: Flask, house: House) -> None:
    large = letter(1, words="x" * 3_000_000)
    with dovecot() as server, wire_to(server.port) as wire:
        server.deliver(large)
        wire.cut_after = 2_000_000
        mailbox_id = add_mailbox(house, server, port=wire.port)
        with fetching(app, **HASTY):
            wait_until(lambda: seen_anew(mailbox_id).fault.startswith("unreachable: "), "unnoticed")
            assert rows() == []
            wire.cut_after = None
            wait_until(lambda: len(rows()) == 1 and server.unseen() == 0, "not fetched")
            wait_until(lambda: seen_anew(mailbox_id).fault == "", "the fault stays")
    [raw] = rows()
    assert get_bytes(raw) == large


def test_a_connection_that_is_dead_without_a_word_is_noticed(
    app: Flask, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "ANSWERS_WITHIN", 1.0)
    with dovecot() as server, wire_to(server.port) as wire:
        mailbox_id = add_mailbox(house, server, port=wire.port)
        with fetching(app, **HASTY, IDLES_FOR=0.5):
            wait_until(lambda: seen_anew(mailbox_id).succeeded_at is not None, "not reached")
            wire.is_dead = True
            server.deliver(letter(1))
            wait_until(lambda: seen_anew(mailbox_id).fault.startswith("unreachable: "), "unnoticed")
            wire.is_dead = False
            wait_until(lambda: len(rows()) == 1, "not fetched")


def test_a_message_that_comes_as_the_server_begins_to_tell_is_not_overlooked(
    app: Flask, house: House
) -> None:
    with dovecot() as server, wire_to(server.port) as wire:
        begun: list[bytes] = []

        def change(said: bytes) -> bytes:
            if said.endswith(b" IDLE\r\n") and not begun:
                begun.append(said)
                server.deliver(letter(1))
            return said

        wire.change = change
        add_mailbox(house, server, port=wire.port)
        with fetching(app, **HASTY):
            began = time.monotonic()
            wait_until(lambda: len(rows()) == 1, "not fetched")
            assert time.monotonic() - began < 10 < fetch.IDLES_FOR


def test_a_message_that_is_refused_waits_with_its_header_and_the_session_goes_on(
    app: Flask, house: House
) -> None:
    with dovecot() as server, wire_to(server.port) as wire:
        for number in (1, 2, 3):
            server.deliver(letter(number))
        wire.change = lambda said: said.replace(b"FETCH 2 (BODY.PEEK[])", b"FETCH 2 (BOGUS)")
        mailbox_id = add_mailbox(house, server, port=wire.port)
        with fetching(app, **HASTY):
            wait_until(lambda: seen_anew(mailbox_id).fault.startswith("server: "), "the fault is not told")
            assert len(rows()) == 2
            assert seen_anew(mailbox_id).succeeded_at is None
            wait_until(lambda: seen_anew(mailbox_id).succeeded_at is not None, "it blocks")
            assert seen_anew(mailbox_id).fault == ""
        assert wire.connections == 1
        assert server.unseen() == 1
    assert tickets() == ["Printer 1", "Printer 3"]
    [aside] = [raw for raw in rows() if raw.state == "quarantined"]
    assert (aside.cause, aside.uid) == ("not_fetched", 2)
    assert get_bytes(aside) == letter(2).partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


def test_a_message_that_was_given_up_is_asked_for_again_when_somebody_wants_it(
    app: Flask, house: House
) -> None:
    with dovecot() as server, wire_to(server.port) as wire:
        server.deliver(letter(1))
        wire.change = lambda said: said.replace(b"(BODY.PEEK[])", b"(BOGUS)")
        mailbox_id = add_mailbox(house, server, port=wire.port)
        with fetching(app, **HASTY):
            wait_until(lambda: seen_anew(mailbox_id).succeeded_at is not None, "it blocks")
            [raw] = rows()
            mail.retry(raw.id)
            change(house, mailbox_id)  # begins a session
            wait_until(lambda: rows()[0].attempts == 1, "not given up again")
            assert rows()[0].state == "quarantined"
            wire.change = bytes
            mail.retry(raw.id)
            change(house, mailbox_id)
            wait_until(lambda: rows()[0].state == "waiting", "not fetched")
            wait_until(lambda: server.unseen() == 0, "not marked")
    assert tickets() == ["Printer 1"]
    assert get_bytes(rows()[0]) == letter(1)


def test_of_two_that_are_refused_giving_one_up_does_not_pass_over_the_other(app: Flask, house: House) -> None:
    with dovecot() as server, wire_to(server.port) as wire:
        server.deliver(letter(1))
        refused = {b"FETCH 1 (BODY.PEEK[])", b"FETCH 2 (BODY.PEEK[])"}

        def change(said: bytes) -> bytes:
            return said.replace(b"(BODY.PEEK[])", b"(BOGUS)") if any(r in said for r in refused) else said

        wire.change = change
        mailbox_id = add_mailbox(house, server, port=wire.port)
        with fetching(app, **HASTY) as fetcher:
            wait_until(lambda: max(fetcher.tries.values(), default=0) == 3, "not tried")
            server.deliver(letter(2))
            wait_until(lambda: len(rows()) == 1, "the first is not given up")
            assert seen_anew(mailbox_id).last_uid == 0
            refused.clear()
            wait_until(lambda: len(rows()) == 2, "the second is not fetched")
    assert tickets() == ["Printer 2"]


def test_a_provider_that_refuses_the_folder_to_programs_without_a_name_lets_us_in(
    app: Flask, house: House
) -> None:
    """As NetEase does: SELECT is refused until ID was sent."""
    with dovecot() as server, wire_to(server.port) as wire:
        named: list[bool] = []

        def change(said: bytes) -> bytes:
            if b" ID (" in said:
                named.append(True)
            return said if named else said.replace(b" SELECT INBOX", b" SELECT Unsafe")

        wire.change = change
        server.deliver(letter(1))
        add_mailbox(house, server, port=wire.port)
        with fetching(app, **HASTY):
            wait_until(lambda: len(rows()) == 1, "not fetched")

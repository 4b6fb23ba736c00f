"""What is fetched from an IMAP mailbox, a real Dovecot, and what becomes of it."""

import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from helpdesk import clock
from helpdesk.desk import mailboxes
from helpdesk.intake import fetch
from helpdesk.outbound import imap
from helpdesk.store import db
from helpdesk.store.mail import get_bytes
from tests.conftest import House
from tests.mail.dovecot import dovecot
from tests.mail.fetchers import add_mailbox, fetching, fetching_process, letter, seen_anew, tickets
from tests.mail.peers import rows, wait_until

pytestmark = pytest.mark.processes


def test_what_nobody_has_read_becomes_tickets_and_is_marked_as_seen(app: Flask, house: House) -> None:
    with dovecot() as server:
        server.deliver(letter(1), flags=r"(\Seen)")
        server.deliver(letter(2))
        server.deliver(letter(3))
        mailbox_id = add_mailbox(house, server)
        with fetching(app):
            wait_until(lambda: len(rows()) == 2 and server.unseen() == 0, "not fetched")
            wait_until(lambda: seen_anew(mailbox_id).succeeded_at is not None, "no success is told")
    [raw, _] = rows()
    assert get_bytes(raw) == letter(2)
    assert (raw.door, raw.sender, raw.recipients) == ("imap", None, ["support@example.org"])
    assert (raw.mailbox_id, raw.uid) == (mailbox_id, 2)
    mailbox = seen_anew(mailbox_id)
    assert (mailbox.fault, mailbox.last_uid, mailbox.uid_validity) == ("", 3, raw.uid_validity)
    assert (mailbox.claimed_by, mailbox.claimed_until) == ("", None)
    assert tickets() == ["Printer 2", "Printer 3"]


@pytest.mark.parametrize("privacy", ["none", "starttls", "tls"])
def test_the_server_tells_of_new_mail_and_it_is_there_in_a_moment(
    app: Flask, house: House, privacy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dovecot() as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.folder / "mail.crt"))
        port = server.tls_port if privacy == "tls" else server.port
        mailbox_id = add_mailbox(house, server, host="localhost", port=port, privacy=privacy)
        with fetching(app):
            wait_until(lambda: seen_anew(mailbox_id).succeeded_at is not None, "not reached")
            for number in range(1, 4):
                time.sleep(0.3)  # it idles
                server.deliver(letter(number))
                began = time.monotonic()
                wait_until(lambda number=number: len(rows()) == number, "not fetched")
                assert time.monotonic() - began < 5 < fetch.POLLS_EVERY


def test_a_server_that_tells_nothing_is_asked(app: Flask, house: House) -> None:
    with dovecot(imap="imap_capability = IMAP4rev1") as server:
        mailbox_id = add_mailbox(house, server)
        assert not mailboxes.try_connection(mailbox_id, clock.now()).has_idle
        with fetching(app, POLLS_EVERY=0.3):
            wait_until(lambda: seen_anew(mailbox_id).succeeded_at is not None, "not reached")
            server.deliver(letter(1))
            wait_until(lambda: len(rows()) == 1, "not fetched")


def test_mail_that_somebody_read_while_we_were_away_is_not_lost(app: Flask, house: House) -> None:
    with dovecot() as server:
        mailbox_id = add_mailbox(house, server)
        with fetching(app):
            wait_until(lambda: seen_anew(mailbox_id).succeeded_at is not None, "not reached")
        server.deliver(letter(1), flags=r"(\Seen)")
        with fetching(app):
            wait_until(lambda: len(rows()) == 1, "not fetched")


def test_a_folder_that_was_made_anew_is_read_anew_and_nothing_is_doubled(app: Flask, house: House) -> None:
    with dovecot() as server:
        with server.client() as client:
            client.create("Support")
        server.deliver(letter(1), folder="Support")
        mailbox_id = add_mailbox(house, server, folder="Support")
        with fetching(app):
            wait_until(lambda: len(rows()) == 1, "not fetched")
            wait_until(lambda: seen_anew(mailbox_id).succeeded_at is not None, "not reached")
        before = seen_anew(mailbox_id).uid_validity
        with server.client() as client:
            client.delete("Support")
            client.create("Support")
        server.deliver(letter(1), folder="Support")
        server.deliver(letter(2), folder="Support", flags=r"(\Seen)")
        with fetching(app):
            wait_until(lambda: len(rows()) == 3, "not fetched")
            wait_until(lambda: seen_anew(mailbox_id).uid_validity != before, "not noted")
    assert tickets() == ["Printer 1", "Printer 2"]
    assert [raw.outcome for raw in rows()] == ["created", "duplicate", "created"]


def test_a_message_that_its_server_cannot_give_blocks_no_other(app: Flask, house: House) -> None:
    with dovecot() as server:
        for number in (1, 2, 3):
            server.deliver(letter(number))
        poison = next(path for path in server.files() if b"Printer 2" in path.read_bytes())
        poison.chmod(0)
        mailbox_id = add_mailbox(house, server)
        with fetching(app, POLLS_EVERY=0.1, LONGEST_PAUSE=timedelta(milliseconds=100)):
            wait_until(lambda: len(rows()) == 3, "not fetched")
            wait_until(lambda: seen_anew(mailbox_id).succeeded_at is not None, "it blocks")
            server.deliver(letter(4))
            wait_until(lambda: len(rows()) == 4, "it blocks what comes later")
        assert server.unseen() == 1
    assert tickets() == ["Printer 1", "Printer 3", "Printer 4"]
    [aside] = [raw for raw in rows() if raw.state == "quarantined"]
    assert (aside.cause, aside.uid) == ("not_fetched", 2)


def test_a_message_beyond_the_limit_waits_in_quarantine_whole(
    app: Flask, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = letter(1, words="x" * 2_500_000)  # in three pieces
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], mail_max_bytes=1_000_000))
    with dovecot() as server:
        server.deliver(large)
        server.deliver(letter(2))
        add_mailbox(house, server)
        with fetching(app):
            wait_until(lambda: len(rows()) == 2 and server.unseen() == 0, "not fetched")
    assert tickets() == ["Printer 2"]
    [first, _] = rows()
    assert (first.state, first.cause, get_bytes(first)) == ("quarantined", "too_large", large)


def test_the_bytes_are_kept_as_they_came(app: Flask, house: House) -> None:
    odd = b"From: \xff\xfe <ana@example.org>\r\nSubject: \xd6\xd0\xce\xc4\r\n\r\n" + b"\x80\x01 long " * 5000
    exact = letter(2, words="x" * (imap.PIECE - len(letter(2, words=""))))
    assert len(exact) == imap.PIECE
    with dovecot() as server:
        sent = [odd, exact, exact + b"y", letter(3, words="z" * 3 * imap.PIECE)]
        for content in sent:
            server.deliver(content)
        add_mailbox(house, server)
        with fetching(app):
            wait_until(lambda: len(rows()) == len(sent), "not fetched")
    assert [get_bytes(raw) for raw in rows()] == sent


def test_several_mailboxes_are_fetched_beside_each_other(app: Flask, house: House) -> None:
    with dovecot() as server:
        server.deliver(letter(1))
        server.deliver(letter(2), user="second")
        server.deliver(letter(1), user="second")
        add_mailbox(house, server)
        add_mailbox(house, server, name="Second", address="second@example.org", user="second")
        with fetching(app):
            wait_until(lambda: len(rows()) == 3, "not fetched")
    assert tickets() == ["Printer 1", "Printer 2"]  # the same message to two addresses is one ticket
    assert {"support@example.org", "second@example.org"} <= mailboxes.own_addresses(())


def test_a_promise_counts_from_when_the_mail_came_into_the_mailbox(app: Flask, house: House) -> None:
    """Not from when we fetched it, and not from before we had last seen what is there."""
    now = clock.now().replace(microsecond=0)
    with dovecot() as server:
        mailbox_id = add_mailbox(house, server)
        with fetching(app):
            wait_until(lambda: seen_anew(mailbox_id).succeeded_at is not None, "not reached")
        last = now - timedelta(hours=3)
        seen_anew(mailbox_id).succeeded_at = last
        db.session.commit()
        came_at = [now - timedelta(hours=2), now - timedelta(days=9), now + timedelta(days=9)]
        for number, at in enumerate(came_at):
            server.deliver(letter(number), at=at)
        with fetching(app):
            wait_until(lambda: len(rows()) == 3, "not fetched")
    received: list[datetime] = [raw.received_at for raw in rows()]
    assert received[:2] == [came_at[0], last]
    assert now <= received[2] <= clock.now()


def test_a_message_of_25_mib_costs_the_fetcher_little_memory(app: Flask, house: House) -> None:
    lines = b"x" * 76 + b"\r\n"
    with dovecot() as server:
        server.deliver(letter(1))
        add_mailbox(house, server)
        with fetching_process(app) as process:
            wait_until(lambda: len(rows()) == 1, "not fetched")
            before = _most_memory(process.pid)
            server.deliver(letter(2) + lines * (25 * 1024**2 // len(lines)))
            wait_until(lambda: len(rows()) == 2, "not fetched")
            assert _most_memory(process.pid) - before < 50 * 1024  # kB


def _most_memory(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))

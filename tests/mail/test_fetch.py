"""IMAP mailboxes fetched from a real Dovecot."""

import signal
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from helpdesk import clock
from helpdesk.desk import mailboxes
from helpdesk.desk.changes import By
from helpdesk.intake import fetch
from helpdesk.outbound import imap
from helpdesk.store import db
from helpdesk.store.mail import get_bytes
from tests.conftest import House
from tests.mail.dovecot import PASSWORD, dovecot
from tests.mail.fetchers import add_mailbox, change, fetching, fetching_process, letter, seen_anew, tickets
from tests.mail.peers import rows, wait_until

pytestmark = pytest.mark.processes


@pytest.fixture(autouse=True)
def _eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits here for as long as in service."""
    monkeypatch.setattr(fetch, "LOOKS_EVERY", 0.05)
    monkeypatch.setattr(fetch, "BEATS_EVERY", 0.2)
    monkeypatch.setattr(fetch, "FIRST_PAUSE", timedelta(milliseconds=100))


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


def test_a_server_that_tells_nothing_is_asked(
    app: Flask, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "POLLS_EVERY", 0.3)
    with dovecot(imap="imap_capability = IMAP4rev1") as server:
        mailbox_id = add_mailbox(house, server)
        assert not mailboxes.try_connection(mailbox_id, clock.now()).has_idle
        with fetching(app):
            wait_until(lambda: seen_anew(mailbox_id).succeeded_at is not None, "not reached")
            server.deliver(letter(1))
            wait_until(lambda: len(rows()) == 1, "not fetched")


def test_the_server_hears_who_we_are_after_signing_in(app: Flask, house: House) -> None:
    with dovecot(imap="imap_id_log = *") as server:
        server.deliver(letter(1))
        mailbox_id = add_mailbox(house, server)
        tried = mailboxes.try_connection(mailbox_id, clock.now())
        assert tried == mailboxes.Tried(messages=1, unseen=1, has_idle=True)
        told = [line for line in server.log().splitlines() if "ID sent" in line]
        assert len(told) == 1
        assert "name=Helpdesk" in told[0]
        assert "imap(desk)" in told[0]  # of the session, not of the sign-in before it
        assert server.unseen() == 1


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


@pytest.mark.parametrize(
    ("killed_in", "kept"),
    [
        ("helpdesk.desk.fetching._keep", 0),
        ("helpdesk.outbound.imap.Session.mark_seen", 2),
        ("helpdesk.desk.fetching.reached", 2),
    ],
)
def test_a_kill_between_two_steps_neither_loses_nor_doubles(
    app: Flask, house: House, killed_in: str, kept: int
) -> None:
    with dovecot() as server:
        server.deliver(letter(1))
        server.deliver(letter(2))
        mailbox_id = add_mailbox(house, server)
        place, _, name = killed_in.rpartition(".")
        kill = (
            f"import pkgutil, signal; there = pkgutil.resolve_name('{place}')\n"
            f"there.{name} = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)"
        )
        with fetching_process(app, kill) as process:
            assert process.wait(30) == -signal.SIGKILL
        assert len(rows()) == kept
        assert server.unseen() == (0 if killed_in.endswith("reached") else 2)
        mailbox = seen_anew(mailbox_id)
        assert mailbox.claimed_until is not None  # the killed one's, until it ends
        mailbox.claimed_until = clock.now()
        db.session.commit()
        with fetching(app):
            wait_until(lambda: len(rows()) == 2 and server.unseen() == 0, "not fetched")
            wait_until(lambda: seen_anew(mailbox_id).succeeded_at is not None, "not reached")
    assert tickets() == ["Printer 1", "Printer 2"]
    assert [raw.outcome for raw in rows()] == ["created", "created"]


def test_a_message_that_its_server_cannot_give_blocks_no_other(
    app: Flask, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "POLLS_EVERY", 0.1)
    monkeypatch.setattr(fetch, "LONGEST_PAUSE", timedelta(milliseconds=100))
    with dovecot() as server:
        for number in (1, 2, 3):
            server.deliver(letter(number))
        poison = next(path for path in server.files() if b"Printer 2" in path.read_bytes())
        poison.chmod(0)
        mailbox_id = add_mailbox(house, server)
        with fetching(app):
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
    monkeypatch.setitem(app.config, "SETTINGS", _limited(app, 1_000_000))
    with dovecot() as server:
        server.deliver(large)
        server.deliver(letter(2))
        add_mailbox(house, server)
        with fetching(app):
            wait_until(lambda: len(rows()) == 2 and server.unseen() == 0, "not fetched")
    assert tickets() == ["Printer 2"]
    [first, _] = rows()
    assert (first.state, first.cause, get_bytes(first)) == ("quarantined", "too_large", large)


def _limited(app: Flask, most: int) -> Any:
    from dataclasses import replace

    return replace(app.config["SETTINGS"], mail_max_bytes=most)


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


def test_two_fetchers_fetch_a_mailbox_one_at_a_time(app: Flask, house: House) -> None:
    with dovecot() as server:
        for number in range(20):
            server.deliver(letter(number))
        mailbox_id = add_mailbox(house, server)
        with fetching(app) as one, fetching(app) as other:
            wait_until(lambda: len(rows()) == 20, "not fetched")
            time.sleep(0.5)
            assert seen_anew(mailbox_id).claimed_by in (one.name, other.name)
            attending = [each for each in (one, other) if any(t.is_alive() for t in each.threads.values())]
            assert len(attending) == 1
        assert len(rows()) == 20


def test_one_who_lost_the_mailbox_to_another_writes_nothing_more(app: Flask, house: House) -> None:
    with dovecot() as server:
        mailbox_id = add_mailbox(house, server)
        with fetching(app) as fetcher:
            wait_until(lambda: seen_anew(mailbox_id).succeeded_at is not None, "not reached")
            mailbox = seen_anew(mailbox_id)
            mailbox.claimed_by, mailbox.claimed_until = "another", clock.now() + timedelta(minutes=1)
            db.session.commit()
            server.deliver(letter(1))
            wait_until(lambda: not any(t.is_alive() for t in fetcher.threads.values()), "it goes on")
            assert rows() == []
        mailbox = seen_anew(mailbox_id)
        assert mailbox.claimed_by == "another"
        mailbox.claimed_until = clock.now()  # and when the other died, it goes on where that one stopped
        db.session.commit()
        with fetching(app):
            wait_until(lambda: len(rows()) == 1, "not fetched")


def test_a_killed_fetcher_is_followed_by_another_once_its_claim_ends(app: Flask, house: House) -> None:
    with dovecot() as server:
        mailbox_id = add_mailbox(house, server)
        with fetching_process(app) as process:
            wait_until(lambda: seen_anew(mailbox_id).succeeded_at is not None, "not reached")
            process.kill()
            process.wait()
        held_until = seen_anew(mailbox_id).claimed_until
        assert held_until is not None
        assert held_until - clock.now() < timedelta(minutes=1)
        server.deliver(letter(1))
        with fetching(app):
            time.sleep(0.5)
            assert rows() == []
            seen_anew(mailbox_id).claimed_until = clock.now()
            db.session.commit()
            wait_until(lambda: len(rows()) == 1, "not fetched")


def test_it_stops_when_told_to_and_lets_the_mailbox_go(app: Flask, house: House) -> None:
    with dovecot() as server:
        mailbox_id = add_mailbox(house, server)
        with fetching_process(app) as process:
            wait_until(lambda: seen_anew(mailbox_id).succeeded_at is not None, "not reached")
            process.terminate()
            assert process.wait(10) == 0
    assert seen_anew(mailbox_id).claimed_until is None


def test_a_wrong_password_is_told_and_a_right_one_is_tried_at_once(
    app: Flask, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "FIRST_PAUSE", timedelta(minutes=5))
    with dovecot() as server:
        server.deliver(letter(1))
        mailbox_id = add_mailbox(house, server, {"password": "battery staple"})
        with pytest.raises(imap.Failed) as failed:
            mailboxes.try_connection(mailbox_id, clock.now())
        assert failed.value.code == "sign_in"
        with fetching(app):
            wait_until(lambda: seen_anew(mailbox_id).fault != "", "no fault is told")
            mailbox = seen_anew(mailbox_id)
            assert mailbox.fault.startswith("sign_in: ")
            assert "staple" not in mailbox.fault
            assert mailbox.tried_at is not None
            assert mailbox.succeeded_at is None
            change(house, mailbox_id, {"password": PASSWORD})
            wait_until(lambda: len(rows()) == 1, "the new password is not tried")
            wait_until(lambda: seen_anew(mailbox_id).fault == "", "the fault stays")


def test_a_connection_that_works_again_is_not_waited_for(app: Flask, house: House) -> None:
    with dovecot() as server:
        mailbox_id = add_mailbox(house, server)
        seen_anew(mailbox_id).claimed_until = clock.now() + timedelta(minutes=5)
        db.session.commit()
        server.deliver(letter(1))
        with fetching(app):
            mailboxes.try_connection(mailbox_id, clock.now())
            wait_until(lambda: len(rows()) == 1, "not fetched")


def test_a_password_in_any_script_signs_in(app: Flask, house: House) -> None:
    with dovecot() as server:
        (server.folder / "users").write_text("desk:{PLAIN}пароль 密码\n")
        mailbox_id = add_mailbox(house, server, {"password": "пароль 密码"})
        assert mailboxes.try_connection(mailbox_id, clock.now()).messages == 0


def test_a_folder_that_is_not_there_is_told(app: Flask, house: House) -> None:
    with dovecot() as server:
        mailbox_id = add_mailbox(house, server, folder="工单")
        with pytest.raises(imap.Failed) as failed:
            mailboxes.try_connection(mailbox_id, clock.now())
        assert failed.value.code == "folder"
        with server.client() as client:
            client.create("&XeVTVQ-")  # the same in modified UTF-7 (RFC 3501 5.1.3)
        assert mailboxes.try_connection(mailbox_id, clock.now()).messages == 0


def test_a_server_that_goes_away_and_comes_back_is_read_on(
    app: Flask, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "LONGEST_PAUSE", timedelta(milliseconds=300))
    with fetching(app):
        with dovecot() as server:
            mailbox_id = add_mailbox(house, server)
            wait_until(lambda: seen_anew(mailbox_id).succeeded_at is not None, "not reached")
            last = seen_anew(mailbox_id).succeeded_at
        wait_until(lambda: seen_anew(mailbox_id).fault.startswith("unreachable: "), "its end goes unnoticed")
        assert seen_anew(mailbox_id).succeeded_at == last
        with dovecot(port=server.port) as server:
            server.deliver(letter(1))
            wait_until(lambda: len(rows()) == 1, "not fetched")
            wait_until(lambda: seen_anew(mailbox_id).fault == "", "the fault stays")


def test_switched_off_it_is_let_go_and_switched_on_fetched_again(app: Flask, house: House) -> None:
    with dovecot() as server, fetching(app) as fetcher:
        mailbox_id = add_mailbox(house, server)
        wait_until(lambda: seen_anew(mailbox_id).succeeded_at is not None, "not reached")
        mailboxes.switch(mailbox_id, False, By(clock.now(), house.eli.id))
        wait_until(lambda: not any(t.is_alive() for t in fetcher.threads.values()), "it goes on")
        server.deliver(letter(1))
        time.sleep(0.3)
        assert rows() == []
        mailboxes.switch(mailbox_id, True, By(clock.now(), house.eli.id))
        wait_until(lambda: len(rows()) == 1, "not fetched")


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


def test_certificates_are_looked_at(app: Flask, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with dovecot(only_private=True) as server:
        server.deliver(letter(1))
        tls = add_mailbox(house, server, host="localhost", port=server.tls_port, privacy="tls")
        starttls = add_mailbox(
            house, server, host="localhost", privacy="starttls", name="Second", user="second"
        )
        for mailbox_id in (tls, starttls):
            with pytest.raises(imap.Failed) as failed:
                mailboxes.try_connection(mailbox_id, clock.now())
            assert failed.value.code == "untrusted"
        monkeypatch.setenv("SSL_CERT_FILE", str(server.folder / "mail.crt"))
        assert mailboxes.try_connection(tls, clock.now()).messages == 1
        assert mailboxes.try_connection(starttls, clock.now()).messages == 0


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

"""One fetcher holds a mailbox; it may be killed, followed by another, told to stop."""

import signal
import time
from datetime import timedelta

import pytest
from flask import Flask

from helpdesk import clock
from helpdesk.store import db
from tests.conftest import House
from tests.mail.dovecot import dovecot
from tests.mail.fetchers import add_mailbox, fetching, fetching_process, letter, seen_anew, tickets
from tests.mail.peers import rows, wait_until

pytestmark = pytest.mark.processes


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

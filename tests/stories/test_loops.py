"""Programs that answer each other stop by themselves: two desks, and a desk and a vacation responder."""

import re
import socket
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from helpdesk import clock
from helpdesk.desk import setup
from helpdesk.rules.access import Role
from helpdesk.rules.threading import MOST_FROM_STRANGER
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.mail import RawMail
from helpdesk.store.tickets import Entry, Ticket
from tests.stories.conftest import Desk
from tests.stories.killing import counted
from tests.stories.post_office import MARKS, THREAD, PostOffice, hand_over
from tests.stories.service import wait_until

pytestmark = pytest.mark.processes


@pytest.fixture
def post() -> Iterator[PostOffice]:
    running = PostOffice()
    yield running
    running.stop()


def begin(folder: Path, name: str, post: PostOffice, database: dict[str, str]) -> Desk:
    """A desk at work with the address NAME@example.org, whose letters go to the post office."""
    desk = Desk(folder, post, **database)  # type: ignore[arg-type]
    desk.environ["HELPDESK_MAIL_ADDRESS"] = f"{name}@example.org"
    done = desk.run("db", "upgrade")
    assert done.returncode == 0, done.stderr
    with desk.rows():
        house, now = setup.House(name, "Europe/Berlin"), clock.now()
        setup.add_account("Eli", f"eli.{name}@example.org", Role.ADMINISTRATOR, None, house, now=now)
    desk.start()
    wait_until(lambda: listens(port_of(desk)))
    post.routes[f"{name}@example.org"] = port_of(desk)
    return desk


def port_of(desk: Desk) -> int:
    return int(desk.environ["HELPDESK_MAIL_BIND"].rpartition(":")[2])


def listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def all_is_quiet(desks: Collection[Desk], post: PostOffice) -> bool:
    """No mail and no letter waits and none moved while we looked: what one had on its way the other has got.

    Rings are no matter: their letters come a minute apart.
    """
    before = len(post.letters)
    for desk in (*desks, *desks):
        with desk.rows():
            if counted(RawMail, "waiting") + counted(Letter, "waiting"):
                return False
    return len(post.letters) == before


def written(address: str, subject: str, body: str, number: int = 1) -> str:
    return (
        f"From: {address}\r\nTo: desk@example.org\r\nSubject: {subject}\r\n"
        f"Message-ID: <{number}.{address}>\r\n\r\n{body}\r\n"
    )


def count(desk: Desk, model: type, **equal: str) -> int:
    with desk.rows():
        return db.session.query(model).filter_by(**equal).count()


def test_two_desks_that_write_to_each_other_stop(
    tmp_path: Path, post: PostOffice, database: dict[str, str]
) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one, two = begin(tmp_path / "one", "one", post, database), begin(tmp_path / "two", "two", post, {})
    desks = (one, two)
    try:
        # As their letters are written: the other one files them, there is nothing to stop.
        hand_over(port_of(one), "two@example.org", "one@example.org", written("two@example.org", "A", "x", 1))
        wait_until(lambda: count(two, RawMail) == 1 and all_is_quiet(desks, post))
        assert (count(one, Ticket), count(two, Ticket)) == (1, 0)
        assert count(two, RawMail, outcome="filed") == 1
        # Whoever carries them loses what marks them as automatic: the answer joins its ticket, once.
        post.loses = MARKS
        hand_over(port_of(one), "two@example.org", "one@example.org", written("two@example.org", "B", "x", 2))
        wait_until(lambda: count(two, Ticket) == 1 and all_is_quiet(desks, post))
        assert (count(one, Ticket), count(one, Entry, kind="reporter_replied")) == (2, 1)
        # And what threads them, so that each letter is a new report to the other: the caps end it.
        post.loses = MARKS + THREAD
        hand_over(port_of(one), "two@example.org", "one@example.org", written("two@example.org", "C", "x", 3))
        wait_until(lambda: count(two, Ticket) > 2)
        wait_until(lambda: all_is_quiet(desks, post))
        for desk, other in ((one, "two"), (two, "one")):
            assert count(desk, Letter, kind="received") <= MOST_FROM_STRANGER
            assert count(desk, Letter, kind="received", to_address=f"{other}@example.org") >= 2
        told = [desk for desk in desks if count(desk, Letter, kind="too_much_mail")]
        assert told, "an administrator of one of them reads why no letters leave"
    finally:
        for desk in desks:
            desk.end()


class Responder:
    """Answers whatever comes to an address, as bad programs do."""

    def __init__(self, post: PostOffice, desk: Desk, address: str) -> None:
        self.post, self.desk, self.address = post, desk, address
        self.subject, self.marks, self.threads = "Away", "", False
        self.answered = 0
        post.on_letter = self.answer

    def answer(self, to: str, text: str) -> None:
        if to != self.address:
            return
        self.answered += 1
        head = self.marks
        found = re.search(r"(?im)^Message-ID: *(?:\r\n)? *(<[^>]+>)", text)
        if self.threads and found:
            head += f"In-Reply-To: {found[1]}\r\n"
        answer = written(self.address, self.subject, "I am at the sea.", 1000 + self.answered)
        with suppress(OSError):
            hand_over(port_of(self.desk), self.address, "one@example.org", head + answer)


def test_a_vacation_responder_is_met_once_or_until_the_caps(
    tmp_path: Path, post: PostOffice, database: dict[str, str]
) -> None:
    desk = begin(tmp_path, "one", post, database)
    responder = Responder(post, desk, "ana@example.org")
    try:
        # A polite one says what it is: filed on the ticket whose receipt it answers.
        responder.marks, responder.threads = "Auto-Submitted: auto-replied\r\n", True
        report(desk, 1)
        wait_until(lambda: responder.answered == 1 and all_is_quiet([desk], post))
        assert (count(desk, Ticket), count(desk, Entry, kind="mail_filed")) == (1, 1)
        # A plain one at least threads: an entry on the ticket, which no letter to Ana answers.
        responder.marks = ""
        report(desk, 2)
        wait_until(lambda: responder.answered == 2 and all_is_quiet([desk], post))
        assert (count(desk, Ticket), count(desk, Entry, kind="reporter_replied")) == (2, 1)
        # A rude one writes a new mail each time: the cap of its address ends it, and the team reads why.
        responder.threads = False
        report(desk, 3)
        wait_until(lambda: count(desk, Letter, kind="too_much_mail"))
        wait_until(lambda: all_is_quiet([desk], post))
        assert count(desk, Letter, kind="received") <= MOST_FROM_STRANGER
        assert responder.answered <= MOST_FROM_STRANGER
        assert count(desk, RawMail, state="quarantined") == 0
    finally:
        desk.end()


def report(desk: Desk, number: int) -> None:
    content = written("ana@example.org", f"Printer {number}", "It jams.", number)
    hand_over(port_of(desk), "ana@example.org", "one@example.org", content)

"""Killing parts of the service, and what must hold afterwards."""

import os
import shutil
import signal
from collections import Counter
from datetime import timedelta

from helpdesk.store import db
from helpdesk.store.db import Model, transaction
from helpdesk.store.letters import Letter
from helpdesk.store.mail import RawMail
from helpdesk.store.notices import PACE, Notice
from helpdesk.store.tickets import Entry
from tests.stories.conftest import Desk


def kill(desk: Desk, name: str) -> None:
    """With -9; the queue server loses all that it had. ProcessLookupError where it does not run just now."""
    killed = desk.part(name)
    if killed is None:
        raise ProcessLookupError(name)
    os.kill(killed, signal.SIGKILL)
    if name == "queue":
        shutil.rmtree(desk.data / "queue", ignore_errors=True)


def counted(model: type[Model], state: str) -> int:
    db.session.rollback()
    return db.session.query(model).filter_by(state=state).count()


def untold() -> int:
    """How many notices stand in no letter yet."""
    db.session.rollback()
    return db.session.query(Notice).filter_by(letter_id=None).count()


def nothing_waits() -> bool:
    """No mail to parse, no ring without a letter, no letter to send."""
    return untold() + counted(RawMail, "waiting") + counted(Letter, "waiting") == 0


def claims_of_the_dead_run_out() -> None:
    """At once: they would within minutes, and nobody lives who could have claimed anything. Nor has whoever
    had a letter to wait a minute for the next."""
    with transaction():
        for model in (RawMail, Letter):
            db.session.query(model).update({"claimed_until": None})
        for letter in db.session.query(Letter):
            letter.created_at -= PACE + timedelta(seconds=1)


def each_ring_stands_in_one_letter() -> None:
    """One notice for each person whom a ring told, and it is in one letter, which names the ticket."""
    rang = db.session.query(Entry).filter_by(kind="escalated").all()
    told = [(entry.detail["alarm"], person) for entry in rang for person in entry.detail["people"]]
    notices = db.session.query(Notice).filter_by(kind="escalated").all()
    assert sorted(told) == sorted((notice.alarm_id, notice.person_id) for notice in notices)
    letters = {letter.id: letter for letter in db.session.query(Letter)}
    for notice in notices:
        assert notice.letter_id is not None
        letter = letters[notice.letter_id]
        assert letter.person_id == notice.person_id
        assert f"HD-{notice.ticket_id}" in letter.text + letter.subject


def each_letter_left(desk: Desk, kills: int) -> None:
    """Under the Message-ID that it was written with. Cut off between the mail server's 250 and the commit it
    may leave once more, which mail programs show as one: no more often than something was killed."""
    came = Counter(letter["Message-ID"] for letter in desk.mail.letters)
    assert set(came) == {letter.message_id for letter in db.session.query(Letter)}
    assert came.total() - len(came) <= kills

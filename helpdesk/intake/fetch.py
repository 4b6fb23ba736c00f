"""The IMAP fetcher: a thread for each mailbox, which takes in what is new and waits for more (IDLE, or asks).

A message is committed before it is marked as seen. Which ones are kept is read from their rows, so neither a
kill between two steps nor a second fetcher loses or doubles any.
"""

import logging
import os
import secrets
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from helpdesk import clock
from helpdesk.desk import fetching, mailboxes
from helpdesk.desk.fetching import NoLongerHeld
from helpdesk.desk.mail import Place
from helpdesk.outbound.imap import Failed, Folder, Refused, Session
from helpdesk.store.mailboxes import list_mailboxes_to_fetch

log = logging.getLogger(__name__)

LOOKS_EVERY = 2.0  # seconds, for mailboxes that nobody attends
IDLES_FOR = 120.0  # then it looks by itself: a connection may be dead without a word
POLLS_EVERY = 30.0
BEATS_EVERY = 10.0
LISTENS_FOR = 0.5  # at a time: it may be told to stop
STOPS_WITHIN = 2.0
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=5)
MOST_TRIES = 5  # of a message that its server does not give


def run(app: Flask) -> None:
    """Fetches until SIGTERM or SIGINT."""
    stop = threading.Event()
    for sent in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sent, lambda *_: stop.set())
    Fetcher(app, stop).run()


class Fetcher:
    """Sees to it that each mailbox which is switched on has a thread, unless another fetcher holds it."""

    def __init__(self, app: Flask, stop: threading.Event) -> None:
        self.app = app
        self.stop = stop
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self.threads: dict[int, threading.Thread] = {}
        self.failures: Counter[int] = Counter()  # of each mailbox, one after the other
        self.tries: Counter[Place] = Counter()  # of messages that their server did not give

    def run(self) -> None:
        """Looks for mailboxes until told to stop."""
        while not self.stop.is_set():
            try:
                self.look()
            except SQLAlchemyError as fault:
                log.error("the fetcher cannot reach the database: %s", fault)
            self.stop.wait(LOOKS_EVERY)
        give_up_at = time.monotonic() + STOPS_WITHIN
        for thread in self.threads.values():
            thread.join(max(0.0, give_up_at - time.monotonic()))

    def look(self) -> None:
        """Starts a thread for each mailbox that has none."""
        with self.app.app_context():
            waiting = list_mailboxes_to_fetch(clock.now())
        for mailbox_id in waiting:
            thread = self.threads.get(mailbox_id)
            if thread is None or not thread.is_alive():
                thread = threading.Thread(
                    target=self.attend, args=(mailbox_id,), name=f"mailbox-{mailbox_id}", daemon=True
                )
                self.threads[mailbox_id] = thread
                thread.start()

    def attend(self, mailbox_id: int) -> None:
        """One connection to the mailbox, from its claim to its end; what ends it is told on the mailbox."""
        with self.app.app_context():
            try:
                if fetching.claim(mailbox_id, self.name, clock.now()):
                    self._attend(mailbox_id)
            except NoLongerHeld:
                log.info("mailbox %s was changed, or is another's", mailbox_id)
            except SQLAlchemyError as fault:
                log.error("mailbox %s: the database cannot be reached: %s", mailbox_id, fault)
            except Exception:  # its claim ends by itself, then it is tried again
                log.exception("mailbox %s: the fetcher stumbled", mailbox_id)

    def _attend(self, mailbox_id: int) -> None:
        try:
            with mailboxes.signed_in(mailbox_id, clock.now()) as session:
                Attendance(self, mailbox_id, session).run()
            fetching.let_go(mailbox_id, self.name)
        except Failed as fault:
            self._failed(mailbox_id, fault)
        except OSError as fault:
            self._failed(mailbox_id, Failed("disk", str(fault)))

    def _failed(self, mailbox_id: int, fault: Failed) -> None:
        log.warning("mailbox %s: %s", mailbox_id, fault)
        now = clock.now()
        pause = min(FIRST_PAUSE * 2 ** min(self.failures[mailbox_id], 10), LONGEST_PAUSE)
        self.failures[mailbox_id] += 1
        fetching.failed(mailbox_id, self.name, fault, now, now + pause)


class Attendance:
    """A session with a mailbox that we hold."""

    def __init__(self, fetcher: Fetcher, mailbox_id: int, session: Session) -> None:
        self.fetcher = fetcher
        self.mailbox_id = mailbox_id
        self.session = session
        self.most: int = fetcher.app.config["SETTINGS"].mail_max_bytes
        self.beat_at = time.monotonic()
        self.is_first = True
        self.refused: dict[Place, Refused] = {}  # what the server did not give in this round

    def run(self) -> None:
        """Rounds until told to stop. Raises NoLongerHeld, Failed, OSError where the disk takes nothing."""
        while not self.fetcher.stop.is_set():
            self.round()
            self._wait()

    def round(self) -> None:
        """Takes in what is new."""
        folder = self.session.select()
        self.refused = {}
        wanted = self._wanted(folder)
        missing = fetching.missing(self.mailbox_id, folder.uid_validity, wanted)
        places = [Place(self.mailbox_id, folder.uid_validity, uid) for uid in missing]
        # One that makes trouble comes after all others.
        for place in sorted(places, key=lambda each: (self.fetcher.tries[each], each.uid)):
            if self.fetcher.stop.is_set():
                return
            self.beat()
            self._take(place)
        if places or self.is_first:
            self._mark_seen(folder, wanted)
        self.is_first = False
        for fault in self.refused.values():
            fetching.failed(self.mailbox_id, self.fetcher.name, fault, clock.now())
        if not self.refused:
            self._reached(folder)

    def beat(self) -> None:
        """Says every so often that we still hold the mailbox. Raises NoLongerHeld."""
        if time.monotonic() - self.beat_at >= BEATS_EVERY:
            self.beat_at = time.monotonic()
            fetching.keep_claim(self.mailbox_id, self.fetcher.name, clock.now())

    def _wanted(self, folder: Folder) -> list[int]:
        """What lies above those that are kept, whatever nobody has read, and what is asked for again."""
        progress = fetching.find_progress(self.mailbox_id, folder)
        again = fetching.asked_again(self.mailbox_id, folder.uid_validity)
        wanted = {*self.session.list_unseen(), *again}
        if progress.last_uid is not None:
            wanted.update(self.session.list_uids(progress.last_uid))
        elif progress.since is not None:
            wanted.update(self.session.list_since(progress.since))
        return sorted(wanted)

    def _take(self, place: Place) -> None:
        try:
            found = self.session.find_message(place.uid, self.beat)
            if found is not None:
                fetching.take(
                    place, self.fetcher.name, found.stream, found.arrived_at, clock.now(), self.most
                )
            self.fetcher.tries.pop(place, None)
        except Refused as fault:
            self.refused[place] = fault
            self._give_up(place, fault, lambda: self.session.read_header(place.uid))
        except Failed as fault:
            self._give_up(place, fault, lambda: b"")
            raise

    def _give_up(self, place: Place, fault: Failed, header: Callable[[], bytes]) -> None:
        """After MOST_TRIES what there is of it is set aside, and the server keeps it unread."""
        log.warning("mailbox %s: message %s cannot be fetched: %s", self.mailbox_id, place.uid, fault)
        self.fetcher.tries[place] += 1
        if self.fetcher.tries[place] >= MOST_TRIES:
            fetching.give_up(place, self.fetcher.name, header(), clock.now())
            del self.fetcher.tries[place]
            self.refused.pop(place, None)

    def _mark_seen(self, folder: Folder, uids: list[int]) -> None:
        """Also what was kept by a fetcher that was killed right after."""
        try:
            self.session.mark_seen(fetching.fetched(self.mailbox_id, folder.uid_validity, uids))
        except Refused as fault:  # it may be read only: fetching needs no marks
            log.info("mailbox %s: messages cannot be marked as seen: %s", self.mailbox_id, fault)

    def _reached(self, folder: Folder) -> None:
        self.fetcher.failures.pop(self.mailbox_id, None)
        fetching.reached(
            self.mailbox_id, self.fetcher.name, folder.uid_validity, folder.last_uid, clock.now()
        )

    def _wait(self) -> None:
        """Until there is news, or it is time to look."""
        stop, is_idle = self.fetcher.stop, self.session.has_idle and not self.refused
        until = time.monotonic() + (IDLES_FOR if is_idle else POLLS_EVERY)
        with self.session.idling() if is_idle else nullcontext():
            while time.monotonic() < until and not stop.is_set():
                self.beat()
                if self.session.hears(LISTENS_FOR) if is_idle else stop.wait(LISTENS_FOR):
                    return

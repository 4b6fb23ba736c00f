"""People hear of maintenance: rounds of letters, planned with each step of a window, written in batches.

A batch is composed before its transaction, which holds up nobody; the transaction notes how far the round has
come and keeps the letters, so that a kill in between leaves both or neither. No batch is written while an
earlier one still waits to leave: letters of alarms do not queue behind two thousand others, and a mail server
that comes back is not flooded with what is no news any more.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from helpdesk.desk import closing
from helpdesk.desk.known_windows import served_of
from helpdesk.outbound import letters, links, window_events
from helpdesk.outbound.alarms import send_soon
from helpdesk.rules import window_notices as rules
from helpdesk.rules.letters import MAINTENANCE
from helpdesk.rules.window_notices import Reader, Served, heard_of
from helpdesk.store.db import Conflict, after_commit, db, transaction
from helpdesk.store.letters import Letter
from helpdesk.store.maintenance import Window, WindowFollower, WindowNotice, list_window_entries
from helpdesk.store.organisation import find_organisation
from helpdesk.store.people import Person
from helpdesk.store.window_notices import (
    advance_round,
    count_letters_due,
    end_rounds,
    find_follower,
    find_round_due,
    has_told,
    list_follower_ids,
    list_people_of,
    list_plans,
    list_readers,
)

log = logging.getLogger(__name__)

BATCH = 50  # letters a transaction: SQLite's other writers wait for it
LOOKED_AT = 1000  # people a batch looks at: a window may concern few of many
# That it begins or ends as announced is nothing to put into a calendar.
_WITHOUT_EVENT = frozenset({"started", "finished"})


def plan(window: Window, kind: str, now: datetime) -> None:
    """A step of the window is news: its round is due now, after a plan the reminders follow (rules.rounds).

    What an earlier round has not told yet, the new one does. Inside the transaction of the step.
    """
    end_rounds(window.id, now)
    if kind == "cancelled" and window.series_id is not None and not _is_known(window.id):
        return  # a series that is stopped calls off weeks of windows of which nobody has read yet
    rounds = rules.rounds(kind, window.starts_at, now, _minutes_before())
    if window.series_id is not None and kind == "announced" and len(rounds) > 1:
        rounds = rounds[1:]  # one of many, announced together: its reminders tell of it
    for each in rounds:
        db.session.add(
            WindowNotice(window_id=window.id, kind=each.kind, minutes=each.minutes, due_at=each.due_at)
        )
    after_commit("send letters", send_soon)


def _is_known(window_id: int) -> bool:
    return has_told(window_id) or bool(list_follower_ids(window_id))


def _minutes_before() -> tuple[int, ...]:
    organisation = find_organisation()
    chosen = organisation.options.get("window_notice_minutes") if organisation else None
    return rules.BEFORE if chosen is None else tuple(chosen)


def follow(window_id: int, person_id: int, now: datetime) -> None:
    """The person hears of the window's further steps, whichever letters they do without else."""
    with transaction():
        if find_follower(window_id, person_id) is None:
            db.session.add(WindowFollower(window_id=window_id, person_id=person_id, since=now))


def unfollow(window_id: int, person_id: int) -> None:
    """They hear of it as everybody else does."""
    with transaction():
        follower = find_follower(window_id, person_id)
        if follower is not None:
            db.session.delete(follower)


def join(window_id: int, ticket_id: int, person: Person, reason: str, now: datetime) -> None:
    """What they reported is the maintenance: they follow it, and their report is withdrawn for that reason.
    NotAllowed where the report has ended."""
    with transaction():
        closing.cancel(ticket_id, person, reason, now=now)
        follow(window_id, person.id, now)


def write_due(now: datetime) -> bool:
    """Writes the next batch of letters of the round that has been due the longest, exactly one a person and
    round; False where there is none, or an earlier batch still waits to leave."""
    due = find_round_due(now)
    if due is None or count_letters_due(MAINTENANCE, now, BATCH) >= BATCH:
        return False
    seen, window = due.up_to_person_id, due.window
    ends_at = window.ended_at or window.ends_at
    says = rules.still_says(due.kind, window.state, window.starts_at, ends_at, now)
    written, up_to, is_done = _Round(due, now).compose(seen) if says else ([], seen, True)
    try:
        with transaction():
            if advance_round(due.id, seen, up_to, now if is_done else None):
                for letter in written:
                    letters.post(letter)
    except Conflict:  # a letter of that key is there: somebody else was faster
        return False
    return True


@dataclass
class _Round:
    """A round that is being written, with what its letters say."""

    notice: WindowNotice
    now: datetime

    def compose(self, after_id: int) -> tuple[list[Letter], int, bool]:
        """Letters to the next people after that id, up to whom, and whether nobody is left."""
        readers = list_readers(after_id, LOOKED_AT)
        concerned: dict[int, tuple[int, ...]] = {}
        up_to, is_done = after_id, len(readers) < LOOKED_AT
        for reader in readers:
            if len(concerned) == BATCH:
                is_done = False
                break
            if heard := self._heard_by(reader):
                concerned[reader.id or 0] = heard
            up_to = reader.id or up_to
        people = list_people_of(concerned)
        drafts = [self._unless_in_disorder(people[id], heard) for id, heard in concerned.items()]
        return [letter for letter in drafts if letter is not None], up_to, is_done

    def _heard_by(self, reader: Reader) -> tuple[int, ...]:
        asked = reader.id in self._followers or reader.id == self.window.owner_id
        return heard_of(self._served, reader, asked)

    @cached_property
    def window(self) -> Window:
        return self.notice.window

    @cached_property
    def _served(self) -> Sequence[Served]:
        served = served_of(self.window.services)
        return [served[each.service_id] for each in self.window.covered]

    @cached_property
    def _followers(self) -> set[int]:
        return list_follower_ids(self.window.id)

    @cached_property
    def _why(self) -> str:
        """What was said when the step was done."""
        entries = list_window_entries([self.window.id])
        found = [entry for entry in entries if entry.kind == self.notice.kind]
        return str(found[-1].detail.get("why", "")) if found else ""

    @cached_property
    def _plans(self) -> list[tuple[datetime, datetime]]:
        return list_plans(self.window.id)

    @cached_property
    def _was(self) -> tuple[datetime, datetime] | None:
        """From when to when it was to be before; None where that is as it is."""
        present = self.window.starts_at, self.window.ends_at
        return next((each for each in reversed(self._plans) if each != present), None)

    def _unless_in_disorder(self, to: Person, heard: tuple[int, ...]) -> Letter | None:
        """One that cannot be written keeps no other from being sent."""
        try:
            return self._letter(to, heard)
        except Exception:
            log.exception("person %s cannot be told of window %s", to.id, self.window.id)
            return None

    def _letter(self, to: Person, heard: tuple[int, ...]) -> Letter | None:
        names = tuple(s.name for s in self.window.services if s.id in heard)
        kind, url = f"window_{self.notice.kind}", links.url(f"/windows/{self.window.id}")
        words: dict[str, Any] = {
            "window": self.window,
            "services": names,
            "was": self._was,
            "why": self._why,
            "url": url if to.password_hash else "",  # whoever has no account cannot open it
        }
        key = f"window:{self.notice.id}:{to.id}"
        has_asked = to.id in self._followers
        letter = letters.draft(kind, to, key=key, now=self.now, has_asked=has_asked, **words)
        if letter is not None and self.notice.kind not in _WITHOUT_EVENT:
            letter.ics = window_events.event(
                self.window, names, letter.locale, len(self._plans), words["url"], self.now
            )
        return letter

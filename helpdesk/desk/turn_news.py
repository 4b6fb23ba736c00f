"""Tells people what a change of rosters or absences means to their own turns, whichever verb makes it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import groupby
from secrets import token_hex
from typing import Any

from helpdesk.desk.rosters import turns_of
from helpdesk.outbound import letters
from helpdesk.rules.spans import Span
from helpdesk.rules.turn_news import News, turn_news
from helpdesk.store.db import db
from helpdesk.store.people import Person, find_person
from helpdesk.store.rosters import Roster, find_roster, get_roster_for_change, list_rosters

AHEAD = timedelta(days=62)
LISTED = 20  # changes of one roster in a letter; what is more stands on its page

Turns = dict[int, list[Span]]  # a roster's, by person id


@contextmanager
def told(roster_ids: Iterable[int], *, now: datetime, actor_id: int | None, why: str = "") -> Iterator[None]:
    """Whatever changes within it: everybody whose turns of these rosters are others afterwards, up to AHEAD,
    gets one letter that says what changed; not who did it (`actor_id`), who sees it.

    Inside a transaction; it holds the rosters' locks. Within another it joins that one: what several verbs
    change together is one letter. `why`: "swap" or nothing, for the letter's first sentence. No letters where
    the block fails; LookupError for an unknown roster.
    """
    session = db.session()
    outer: dict[int, Turns] | None = session.info.get("told_turns")
    before: dict[int, Turns] = {} if outer is None else outer
    for roster_id in sorted(set(roster_ids) - before.keys()):
        # Locked, so that nobody else's change is taken for this one's.
        before[roster_id] = _turns(get_roster_for_change(roster_id), now)
    if outer is not None:
        yield
        return
    session.info["told_turns"] = before
    try:
        yield
    finally:
        del session.info["told_turns"]
    _tell(before, now, actor_id, why)


def rosters_touched_by(person_id: int) -> list[int]:
    """The ids of the rosters in which the person takes turns, by any version of its layers or a holiday
    arrangement, so that their absences move turns."""
    return [roster.id for roster in list_rosters() if person_id in _takes_turns(roster)]


def _takes_turns(roster: Roster) -> set[int]:
    layered = {person for version in roster.versions for layer in version.layers for person in layer.people}
    return layered | {person for arrangement in roster.arrangements for person in arrangement.people}


def runs_of(roster: Roster, start: datetime, end: datetime) -> list[tuple[Person | None, Span]]:
    """Who has the roster in [start, end), gaps included: turns in a row of one person are one."""
    runs = []
    for person, run in groupby(turns_of(roster, start, end), key=lambda turn: turn.person):
        turns = list(run)
        runs.append((person, (turns[0].from_at, turns[-1].to_at)))
    return runs


def _turns(roster: Roster, now: datetime) -> Turns:
    found: Turns = {}
    for person, span in runs_of(roster, now, now + AHEAD):
        if person is not None:
            found.setdefault(person.id, []).append(span)
    return found


def _tell(before: dict[int, Turns], now: datetime, actor_id: int | None, why: str) -> None:
    db.session.flush()
    news: dict[int, list[tuple[Roster, list[News]]]] = {}
    for roster_id, was in before.items():
        roster = find_roster(roster_id)
        is_now = _turns(roster, now) if roster is not None else {}
        for person_id in sorted(was.keys() | is_now.keys()):
            changed = turn_news(was.get(person_id, []), is_now.get(person_id, []), now)
            if roster is not None and changed:
                news.setdefault(person_id, []).append((roster, changed))
    actor = find_person(actor_id) if actor_id is not None else None
    for person_id, about in news.items():
        to = find_person(person_id)
        if to is not None and person_id != actor_id:
            _write(to, actor, about, now, why)


def _write(
    to: Person, actor: Person | None, about: list[tuple[Roster, list[News]]], now: datetime, why: str
) -> None:
    rosters: list[dict[str, Any]] = [
        {"name": roster.name, "news": changed[:LISTED], "more": max(0, len(changed) - LISTED)}
        for roster, changed in about
    ]
    letters.write(
        "turns_changed",
        to,
        key=f"turns_changed:{to.id}:{token_hex(8)}",
        now=now,
        actor=actor,
        why=why,
        rosters=rosters,
        path=f"/on-call/{about[0][0].id}",
        horizon=now + AHEAD,
    )

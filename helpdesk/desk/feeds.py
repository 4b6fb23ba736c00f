"""Feeds: turns to subscribe to and screens on the wall, opened by a secret address without a sign-in."""

import hmac
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import groupby

from helpdesk.desk.changes import By
from helpdesk.desk.rosters import turns_of
from helpdesk.desk.security import log_event
from helpdesk.rules.access import may
from helpdesk.store.db import db, transaction
from helpdesk.store.feeds import find_feed_link, list_feed_links, list_rosters_of_person
from helpdesk.store.people import Person
from helpdesk.store.rosters import FeedLink, Roster

KINDS = ("person", "roster", "wall")
NOTED_EVERY = timedelta(minutes=5)  # how exact `used_at` is: not every reading may cost a write
MONTHS_BACK, MONTHS_AHEAD = 1, 6


@dataclass(frozen=True)
class FeedTurn:
    """[from_at, to_at) of a roster is `person`'s without a break; None: nobody's. `is_away`: for a part of it
    they are noted as absent."""

    roster: Roster
    person: Person | None
    from_at: datetime
    to_at: datetime
    is_away: bool


def add_link(kind: str, roster_id: int | None, by: By) -> str:
    """A new link of the actor's own; its secret is returned this once and never kept.

    `kind` as in store/rosters.FeedLink: person takes no roster, roster one, wall one or none (all teams).
    """
    secret = secrets.token_urlsafe(24)
    with transaction():
        link = FeedLink(
            kind=kind,
            secret_hash=_digest(secret),
            person_id=by.actor_id,
            roster_id=roster_id,
            created_at=by.now,
        )
        db.session.add(link)
        db.session.flush()
        _log("feed_added", link, by)
    return secret


def revoke_link(link_id: int, by: By) -> None:
    """Closes a link of the actor's own at once. LookupError where they have none of that id."""
    with transaction():
        link = next((each for each in list_feed_links(by.actor_id) if each.id == link_id), None)
        if link is None:
            raise LookupError(f"no feed link {link_id}")
        link.revoked_at = by.now
        _log("feed_revoked", link, by)


def open_link(secret: str, kinds: tuple[str, ...], now: datetime) -> FeedLink | None:
    """The link of that secret where it is of one of these kinds and its owner may still see who is on call;
    else None, whatever the reason."""
    digest = _digest(secret)
    link = find_feed_link(digest)
    if link is None or not hmac.compare_digest(link.secret_hash, digest) or link.kind not in kinds:
        return None
    if not link.person.is_active or not may(link.person.asker, "feed.own"):
        return None
    if link.used_at is None or now - link.used_at >= NOTED_EVERY:
        with transaction():
            link.used_at = now
    return link


def turns_for(link: FeedLink, now: datetime) -> list[FeedTurn]:
    """What the link's feed holds, roster by roster in order: a person's own turns in all rosters, or all of
    one roster, gaps too. From the month before to half a year ahead: whole months (UTC), so that a turn which
    began long ago keeps its name in the feed for as long as possible."""
    start, end = _month(now, -MONTHS_BACK), _month(now, MONTHS_AHEAD + 1)
    if link.roster is not None:
        return list(_joined(link.roster, start, end))
    rosters = list_rosters_of_person(link.person_id, start, end)
    every = (turn for roster in rosters for turn in _joined(roster, start, end))
    return [turn for turn in every if turn.person is not None and turn.person.id == link.person_id]


def _joined(roster: Roster, start: datetime, end: datetime) -> Iterator[FeedTurn]:
    """Neighbours of one person are one turn: why they have it is no matter of a calendar."""
    for person, run in groupby(turns_of(roster, start, end), key=lambda turn: turn.person):
        turns = list(run)
        is_away = any(turn.flag == "absent" for turn in turns)
        yield FeedTurn(roster, person, turns[0].from_at, turns[-1].to_at, is_away)


def _month(now: datetime, months: int) -> datetime:
    """The first instant (UTC) of the month so many months on."""
    number = now.year * 12 + now.month - 1 + months
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return first.replace(year=number // 12, month=number % 12 + 1)


def _log(what: str, link: FeedLink, by: By) -> None:
    detail = {"name": link.kind} | ({"roster": str(link.roster_id)} if link.roster_id else {})
    log_event(
        what,
        now=by.now,
        actor_id=by.actor_id,
        subject=f"person:{by.actor_id}",
        detail=detail,
        address=by.address,
    )


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()

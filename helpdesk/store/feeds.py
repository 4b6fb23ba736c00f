"""Links of feeds, and which rosters a person's feed is made of."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from helpdesk.store.db import db
from helpdesk.store.rosters import FeedLink, HolidayArrangement, Override, Roster, list_rosters


def find_feed_link(secret_hash: str) -> FeedLink | None:
    """The link of that hash which has not been revoked, its owner and roster loaded, or None."""
    query = (
        select(FeedLink)
        .where(FeedLink.secret_hash == secret_hash, FeedLink.revoked_at.is_(None))
        .options(joinedload(FeedLink.person), joinedload(FeedLink.roster))
    )
    return db.session.scalar(query)


def list_feed_links(person_id: int) -> list[FeedLink]:
    """The person's links that still open, the newest first."""
    query = (
        select(FeedLink)
        .where(FeedLink.person_id == person_id, FeedLink.revoked_at.is_(None))
        .options(joinedload(FeedLink.roster))
    )
    return list(db.session.scalars(query.order_by(FeedLink.id.desc())))


def list_rosters_of_person(person_id: int, start: datetime, end: datetime) -> list[Roster]:
    """The rosters in which the person may have a turn in [start, end), by name: they stand in a layer of any
    version, in an override of that time, or in a holiday arrangement."""
    theirs = Override.person_id == person_id
    overridden = set(
        db.session.scalars(
            select(Override.roster_id).where(theirs, Override.starts_at < end, Override.ends_at > start)
        )
    )
    arranged = {
        arrangement.roster_id
        for arrangement in db.session.scalars(
            select(HolidayArrangement).where(HolidayArrangement.filled_at.is_not(None))
        )
        if person_id in arrangement.people
    }
    return [
        roster
        for roster in list_rosters()
        if roster.id in overridden | arranged
        or any(person_id in layer.people for version in roster.versions for layer in version.layers)
    ]

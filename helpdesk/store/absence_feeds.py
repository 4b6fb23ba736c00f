"""Calendars whose events are people's absences. (Their model stands in store/rosters.)"""

from datetime import datetime

from sqlalchemy import or_, select, update

from helpdesk.store.db import db
from helpdesk.store.people import Person
from helpdesk.store.rosters import Absence, AbsenceFeed


def find_absence_feed(person_id: int) -> AbsenceFeed | None:
    """The calendar of that person, or None."""
    return db.session.scalar(select(AbsenceFeed).where(AbsenceFeed.person_id == person_id))


def list_feeds_to_read(tried_before: datetime) -> list[int]:
    """The ids of calendars, of people who are here, that nobody has tried to read since then."""
    is_due = or_(AbsenceFeed.tried_at.is_(None), AbsenceFeed.tried_at <= tried_before)
    query = select(AbsenceFeed.id).join(Person).where(is_due, Person.left_at.is_(None))
    return list(db.session.scalars(query.order_by(AbsenceFeed.id)))


def claim_feed(feed_id: int, now: datetime, tried_before: datetime) -> bool:
    """Whether the calendar is the caller's to read: nobody has tried since then. In a transaction."""
    is_due = or_(AbsenceFeed.tried_at.is_(None), AbsenceFeed.tried_at <= tried_before)
    claimed = (
        update(AbsenceFeed)
        .where(AbsenceFeed.id == feed_id, is_due)
        .values(tried_at=now)
        .returning(AbsenceFeed.id)
        .execution_options(synchronize_session=False)
    )
    return db.session.scalar(claimed) is not None


def list_imported(person_id: int, after: datetime) -> list[Absence]:
    """The person's absences that came from their calendar and are not over by then."""
    query = select(Absence).where(
        Absence.person_id == person_id, Absence.uid.is_not(None), Absence.ends_at > after
    )
    return list(db.session.scalars(query.order_by(Absence.starts_at, Absence.id)))

"""Notices: who is to hear of what, over which channel. A letter gathers what waits for one and the same."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, Index, func, insert, select, update
from sqlalchemy.orm import Mapped, contains_eager, joinedload, mapped_column, relationship

from helpdesk.rules.access import Asker
from helpdesk.store.channels import Channel
from helpdesk.store.db import Model, UtcDateTime, db
from helpdesk.store.letters import Letter
from helpdesk.store.people import Person
from helpdesk.store.tickets import Entry, Ticket, visible_to

PACE = timedelta(minutes=1)  # between two letters of notices to the same person over the same channel
LETTER_KINDS = ("escalated", "escalated_many", "uncovered", "uncovered_many")
AT_ONCE = 500  # ids in one statement
RINGS_FOR = timedelta(days=30)  # the bell: what is older is in the timelines
MOST_COUNTED = 100


class Notice(Model):
    """One firing for one recipient over one channel; written with the firing, in bulk.

    `channel_id` None: by mail, to `person_id`. `person_id` None: to a team's channel. `kind`: escalated (the
    firing itself), uncovered (nobody was there, for whoever can mend it). `letter_id`: the one letter that
    bears it, None until gathered. `seen_at`: when the person looked at their bell.
    """

    __tablename__ = "notice"
    __table_args__ = (
        Index("ix_notice_waiting", "letter_id", "person_id", "channel_id"),
        Index(None, "person_id", "created_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(default="escalated")
    alarm_id: Mapped[int] = mapped_column(ForeignKey("alarm.id"), index=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channel.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("letter.id"))
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    entry: Mapped[Entry] = relationship()
    ticket: Mapped[Ticket] = relationship()


class Way(NamedTuple):
    """To whom, and over which channel: None is by mail. A team's channel has no person."""

    person_id: int | None
    channel_id: int | None


def insert_notices(rows: list[dict[str, Any]]) -> None:
    """Adds notices in one statement: {"kind", "alarm_id", "entry_id", "ticket_id", "person_id", "channel_id",
    "created_at"} each. For desk verbs."""
    if rows:
        db.session.execute(insert(Notice), rows)


def find_next_notice_due(now: datetime) -> datetime | None:
    """When the next letter of waiting notices may go, in the past if it is late; None if no notice waits."""
    return min(_due_ways(now).values(), default=None)


def list_ways_due(now: datetime) -> list[Way]:
    """Over which ways a letter may go now, the longest due first."""
    due = [(at, way) for way, at in _due_ways(now).items() if at <= now]
    return [way for at, way in sorted(due, key=lambda each: each[0])]


def _due_ways(now: datetime) -> dict[Way, datetime]:
    """When each way with waiting notices may bear its next letter."""
    query = (
        select(Notice.person_id, Notice.channel_id, func.min(Notice.created_at))
        .where(Notice.letter_id.is_(None))
        .group_by(Notice.person_id, Notice.channel_id)
    )
    waiting = {
        Way(person_id, channel_id): since for person_id, channel_id, since in db.session.execute(query)
    }
    if not waiting:
        return {}
    last = _last_letters(now)
    return {way: max(since, last[way] + PACE) if way in last else since for way, since in waiting.items()}


def _last_letters(now: datetime) -> dict[Way, datetime]:
    """When each way last bore a letter of notices, where that is less than PACE ago."""
    query = (
        select(Letter.person_id, Letter.channel_id, func.max(Letter.created_at))
        .where(Letter.created_at > now - PACE, Letter.kind.in_(LETTER_KINDS))
        .group_by(Letter.person_id, Letter.channel_id)
    )
    return {Way(person_id, channel_id): at for person_id, channel_id, at in db.session.execute(query)}


def claim_notices(way: Way, now: datetime) -> list[Notice]:
    """What waits for this way and may go now, oldest first, nobody else's until the transaction ends.

    Empty while its last letter is less than PACE ago. Each with what a letter says of it.
    """
    owner = Channel if way.channel_id is not None else Person
    # Not so strong a lock that a row which refers to the owner would have to wait for it.
    locked = select(owner.id).where(owner.id == (way.channel_id or way.person_id))
    db.session.execute(locked.with_for_update(key_share=True))
    if way in _last_letters(now):
        return []
    ticket = joinedload(Notice.ticket)
    query = (
        select(Notice)
        .where(
            Notice.letter_id.is_(None),
            Notice.person_id == way.person_id,
            Notice.channel_id == way.channel_id,
        )
        .options(
            joinedload(Notice.entry),
            ticket.joinedload(Ticket.service),
            ticket.joinedload(Ticket.team),
            ticket.joinedload(Ticket.assignee),
            ticket.joinedload(Ticket.reporter),
            ticket.selectinload(Ticket.targets),
        )
        .order_by(Notice.id)
    )
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def put_into_letter(notice_ids: list[int], letter_id: int) -> None:
    """These notices stand in that letter. For outbound, in the transaction that claimed them."""
    for some in _batches(notice_ids):
        db.session.execute(update(Notice).where(Notice.id.in_(some)).values(letter_id=letter_id))


def _batches(ids: list[int]) -> Iterable[list[int]]:
    return (ids[n : n + AT_ONCE] for n in range(0, len(ids), AT_ONCE))


def count_unseen(person_id: int, now: datetime) -> int:
    """Of how many alarms of the last RINGS_FOR the person has not yet looked at their bell; MOST_COUNTED at
    most are counted."""
    unseen = (
        select(Notice.alarm_id)
        .where(Notice.person_id == person_id, Notice.created_at > now - RINGS_FOR, Notice.seen_at.is_(None))
        .distinct()
        .limit(MOST_COUNTED)
    )
    return db.session.scalar(select(func.count()).select_from(unseen.subquery())) or 0


def list_latest(asker: Asker, now: datetime, limit: int) -> list[Notice]:
    """The asker's latest notices, one an alarm, the newest first, with entry and ticket; of tickets that they
    may no longer see none."""
    newest = (
        select(func.max(Notice.id))
        .where(Notice.person_id == asker.person_id, Notice.created_at > now - RINGS_FOR)
        .group_by(Notice.alarm_id)
    )
    query = (
        select(Notice)
        .join(Notice.ticket)
        .where(Notice.id.in_(newest), visible_to(asker))
        .options(contains_eager(Notice.ticket).joinedload(Ticket.service), joinedload(Notice.entry))
        .order_by(Notice.id.desc())
        .limit(limit)
    )
    return list(db.session.scalars(query))


def see_notices(person_id: int, up_to: int, now: datetime) -> None:
    """The person has seen their notices up to that id. For desk verbs."""
    db.session.execute(
        update(Notice)
        .where(Notice.person_id == person_id, Notice.seen_at.is_(None), Notice.id <= up_to)
        .values(seen_at=now)
    )

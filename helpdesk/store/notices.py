"""Notices: who is to hear of what, over which channel. A letter gathers what waits for one and the same."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    and_,
    bindparam,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Mapped, contains_eager, joinedload, mapped_column, relationship

from helpdesk.rules.access import Asker
from helpdesk.store.channels import Channel
from helpdesk.store.db import Model, UtcDateTime, among, db
from helpdesk.store.letters import Letter
from helpdesk.store.people import Person
from helpdesk.store.services import Service
from helpdesk.store.teams import Team
from helpdesk.store.tickets import (
    Entry,
    Target,
    Ticket,
    parameters,
    visible_to,
)

PACE = timedelta(minutes=1)  # between two letters of notices to the same person over the same channel
LETTER_KINDS = ("escalated", "escalated_many", "uncovered", "uncovered_many")
RINGS_FOR = timedelta(days=30)  # the bell: what is older is in the timelines


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


# The tables and no entities: thousands may wait for one letter.
_notices, _entries, _tickets, _targets, _services, _teams = (
    model.__table__.c for model in (Notice, Entry, Ticket, Target, Service, Team)
)
_OF_TICKET = ("subject", "severity", "is_open", "accepted_at", "next_target", "next_due_at")


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


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice without a letter, and what a letter says of it. `service` and `team` are names; `due_at` is
    when the target is due that its alarm is about."""

    id: int
    kind: str
    alarm_id: int
    entry_id: int
    ticket_id: int
    detail: dict[str, Any]  # its entry's, as is `rang_at`
    rang_at: datetime
    subject: str
    severity: str
    is_open: bool
    accepted_at: datetime | None
    next_target: str | None
    next_due_at: datetime | None
    service: str | None
    team: str
    due_at: datetime | None

    @property
    def number(self) -> str:
        """What people call the ticket."""
        return f"HD-{self.ticket_id}"


def list_waiting(way: Way) -> list[Waiting]:
    """What waits for this way, oldest first: plain rows, for it may be thousands."""
    query = (
        select(*(getattr(_notices, name) for name in ("id", "kind", "alarm_id", "entry_id", "ticket_id")))
        .add_columns(_entries.detail, _entries.at)
        .add_columns(*(getattr(_tickets, name) for name in _OF_TICKET))
        .add_columns(_services.name, _teams.name)
        .select_from(Notice)
        .join(Entry, _entries.id == _notices.entry_id)
        .join(Ticket, _tickets.id == _notices.ticket_id)
        .join(Team, _teams.id == _tickets.team_id)
        .outerjoin(Service, _services.id == _tickets.service_id)
        .where(_is_waiting_for(way))
        .order_by(_notices.id)
    )
    rows = list(db.session.execute(query))
    due_at = _due_instants({row.ticket_id for row in rows})
    return [Waiting(*row, due_at.get(_cycle(row))) for row in rows]  # type: ignore[call-arg]


def _cycle(row: Any) -> tuple[int, Any, Any]:
    return row.ticket_id, row.detail.get("target"), row.detail.get("cycle")


def _is_waiting_for(way: Way) -> ColumnElement[bool]:
    return and_(
        _notices.letter_id.is_(None),
        _notices.person_id == way.person_id,
        _notices.channel_id == way.channel_id,
    )


def _due_instants(ticket_ids: set[int]) -> dict[tuple[int, Any, Any], datetime | None]:
    """When each cycle of each target of these tickets is due."""
    query = select(_targets.ticket_id, _targets.target, _targets.cycle, _targets.due_at)
    rows = db.session.execute(query.where(among(_targets.ticket_id, ticket_ids)))
    return {(row.ticket_id, row.target, row.cycle): row.due_at for row in rows}


def may_bear_now(way: Way, now: datetime) -> bool:
    """Whether the way's minute is over: nobody else gathers it until the transaction ends. For outbound."""
    owner = Channel if way.channel_id is not None else Person
    # Not so strong a lock that a row which refers to the owner would have to wait for it.
    locked = select(owner.id).where(owner.id == (way.channel_id or way.person_id))
    db.session.execute(locked.with_for_update(key_share=True))
    return way not in _last_letters(now)


def put_into_letter(notice_ids: list[int], letter_id: int) -> bool:
    """These notices stand in that letter; False where another letter has taken one of them. For outbound, in
    the transaction that `may_bear_now` began."""
    waiting = (among(_notices.id, notice_ids), _notices.letter_id.is_(None))
    marked = update(Notice).where(*waiting).values(letter_id=letter_id)
    done = db.session.execute(marked.execution_options(synchronize_session=False))
    return int(done.rowcount) == len(notice_ids)  # type: ignore[attr-defined]


def select_unseen(asker: Asker) -> Select[Any]:
    """The alarms after `rings_since` that the asker has not yet looked at; of tickets that they may no longer
    see none. For store/news."""
    me, _teams = parameters(asker)
    return (
        select(_notices.alarm_id)
        .join(Ticket, _tickets.id == _notices.ticket_id)
        .where(
            _notices.person_id == me,
            _notices.created_at > bindparam("rings_since", type_=UtcDateTime),
            _notices.seen_at.is_(None),
            visible_to(asker),
        )
        .distinct()
    )


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


def count_told(person_ids: Collection[int], start: datetime, end: datetime) -> dict[int, int]:
    """How many rings of alarms told each of these people (by id) in [start, end), over however many channels;
    who was told nothing is left out."""
    query = (
        select(Notice.person_id, func.count(Notice.entry_id.distinct()))
        .where(
            Notice.person_id.in_(person_ids),
            Notice.created_at >= start,
            Notice.created_at < end,
            Notice.kind == "escalated",
        )
        .group_by(Notice.person_id)
    )
    return {person_id: count for person_id, count in db.session.execute(query) if person_id is not None}


def see_notices(person_id: int, up_to: int, now: datetime) -> None:
    """The person has seen their notices up to that id. For desk verbs."""
    db.session.execute(
        update(Notice)
        .where(Notice.person_id == person_id, Notice.seen_at.is_(None), Notice.id <= up_to)
        .values(seen_at=now)
    )

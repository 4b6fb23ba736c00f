"""Targets whose stored deadline rests on a window or calendar that has changed since."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Row,
    and_,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.rules.lifecycle import FINAL
from helpdesk.store.db import Model, UtcDateTime, among, db
from helpdesk.store.tickets import Entry, Target, Ticket


class Recomputation(Model):
    """A change that moves deadlines of many tickets, and how far computing them anew has come.

    `cause`: calendar, window, ladder. `total` targets were marked, `moved` tickets have another deadline.
    """

    __tablename__ = "recomputation"
    id: Mapped[int] = mapped_column(primary_key=True)
    cause: Mapped[str]
    subject: Mapped[str] = mapped_column(default="")
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    total: Mapped[int] = mapped_column(default=0)
    moved: Mapped[int] = mapped_column(default=0)


class StaleTarget(Model):
    """To be computed anew; written with the change, taken away with the new deadline.

    A target may be marked several times; the oldest mark knows the deadline that people were told
    (`was_due_at`). No foreign keys to tickets: they would lock thousands of them, and none is ever deleted.
    """

    __tablename__ = "stale_target"
    __table_args__ = (Index(None, "ticket_id", "id"), Index(None, "recomputation_id"))
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int]
    target_id: Mapped[int]
    was_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    window_id: Mapped[int | None] = mapped_column(ForeignKey("maintenance_window.id"))
    recomputation_id: Mapped[int | None] = mapped_column(ForeignKey("recomputation.id"))
    marked_at: Mapped[datetime] = mapped_column(UtcDateTime)


def begin_recomputation(cause: str, subject: str, now: datetime) -> int:
    """A change that will mark targets; the id for their marks. For desk verbs."""
    begun = Recomputation(cause=cause, subject=subject, started_at=now)
    db.session.add(begun)
    db.session.flush()
    return begun.id


def mark_services(
    recomputation_id: int, service_ids: list[int], since: datetime, window_id: int, now: datetime
) -> int:
    """Marks what a window of the services can move from `since` on, also on tickets that were moved
    to another service and may have been there; returns how many targets. For desk verbs."""
    moved = select(Entry.ticket_id).where(Entry.kind == "moved")
    which = or_(Ticket.service_id.in_(service_ids), Ticket.id.in_(moved))
    # Whoever wrote a target after `since`, before the change was there to see, counted without it.
    can_move = or_(_can_move(since), Target.refreshed_at > since)
    return _mark(which, can_move, recomputation_id, window_id, now)


def mark_all(recomputation_id: int, since: datetime, now: datetime) -> int:
    """Marks every target that a calendar can move from `since` on; returns how many. For desk verbs."""
    return _mark(true(), _can_move(since), recomputation_id, None, now)


def mark_living(recomputation_id: int, now: datetime) -> int:
    """Marks the first target of each ticket that is neither closed nor cancelled, unless the change has
    marked it already: its alarms are planned anew with it. Returns how many. For desk verbs."""
    its_own = select(StaleTarget.target_id).where(StaleTarget.recomputation_id == recomputation_id)
    first = and_(Target.target == "response", Target.cycle == 1, Target.id.not_in(its_own))
    return _mark(Ticket.state.not_in(FINAL), first, recomputation_id, None, now)


def _can_move(since: datetime) -> ColumnElement[bool]:
    # A deadline at or before the change cannot move. A stopped target's can: it says when it would have been.
    return or_(Target.due_at > since, and_(Target.due_at.is_(None), Target.stopped_at.is_(None)))


def _mark(
    tickets: ColumnElement[bool],
    targets: ColumnElement[bool],
    recomputation_id: int,
    window_id: int | None,
    now: datetime,
) -> int:
    affected = (
        select(
            Target.ticket_id,
            Target.id,
            Target.due_at,
            literal(window_id),
            literal(recomputation_id),
            literal(now, UtcDateTime),
        )
        .join(Ticket, Ticket.id == Target.ticket_id)
        .where(tickets, targets)
        .order_by(Target.ticket_id, Target.id)
    )
    columns = ["ticket_id", "target_id", "was_due_at", "window_id", "recomputation_id", "marked_at"]
    into = insert(StaleTarget).from_select(columns, affected)
    # Otherwise PostgreSQL's count of inserted rows is not kept.
    marked: Any = db.session.execute(into, execution_options={"preserve_rowcount": True})
    return int(marked.rowcount)


def set_total(recomputation_id: int, total: int, now: datetime) -> None:
    """How many targets the change has marked; with none it is finished. For desk verbs."""
    db.session.execute(
        update(Recomputation)
        .where(Recomputation.id == recomputation_id)
        .values(total=total, finished_at=None if total else now)
    )


def list_stale_tickets(after_id: int, limit: int) -> list[int]:
    """The next tickets with marked targets, by id, above `after_id`."""
    query = select(StaleTarget.ticket_id).where(StaleTarget.ticket_id > after_id).distinct()
    return list(db.session.scalars(query.order_by(StaleTarget.ticket_id).limit(limit)))


def list_stale_targets(ticket_ids: list[int]) -> list[Any]:
    """The marks of these tickets, oldest first: rows of id, ticket_id, target_id, was_due_at, window_id,
    recomputation_id and marked_at."""
    names = ("id", "ticket_id", "target_id", "was_due_at", "window_id", "recomputation_id", "marked_at")
    columns = StaleTarget.__table__.c
    query = select(*(columns[name] for name in names)).where(among(columns.ticket_id, ticket_ids))
    return list(db.session.execute(query.order_by(columns.id)))


def remove_marks(mark_ids: list[int], moved: Mapping[int, int], now: datetime) -> None:
    """What was marked has been computed: takes the marks away, adds to each recomputation how many tickets
    `moved` (by its id, 0 too), and finishes those of which no mark is left. For desk verbs."""
    db.session.execute(delete(StaleTarget).where(among(StaleTarget.id, mark_ids)))
    for recomputation_id, tickets in sorted(moved.items()):
        # Whoever takes the last but one mark and whoever takes the last come here one after the other.
        its_row = update(Recomputation).where(Recomputation.id == recomputation_id)
        db.session.execute(its_row.values(moved=Recomputation.moved + tickets))
        left = select(StaleTarget.id).where(StaleTarget.recomputation_id == recomputation_id)
        db.session.execute(
            its_row.where(Recomputation.finished_at.is_(None), ~left.exists()).values(finished_at=now)
        )


def list_recomputations(limit: int) -> list[Row[Any]]:
    """The latest changes that moved many deadlines, the last first: the columns of Recomputation and `done`,
    how many of its `total` targets are computed."""
    left = select(func.count()).where(StaleTarget.recomputation_id == Recomputation.id).scalar_subquery()
    columns = [*Recomputation.__table__.columns, (Recomputation.total - left).label("done")]
    return list(db.session.execute(select(*columns).order_by(Recomputation.id.desc()).limit(limit)))


def list_calendar_changes(recomputation_ids: Collection[int]) -> dict[int, str]:
    """Which of these were changes of calendars: their subjects by id."""
    query = select(Recomputation.id, Recomputation.subject).where(
        Recomputation.id.in_(recomputation_ids), Recomputation.cause == "calendar"
    )
    return {row.id: row.subject for row in db.session.execute(query)}


def find_oldest_stale(now: datetime) -> datetime | None:
    """When the oldest target that waits was marked, up to `now`; None if none waits."""
    query = select(StaleTarget.marked_at).where(StaleTarget.marked_at <= now)
    return db.session.scalar(query.order_by(StaleTarget.id).limit(1))

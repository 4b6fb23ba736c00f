"""Targets whose stored deadline rests on a window or calendar that has changed since."""

from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, Index, and_, func, insert, literal, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.rules.lifecycle import FINAL
from helpdesk.store.db import Model, UtcDateTime, db
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


def mark_service(service_id: int, since: datetime, window_id: int, now: datetime) -> None:
    """Marks what a window of the service can move from `since` on, also on tickets that were moved
    to another service and may have been there. For desk verbs."""
    moved = select(Entry.ticket_id).where(Entry.kind == "moved")
    _mark(or_(Ticket.service_id == service_id, Ticket.id.in_(moved)), since, window_id, now)


def mark_all(since: datetime, now: datetime) -> None:
    """Marks every target that a calendar can move from `since` on. For desk verbs."""
    _mark(Ticket.id > 0, since, None, now)


def mark_living(now: datetime) -> None:
    """Marks the first target of each ticket that is neither closed nor cancelled: its alarms are planned anew
    with it. For desk verbs."""
    affected = (
        select(Target.ticket_id, Target.id, Target.due_at, literal(now, UtcDateTime))
        .join(Ticket, Ticket.id == Target.ticket_id)
        .where(Target.target == "response", Target.cycle == 1, Ticket.state.not_in(FINAL))
        .order_by(Target.id)
    )
    columns = ["ticket_id", "target_id", "was_due_at", "marked_at"]
    db.session.execute(insert(StaleTarget).from_select(columns, affected))


def _mark(which: ColumnElement[bool], since: datetime, window_id: int | None, now: datetime) -> None:
    # A deadline at or before the change cannot move. A stopped target's can: it says when it would have been.
    waits = and_(Target.due_at.is_(None), Target.stopped_at.is_(None))
    affected = (
        select(Target.ticket_id, Target.id, Target.due_at, literal(window_id), literal(now, UtcDateTime))
        .join(Ticket, Ticket.id == Target.ticket_id)
        .where(which, or_(Target.due_at > since, waits))
        .order_by(Target.id)
    )
    columns = ["ticket_id", "target_id", "was_due_at", "window_id", "marked_at"]
    db.session.execute(insert(StaleTarget).from_select(columns, affected))


def list_stale_tickets(after_id: int, limit: int) -> list[int]:
    """The next tickets with marked targets, by id, above `after_id`."""
    query = select(StaleTarget.ticket_id).where(StaleTarget.ticket_id > after_id).distinct()
    return list(db.session.scalars(query.order_by(StaleTarget.ticket_id).limit(limit)))


def list_stale_targets(ticket_ids: list[int]) -> list[StaleTarget]:
    """The marks of these tickets, oldest first."""
    query = select(StaleTarget).where(StaleTarget.ticket_id.in_(ticket_ids)).order_by(StaleTarget.id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def get_earliest_report(ticket_ids: list[int]) -> datetime:
    """When the first of these tickets was reported. LookupError if there is none of them."""
    earliest = db.session.scalar(select(func.min(Ticket.reported_at)).where(Ticket.id.in_(ticket_ids)))
    if earliest is None:
        raise LookupError("no such tickets")
    return earliest


def find_oldest_stale(now: datetime) -> datetime | None:
    """When the oldest target that waits was marked, up to `now`; None if none waits."""
    query = select(StaleTarget.marked_at).where(StaleTarget.marked_at <= now)
    return db.session.scalar(query.order_by(StaleTarget.id).limit(1))

"""Reports that are sent by themselves."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, delete, func, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from helpdesk.store.db import Json, Model, UtcDateTime, db
from helpdesk.store.people import Person


class ReportSchedule(Model):
    """A report (`report`, with what narrows it in `asked`, as an address holds it) by letter to people and
    addresses in `recipients`, at the local `starts_at` in `zone` and again by `rule` (RRULE, RFC 5545).
    `person_id`: whose rights it is read with. `next_at` None: stopped; `stopped`: why
    (paused, over, right)."""

    __tablename__ = "report_schedule"
    __table_args__ = (Index(None, "next_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    report: Mapped[str]
    asked: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    # [{"person": id}] or [{"email": address, "locale": "en", "zone": "Europe/Berlin"}].
    recipients: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    rule: Mapped[str]
    zone: Mapped[str]
    starts_at: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    stopped: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    person: Mapped[Person] = relationship()


class ReportSending(Model):
    """That the report of an instant was written, with its letters in one transaction: none is doubled."""

    __tablename__ = "report_sending"
    __table_args__ = (UniqueConstraint("schedule_id", "due_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("report_schedule.id"))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    letters: Mapped[int] = mapped_column(default=0)


def find_schedule(schedule_id: int) -> ReportSchedule | None:
    """The schedule of that id with its owner, or None."""
    return db.session.get(ReportSchedule, schedule_id, options=[joinedload(ReportSchedule.person)])


def list_schedules(person_id: int | None) -> list[ReportSchedule]:
    """That person's schedules (None: everybody's) with their owners, by name."""
    query = select(ReportSchedule).options(joinedload(ReportSchedule.person))
    if person_id is not None:
        query = query.where(ReportSchedule.person_id == person_id)
    return list(db.session.scalars(query.order_by(func.lower(ReportSchedule.name), ReportSchedule.id)))


def find_next_report(_now: datetime) -> datetime | None:
    """When the next report is due, or None."""
    return db.session.scalar(select(func.min(ReportSchedule.next_at)))


def list_due_schedules(now: datetime) -> list[int]:
    """The ids of the schedules that are due, the longest due first."""
    query = select(ReportSchedule.id).where(ReportSchedule.next_at <= now)
    return list(db.session.scalars(query.order_by(ReportSchedule.next_at, ReportSchedule.id)))


def find_sending(schedule_id: int, due_at: datetime) -> ReportSending | None:
    """What was written of the schedule for that instant, or None."""
    query = select(ReportSending)
    return db.session.scalar(
        query.where(ReportSending.schedule_id == schedule_id, ReportSending.due_at == due_at)
    )


def list_sendings(schedule_id: int, limit: int) -> list[ReportSending]:
    """What was written of the schedule, the latest first."""
    query = select(ReportSending).where(ReportSending.schedule_id == schedule_id)
    return list(db.session.scalars(query.order_by(ReportSending.due_at.desc()).limit(limit)))


def delete_sendings(schedule_id: int) -> None:
    """Forgets what was written of the schedule; its letters stay. For desk verbs."""
    db.session.execute(delete(ReportSending).where(ReportSending.schedule_id == schedule_id))

"""Reports that are sent by themselves."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.store.db import Json, Model, UtcDateTime
from helpdesk.store.people import Person


class ReportSchedule(Model):
    """A report (`report`, with what narrows it in `asked`, as an address holds it) by letter to people and
    addresses in `recipients`, at the local `starts_at` in `zone` and again by `rule` (RRULE, RFC 5545).
    `person_id`: whose rights it is read with. `next_at` None: stopped."""

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

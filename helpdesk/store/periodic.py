"""Which periodic work has been done: one row per errand and period, claimed by inserting it."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.store.db import Model, UtcDateTime


class PeriodicRun(Model):
    """`errand` of `period` ("2026-11-22") was started; the primary key lets one clock win."""

    __tablename__ = "periodic_run"
    errand: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

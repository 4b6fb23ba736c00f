"""Which periodic work has been done: one row per errand and period, claimed by inserting it."""

from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.store.db import Model, UtcDateTime, db, insert_missing


class PeriodicRun(Model):
    """`errand` of `period` ("2026-11-22") was started; the primary key lets one clock win."""

    __tablename__ = "periodic_run"
    errand: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def is_run_taken(errand: str, period: str, stale: datetime) -> bool:
    """Whether the errand of that period is finished, or was begun after `stale`."""
    taken = or_(PeriodicRun.finished_at.is_not(None), PeriodicRun.started_at > stale)
    found = select(PeriodicRun.errand).where(
        PeriodicRun.errand == errand, PeriodicRun.period == period, taken
    )
    return db.session.scalar(found) is not None


def claim_run(errand: str, period: str, now: datetime, stale: datetime) -> bool:
    """Notes the errand's start; False if somebody else has, after `stale`, or finished it."""
    row = insert_missing(PeriodicRun).values(errand=errand, period=period, started_at=now)
    if db.session.scalar(row.returning(PeriodicRun.errand)) is not None:
        return True
    again = (
        update(PeriodicRun)
        .where(
            PeriodicRun.errand == errand,
            PeriodicRun.period == period,
            PeriodicRun.finished_at.is_(None),
            PeriodicRun.started_at <= stale,
        )
        .values(started_at=now)
        .returning(PeriodicRun.errand)
    )
    return db.session.scalar(again) is not None


def finish_run(errand: str, period: str, now: datetime) -> None:
    """Notes the errand's end."""
    db.session.execute(
        update(PeriodicRun)
        .where(PeriodicRun.errand == errand, PeriodicRun.period == period)
        .values(finished_at=now)
    )

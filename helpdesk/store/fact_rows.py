"""The tables of facts: what became of each promise, one row a finished cycle, and their sums by day."""

from datetime import date, datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.store.db import Model, UtcDateTime

_STANDS = text("gone_at IS NULL")
_IS_GONE = text("gone_at IS NOT NULL")
IS_CANCELLED_LATE = "outcome = 'breached' AND ended_by <> 'stopped'"
"""Cancelled or merged after its time, written as its index has it: else no database uses it."""
IS_SOLVED = "target = 'resolution' AND ended_by = 'stopped'"
"""A solution that somebody came to, written likewise."""
_STANDS_CANCELLED = text(f"gone_at IS NULL AND {IS_CANCELLED_LATE}")
_STANDS_SOLVED = text(f"gone_at IS NULL AND {IS_SOLVED}")


class Fact(Model):
    """A finished cycle of a target as it stood when it ended: `severity` in force at its start; service,
    team and `person_id` (whose it was; None: nobody's) at its end; kind, department and door of its ticket.

    `outcome`: met, breached (also where its ticket was cancelled afterwards), cancelled (it counts nowhere:
    ended in time without having been kept, or its ticket was cancelled or merged and it is not breached).
    `ended_by`: cancelled, merged where that of its ticket ended it, else stopped. Counted seconds in
    `elapsed_seconds`, those that waiting has spared it in `waiting_seconds`. Never changed: `known_at` says
    when it was written, `gone_at` when it no longer held (None: it stands), so that figures as of an instant
    are the rows of that instant.
    """

    __tablename__ = "fact"
    __table_args__ = (
        Index(
            "ix_fact_standing",
            "ticket_id",
            "target",
            "cycle",
            unique=True,
            sqlite_where=_STANDS,
            postgresql_where=_STANDS,
        ),
        # All that counting asks: no row is read for that.
        Index(
            "ix_fact_given",
            "kind",
            "target",
            "started_at",
            "outcome",
            "severity",
            "team_id",
            "service_id",
            "person_id",
            "department_id",
            "door",
            "ended_by",
            "known_at",
            "waiting_seconds",
            "elapsed_seconds",
            sqlite_where=_STANDS,
            postgresql_where=_STANDS,
        ),
        # Few of many, which a list of games asks for.
        Index(
            "ix_fact_cancelled_late",
            "kind",
            "started_at",
            "target",
            "team_id",
            "person_id",
            "service_id",
            "door",
            sqlite_where=_STANDS_CANCELLED,
            postgresql_where=_STANDS_CANCELLED,
        ),
        # What is summed to say how much of the time to a solution was waiting.
        Index(
            "ix_fact_solved",
            "kind",
            "started_at",
            "team_id",
            "person_id",
            "service_id",
            "door",
            "waiting_seconds",
            "elapsed_seconds",
            sqlite_where=_STANDS_SOLVED,
            postgresql_where=_STANDS_SOLVED,
        ),
        # Few of many: what figures as of an earlier instant count besides.
        Index("ix_fact_gone", "gone_at", sqlite_where=_IS_GONE, postgresql_where=_IS_GONE),
        Index("ix_fact_gone_of", "ticket_id", sqlite_where=_IS_GONE, postgresql_where=_IS_GONE),
    )
    # No foreign keys: nothing that they would name is ever deleted, and millions are written at once.
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int]
    target: Mapped[str]
    cycle: Mapped[int]
    kind: Mapped[str]
    severity: Mapped[str]
    service_id: Mapped[int | None]
    team_id: Mapped[int]
    person_id: Mapped[int | None]
    department_id: Mapped[int | None]
    door: Mapped[str]
    policy_version_id: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime] = mapped_column(UtcDateTime)
    allowance_seconds: Mapped[int]
    elapsed_seconds: Mapped[int]
    waiting_seconds: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str]
    ended_by: Mapped[str] = mapped_column(default="stopped")
    known_at: Mapped[datetime] = mapped_column(UtcDateTime)
    gone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class FactDay(Model):
    """The standing facts of promises given on a day of the organisation's zone, summed by one `dimension`
    (severity, service, team, person, department, door) and its `key` (the id as text, the word; "": none)."""

    __tablename__ = "fact_day"
    __table_args__ = (
        # All that figures read of a year: no row is read for that.
        Index("ix_fact_day_sums", "kind", "dimension", "day", "target", "key", "met", "breached"),
    )
    day: Mapped[date] = mapped_column(primary_key=True)  # the first: a day's sums are made anew together
    kind: Mapped[str] = mapped_column(primary_key=True)
    dimension: Mapped[str] = mapped_column(primary_key=True)
    target: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    met: Mapped[int]
    breached: Mapped[int]
    cancelled: Mapped[int]


class StaleDay(Model):
    """A day whose sums no longer hold, noted in the transaction that wrote or took away one of its facts:
    readers sum its facts themselves until the clock has summed them anew. Rows are only added and removed,
    so nobody waits for anybody."""

    __tablename__ = "stale_day"
    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(index=True)


class FactGap(Model):
    """Tickets [first_id, last_id] whose facts are still to be made from their timelines: those that ended
    before there were facts, and all of them while `helpdesk figures rebuild` is at work. Taken away in the
    transaction that writes them."""

    __tablename__ = "fact_gap"
    id: Mapped[int] = mapped_column(primary_key=True)
    first_id: Mapped[int]
    last_id: Mapped[int]

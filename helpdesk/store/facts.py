"""Facts: what became of each promise, one row a finished cycle, and their sums by day.

Figures are read from here. Both can be made again from the timelines, and `helpdesk check` proves them equal.
"""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.store.db import Model, UtcDateTime

_STANDS = text("gone_at IS NULL")


class Fact(Model):
    """A finished cycle of a target as it stood when it ended: `severity` in force at its start; kind,
    service, team, `person_id` (whose it was; None: nobody's), department and door of its ticket at its end.

    `outcome`: met, breached (also where its ticket was cancelled afterwards), cancelled (in time: it counts
    nowhere). `ended_by`: stopped, cancelled, merged. Counted seconds in `elapsed_seconds`, those that waiting
    has spared it in `waiting_seconds`. Never changed: `known_at` says when it was written, `gone_at` when
    another took its place (None: it stands), so that figures as of an instant are the rows of that instant.
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
        Index(None, "kind", "target", "started_at"),
        Index(None, "known_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    target: Mapped[str]
    cycle: Mapped[int]
    kind: Mapped[str]
    severity: Mapped[str]
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"))
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    door: Mapped[str]
    policy_version_id: Mapped[int] = mapped_column(ForeignKey("policy_version.id"))
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
    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    target: Mapped[str] = mapped_column(primary_key=True)
    dimension: Mapped[str] = mapped_column(primary_key=True)
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

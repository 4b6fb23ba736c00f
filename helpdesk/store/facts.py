"""Facts: what became of each promise, one row a finished cycle, their sums by day, and what is counted of them.

Figures are read from here. Facts and sums can be made again from the timelines, and `helpdesk check` proves
them equal. Who writes them: desk/facts, by store/fact_keeping.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Index, Row, and_, case, func, or_, select, text
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.rules.access import Asker, figures_teams
from helpdesk.rules.figures import Tally, Verdict
from helpdesk.rules.hours import local_to_instant
from helpdesk.store.db import Model, UtcDateTime, among, db
from helpdesk.store.excuses import Excuse, stood_at
from helpdesk.store.organisation import Department, find_organisation
from helpdesk.store.people import Person
from helpdesk.store.services import Service
from helpdesk.store.teams import Team
from helpdesk.store.tickets import Target, Ticket

_STANDS = text("gone_at IS NULL")
_IS_GONE = text("gone_at IS NOT NULL")


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
            sqlite_where=_STANDS,
            postgresql_where=_STANDS,
        ),
        # Few of many: what figures as of an earlier instant count besides.
        Index("ix_fact_gone", "gone_at", sqlite_where=_IS_GONE, postgresql_where=_IS_GONE),
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
    kind: Mapped[str] = mapped_column(primary_key=True)
    dimension: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True, index=True)
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


DIMENSIONS: Mapping[str, str] = {
    "severity": "severity",
    "service": "service_id",
    "team": "team_id",
    "person": "person_id",
    "department": "department_id",
    "door": "door",
}
"""What promises can be counted by, and the column of each."""


class Promise(NamedTuple):
    """A promise, finished or open, with what figures ask of it; `ended_at` None and `ended_by` "": open."""

    ticket_id: int
    target: str
    cycle: int
    kind: str
    severity: str
    service_id: int | None
    team_id: int
    person_id: int | None
    department_id: int | None
    door: str
    policy_version_id: int
    started_at: datetime
    due_at: datetime | None
    ended_at: datetime | None
    allowance_seconds: int
    elapsed_seconds: int
    waiting_seconds: int
    verdict: str
    ended_by: str

    @property
    def key(self) -> tuple[int, str, int]:
        """Ticket, target and cycle."""
        return self.ticket_id, self.target, self.cycle


class Beside(NamedTuple):
    """What is counted beside the facts: promises open then, and the broken ones that stood excused then."""

    open: tuple[Promise, ...]
    excused: tuple[Promise, ...]


@dataclass(frozen=True)
class Question:
    """Which promises are asked for: given in [since, until), to tickets of one kind; None narrows nothing.

    `service_id`, `person_id`, `department_id` 0: of none, nobody's; a department is asked for with those
    below it. What is past due is so at `now`. With `as_of` everything is as it was known then, and nothing
    of `now` matters: have desk.facts.settled make such a question ready to be asked.
    """

    kind: str
    since: datetime
    until: datetime
    now: datetime
    as_of: datetime | None = None
    target: str | None = None
    verdict: str | None = None
    excused: bool | None = None
    severity: str | None = None
    service_id: int | None = None
    team_id: int | None = None
    person_id: int | None = None
    department_id: int | None = None
    door: str | None = None
    ended_by: str | None = None
    beside: Beside | None = field(default=None, repr=False, compare=False)

    @property
    def at(self) -> datetime:
        """The instant whose truth is asked for."""
        return self.as_of or self.now


class Counted(NamedTuple):
    """How many promises of a part of the period (its place in `parts`) there are of one target and `keys`,
    in the order of `by`: ids, words; None: of no service, nobody's, of no department."""

    part: int
    target: str
    keys: tuple[str | int | None, ...]
    tally: Tally


@dataclass(frozen=True, slots=True)
class Listed:
    """A promise of a list, with names; whoever excused it and why where it stood excused."""

    ticket_id: int
    subject: str
    state: str
    kind: str
    door: str
    reported_at: datetime
    service: str | None
    team: str
    person: str | None
    department: str | None
    target: str
    cycle: int
    severity: str
    policy_version_id: int
    started_at: datetime
    due_at: datetime | None
    stopped_at: datetime | None
    allowance_seconds: int
    elapsed_seconds: int
    waiting_seconds: int
    verdict: str
    ended_by: str
    excused_by: str | None
    excuse: str | None


def count(
    asker: Asker, question: Question, by: tuple[str, ...] = (), parts: Sequence[datetime] = ()
) -> list[Counted]:
    """Counts by part, target and the dimensions `by` (names in DIMENSIONS). `parts`: the instants at which
    each part begins, the first at `since`; none: one part, the whole.

    Every promise is in one part, of one target, with one key of each dimension: all partitions add up to the
    same. Quick, from the sums by day, where at most one dimension is in `by` or narrows, and the parts and
    the period begin at midnights of the organisation's zone. ValueError for an `as_of` that is not settled.
    """
    raise NotImplementedError


def count_listed(asker: Asker, question: Question) -> int:
    """How many promises `list_promises` lists in all."""
    raise NotImplementedError


def list_promises(asker: Asker, question: Question, limit: int, offset: int = 0) -> list[Listed]:
    """The promises one by one, the latest given first."""
    raise NotImplementedError


def walk_promises(asker: Asker, question: Question) -> Iterator[list[Listed]]:
    """All of them in batches (a day each), the latest given first."""
    raise NotImplementedError


def find_tickets_left() -> int:
    """Of about how many tickets the facts are still to be made (FactGap); 0: figures are complete."""
    raise NotImplementedError

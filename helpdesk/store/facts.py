"""Facts: what became of each promise, one row a finished cycle; their sums by day; what is counted of them.

Figures are read from here. Facts and sums can be made again from the timelines, and `helpdesk check` proves
them equal. Who writes them: desk/facts, by store/fact_keeping.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Index, Row, and_, case, func, or_, select, text
from sqlalchemy.orm import Mapped, aliased, mapped_column

from helpdesk.rules.access import Asker, figures_teams
from helpdesk.rules.figures import TARGETS, Tally, Verdict
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
    below it, unless it `is_alone`. What is past due is so at `now`. With `as_of` everything is as it was known
    then, and nothing of `now` matters: have desk.facts.settled make such a question ready to be asked.
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
    is_alone: bool = False
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
    begins = [*parts] or [question.since]
    wanted = _wanted(asker, question)
    beside = _beside(question)
    found: dict[tuple[int, str, tuple[Any, ...]], Tally] = {}

    def add(part: int, target: str, keys: tuple[Any, ...], tally: Tally) -> None:
        place = part, target, keys
        found[place] = found.get(place, Tally()) + tally

    if question.excused is not True and question.verdict != Verdict.RUNNING:
        for each in _count_ended(question, wanted, by, begins):
            add(*each)
    for promises, tally_of in ((beside.open, _tally_open), (beside.excused, _tally_excused)):
        for promise in _asked_of(promises, question, wanted):
            keys = tuple(getattr(promise, DIMENSIONS[name]) for name in by)
            part = bisect_right(begins, promise.started_at) - 1
            add(part, promise.target, keys, tally_of(promise, question.excused))
    narrowed = ((place, _of_verdict(tally, question.verdict)) for place, tally in found.items())
    return [Counted(*place, tally) for place, tally in narrowed if tally != Tally()]


def count_listed(asker: Asker, question: Question) -> int:
    """How many promises `list_promises` lists in all."""
    tallies = [row.tally for row in count(asker, question)]
    return sum(tally.met + tally.breached + tally.running for tally in tallies)


def list_promises(asker: Asker, question: Question, limit: int, offset: int = 0) -> list[Listed]:
    """The promises one by one, the latest given first."""
    return _listed(_latest(asker, question, limit + offset)[offset:], question.at)


def walk_promises(asker: Asker, question: Question) -> Iterator[list[Listed]]:
    """All of them in batches (a day each, none empty), the latest given first."""
    question = replace(question, beside=_beside(question))
    until = question.until
    while until > question.since:
        since = max(question.since, until - timedelta(days=1))
        rows = _listed(_latest(asker, replace(question, since=since, until=until), None), question.at)
        if rows:
            yield rows
        until = since


def list_open_now(question: Question) -> list[Promise]:
    """The promises asked for that are open now, whatever else narrows; what is past due is so at `now`."""
    columns = [*(getattr(Target, name) for name in ("ticket_id", "target", "cycle")), Ticket.kind]
    columns += [Target.severity, Ticket.service_id, Ticket.team_id, Ticket.assignee_id, Ticket.department_id]
    columns += [Ticket.door, Ticket.policy_version_id, Target.started_at, Target.due_at, Target.stopped_at]
    columns += [Target.allowance_seconds, Target.elapsed_seconds]
    query = (
        select(*columns)
        .join(Ticket, Ticket.id == Target.ticket_id)
        .where(
            Target.stopped_at.is_(None),
            Target.started_at >= question.since,
            Target.started_at < question.until,
            Ticket.kind == question.kind,
        )
    )
    now = question.now.replace(microsecond=0)
    return [
        Promise(*row, 0, Verdict.BREACHED if row.due_at and row.due_at < now else Verdict.RUNNING, "")
        for row in db.session.execute(query)
    ]


def list_open_then(question: Question) -> list[int]:
    """The ids of tickets that may have had open promises at `as_of`, given in the period: one of theirs ended
    after it or never did, or came back after it (its reopening was taken back since)."""
    then = question.as_of
    assert then is not None  # noqa: S101 - asked only with one
    given = Fact.kind == question.kind, Fact.started_at >= question.since, Fact.started_at < question.until
    later = Fact.gone_at.is_(None), Fact.known_at > then
    ended_later = select(Fact.ticket_id).where(*given, *later, Fact.target.in_(TARGETS))
    gone = aliased(Fact)
    came_back = (
        select(Fact.ticket_id)
        .join(gone, gone.ticket_id == Fact.ticket_id)
        .where(gone.gone_at <= then, *later)
    )
    still_open = (
        select(Target.ticket_id)
        .join(Ticket, Ticket.id == Target.ticket_id)
        .where(Target.stopped_at.is_(None), Ticket.kind == question.kind)
    )
    return sorted(db.session.scalars(ended_later.union(came_back, still_open)))


def list_tickets_of_promises(ticket_ids: list[int]) -> list[Row[Any]]:
    """Of these tickets what promises ask of them: id, kind, team_id, department_id, door, policy_version_id,
    reported_at."""
    columns = (Ticket.id, Ticket.kind, Ticket.team_id, Ticket.department_id, Ticket.door)
    query = select(*columns, Ticket.policy_version_id, Ticket.reported_at)
    return list(db.session.execute(query.where(among(Ticket.id, ticket_ids)).order_by(Ticket.id)))


def get_beside(question: Question, open_then: Iterable[Promise]) -> Beside:
    """What is counted beside the facts: these open promises, and the broken ones that stood excused."""
    found = tuple(open_then)
    query = select(Excuse.ticket_id, Excuse.target, Excuse.cycle)
    rows = db.session.execute(query.where(stood_at(question.at), Excuse.given_at >= question.since))
    excused = {(ticket_id, target, cycle) for ticket_id, target, cycle in rows}
    if not excused:
        return Beside(found, ())
    tickets = among(Fact.ticket_id, sorted({ticket_id for ticket_id, _target, _cycle in excused}))
    ended = [p for stands in _alternatives(question) for p in _ended(tickets, stands)]
    return Beside(
        found, tuple(p for p in [*found, *ended] if p.key in excused and p.verdict == Verdict.BREACHED)
    )


def find_tickets_left() -> int:
    """Of about how many tickets the facts are still to be made (FactGap); 0: figures are complete."""
    return db.session.scalar(select(func.sum(FactGap.last_id - FactGap.first_id + 1))) or 0


_NARROWING = ("target", "severity", "door", "ended_by", "team_id", "service_id", "person_id")
Wanted: TypeAlias = dict[str, frozenset[Any]]
"""The values that a promise's columns may have."""


def _wanted(asker: Asker, question: Question) -> Wanted:
    """What of it the asker may see, narrowed as asked."""
    found: Wanted = {"kind": frozenset({question.kind}), "target": frozenset(TARGETS)}
    for name in _NARROWING:
        value = getattr(question, name)
        if value is not None:
            found[name] = frozenset({value or None})
    if question.department_id is not None:
        alone = frozenset({question.department_id or None})
        found["department_id"] = alone if question.is_alone else _with_those_below(question.department_id)
    teams = figures_teams(asker)
    if teams is not None:
        found["team_id"] = teams & found.get("team_id", teams)
    return found


def _with_those_below(department_id: int) -> frozenset[int | None]:
    if not department_id:
        return frozenset({None})
    parents = {each.id: each.parent_id for each in db.session.execute(select(*_DEPARTMENTS))}
    found = {department_id}
    while more := {below for below, above in parents.items() if above in found} - found:
        found |= more
    return frozenset(found)


_DEPARTMENTS = (Department.id, Department.parent_id)


def _asked_of(promises: Iterable[Promise], question: Question, wanted: Wanted) -> Iterator[Promise]:
    """Those of the promises that are asked for, whatever their verdict."""
    checked = tuple(wanted.items())
    for promise in promises:
        if question.since <= promise.started_at < question.until and all(
            getattr(promise, name) in values for name, values in checked
        ):
            yield promise


def _beside(question: Question) -> Beside:
    if question.beside is not None:
        return question.beside
    if question.as_of is not None:
        raise ValueError("a question as of an earlier instant wants to be settled first (desk.facts.settled)")
    return get_beside(question, list_open_now(question))


def _tally_open(promise: Promise, excused: bool | None) -> Tally:
    if excused is True:
        return Tally()  # those that are come with the excused
    is_late = promise.verdict == Verdict.BREACHED
    return Tally(breached=1) if is_late else Tally(running=1)


def _tally_excused(promise: Promise, excused: bool | None) -> Tally:
    """What an excused promise adds to those counted as broken, itself among them unless only it is asked."""
    if excused is None:
        return Tally(excused=1)
    return Tally(breached=1, excused=1) if excused else Tally(breached=-1)


def _of_verdict(tally: Tally, verdict: str | None) -> Tally:
    if verdict is None:
        return tally
    if verdict == Verdict.BREACHED:
        return Tally(breached=tally.breached, excused=tally.excused)
    return Tally(met=tally.met) if verdict == Verdict.MET else Tally(running=tally.running)


# One of these holds for each fact of an instant. Asked one after the other, each has an index.
def _alternatives(question: Question) -> list[ColumnElement[bool]]:
    if question.as_of is None:
        return [Fact.gone_at.is_(None)]
    known = Fact.known_at <= question.as_of
    return [and_(Fact.gone_at.is_(None), known), and_(Fact.gone_at > question.as_of, known)]


Place: TypeAlias = tuple[int, str, tuple[Any, ...], Tally]


def _count_ended(
    question: Question, wanted: Wanted, by: tuple[str, ...], begins: Sequence[datetime]
) -> Iterator[Place]:
    """Facts by part, target and keys; from the sums by day where they can be had."""
    narrowing = {name for name, column in DIMENSIONS.items() if column in wanted}
    dimensions = sorted(narrowing | set(by)) or ["severity"]
    zone = _zone()
    bounds = [*begins, question.until]
    if (
        question.as_of is None
        and question.ended_by is None
        and len(dimensions) == 1
        and all(_is_midnight(bound, zone) for bound in bounds)
    ):
        yield from _count_days(question, wanted, by, dimensions[0], bounds, zone)
        return
    for part, (since, until) in enumerate(pairwise(bounds)):
        yield from _count_facts(question, wanted, by, part, since, until)


def _count_facts(
    question: Question, wanted: Wanted, by: tuple[str, ...], part: int, since: datetime, until: datetime
) -> Iterator[Place]:
    keys = [getattr(Fact, DIMENSIONS[name]) for name in by]
    sums = [func.sum(case((Fact.outcome == outcome, 1), else_=0)) for outcome in _OUTCOMES]
    for stands in _alternatives(question):
        query = select(Fact.target, *keys, *sums).where(stands, _given(since, until), _matches(Fact, wanted))
        for target, *found in db.session.execute(query.group_by(Fact.target, *keys)):
            met, breached = found[len(keys) :]
            yield part, target, tuple(found[: len(keys)]), Tally(met, breached)


def _count_days(
    question: Question,
    wanted: Wanted,
    by: tuple[str, ...],
    dimension: str,
    bounds: Sequence[datetime],
    zone: ZoneInfo,
) -> Iterator[Place]:
    """From the sums by day; facts themselves for the days whose sums no longer hold."""
    days = [bound.astimezone(zone).date() for bound in bounds]
    query = select(StaleDay.day).distinct().where(StaleDay.day >= days[0], StaleDay.day < days[-1])
    stale = set(db.session.scalars(query))
    for first, last in _runs(sorted(stale), days):
        part = bisect_right(days, first) - 1
        since, until = _midnight(first, zone), _midnight(last + timedelta(days=1), zone)
        yield from _count_facts(question, wanted, by, part, since, until)
    columns = [FactDay.target, *([FactDay.key] if by else []), *([FactDay.day] if len(days) > 2 else [])]
    sums = select(*columns, func.sum(FactDay.met), func.sum(FactDay.breached)).where(
        FactDay.kind == question.kind,
        FactDay.dimension == dimension,
        FactDay.day >= days[0],
        FactDay.day < days[-1],
        FactDay.target.in_(wanted["target"]),
    )
    if DIMENSIONS[dimension] in wanted:
        sums = sums.where(
            FactDay.key.in_(["" if v is None else str(v) for v in wanted[DIMENSIONS[dimension]]])
        )
    if stale:
        sums = sums.where(FactDay.day.not_in(stale))
    for row in db.session.execute(sums.group_by(*columns)):
        keys = (_key(dimension, row.key),) if by else ()
        part = bisect_right(days, row.day) - 1 if len(days) > 2 else 0
        yield part, row.target, keys, Tally(row[-2], row[-1])


def _key(dimension: str, key: str) -> str | int | None:
    if not key:
        return None
    return int(key) if DIMENSIONS[dimension].endswith("_id") else key


def _runs(days: Sequence[date], begins: Sequence[date]) -> Iterator[tuple[date, date]]:
    """The days as runs [first, last] without a gap, none of which reaches over a begin."""
    starts = set(begins)
    first = last = None
    for day in days:
        if first is not None and last is not None and (day != last + timedelta(days=1) or day in starts):
            yield first, last
            first = day
        first, last = first or day, day
    if first is not None and last is not None:
        yield first, last


_OUTCOMES = (Verdict.MET, Verdict.BREACHED)


def _given(since: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(Fact.started_at >= since, Fact.started_at < until)


def _matches(model: Any, wanted: Wanted) -> ColumnElement[bool]:
    return and_(*(_is_one_of(getattr(model, name), values) for name, values in wanted.items()))


def _is_one_of(column: Any, values: frozenset[Any]) -> ColumnElement[bool]:
    some = sorted(value for value in values if value is not None)
    found: ColumnElement[bool] = column == some[0] if len(some) == 1 else column.in_(some)
    return or_(column.is_(None), found) if None in values else found


def _latest(asker: Asker, question: Question, limit: int | None) -> list[Promise]:
    """The latest given of the promises asked for, in their order."""
    wanted, beside = _wanted(asker, question), _beside(question)
    excused = {promise.key for promise in beside.excused}
    found = [p for p in _asked_of(beside.open, question, wanted) if question.verdict in (None, p.verdict)]
    if question.excused is True:
        is_open = {promise.key for promise in beside.open}
        ended = [p for p in _asked_of(beside.excused, question, wanted) if p.key not in is_open]
        found += [p for p in ended if question.verdict in (None, p.verdict)]
    elif question.verdict != Verdict.RUNNING:
        left_out = len(excused) if question.excused is False and limit is not None else 0
        for stands in _alternatives(question):
            # Target by target, each in the order of its index.
            for target in sorted(wanted["target"]):
                asked = _given(question.since, question.until), _matches(Fact, wanted | {"target": {target}})
                found += _ended(and_(*asked), stands, question.verdict, limit and limit + left_out)
    if question.excused is not None:
        found = [promise for promise in found if (promise.key in excused) is question.excused]
    found.sort(key=lambda p: (p.started_at, p.ticket_id, p.target, p.cycle), reverse=True)
    return found[:limit]


def _ended(
    asked: ColumnElement[bool],
    stands: ColumnElement[bool],
    verdict: str | None = None,
    limit: int | None = None,
) -> list[Promise]:
    """Facts as promises, but for those that count nowhere; the latest given first."""
    outcomes = _OUTCOMES if verdict is None else (verdict,)
    query = (
        select(*(getattr(Fact, _COLUMN.get(name, name)) for name in Promise._fields))
        .where(stands, asked, Fact.outcome.in_(outcomes))
        .order_by(Fact.started_at.desc(), Fact.ticket_id.desc(), Fact.cycle.desc())
        .limit(limit)
    )
    return [Promise(*row) for row in db.session.execute(query)]


_COLUMN = {"verdict": "outcome"}


def _listed(promises: Sequence[Promise], at: datetime) -> list[Listed]:
    """The promises with names, in their order."""
    ids = sorted({promise.ticket_id for promise in promises})
    tickets = {row.id: row for row in db.session.execute(select(*_TICKET).where(among(Ticket.id, ids)))}
    services, teams = _names(Service), _names(Team)
    departments = _names(Department)
    people = _names(Person, [promise.person_id for promise in promises])
    query = select(Excuse.ticket_id, Excuse.target, Excuse.cycle, Excuse.reason, Person.name)
    query = query.join(Person, Person.id == Excuse.given_by_id)
    excuses = {
        (row.ticket_id, row.target, row.cycle): (row.name, row.reason)
        for row in db.session.execute(query.where(among(Excuse.ticket_id, ids), stood_at(at)))
    }
    found = []
    for p in promises:
        ticket = tickets[p.ticket_id]
        excused_by, excuse = excuses.get(p.key, (None, None))
        found.append(
            Listed(
                ticket_id=p.ticket_id,
                subject=ticket.subject,
                state=ticket.state,
                kind=p.kind,
                door=p.door,
                reported_at=ticket.reported_at,
                service=services.get(p.service_id),
                team=teams[p.team_id] or "",
                person=people.get(p.person_id),
                department=departments.get(p.department_id),
                target=p.target,
                cycle=p.cycle,
                severity=p.severity,
                policy_version_id=p.policy_version_id,
                started_at=p.started_at,
                due_at=p.due_at,
                stopped_at=p.ended_at,
                allowance_seconds=p.allowance_seconds,
                elapsed_seconds=p.elapsed_seconds,
                waiting_seconds=p.waiting_seconds,
                verdict=p.verdict,
                ended_by=p.ended_by,
                excused_by=excused_by,
                excuse=excuse,
            )
        )
    return found


_TICKET = (Ticket.id, Ticket.subject, Ticket.state, Ticket.reported_at)


def _names(model: Any, ids: Iterable[int | None] | None = None) -> dict[int | None, str | None]:
    query = select(model.id, model.name)
    if ids is not None:
        query = query.where(among(model.id, sorted({each for each in ids if each is not None})))
    return {each.id: each.name for each in db.session.execute(query)}


def _zone() -> ZoneInfo:
    organisation = find_organisation()
    return ZoneInfo(organisation.zone if organisation else "UTC")


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return local_to_instant(zone, datetime.combine(day, time()))


def _is_midnight(instant: datetime, zone: ZoneInfo) -> bool:
    return _midnight(instant.astimezone(zone).date(), zone) == instant

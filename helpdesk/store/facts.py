"""What is counted and listed of promises: from facts, their sums by day, and what is open beside them.

Figures are read from here. Facts and sums can be made again from the timelines, and `helpdesk check` proves
them equal. Who writes them: desk/facts, by store/fact_keeping.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import and_, case, func, select

from helpdesk.rules.access import Asker
from helpdesk.rules.figures import Tally, Verdict
from helpdesk.rules.hours import local_to_instant
from helpdesk.store.db import among, db
from helpdesk.store.excuses import Excuse, stood_at
from helpdesk.store.fact_rows import Fact as Fact
from helpdesk.store.fact_rows import FactDay, FactGap, StaleDay
from helpdesk.store.organisation import Department, find_organisation
from helpdesk.store.people import Person
from helpdesk.store.promises import DIMENSIONS as DIMENSIONS
from helpdesk.store.promises import (
    OUTCOMES,
    Wanted,
    alternatives,
    asked_of,
    beside_of,
    given_in,
    list_ended,
    matches,
    wanted_of,
)
from helpdesk.store.promises import Promise as Promise
from helpdesk.store.promises import Question as Question
from helpdesk.store.services import Service
from helpdesk.store.teams import Team
from helpdesk.store.tickets import Ticket


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
    wanted = wanted_of(asker, question)
    beside = beside_of(question)
    found: dict[tuple[int, str, tuple[Any, ...]], Tally] = {}

    def add(part: int, target: str, keys: tuple[Any, ...], tally: Tally) -> None:
        place = part, target, keys
        found[place] = found.get(place, Tally()) + tally

    if question.excused is not True and question.verdict != Verdict.RUNNING:
        for each in _count_ended(question, wanted, by, begins):
            add(*each)
    for promises, tally_of in ((beside.open, _tally_open), (beside.excused, _tally_excused)):
        for promise in asked_of(promises, question, wanted):
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
    question = replace(question, beside=beside_of(question))
    until = question.until
    while until > question.since:
        since = max(question.since, until - timedelta(days=1))
        rows = _listed(_latest(asker, replace(question, since=since, until=until), None), question.at)
        if rows:
            yield rows
        until = since


def find_tickets_left() -> int:
    """Of about how many tickets the facts are still to be made (FactGap); 0: figures are complete."""
    return db.session.scalar(select(func.sum(FactGap.last_id - FactGap.first_id + 1))) or 0


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
    sums = [func.sum(case((Fact.outcome == outcome, 1), else_=0)) for outcome in OUTCOMES]
    for stands in alternatives(question):
        query = select(Fact.target, *keys, *sums).where(stands, given_in(since, until), matches(wanted))
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
    found: Iterable[Any] = db.session.execute(sums.group_by(*columns))
    for row in found:
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


def _latest(asker: Asker, question: Question, limit: int | None) -> list[Promise]:
    """The latest given of the promises asked for, in their order."""
    wanted, beside = wanted_of(asker, question), beside_of(question)
    excused = {promise.key for promise in beside.excused}
    found = [p for p in asked_of(beside.open, question, wanted) if question.verdict in (None, p.verdict)]
    if question.excused is True:
        is_open = {promise.key for promise in beside.open}
        ended = [p for p in asked_of(beside.excused, question, wanted) if p.key not in is_open]
        found += [p for p in ended if question.verdict in (None, p.verdict)]
    elif question.verdict != Verdict.RUNNING:
        left_out = len(excused) if question.excused is False and limit is not None else 0
        for stands in alternatives(question):
            # Target by target, each in the order of its index.
            for target in sorted(wanted["target"]):
                of_target = matches(wanted | {"target": frozenset({target})})
                asked = and_(given_in(question.since, question.until), of_target)
                found += list_ended(asked, stands, question.verdict, limit and limit + left_out)
    if question.excused is not None:
        found = [promise for promise in found if (promise.key in excused) is question.excused]
    found.sort(key=lambda p: (p.started_at, p.ticket_id, p.target, p.cycle), reverse=True)
    return found[:limit]


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

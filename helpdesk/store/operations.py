"""Queries behind the page on how the desk works: times, backlog, arrivals, what was solved and liked, load.

Which tickets count for whom: as in all figures, managers, administrators and auditors see all, leads those
of their teams. Of the question (store/facts) its kind, its period and what narrows it by a dimension count.
Times of answers and solutions come from facts, so their tickets count with the severity, service, team and
person of then; all else looks at tickets as they now are.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    text,
)
from sqlalchemy.orm import InstrumentedAttribute

from helpdesk.rules.access import Asker, figures_teams
from helpdesk.rules.distribution import (
    QUARTER,
    Liked,
    Load,
    Spread,
    Stay,
    bounds_of,
    loads,
    open_spells,
    spread,
)
from helpdesk.store.db import db, list_percentiles, seconds_of
from helpdesk.store.facts import DIMENSIONS, Fact, Question
from helpdesk.store.feedback import Rating
from helpdesk.store.organisation import list_departments
from helpdesk.store.tickets import IS_TURN, Entry, Target, Ticket

PERCENTS = (50, 90)
TIMES = {"accepted": None, "answered": "response", "solved": "resolution"}
"""What takes time, and the target whose facts tell how much."""

Column: TypeAlias = ColumnElement[Any] | InstrumentedAttribute[Any]


@dataclass(frozen=True)
class Timed:
    """How long something took, among the tickets of a key: in counted time and by the clock."""

    what: str
    key: str | int | None
    counted: Spread
    clock: Spread


def list_times(asker: Asker, asked: Question, by: str) -> tuple[list[Timed], list[Timed]]:
    """How long it took to accept, to answer and to solve: all together (where there is anything at all), and
    by a dimension.

    Acceptances: the first of each ticket reported in the period; what was counted is known of those that were
    its first answer. Answers and solutions: what was promised in the period and has been done.
    """
    together: list[Timed] = []
    apart: list[Timed] = []
    for what, target in TIMES.items():
        rows = _accepted(asker, asked, by) if target is None else _done(asker, asked, by, target)
        for is_of_all, key, *values in list_percentiles(rows, ("counted", "clock"), PERCENTS):
            timed = Timed(what, key, spread(*values[:4]), spread(*values[4:]))
            (together if is_of_all else apart).append(timed)
    return together, apart


def _done(asker: Asker, asked: Question, by: str, target: str) -> Select[Any]:
    """Key, counted seconds and seconds by the clock of what was promised and done."""
    asks = done(target), of(Fact, asker, asked), within(Fact.started_at, asked)
    return select(*_took(_column(Fact, by), Fact.started_at, Fact.ended_at)).where(*asks)


def _accepted(asker: Asker, asked: Question, by: str) -> Select[Any]:
    """The same of acceptances."""
    first = first_acceptances(asked)
    return (
        select(*_took(_column(Ticket, by), Ticket.reported_at, first.c.accepted_at))
        .select_from(Ticket)
        .join(first, first.c.ticket_id == Ticket.id)
        .outerjoin(Fact, answers(first, asked))
        .where(of(Ticket, asker, asked), within(Ticket.reported_at, asked))
    )


def _took(key: Column, from_at: Column, to_at: Column) -> list[Any]:
    clock = seconds_of(to_at) - seconds_of(from_at)
    return [key.label("key"), Fact.elapsed_seconds.label("counted"), clock.label("clock")]


def first_acceptances(asked: Question) -> Subquery:
    """When each ticket reported in the period was accepted first; nobody accepts what is not reported."""
    return (
        select(Entry.ticket_id, func.min(Entry.at).label("accepted_at"))
        .where(text(IS_TURN), Entry.kind == "accepted", Entry.at >= asked.since)
        .group_by(Entry.ticket_id)
        .subquery()
    )


def answers(first: Subquery, asked: Question) -> ColumnElement[bool]:
    """The first answer, where the acceptance was it."""
    return and_(
        Fact.ticket_id == first.c.ticket_id,
        Fact.kind == asked.kind,
        within(Fact.started_at, asked),  # as its ticket was reported: only these facts are looked at
        done("response"),
        Fact.cycle == 1,
        seconds_of(Fact.ended_at) == seconds_of(first.c.accepted_at),
    )


def done(target: str) -> ColumnElement[bool]:
    """What was promised and has been done, late or in time, whatever became of its ticket: by their outcome
    only the late ones of tickets that were cancelled would be in, since the others count nowhere."""
    return and_(Fact.target == target, Fact.gone_at.is_(None), Fact.ended_by == "stopped")


def count_undone(asker: Asker, asked: Question) -> dict[str, int]:
    """How much of what was reported in the period is not accepted, answered or solved yet, and so in no
    time."""
    seen = select(func.count()).where(of(Ticket, asker, asked))
    return {what: db.session.scalar(seen.where(undone(what, asked))) or 0 for what in TIMES}


def undone(what: str, asked: Question) -> ColumnElement[bool]:
    """Whether a ticket is still to be accepted (it was never), answered or solved, since the period."""
    target = TIMES[what]
    if target is None:
        ever = select(Entry.id).where(Entry.ticket_id == Ticket.id, Entry.kind == "accepted").exists()
        return and_(Ticket.is_open, ~ever, within(Ticket.reported_at, asked))
    still = Target.target == target, Target.stopped_at.is_(None), within(Target.started_at, asked)
    return and_(Ticket.is_open, Ticket.id.in_(select(Target.ticket_id).where(*still)))


def list_arrivals(asker: Asker, asked: Question) -> list[tuple[int, int]]:
    """How many tickets were reported in each quarter of an hour, counted from 1970 in UTC; only where any."""
    quarter = (seconds_of(Ticket.reported_at) // QUARTER).label("quarter")
    query = (
        select(quarter, func.count())
        .where(of(Ticket, asker, asked), within(Ticket.reported_at, asked))
        .group_by("quarter")
    )
    return [(number, count) for number, count in db.session.execute(query)]


def list_stays(asker: Asker, asked: Question, instants: Sequence[datetime]) -> list[Stay]:
    """From when to when tickets were open, in the parts of time that these instants are asked in
    (rules/distribution.bounds_of)."""
    bounds = bounds_of(instants)
    reaches = or_(Ticket.is_open, Ticket.changed_at >= min(instants)), of(Ticket, asker, asked)
    ended_at = func.coalesce(Ticket.resolved_at, Ticket.closed_at)
    reported, ended = _part(Ticket.reported_at, bounds), _part(ended_at, bounds)
    query = (
        select(
            reported.label("reported_part"),
            case((Ticket.is_open, len(bounds) + 1), else_=ended).label("ended_part"),
            func.count(),
        )
        .where(*reaches, Ticket.reopen_count == 0)
        .group_by("reported_part", "ended_part")
    )
    stays = [Stay(since, since, until, count) for since, until, count in db.session.execute(query)]
    return stays + _stays_of_reopened(and_(*reaches, Ticket.reopen_count > 0), bounds)


def _stays_of_reopened(which: ColumnElement[bool], bounds: list[datetime]) -> list[Stay]:
    """Those of tickets that were open several times: few, each by its timeline."""
    query = (
        select(Ticket.id, Ticket.reported_at, Ticket.closed_at, Entry.kind, Entry.at)
        .join(Entry, Entry.ticket_id == Ticket.id)
        .where(which, Entry.kind.in_(("resolved", "reopened")), Entry.voided_at.is_(None))
        .order_by(Ticket.id, Entry.id)
    )
    found: Counter[tuple[int, int, int]] = Counter()
    for _ticket_id, group in groupby(db.session.execute(query), key=lambda row: row.id):
        rows = list(group)
        reported_at, closed_at = rows[0].reported_at, rows[0].closed_at
        for since, until in open_spells(reported_at, ((row.kind, row.at) for row in rows), closed_at):
            ended = len(bounds) + 1 if until is None else _place(until, bounds)
            found[_place(reported_at, bounds), _place(since, bounds), ended] += 1
    return [Stay(*parts, count) for parts, count in found.items()]


def _place(at: datetime, bounds: list[datetime]) -> int:
    return sum(bound <= at for bound in bounds)


def _part(instant: Column, bounds: Sequence[datetime], before: int = 0) -> ColumnElement[int]:
    """How many of the bounds, which are in order, lie at or before the instant: found by halves."""
    if not bounds:
        return literal(before)
    middle = len(bounds) // 2
    return case(
        (instant < bounds[middle], _part(instant, bounds[:middle], before)),
        else_=_part(instant, bounds[middle + 1 :], before + middle + 1),
    )


def is_open_at(at: datetime) -> ColumnElement[bool]:
    """Whether a ticket was open at the instant: as `list_stays` has it, ticket by ticket."""

    def turns_before(kind: str) -> ColumnElement[int]:
        before = Entry.ticket_id == Ticket.id, Entry.kind == kind, Entry.at < at, Entry.voided_at.is_(None)
        return select(func.count()).select_from(Entry).where(*before).scalar_subquery()

    ended_at = func.coalesce(Ticket.resolved_at, Ticket.closed_at)
    once = and_(Ticket.reopen_count == 0, or_(Ticket.is_open, ended_at >= at))
    has_come_back = turns_before("resolved") == turns_before("reopened")
    is_there = or_(Ticket.closed_at.is_(None), Ticket.closed_at >= at)
    again = and_(Ticket.reopen_count > 0, has_come_back, is_there)
    return and_(Ticket.reported_at < at, or_(once, again))


def list_liked(asker: Asker, asked: Question, by: str = "") -> dict[Any, Liked]:
    """What was solved, reopened and rated of the tickets reported in the period, by a dimension ("": all
    under "", where there is anything at all)."""
    stars = [func.sum(case((Rating.stars == n, 1), else_=0)) for n in range(1, 6)]
    key = _key(Ticket, by).label("key")
    query = (
        select(key, func.count(), func.sum(case((Ticket.reopen_count > 0, 1), else_=0)), *stars)
        .outerjoin(Rating, Rating.ticket_id == Ticket.id)
        .where(of(Ticket, asker, asked), within(Ticket.reported_at, asked), was_solved())
        .group_by("key")
    )
    return {
        key: Liked(solved, reopened, (one, two, three, four, five))
        for key, solved, reopened, one, two, three, four, five in db.session.execute(query)
    }


def was_solved() -> ColumnElement[bool]:
    """Whether a ticket was resolved at least once."""
    return or_(Ticket.resolved_at.is_not(None), Ticket.reopen_count > 0)


def list_loads(asker: Asker, asked: Question) -> dict[int, Load]:
    """By person: what they have open now, whenever it was reported, and what they accepted and resolved in
    the period. A ticket counts once for each."""
    opened = (
        select(Ticket.assignee_id, func.count())
        .where(Ticket.is_open, of(Ticket, asker, asked))
        .group_by(Ticket.assignee_id)
    )
    found = {person_id: count for person_id, count in db.session.execute(opened) if person_id}
    return loads(found, *(_done_by(asker, asked, kind) for kind in ("accepted", "resolved")))


def _done_by(asker: Asker, asked: Question, kind: str) -> dict[int, int]:
    found = turns(asked, kind)
    query = (
        select(found.c.actor_id, func.count(found.c.ticket_id.distinct()))
        .join(Ticket, Ticket.id == found.c.ticket_id)
        .where(of(Ticket, asker, asked), found.c.actor_id.is_not(None))
        .group_by(found.c.actor_id)
    )
    return {row[0]: row[1] for row in db.session.execute(query)}


def turns(asked: Question, kind: str) -> Subquery:
    """What was accepted, or resolved, in the period, and by whom."""
    query = select(Entry.ticket_id, Entry.actor_id).where(text(IS_TURN), Entry.kind == kind)
    return query.where(within(Entry.at, asked)).subquery()


def of(model: type[Fact] | type[Ticket], asker: Asker, asked: Question) -> ColumnElement[bool]:
    """What the asker may see of it, of the kind asked for and narrowed as asked."""
    conditions: list[ColumnElement[bool]] = [model.kind == asked.kind]
    teams = figures_teams(asker)
    if teams is not None:
        conditions.append(model.team_id.in_(teams))
    for by in DIMENSIONS:
        wanted = getattr(asked, by if by in ("severity", "door") else f"{by}_id")
        if by == "department" and wanted and not asked.is_alone:
            conditions.append(model.department_id.in_(_with_those_below(wanted)))
        elif wanted is not None:
            conditions.append(_column(model, by) == (wanted or None))
    return and_(*conditions)


def _with_those_below(department_id: int) -> set[int]:
    departments, found = list_departments(), {department_id}
    while below := {each.id for each in departments if each.parent_id in found} - found:
        found |= below
    return found


def within(instant: Column, asked: Question) -> ColumnElement[bool]:
    """Whether the instant lies in the period."""
    return and_(instant >= asked.since, instant < asked.until)


def _key(model: type[Fact] | type[Ticket], by: str) -> Column:
    """The column of a dimension; for none a text that is the same for all."""
    return _column(model, by) if by else literal("")


def _column(model: type[Fact] | type[Ticket], by: str) -> Column:
    found: Column = getattr(model, "assignee_id" if by == "person" and model is Ticket else DIMENSIONS[by])
    return found

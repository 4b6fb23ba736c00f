"""Queries behind the figures: what became of promises, counted and listed.

Which tickets count for whom: managers, administrators and auditors see all, leads those of their teams.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, and_, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from helpdesk.rules.access import Asker, figures_teams
from helpdesk.rules.figures import Tally, Verdict
from helpdesk.store.db import db
from helpdesk.store.excuses import Excuse, stood_at
from helpdesk.store.people import Person
from helpdesk.store.services import Service
from helpdesk.store.teams import Team
from helpdesk.store.tickets import Target, Ticket

TARGETS = ("response", "resolution")
LOOKED_UP = 500  # tickets at once


@dataclass(frozen=True)
class Promises:
    """Which promises are asked for: given in [since, until), to tickets of one kind; None narrows nothing.

    `service_id` 0: tickets of no service. What is past due is so at `now`.
    """

    kind: str
    since: datetime
    until: datetime
    now: datetime
    target: str | None = None
    verdict: str | None = None
    excused: bool | None = None
    severity: str | None = None
    team_id: int | None = None
    service_id: int | None = None


class Counted(NamedTuple):
    """How many promises of a part of the period there are of one sort."""

    part: int
    target: str
    severity: str
    team_id: int
    service_id: int | None
    tally: Tally


def count_promises(asker: Asker, asked: Promises, parts: list[datetime]) -> list[Counted]:
    """Counts by part, target, severity, team and service; `parts`: the instants at which each begins."""
    sums = [func.sum(case((condition, 1), else_=0)) for condition in _verdicts(asked.now).values()]
    sort = (Target.target, Target.severity, Ticket.team_id, Ticket.service_id)
    found = []
    for part, (since, until) in enumerate(zip(parts, [*parts[1:], asked.until], strict=True)):
        query = (
            select(*sort, *sums)
            .join(Ticket, Ticket.id == Target.ticket_id)
            .where(_given(since, until), _of(asker, asked))
            .group_by(*sort)
        )
        for target, severity, team_id, service_id, *counts in db.session.execute(query):
            found.append(Counted(part, target, severity, team_id, service_id, Tally(*counts)))
    return found + _count_excused(asker, asked, parts)


def _count_excused(asker: Asker, asked: Promises, parts: list[datetime]) -> list[Counted]:
    """The excused ones of those counted, each for itself: there are few.

    They are looked up by their tickets, and by nothing else that has an index: else a database would rather
    look for an excuse of each promise of the period.
    """
    excused = _excused(asked)
    tickets = sorted({ticket_id for ticket_id, _target, _cycle in excused})
    found = []
    for batch in (tickets[n : n + LOOKED_UP] for n in range(0, len(tickets), LOOKED_UP)):
        query = (
            select(
                *(Target.ticket_id, Target.target, Target.cycle, Target.started_at, Target.severity),
                *(Ticket.team_id, Ticket.service_id),
            )
            .join(Ticket, Ticket.id == Target.ticket_id)
            .where(
                Target.ticket_id.in_(batch),
                _verdicts(asked.now)[Verdict.BREACHED],
                _of(asker, asked),
            )
        )
        for ticket_id, target, cycle, started_at, severity, team_id, service_id in db.session.execute(query):
            is_given = target in TARGETS and asked.since <= started_at < asked.until
            if is_given and (ticket_id, target, cycle) in excused:
                part = bisect_right(parts, started_at) - 1
                found.append(Counted(part, target, severity, team_id, service_id, Tally(excused=1)))
    return found


def _excused(asked: Promises) -> set[tuple[int, str, int]]:
    """Ticket, target and cycle of what stands excused; an excuse is later than its promise."""
    query = select(Excuse.ticket_id, Excuse.target, Excuse.cycle)
    rows = db.session.execute(query.where(stood_at(asked.now), Excuse.given_at >= asked.since))
    return {(ticket_id, target, cycle) for ticket_id, target, cycle in rows}


def count_listed(asker: Asker, asked: Promises) -> int:
    """How many promises `list_promises` lists in all."""
    query = select(func.count()).select_from(Target).join(Ticket, Ticket.id == Target.ticket_id)
    return db.session.scalar(query.where(_given(asked.since, asked.until), _of(asker, asked))) or 0


def list_promises(asker: Asker, asked: Promises, limit: int, offset: int = 0) -> list[Row[Any]]:
    """The promises one by one, the latest given first; columns as `_columns` names them."""
    return list(db.session.execute(_listed(asker, asked).limit(limit).offset(offset)))


def walk_promises(asker: Asker, asked: Promises, batch: int = 1000) -> Iterator[list[Row[Any]]]:
    """All of them in batches, each in memory only while it is looked at."""
    result = db.session.execute(_listed(asker, asked), execution_options={"yield_per": batch})
    for rows in result.partitions():
        yield list(rows)


def list_open_tickets(ticket_ids: list[int]) -> list[Ticket]:
    """These tickets, for those who ask how late they are."""
    return list(db.session.scalars(select(Ticket).where(Ticket.id.in_(ticket_ids))))


def _listed(asker: Asker, asked: Promises) -> Any:
    conditions = _verdicts(asked.now)
    verdict = case(*((condition, name) for name, condition in conditions.items()))
    assignee, giver = aliased(Person), aliased(Person)
    return (
        select(
            Ticket.id.label("ticket_id"),
            Ticket.subject,
            Ticket.state,
            Ticket.door,
            Ticket.reported_at,
            Service.name.label("service"),
            Team.name.label("team"),
            assignee.name.label("person"),
            Target.target,
            Target.cycle,
            Target.severity,
            Target.started_at,
            Target.due_at,
            Target.stopped_at,
            Target.allowance_seconds,
            Target.elapsed_seconds,
            verdict.label("verdict"),
            giver.name.label("excused_by"),
            Excuse.reason.label("excuse"),
        )
        .join(Ticket, Ticket.id == Target.ticket_id)
        .join(Team, Team.id == Ticket.team_id)
        .outerjoin(Service, Service.id == Ticket.service_id)
        .outerjoin(assignee, assignee.id == Ticket.assignee_id)
        .outerjoin(Excuse, and_(_excuses_target(), stood_at(asked.now)))
        .outerjoin(giver, giver.id == Excuse.given_by_id)
        .where(_given(asked.since, asked.until), _of(asker, asked))
        .order_by(Target.started_at.desc(), Target.id.desc())
    )


def _excuses_target() -> ColumnElement[bool]:
    return and_(
        Excuse.ticket_id == Target.ticket_id, Excuse.target == Target.target, Excuse.cycle == Target.cycle
    )


def _given(since: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(Target.target.in_(TARGETS), Target.started_at >= since, Target.started_at < until)


def _verdicts(now: datetime) -> dict[Verdict, ColumnElement[bool]]:
    """What became of a promise, as conditions of which at most one holds (none: cancelled in time).

    The stored state of what has stopped is final; what is open is judged at `now`, to the second.
    """
    past = and_(Target.stopped_at.is_(None), Target.due_at < now.replace(microsecond=0))
    breached = or_(Target.state == "breached", past)
    waits = Target.state.in_(("running", "paused"))
    return {
        Verdict.MET: Target.state == "met",
        Verdict.BREACHED: breached,
        Verdict.RUNNING: and_(
            waits, or_(Target.due_at.is_(None), Target.due_at >= now.replace(microsecond=0))
        ),
    }


def _of(asker: Asker, asked: Promises) -> ColumnElement[bool]:
    """What the asker may see of it, narrowed as asked."""
    conditions: list[ColumnElement[bool]] = [Ticket.kind == asked.kind]
    teams = figures_teams(asker)
    if teams is not None:
        conditions.append(Ticket.team_id.in_(teams))
    if asked.target is not None:
        conditions.append(Target.target == asked.target)
    if asked.severity is not None:
        conditions.append(Target.severity == asked.severity)
    if asked.team_id is not None:
        conditions.append(Ticket.team_id == asked.team_id)
    if asked.service_id is not None:
        conditions.append(Ticket.service_id == (asked.service_id or None))
    if asked.excused is not None:
        stands = exists().where(_excuses_target(), stood_at(asked.now)).correlate(Target)
        conditions.append(stands if asked.excused else ~stands)
    verdicts = _verdicts(asked.now)
    wanted = [Verdict(asked.verdict)] if asked.verdict else list(verdicts)
    conditions.append(or_(*(verdicts[verdict] for verdict in wanted)))
    return and_(*conditions)

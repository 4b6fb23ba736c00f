"""Promises, finished and open: which are asked for, which there were beside the facts at an instant."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import ColumnElement, Row, and_, or_, select
from sqlalchemy.orm import aliased

from helpdesk.rules.access import Asker, figures_teams
from helpdesk.rules.figures import TARGETS, Verdict
from helpdesk.store.db import among, db
from helpdesk.store.excuses import Excuse, stood_at
from helpdesk.store.fact_rows import Fact
from helpdesk.store.organisation import Department
from helpdesk.store.tickets import Target, Ticket

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
    """A promise, finished or open, with what figures ask of it; `ended_at` None and `ended_by` "": open. What
    was counted of one that is open now is as of its last refresh, and nobody asked what waiting spared it.
    """

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
    below it, unless it `is_alone`. What is past due is so at `now`. With `as_of` everything is as it was
    known then, and nothing of `now` matters: have desk.facts.settled make such a question ready to be asked.
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
        Promise._make((*row, 0, Verdict.BREACHED if row.due_at and row.due_at < now else Verdict.RUNNING, ""))
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
    found = ended_later.union(came_back, still_open).subquery()
    # What was reported later nobody knew then: of a long period these are most, each to be computed.
    reported = select(Ticket.id).join(found, found.c.ticket_id == Ticket.id)
    return sorted(db.session.scalars(reported.where(Ticket.reported_at <= then)))


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
    ended = [p for stands in alternatives(question) for p in list_ended(tickets, stands)]
    return Beside(
        found, tuple(p for p in [*found, *ended] if p.key in excused and p.verdict == Verdict.BREACHED)
    )


_NARROWING = ("target", "severity", "door", "ended_by", "team_id", "service_id", "person_id")
Wanted: TypeAlias = dict[str, frozenset[Any]]
"""The values that a promise's columns may have."""


def wanted_of(asker: Asker, question: Question) -> Wanted:
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


def asked_of(promises: Iterable[Promise], question: Question, wanted: Wanted) -> Iterator[Promise]:
    """Those of the promises that are asked for, whatever their verdict."""
    checked = tuple(wanted.items())
    for promise in promises:
        if question.since <= promise.started_at < question.until and all(
            getattr(promise, name) in values for name, values in checked
        ):
            yield promise


def beside_of(question: Question) -> Beside:
    """What the question has been settled with, else what is so now. ValueError: `as_of`, and not settled."""
    if question.beside is not None:
        return question.beside
    if question.as_of is not None:
        raise ValueError("a question as of an earlier instant wants to be settled first (desk.facts.settled)")
    return get_beside(question, list_open_now(question))


def alternatives(question: Question) -> list[ColumnElement[bool]]:
    """Conditions on Fact of which one holds for each that stood at the question's instant: asked one after
    the other, each has an index."""
    if question.as_of is None:
        return [Fact.gone_at.is_(None)]
    known = Fact.known_at <= question.as_of
    return [and_(Fact.gone_at.is_(None), known), and_(Fact.gone_at > question.as_of, known)]


OUTCOMES = (Verdict.MET, Verdict.BREACHED)


def given_in(since: datetime, until: datetime) -> ColumnElement[bool]:
    """The condition on Fact for promises given in [since, until)."""
    return and_(Fact.started_at >= since, Fact.started_at < until)


def matches(wanted: Wanted) -> ColumnElement[bool]:
    """The condition on Fact for the values that are wanted."""
    return and_(*(_is_one_of(getattr(Fact, name), values) for name, values in wanted.items()))


def _is_one_of(column: Any, values: frozenset[Any]) -> ColumnElement[bool]:
    some = sorted(value for value in values if value is not None)
    found: ColumnElement[bool] = column == some[0] if len(some) == 1 else column.in_(some)
    return or_(column.is_(None), found) if None in values else found


def list_ended(
    asked: ColumnElement[bool],
    stands: ColumnElement[bool],
    verdict: str | None = None,
    limit: int | None = None,
) -> list[Promise]:
    """Facts as promises, but for those that count nowhere; the latest given first."""
    outcomes = OUTCOMES if verdict is None else (verdict,)
    query = (
        select(*(getattr(Fact, _COLUMN.get(name, name)) for name in Promise._fields))
        .where(stands, asked, Fact.outcome.in_(outcomes))
        .order_by(Fact.started_at.desc(), Fact.ticket_id.desc(), Fact.cycle.desc())
        .limit(limit)
    )
    return [Promise(*row) for row in db.session.execute(query)]


_COLUMN = {"verdict": "outcome"}

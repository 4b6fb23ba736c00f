"""The tickets behind the figures of how the desk works (store/operations)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, null, or_, select

from helpdesk.rules.access import Asker
from helpdesk.rules.distribution import AGES, QUARTER, UNHAPPY
from helpdesk.store.db import among, db, seconds_of
from helpdesk.store.facts import Fact, Question
from helpdesk.store.feedback import Rating
from helpdesk.store.operations import (
    TIMES,
    Column,
    answers,
    done,
    first_acceptances,
    is_open_at,
    of,
    turns,
    undone,
    was_solved,
    within,
)
from helpdesk.store.people import Person
from helpdesk.store.services import Service
from helpdesk.store.teams import Team
from helpdesk.store.tickets import Target, Ticket

LISTS = (
    *TIMES,
    *("unaccepted", "unanswered", "unsolved"),
    *("open", "arrived", "finished", "reopened", "rated", "badly_rated", "unhappy", "taken", "resolved"),
)
"""What a list can show the tickets of."""
UNDONE = {"unaccepted": "accepted", "unanswered": "answered", "unsolved": "solved"}


@dataclass(frozen=True)
class Behind:
    """What narrows a list beyond the question: `what` is one of LISTS, `age` the number of a backlog's band
    (from 0, the youngest) at `at` (None: now), `quarters` those in which they arrived (rules/distribution),
    `actor_id` who has taken or resolved them."""

    what: str
    at: datetime | None = None
    age: int | None = None
    quarters: Sequence[int] | None = None
    stars: int | None = None
    actor_id: int | None = None


def count_behind(asker: Asker, asked: Question, behind: Behind) -> int:
    """How many rows `list_behind` lists in all."""
    counted = _behind(asker, asked, behind).order_by(None).subquery()
    return db.session.scalar(select(func.count()).select_from(counted)) or 0


def list_behind(
    asker: Asker, asked: Question, behind: Behind, limit: int | None = None, offset: int = 0
) -> list[Row[Any]]:
    """The tickets behind a figure: those that took longest first, what is open the oldest first, all else the
    latest first. `counted` and `clock` are the seconds it took, `cycle` the run of its target that `counted`
    is of, `stars` and `words` the rating; None where the figure knows none."""
    return list(db.session.execute(_behind(asker, asked, behind).limit(limit).offset(offset)))


def _behind(asker: Asker, asked: Question, behind: Behind) -> Select[Any]:
    if behind.what in ("answered", "solved"):
        return _facts_behind(asker, asked, behind)
    if behind.what == "accepted":
        return _acceptances_behind(asker, asked)
    if behind.what in ("taken", "resolved"):
        done_then = turns(asked, "accepted" if behind.what == "taken" else "resolved")
        theirs = select(done_then.c.ticket_id).where(done_then.c.actor_id == behind.actor_id)
        return _listed().where(of(Ticket, asker, asked), Ticket.id.in_(theirs)).order_by(*_LATEST)
    if behind.what == "open":
        return _listed().where(of(Ticket, asker, asked), *_still(asked, behind)).order_by(*_OLDEST)
    if behind.what in UNDONE:
        return (
            _listed().where(of(Ticket, asker, asked), undone(UNDONE[behind.what], asked)).order_by(*_OLDEST)
        )
    query = _listed()
    if behind.what in ("rated", "badly_rated", "unhappy"):
        query = _listed(stars=Rating.stars, words=Rating.words).join(Rating, Rating.ticket_id == Ticket.id)
    query = query.where(of(Ticket, asker, asked), within(Ticket.reported_at, asked), *_special(behind))
    return query.order_by(*_LATEST)


_OLDEST = (Ticket.reported_at, Ticket.id)
_LATEST = (Ticket.reported_at.desc(), Ticket.id.desc())


def _special(behind: Behind) -> list[ColumnElement[bool]]:
    """What makes a ticket reported in the period one of the list."""
    if behind.what == "finished":
        return [was_solved()]
    if behind.what == "reopened":
        return [Ticket.reopen_count > 0]
    if behind.what == "rated":
        return [Rating.stars == behind.stars] if behind.stars else []
    if behind.what == "badly_rated":
        return [Rating.stars <= UNHAPPY]
    if behind.what == "unhappy":
        # Broken, or open again: neither has been kept.
        is_so = or_(Target.breached_at.is_not(None), Target.stopped_at.is_(None))
        missed = select(Target.id).where(Target.ticket_id == Ticket.id, is_so)
        return [Rating.stars <= UNHAPPY, ~missed.exists()]
    if behind.quarters is None:
        return []
    return [among(seconds_of(Ticket.reported_at) // QUARTER, behind.quarters)]


def _still(asked: Question, behind: Behind) -> list[ColumnElement[bool]]:
    """That they are open, then or now, and how old they are."""
    found: list[Any] = [Ticket.is_open if behind.at is None else is_open_at(behind.at)]
    if behind.age is not None:
        ends = [None, *((behind.at or asked.now) - timedelta(days=days) for days in AGES), None]
        younger, older = ends[behind.age], ends[behind.age + 1]
        found += [Ticket.reported_at < younger] if younger else []
        found += [Ticket.reported_at >= older] if older else []
    return found


def _facts_behind(asker: Asker, asked: Question, behind: Behind) -> Select[Any]:
    clock = seconds_of(Fact.ended_at) - seconds_of(Fact.started_at)
    query = _listed(Fact.severity, Fact.elapsed_seconds, clock, cycle=Fact.cycle)
    query = query.join(Fact, Fact.ticket_id == Ticket.id)
    query = query.where(done(TIMES[behind.what] or ""), of(Fact, asker, asked))
    return query.where(within(Fact.started_at, asked)).order_by(Fact.elapsed_seconds.desc(), Fact.id.desc())


def _acceptances_behind(asker: Asker, asked: Question) -> Select[Any]:
    first = first_acceptances(asked)
    clock = seconds_of(first.c.accepted_at) - seconds_of(Ticket.reported_at)
    return (
        _listed(counted=Fact.elapsed_seconds, clock=clock, cycle=Fact.cycle)
        .join(first, first.c.ticket_id == Ticket.id)
        .outerjoin(Fact, answers(first, asked))
        .where(of(Ticket, asker, asked), within(Ticket.reported_at, asked))
        .order_by(clock.desc(), Ticket.id.desc())
    )


def _listed(
    severity: Column = Ticket.severity,
    counted: Column | None = None,
    clock: Column | None = None,
    stars: Column | None = None,
    words: Column | None = None,
    cycle: Column | None = None,
) -> Select[Any]:
    """The columns of every list."""
    measured = {"counted": counted, "clock": clock, "stars": stars, "words": words, "cycle": cycle}
    columns: list[Any] = [
        Ticket.id.label("ticket_id"),
        Ticket.subject,
        severity.label("severity"),
        Ticket.state,
    ]
    columns += [Ticket.reported_at, Ticket.reopen_count]
    columns += [Service.name.label("service"), Team.name.label("team"), Person.name.label("person")]
    columns += [(null() if column is None else column).label(name) for name, column in measured.items()]
    return (
        select(*columns)
        .join(Team, Team.id == Ticket.team_id)
        .outerjoin(Service, Service.id == Ticket.service_id)
        .outerjoin(Person, Person.id == Ticket.assignee_id)
    )

"""Queries behind the games (rules/games): what was played, of how much, and the tickets behind it.

Tickets count in the period in which they were reported, with the team and the person whose they are now;
promises as in all figures: in the period in which they were given, whose they were at their end.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    null,
    or_,
    select,
    text,
)
from sqlalchemy.orm import aliased

from helpdesk.rules.access import Asker, figures_teams
from helpdesk.rules.figures import TARGETS
from helpdesk.rules.games import Game, Played, lowerings
from helpdesk.store.db import db
from helpdesk.store.escalations import Alarm
from helpdesk.store.fact_rows import IS_CANCELLED_LATE, IS_SOLVED
from helpdesk.store.facts import Fact, Question, count
from helpdesk.store.people import Person
from helpdesk.store.services import Service
from helpdesk.store.teams import Team
from helpdesk.store.tickets import Entry, Target, Ticket

By = str  # team, person
Counts = Mapping[int | None, Played]

# Conditions of few of many are written out where an index is of these rows alone. Where they are grouped, it
# is by what no index is in the order of: SQLite would rather walk through all of it than sort a few.
LISTED = (Game.WAITING, Game.LOWERED, Game.SILENT, Game.REOPENED, Game.CANCELLED)
"""Those with a list of their own; what is excused the figures list."""


def count_games(asker: Asker, asked: Question, by: By, *, of_tickets: bool = True) -> dict[Game, Counts]:
    """What was played in the period, by the id of the team or person (None: nobody). Without `of_tickets`
    it is left out of how many tickets, which takes longest."""
    reported, resolved = _count_tickets(asker, asked, by) if of_tickets else ({}, {})
    breached, excused = _count_breaches(asker, asked, by)
    whole = {
        Game.LOWERED: reported,
        Game.SILENT: reported,
        Game.REOPENED: resolved,
        Game.CANCELLED: breached,
    }
    found = {game: _played(_count_found(asker, asked, game, by), of) for game, of in whole.items()}
    return found | {Game.EXCUSED: _played(excused, breached), Game.WAITING: _count_waiting(asker, asked, by)}


def _played(counts: Mapping[int | None, int], of: Mapping[int | None, int]) -> Counts:
    return {key: Played(counts.get(key, 0), of.get(key, 0)) for key in counts.keys() | of.keys()}


def _count_tickets(asker: Asker, asked: Question, by: By) -> tuple[dict[int | None, int], ...]:
    """How many tickets were reported, and how many of them resolved at least once."""
    key = _OF_TICKET[by]
    was_resolved = or_(Ticket.resolved_at.is_not(None), Ticket.reopen_count > 0)
    sums = func.count(), func.sum(case((was_resolved, 1), else_=0))
    rows = db.session.execute(select(key, *sums).where(_reported(asker, asked)).group_by(key)).all()
    return {row[0]: row[1] for row in rows}, {row[0]: int(row[2]) for row in rows}


def _count_breaches(asker: Asker, asked: Question, by: By) -> tuple[dict[int | None, int], ...]:
    """How many promises were broken, and how many of them excused."""
    breached: dict[Any, int] = {}
    excused: dict[Any, int] = {}
    for row in count(asker, asked, (by,)):
        key = row.keys[0] or None
        breached[key] = breached.get(key, 0) + row.tally.breached
        excused[key] = excused.get(key, 0) + row.tally.excused
    return breached, excused


def _count_waiting(asker: Asker, asked: Question, by: By) -> Counts:
    key = Fact.team_id if by == "team" else Fact.person_id
    sums = func.sum(Fact.waiting_seconds), func.sum(Fact.elapsed_seconds)
    rows = db.session.execute(select(key, *sums).where(_solved(asker, asked)).group_by(key))
    return {key: Played(int(waited), int(waited + elapsed)) for key, waited, elapsed in rows}


def _count_found(asker: Asker, asked: Question, game: Game, by: By) -> dict[int | None, int]:
    found = _FOUND[game](asker, asked).subquery()
    key = found.c[f"{by}_id"]
    return {row[0]: row[1] for row in db.session.execute(select(key, func.count()).group_by(key))}


def count_listed(asker: Asker, asked: Question, game: Game) -> int:
    """How many rows `list_listed` has in all."""
    found = _FOUND[game](asker, asked).subquery()
    return db.session.scalar(select(func.count()).select_from(found)) or 0


def list_listed(
    asker: Asker, asked: Question, game: Game, limit: int | None = None, offset: int = 0
) -> list[Row[Any]]:
    """The tickets behind the count of a game (LISTED), the latest first, for waiting the longest; columns
    `ticket_id`, `subject`, `severity`, `service`, `team`, `person` and `actor` (names), `at`, `entry_id`,
    `amount` and `whole` (seconds of waiting and of all; how often it was reopened), `was` and `became`
    (severities), `how` (cancelled, merged)."""
    found = _FOUND[game](asker, asked).subquery()
    person, actor = aliased(Person), aliased(Person)
    told = [found.c[name] for name in ("at", "entry_id", "amount", "whole", "was", "became", "how")]
    query = (
        select(
            Ticket.id.label("ticket_id"),
            Ticket.subject,
            Ticket.severity,
            Service.name.label("service"),
            Team.name.label("team"),
            person.name.label("person"),
            actor.name.label("actor"),
            *told,
        )
        .join(Ticket, Ticket.id == found.c.ticket_id)
        .join(Team, Team.id == found.c.team_id)
        .outerjoin(Service, Service.id == Ticket.service_id)
        .outerjoin(person, person.id == found.c.person_id)
        .outerjoin(actor, actor.id == found.c.actor_id)
        .order_by((found.c.amount if game is Game.WAITING else found.c.at).desc(), Ticket.id.desc())
    )
    return list(db.session.execute(query.limit(limit).offset(offset)))


def _row(model: Any, **known: Any) -> list[Any]:
    """The columns of a found row: what `model` (Ticket or Fact) says whose it is, and what is known."""
    whose = Ticket.assignee_id if model is Ticket else Fact.person_id
    number, word = cast(null(), Integer), cast(null(), String)
    nothing: dict[str, Any] = dict.fromkeys(("actor_id", "entry_id", "amount", "whole"), number)
    nothing |= dict.fromkeys(("was", "became", "how"), word)
    return [
        (Ticket.id if model is Ticket else Fact.ticket_id).label("ticket_id"),
        model.team_id.label("team_id"),
        whose.label("person_id"),
        *(value.label(name) for name, value in (nothing | known).items()),
    ]


def _waited(asker: Asker, asked: Question) -> Select[Any]:
    columns = _row(
        Fact,
        at=Fact.ended_at,
        amount=Fact.waiting_seconds,
        whole=Fact.waiting_seconds + Fact.elapsed_seconds,
    )
    return select(*columns).where(_solved(asker, asked), Fact.waiting_seconds > 0)


def _lowered(asker: Asker, asked: Question) -> Select[Any]:
    """The latest lowering of each ticket. The few entries are looked for first, then their tickets."""
    was, became = (Entry.detail[name].as_string() for name in ("from", "to"))
    still_open = exists().where(
        Target.ticket_id == Entry.ticket_id,
        Target.target != "update",
        Target.started_at <= Entry.at,
        or_(Target.stopped_at.is_(None), Target.stopped_at > Entry.at),
        or_(Target.breached_at.is_(None), Target.breached_at > Entry.at),
    )
    is_lower = or_(*(and_(was == before, became == after) for before, after in lowerings()))
    latest = (
        select(func.max(Entry.id).label("entry_id"), func.max(Entry.ticket_id).label("ticket_id"))
        .where(
            text("entry.kind = 'severity_changed'"),
            Entry.at >= asked.since,
            Entry.voided_at.is_(None),
            is_lower,
            still_open.correlate(Entry),
        )
        .group_by(Entry.ticket_id + 0)
        .subquery()
    )
    entry_id = latest.c.entry_id
    columns = _row(Ticket, at=Entry.at, actor_id=Entry.actor_id, entry_id=entry_id, was=was, became=became)
    return (
        select(*columns)
        .select_from(latest)
        .join(Ticket, Ticket.id == latest.c.ticket_id)
        .outerjoin(Entry, Entry.id == latest.c.entry_id)  # outer: left out where only counted
        .where(_reported(asker, asked))
    )


def _silent(asker: Asker, asked: Question) -> Select[Any]:
    """The latest time that the desk rang because whoever accepted had said nothing.

    The few alarms are looked for first: grouped so that no planner walks all tickets beside them.
    """
    rang = (
        text("alarm.kind = 'silent'"),
        Alarm.fired_at >= asked.since,
        Alarm.state != "skipped",
    )
    which = select(func.max(Alarm.ticket_id)).where(*rang).group_by(Alarm.ticket_id + 0)
    last = select(func.max(Alarm.fired_at)).where(Alarm.ticket_id == Ticket.id, *rang)
    columns = _row(Ticket, at=last.correlate(Ticket).scalar_subquery())
    return select(*columns).where(Ticket.id.in_(which), _reported(asker, asked))


def _reopened(asker: Asker, asked: Question) -> Select[Any]:
    last = (
        select(func.max(Entry.at))
        .where(Entry.ticket_id == Ticket.id, Entry.kind == "reopened", Entry.voided_at.is_(None))
        .correlate(Ticket)
        .scalar_subquery()
    )
    columns = _row(Ticket, at=last, amount=Ticket.reopen_count)
    return select(*columns).where(text("ticket.reopen_count > 0"), _reported(asker, asked))


def _cancelled(asker: Asker, asked: Question) -> Select[Any]:
    by_whom = (
        select(func.max(Entry.actor_id))
        .where(
            Entry.ticket_id == Fact.ticket_id,
            Entry.kind.in_(("cancelled", "merged")),
            Entry.voided_at.is_(None),
        )
        .correlate(Fact)
        .scalar_subquery()
    )
    columns = _row(Fact, at=Fact.ended_at, actor_id=by_whom, how=Fact.ended_by)
    return select(*columns).where(_given(asker, asked), text(IS_CANCELLED_LATE))


_FOUND = {
    Game.WAITING: _waited,
    Game.LOWERED: _lowered,
    Game.SILENT: _silent,
    Game.REOPENED: _reopened,
    Game.CANCELLED: _cancelled,
}
_OF_TICKET: Mapping[By, Any] = {"team": Ticket.team_id, "person": Ticket.assignee_id}


def _reported(asker: Asker, asked: Question) -> ColumnElement[bool]:
    """Tickets of the question that the asker's figures count."""
    return and_(
        Ticket.kind == asked.kind,
        Ticket.reported_at >= asked.since,
        Ticket.reported_at < asked.until,
        *_whose(asker, asked, Ticket, Ticket.assignee_id),
    )


def _given(asker: Asker, asked: Question) -> ColumnElement[bool]:
    """Standing facts of promises of the question that the asker's figures count."""
    return and_(
        Fact.gone_at.is_(None),
        Fact.kind == asked.kind,
        Fact.target.in_(TARGETS),
        Fact.started_at >= asked.since,
        Fact.started_at < asked.until,
        *_whose(asker, asked, Fact, Fact.person_id),
    )


def _solved(asker: Asker, asked: Question) -> ColumnElement[bool]:
    """As `_given`, solutions that somebody came to."""
    return and_(_given(asker, asked), text(IS_SOLVED))


def _whose(asker: Asker, asked: Question, model: Any, person: Any) -> list[ColumnElement[bool]]:
    teams = figures_teams(asker)
    conditions = [model.team_id.in_(teams)] if teams is not None else []
    if asked.team_id is not None:
        conditions.append(model.team_id == asked.team_id)
    if asked.service_id is not None:
        conditions.append(model.service_id == (asked.service_id or None))
    if asked.door is not None:
        conditions.append(model.door == asked.door)
    if asked.person_id is not None:
        conditions.append(person == (asked.person_id or None))
    return conditions

"""The queue: tickets by their nearest deadline, and how many stand in each view."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import lru_cache

from sqlalchemy import ColumnElement, Row, Select, UnaryExpression, and_, bindparam, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, aliased

from helpdesk.rules.access import Asker
from helpdesk.rules.lifecycle import FINAL, State
from helpdesk.store.db import db
from helpdesk.store.people import Person
from helpdesk.store.services import Service
from helpdesk.store.tickets import Target, Ticket, parameters, ticket_id_of, values_of, visible_to

PAGE = 50
LAST_PAGE = 200
SOON = timedelta(hours=1)
VIEWS = ("mine", "teams", "unaccepted", "due", "waiting", "resolved", "all")
LIVING = (State.NEW, State.IN_WORK, State.WAITING, State.RESOLVED)
MOST_WORDS = 6


@dataclass(frozen=True)
class Wanted:
    """Which tickets are asked for: a view, narrowed by what is not None.

    `state` looks beyond the view's own states; `assignee_id` 0 means nobody; `words` are looked for in
    subjects and reporters' names, or are a ticket's number.
    """

    view: str = "all"
    state: str | None = None
    severity: str | None = None
    kind: str | None = None
    service_id: int | None = None
    team_id: int | None = None
    assignee_id: int | None = None
    words: str = ""

    @property
    def filters(self) -> dict[str, str | int]:
        """What narrows the view, by field."""
        found = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "view"}
        return {name: value for name, value in found.items() if value not in (None, "")}


def list_queue(asker: Asker, wanted: Wanted, now: datetime, page: int = 1) -> list[Row]:
    """One page of the queue, and one row more where there is a next page: plain rows, no entities.

    Ordered by next due instant, tickets without one last, then by number; what has ended the latest first.
    The columns are those of `_columns`; the target is the open cycle that is due next, or the paused
    resolution.
    """
    asked = values_of(asker) | {"soon": now + SOON, "skip": PAGE * (page - 1)}
    return list(db.session.execute(_page_query(_anybody_like(asker), wanted), asked))


def get_view_counts(asker: Asker, now: datetime) -> dict[str, int]:
    """How many tickets stand in each view for the asker; one query."""
    asked = values_of(asker) | {"soon": now + SOON}
    return dict(db.session.execute(_counts_query(_anybody_like(asker)), asked).mappings().one())


def _anybody_like(asker: Asker) -> Asker:
    """Nobody real, whose statement fits whoever has the role and is in teams, or in none, as the asker.

    Building one takes three times as long as running it, so it is built once and each asker's values are put
    into it; without them it finds nothing.
    """
    nobody = None if asker.person_id is None else 0
    return Asker(nobody, asker.role, frozenset({0}) if asker.team_ids else frozenset())


@lru_cache(maxsize=32)
def _page_query(asker: Asker, wanted: Wanted) -> Select:
    assignee = aliased(Person)
    return (
        _columns(assignee)
        .outerjoin(Service, Service.id == Ticket.service_id)
        .outerjoin(assignee, assignee.id == Ticket.assignee_id)
        .outerjoin(
            Target,
            and_(
                Target.ticket_id == Ticket.id,
                Target.target == func.coalesce(Ticket.next_target, "resolution"),
                Target.stopped_at.is_(None),
            ),
        )
        .where(visible_to(asker), _wanted(asker, wanted))
        .order_by(*_order(wanted))
        .limit(PAGE + 1)
        .offset(bindparam("skip"))
    )


@lru_cache(maxsize=32)
def _counts_query(asker: Asker) -> Select:
    counted = [func.count().filter(holds).label(view) for view, holds in _views(asker).items()]
    return select(*counted).where(Ticket.state.in_(LIVING), visible_to(asker))


def _order(wanted: Wanted) -> tuple[UnaryExpression, ...]:
    """What has ended has no deadline: the latest first (and no sorting of all that ever was)."""
    ended = wanted.view == "resolved" or wanted.state in (State.RESOLVED, *FINAL)
    return (Ticket.id.desc(),) if ended else (Ticket.next_due_at.asc().nulls_last(), Ticket.id.asc())


def _columns(assignee: type[Person]) -> Select:
    return select(
        Ticket.id,
        Ticket.subject,
        Ticket.kind,
        Ticket.severity,
        Ticket.state,
        Ticket.is_open,
        Ticket.is_triaged,
        Ticket.door,
        Ticket.answers,
        Ticket.reported_at,
        Ticket.accepted_at,
        Ticket.waiting_for,
        Ticket.wake_at,
        Ticket.next_due_at,
        Ticket.next_target,
        Ticket.policy_version_id,
        Ticket.service_id,
        Service.name.label("service"),
        assignee.name.label("assignee"),
        Target.state.label("target_state"),
        Target.allowance_seconds,
        Target.elapsed_seconds,
    ).select_from(Ticket)


def _views(asker: Asker) -> dict[str, ColumnElement[bool]]:
    """Each view's condition, with the parameters of `values_of` and `soon`.

    What is not accepted, due, waiting or to be confirmed is that of the asker's teams and their own; of
    everybody for those who are in no team.
    """
    me, my_teams = parameters(asker)
    own, teams = Ticket.assignee_id == me, Ticket.team_id.in_(my_teams)
    concerns = or_(teams, own) if asker.team_ids else true()
    return {
        "mine": and_(Ticket.is_open, own),
        "teams": and_(Ticket.is_open, teams),
        "unaccepted": and_(Ticket.is_open, Ticket.state == State.NEW, concerns),
        "due": and_(Ticket.is_open, Ticket.next_due_at <= bindparam("soon"), concerns),
        "waiting": and_(Ticket.is_open, Ticket.state == State.WAITING, concerns),
        "resolved": and_(Ticket.state == State.RESOLVED, concerns),
        "all": Ticket.is_open.is_(True),
    }


def _wanted(asker: Asker, wanted: Wanted) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.view != "all" or not (wanted.state or wanted.words):
        conditions.append(_views(asker)[wanted.view])
    for name in ("state", "severity", "kind", "service_id", "team_id"):
        value = getattr(wanted, name)
        if value is not None:
            conditions.append(getattr(Ticket, name) == value)
    if wanted.assignee_id is not None:
        conditions.append(Ticket.assignee_id == (wanted.assignee_id or None))
    if wanted.words:
        conditions.append(_says(wanted.words))
    return and_(true(), *conditions)


def _says(words: str) -> ColumnElement[bool]:
    """A ticket's number; else each word in the subject, or each in the reporter's name."""
    number = ticket_id_of(words)
    if number is not None and not words.isdigit():
        return Ticket.id == number
    each = words.lower().split()[:MOST_WORDS]
    named = select(Person.id).where(*(_holds(Person.name, word) for word in each))
    found = or_(and_(*(_holds(Ticket.subject, word) for word in each)), Ticket.reporter_id.in_(named))
    return found if number is None else or_(found, Ticket.id == number)


def _holds(column: InstrumentedAttribute[str], word: str) -> ColumnElement[bool]:
    return func.lower(column).contains(word, autoescape=True)

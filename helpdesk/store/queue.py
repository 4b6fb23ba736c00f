"""The queue: tickets by their nearest deadline, and how many stand in each view."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Row,
    Select,
    UnaryExpression,
    and_,
    bindparam,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.orm import aliased

from helpdesk.rules.access import Asker
from helpdesk.rules.lifecycle import FINAL, State
from helpdesk.store.db import db
from helpdesk.store.people import Person
from helpdesk.store.services import Service
from helpdesk.store.teams import Team
from helpdesk.store.tickets import (
    LIVING,
    Entry,
    Target,
    Ticket,
    anybody_like,
    parameters,
    values_of,
    visible_to,
)

PAGE = 50
LAST_PAGE = 200
SOON = timedelta(hours=1)
VIEWS = ("mine", "teams", "unaccepted", "due", "waiting", "resolved", "all")


@dataclass(frozen=True)
class Wanted:
    """Which tickets are asked for: a view, narrowed by what is not None.

    `state` looks beyond the open tickets of mine, teams and all; `assignee_id` 0 means nobody;
    `location_id` is the reporter's; `days`: reported so many days ago or less; `is_late`: a deadline has
    passed; `is_untriaged`: nobody has looked at it yet.
    """

    view: str = "all"
    state: str | None = None
    severity: str | None = None
    kind: str | None = None
    service_id: int | None = None
    team_id: int | None = None
    assignee_id: int | None = None
    department_id: int | None = None
    location_id: int | None = None
    days: int | None = None
    is_late: bool | None = None
    is_untriaged: bool | None = None

    @property
    def filters(self) -> dict[str, Any]:
        """What narrows the view, by field."""
        found = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "view"}
        return {name: value for name, value in found.items() if value is not None}

    @property
    def has_ended(self) -> bool:
        """Whether its tickets are no longer open, so that no deadline orders them."""
        return self.view == "resolved" or self.state in (State.RESOLVED, *FINAL)

    @property
    def is_counted(self) -> bool:
        """Whether it is worth a number: what is open or to be confirmed, not all that ever was."""
        return self.state not in FINAL


Shape = tuple[str, tuple[str, ...]]
"""A view and which filters narrow it, without their values: what a statement is built for."""


def list_queue(asker: Asker, wanted: Wanted, now: datetime, page: int = 1) -> list[Row]:
    """One page of the queue, and one row more where there is a next page: plain rows, no entities.

    Ordered by next due instant, tickets without one last, then by number; what has ended the latest first.
    A child stands in no list, its parent says how many there are (`children`). The columns are those of
    `_columns`; the target is the open cycle that is due next, or the paused resolution.
    """
    asked = _instants(now) | values_of(asker) | _values(wanted, now) | {"skip": PAGE * (page - 1)}
    query = _page_query(anybody_like(asker), _shape(wanted), wanted.has_ended)
    return list(db.session.execute(query, asked))


def get_counts(
    asker: Asker, saved: Sequence[Wanted], now: datetime
) -> tuple[dict[str, int], list[int | None], int]:
    """How many tickets stand in each view and in each saved one (None where it looks at what has ended), and
    the id of the last entry before that was counted; one query."""
    counted = [wanted for wanted in saved if wanted.is_counted]
    asked = _instants(now) | values_of(asker)
    for at, wanted in enumerate(counted):
        asked |= _values(wanted, now, f"s{at}_")
    query = _counts_query(anybody_like(asker), tuple(_shape(wanted) for wanted in counted))
    found = dict(db.session.execute(query, asked).mappings().one())
    last = found.pop("last_entry_id") or 0
    numbers = iter([found.pop(f"s{at}") for at in range(len(counted))])
    return found, [next(numbers) if wanted.is_counted else None for wanted in saved], last


def _instants(now: datetime) -> dict[str, datetime]:
    return {"now": now, "soon": now + SOON}


def _shape(wanted: Wanted) -> Shape:
    names = (
        "nobody" if name == "assignee_id" and not value else name for name, value in wanted.filters.items()
    )
    return wanted.view, tuple(names)


def _values(wanted: Wanted, now: datetime, prefix: str = "") -> dict[str, Any]:
    """The values of the filters as `_narrowed` names them."""
    found = {prefix + name: value for name, value in wanted.filters.items()}
    if wanted.days is not None:
        found[f"{prefix}days"] = now - timedelta(days=wanted.days)
    return found


@lru_cache(maxsize=64)
def _page_query(asker: Asker, shape: Shape, has_ended: bool) -> Select:
    assignee, reporter = aliased(Person), aliased(Person)
    return (
        _columns(assignee, reporter)
        .join(Team, Team.id == Ticket.team_id)
        .join(reporter, reporter.id == Ticket.reporter_id)
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
        .where(visible_to(asker), *_narrowed(asker, shape))
        .order_by(*_order(has_ended))
        # Written out: not knowing how few rows are wanted, PostgreSQL would plan anew each time.
        .limit(bindparam("most", PAGE + 1, literal_execute=True))
        .offset(bindparam("skip", type_=Integer, literal_execute=True))
    )


@lru_cache(maxsize=64)
def _counts_query(asker: Asker, saved: tuple[Shape, ...]) -> Select:
    """One walk over what is living, however many views there are: an index of that alone holds all that any
    of them asks (ix_ticket_living)."""
    counted = [func.count().filter(holds).label(view) for view, holds in _views(asker).items()]
    more = [
        func.count().filter(*_narrowed(asker, shape, f"s{at}_")).label(f"s{at}")
        for at, shape in enumerate(saved)
    ]
    last = select(func.max(Entry.id)).scalar_subquery().label("last_entry_id")
    # Written out: what is a parameter would not show that the index is enough.
    living = Ticket.state.in_(bindparam("living", LIVING, expanding=True, literal_execute=True))
    return select(*counted, *more, last).where(living, Ticket.parent_id.is_(None), visible_to(asker))


def _order(has_ended: bool) -> tuple[UnaryExpression, ...]:
    """What has ended has no deadline: the latest first (and no sorting of all that ever was)."""
    return (Ticket.id.desc(),) if has_ended else (Ticket.next_due_at.asc().nulls_last(), Ticket.id.asc())


def _columns(assignee: type[Person], reporter: type[Person]) -> Select:
    child = aliased(Ticket)
    children = select(func.count()).where(child.parent_id == Ticket.id).correlate(Ticket).scalar_subquery()
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
        Ticket.changed_at,
        Ticket.waiting_for,
        Ticket.wake_at,
        Ticket.next_due_at,
        Ticket.next_target,
        Ticket.policy_version_id,
        Ticket.service_id,
        Service.name.label("service"),
        Team.name.label("team"),
        assignee.name.label("assignee"),
        reporter.name.label("reporter"),
        Target.state.label("target_state"),
        Target.allowance_seconds,
        Target.elapsed_seconds,
        children.label("children"),
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


def _views_in_any_state(asker: Asker) -> dict[str, ColumnElement[bool]]:
    """The views that a state looks beyond."""
    me, my_teams = parameters(asker)
    return {"mine": Ticket.assignee_id == me, "teams": Ticket.team_id.in_(my_teams), "all": true()}


FILTERS: dict[str, Callable[[BindParameter[Any]], ColumnElement[bool]]] = {
    "state": lambda value: Ticket.state == value,
    "severity": lambda value: Ticket.severity == value,
    "kind": lambda value: Ticket.kind == value,
    "service_id": lambda value: Ticket.service_id == value,
    "team_id": lambda value: Ticket.team_id == value,
    "assignee_id": lambda value: Ticket.assignee_id == value,
    "nobody": lambda _value: Ticket.assignee_id.is_(None),
    "department_id": lambda value: Ticket.department_id == value,
    "location_id": lambda value: Ticket.reporter_id.in_(select(Person.id).where(Person.location_id == value)),
    "days": lambda since: Ticket.reported_at >= since,
    "is_late": lambda _value: and_(Ticket.is_open, Ticket.next_due_at < bindparam("now")),
    "is_untriaged": lambda _value: Ticket.is_triaged.is_(False),
}


def _narrowed(asker: Asker, shape: Shape, prefix: str = "") -> list[ColumnElement[bool]]:
    """The view and its filters; their values are parameters, named by the field and the prefix."""
    view, names = shape
    beyond = _views_in_any_state(asker) if "state" in names else {}
    conditions = [beyond[view] if view in beyond else _views(asker)[view], Ticket.parent_id.is_(None)]
    return conditions + [FILTERS[name](bindparam(prefix + name)) for name in names]

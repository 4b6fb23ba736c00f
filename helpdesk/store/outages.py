"""One fault that many report: its parent, its children, and all whom it affects."""

from collections.abc import Collection
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, func, or_, select, true, union
from sqlalchemy.orm import aliased, joinedload, selectinload

from helpdesk.rules.access import Asker
from helpdesk.rules.lifecycle import Kind
from helpdesk.rules.outages import PASSED_ON
from helpdesk.store.db import UtcDateTime, among, db
from helpdesk.store.people import Person
from helpdesk.store.services import Service
from helpdesk.store.tickets import (
    Entry,
    Participant,
    Ticket,
    anybody_like,
    desk_side,
    parameters,
    values_of,
)

_JOINED = ("joined", "affected")


@cache
def stands_for_others() -> ColumnElement[bool]:
    """The condition on Ticket that open tickets stand under it."""
    # The same clause each time: to build it costs more than to ask it.
    child = aliased(Ticket)
    parents = select(child.parent_id).where(child.is_open, child.parent_id.is_not(None))
    return Ticket.id.in_(parents)


def list_known_faults(service_id: int, asker: Asker) -> list[Ticket]:
    """The open tickets of that service which stand for others, the oldest first; of a restricted service for
    those alone who read its tickets as the desk does."""
    secret = select(Service.id).where(Service.is_restricted)
    query = select(Ticket).where(
        Ticket.service_id == service_id,
        Ticket.is_open,
        stands_for_others(),
        or_(Ticket.service_id.not_in(secret), desk_side(asker)),
    )
    return list(db.session.scalars(query.order_by(Ticket.id)))


def list_affected(parent_ids: Collection[int]) -> dict[int, set[int]]:
    """The ids of the people who have each of these faults: its reporter, those of its children, and whoever
    has joined one of them."""
    family = or_(among(Ticket.id, parent_ids), among(Ticket.parent_id, parent_ids))
    fault = func.coalesce(Ticket.parent_id, Ticket.id)
    reported = select(fault.label("fault"), Ticket.reporter_id).where(family)
    joined = (
        select(fault, Participant.person_id)
        .join(Participant, Participant.ticket_id == Ticket.id)
        .where(family, Participant.how.in_(_JOINED))
    )
    found: dict[int, set[int]] = {parent_id: set() for parent_id in parent_ids}
    for parent_id, person_id in db.session.execute(union(reported, joined)):
        found[parent_id].add(person_id)
    return found


def has_children(ticket_id: int) -> bool:
    """Whether open tickets follow this one."""
    query = select(Ticket.id).where(Ticket.parent_id == ticket_id, Ticket.is_open).limit(1)
    return db.session.scalar(query) is not None


def list_child_ids(parent_ids: Collection[int]) -> list[int]:
    """The ids of the open children of these tickets, by id."""
    query = select(Ticket.id).where(among(Ticket.parent_id, parent_ids), Ticket.is_open)
    return list(db.session.scalars(query.order_by(Ticket.id)))


def list_children(parent_id: int, asker: Asker) -> list[Row[Any]]:
    """The ticket's children that the asker reads as the desk does, by id: id, subject, state, severity,
    reported_at, reporter, and how many `words` were written there since the report (entries of reporters and
    notes)."""
    asked = values_of(asker) | {"parent": parent_id}
    return list(db.session.execute(_children_query(anybody_like(asker)), asked))


@lru_cache(maxsize=32)
def _children_query(asker: Asker) -> Select:
    words = (
        select(func.count(Entry.id))
        .where(Entry.ticket_id == Ticket.id, _is_word())
        .correlate(Ticket)
        .scalar_subquery()
    )
    query = (
        select(
            Ticket.id,
            Ticket.subject,
            Ticket.state,
            Ticket.severity,
            Ticket.is_open,
            Ticket.reported_at,
            Person.name.label("reporter"),
            words.label("words"),
        )
        .join(Person, Person.id == Ticket.reporter_id)
        .where(Ticket.parent_id == bindparam("parent"), desk_side(asker))
    )
    return query.order_by(Ticket.id)


def list_words_of_children(parent_id: int, asker: Asker, limit: int) -> list[Entry]:
    """What was written last on its children (see `list_children`), newest first, authors loaded."""
    query = (
        select(Entry)
        .join(Ticket, Ticket.id == Entry.ticket_id)
        .where(Ticket.parent_id == parent_id, _is_word(), desk_side(asker))
        .options(joinedload(Entry.actor))
    )
    return list(db.session.scalars(query.order_by(Entry.id.desc()).limit(limit)))


def _is_word() -> ColumnElement[bool]:
    return Entry.kind.in_(("reporter_replied", "noted", "reopened")) & Entry.voided_at.is_(None)


def list_lone_faults(
    since: datetime, asker: Asker, service_ids: Collection[int] | None = None
) -> list[Row[Any]]:
    """Open faults of a service reported since then that belong to no other and were not set apart, of the
    asker's teams (of all where they are in none), as the desk reads them: id, service_id, reporter_id,
    severity, reported_at, service (its name); by their report. `service_ids` None: of every service."""
    asked = values_of(asker) | {"since": since, "services": sorted(service_ids or ())}
    return list(db.session.execute(_lone_query(anybody_like(asker), service_ids is None), asked))


@lru_cache(maxsize=32)
def _lone_query(asker: Asker, of_all: bool) -> Select:
    _me, teams = parameters(asker)
    query = (
        select(
            Ticket.id,
            Ticket.service_id,
            Ticket.reporter_id,
            Ticket.severity,
            Ticket.reported_at,
            Service.name.label("service"),
        )
        .join(Service, Service.id == Ticket.service_id)
        .where(
            Ticket.reported_at >= bindparam("since", type_=UtcDateTime),
            Ticket.is_open,
            Ticket.kind == Kind.FAULT,
            Ticket.parent_id.is_(None),
            Ticket.stands_alone.is_(False),
            ~stands_for_others(),
            true() if of_all else Ticket.service_id.in_(bindparam("services", expanding=True)),
            Ticket.team_id.in_(teams) if asker.team_ids else true(),
            desk_side(asker),
        )
    )
    return query.order_by(Ticket.reported_at, Ticket.id)


def list_parents_of(service_ids: Collection[int], asker: Asker) -> list[Row[Any]]:
    """The open tickets of these services which stand for others, as the desk reads them, the oldest first:
    id, service_id, reported_at."""
    asked = values_of(asker) | {"services": sorted(service_ids)}
    return list(db.session.execute(_parents_query(anybody_like(asker)), asked))


@lru_cache(maxsize=32)
def _parents_query(asker: Asker) -> Select:
    return (
        select(Ticket.id, Ticket.service_id, Ticket.reported_at)
        .where(
            Ticket.is_open,
            Ticket.service_id.in_(bindparam("services", expanding=True)),
            stands_for_others(),
            desk_side(asker),
        )
        .order_by(Ticket.id)
    )


def list_open_parents(asker: Asker, service_ids: Collection[int] | None = None) -> list[Ticket]:
    """The open tickets which stand for others, as the desk reads them, the oldest first; `service_ids` None:
    of every service and of none. Reporters loaded."""
    query = (
        select(Ticket)
        .where(Ticket.is_open, stands_for_others(), desk_side(asker))
        .options(joinedload(Ticket.reporter), joinedload(Ticket.service))
    )
    if service_ids is not None:
        query = query.where(Ticket.service_id.in_(service_ids))
    return list(db.session.scalars(query.order_by(Ticket.id)))


def list_to_adopt(ticket_ids: Collection[int], asker: Asker) -> list[Ticket]:
    """Those of these tickets that the asker reads as the desk does, reporters loaded, by their report."""
    query = (
        select(Ticket)
        .where(among(Ticket.id, ticket_ids), desk_side(asker))
        .options(joinedload(Ticket.reporter), joinedload(Ticket.service))
    )
    return list(db.session.scalars(query.order_by(Ticket.reported_at, Ticket.id)))


def list_behind(after_id: int, limit: int) -> list[int]:
    """The ids above `after_id` of open children whose parents have done something that they have not taken
    over yet."""
    done = select(Entry.id).where(
        Entry.ticket_id == Ticket.parent_id,
        Entry.id > Ticket.followed_id,
        Entry.kind.in_(PASSED_ON),
        Entry.voided_at.is_(None),
    )
    query = select(Ticket.id).where(
        Ticket.is_open, Ticket.parent_id.is_not(None), Ticket.id > after_id, done.correlate(Ticket).exists()
    )
    return list(db.session.scalars(query.order_by(Ticket.id).limit(limit)))


def list_to_pass_on(parent_id: int, after_id: int) -> list[Entry]:
    """What was done on the parent above that entry, in its order, with actors and files; nothing voided."""
    query = (
        select(Entry)
        .where(
            Entry.ticket_id == parent_id,
            Entry.id > after_id,
            Entry.kind.in_(PASSED_ON),
            Entry.voided_at.is_(None),
        )
        .options(joinedload(Entry.actor), selectinload(Entry.attachments))
    )
    return list(db.session.scalars(query.order_by(Entry.id)))


def find_answer_to_all(parent_id: int) -> Entry | None:
    """The last public answer that was written on the ticket since others stand under it, with its files; None
    before there is one. What was answered to its own reporter before is for nobody else."""
    first = select(func.min(Entry.id)).where(Entry.ticket_id == parent_id, Entry.kind == "adopted")
    query = (
        select(Entry)
        .where(
            Entry.ticket_id == parent_id,
            Entry.kind == "replied",
            Entry.voided_at.is_(None),
            Entry.id > first.scalar_subquery(),
        )
        .options(selectinload(Entry.attachments))
    )
    return db.session.scalar(query.order_by(Entry.id.desc()).limit(1))


def find_heir(survivor_id: int, child: Ticket) -> tuple[int, int] | None:
    """Under which ticket a child goes on whose parent was merged into `survivor_id`, and its last entry;
    None where that has ended, or is the child itself."""
    survivor = _read_anew(survivor_id)
    is_sibling = survivor.parent_id == child.parent_id  # about to be let go: it stands for the others now
    fault = survivor.id if is_sibling else survivor.parent_id or survivor.id
    # First how far it has come, then whether it is open: what ends it in between is still to be passed on.
    last = db.session.scalar(select(func.max(Entry.id)).where(Entry.ticket_id == fault))
    is_there = child.id not in (survivor.id, fault) and _read_anew(fault).is_open
    return (fault, last or 0) if is_there else None


def _read_anew(ticket_id: int) -> Ticket:
    return db.session.get_one(Ticket, ticket_id, populate_existing=True)


def find_oldest_unpassed(now: datetime) -> datetime | None:
    """Since when something waits to be taken over by children, or None; `now` is not asked."""
    child = aliased(Ticket)
    query = (
        select(func.min(Entry.recorded_at))
        .join(child, child.parent_id == Entry.ticket_id)
        .where(
            child.is_open,
            child.parent_id.is_not(None),
            Entry.id > child.followed_id,
            Entry.kind.in_(PASSED_ON),
            Entry.voided_at.is_(None),
        )
    )
    return db.session.scalar(query)

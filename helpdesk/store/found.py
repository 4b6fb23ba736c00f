"""Tickets that are found: what was asked as conditions, rights and all, in an order of our own.

The order is the same on both databases: first those whose subject holds every term, then the others; in each
the newest number first. It is walked downwards, so that a common word costs no more than a rare one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, false, func, not_, or_, select
from sqlalchemy.orm import joinedload, load_only
from sqlalchemy.sql.expression import FromClause

from helpdesk.rules.access import Asker, ticket_reach
from helpdesk.rules.lifecycle import FINAL, State
from helpdesk.rules.spans import Span
from helpdesk.rules.words import Term
from helpdesk.store.db import among, db
from helpdesk.store.people import Person
from helpdesk.store.search import (
    are_common,
    has_words,
    holds,
    newest_words,
    plan_for_these_words,
    words_table,
)
from helpdesk.store.services import Service
from helpdesk.store.tickets import LOOKING_ON, Attachment, Entry, Participant, Ticket, desk_side, visible_to

# What a line of results says, to staff and to reporters.
SHOWN = (
    Ticket.subject,
    Ticket.severity,
    Ticket.state,
    Ticket.reported_at,
    Ticket.reporter_id,
    Ticket.waiting_for,
    Ticket.reopen_count,
    Ticket.next_target,
)
OLDEST_TEXTS = 60
"""How many texts of a ticket are looked at for the best piece: a page with fifty of them stays quick."""


@dataclass(frozen=True)
class Condition:
    """One filter with what its value means: `ids` of services, teams or people (0: nobody), or a `span`."""

    name: str
    value: str = ""
    is_without: bool = False
    ids: tuple[int, ...] = ()
    span: Span | None = None


@dataclass(frozen=True)
class Sought:
    """What is asked of the store. With `is_own` only tickets in which the asker takes part, and of those what
    their reporter reads, as also of those `beside` (of `list_beside`); with a `number` that ticket alone."""

    terms: tuple[Term, ...] = ()
    without: tuple[Term, ...] = ()
    conditions: tuple[Condition, ...] = ()
    is_own: bool = False
    beside: tuple[int, ...] = ()
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A text of a ticket that may be shown where it was found: of an entry, or a file's name."""

    ticket_id: int
    kind: str
    words: str
    is_public: bool
    at: datetime | None


def list_found(asker: Asker, sought: Sought, now: datetime, limit: int) -> list[int]:
    """The ids of the first `limit` tickets in our order that the asker may see."""
    if not (sought.terms or sought.without):
        rest = (*_rights(asker, sought, words_table()[0]), *_conditions(asker, sought, now))
        plain = select(Ticket.id).where(*rest).order_by(Ticket.id.desc())
        return list(db.session.scalars(plain.limit(limit)))

    if not sought.terms:
        return _walk(asker, sought, now, "all", limit)
    plan_for_these_words()
    found = _walk(asker, sought, now, "subject", limit)
    if len(found) < limit:
        place = "public" if sought.is_own else "all"
        found += _walk(asker, sought, now, place, limit - len(found), without=sought.terms)
    return found


def _walk(
    asker: Asker, sought: Sought, now: datetime, place: str, most: int, without: Sequence[Term] = ()
) -> list[int]:
    """The newest `most` tickets that have the terms in `place`, and not every one of `without` in the
    subject."""
    found: list[int] = []
    first = (newest_words,) if are_common(sought.terms, place) else ()
    for source in (*first, words_table):
        words, ticket_id = source()
        rest = (*_rights(asker, sought, words), *_conditions(asker, sought, now))
        query = select(Ticket.id).select_from(words).join(Ticket, Ticket.id == ticket_id).where(*rest)
        if sought.terms:
            query = query.where(holds(words, sought.terms, place, without=without))
        found = list(db.session.scalars(query.order_by(ticket_id.desc()).limit(most)))
        if len(found) == most:
            break
    return found


def list_tickets_of(ids: Sequence[int], asker: Asker) -> list[Ticket]:
    """These tickets in this order, with what a line of results says of them; none the asker may not see."""
    query = select(Ticket).where(among(Ticket.id, ids), visible_to(asker))
    people = (joinedload(Ticket.reporter), joinedload(Ticket.assignee))
    loaded = (
        load_only(*SHOWN),
        joinedload(Ticket.service),
        *(each.load_only(Person.name) for each in people),
    )
    found = {ticket.id: ticket for ticket in db.session.scalars(query.options(*loaded))}
    return [found[each] for each in ids if each in found]


def list_pieces(ids: Sequence[int], of_desk: set[int]) -> list[Piece]:
    """The texts of these tickets, oldest first: of those `of_desk` all, of the others what is public."""
    place = func.row_number().over(partition_by=Entry.ticket_id, order_by=Entry.id).label("place")
    texts = (
        select(Entry.ticket_id, Entry.kind, Entry.body, Entry.is_public, Entry.at, Entry.detail, place)
        .where(
            among(Entry.ticket_id, ids),
            Entry.voided_at.is_(None),
            or_(Entry.body != "", Entry.kind == "resolved"),
        )
        .subquery()
    )
    found = []
    readable = or_(texts.c.is_public, among(texts.c.ticket_id, of_desk))
    oldest = select(texts).where(texts.c.place <= OLDEST_TEXTS, readable).order_by(texts.c.place)
    for row in db.session.execute(oldest):
        found.append(Piece(row.ticket_id, row.kind, row.body, row.is_public, row.at))
        if row.kind == "resolved" and row.ticket_id in of_desk and row.detail.get("cause"):
            found.append(Piece(row.ticket_id, "cause", row.detail["cause"], False, row.at))
    return found + _file_names(ids, of_desk)


def _file_names(ids: Sequence[int], of_desk: set[int]) -> list[Piece]:
    query = (
        select(Attachment.ticket_id, Attachment.name, Entry.is_public, Entry.at)
        .join(Entry, Entry.id == Attachment.entry_id)
        .where(
            among(Attachment.ticket_id, ids),
            Attachment.role != "formatted",
            or_(and_(Entry.is_public, Entry.voided_at.is_(None)), among(Attachment.ticket_id, of_desk)),
        )
        .order_by(Attachment.id)
    )
    return [
        Piece(row.ticket_id, "file", row.name, row.is_public, row.at) for row in db.session.execute(query)
    ]


def _rights(asker: Asker, sought: Sought, words: FromClause) -> list[ColumnElement[bool]]:
    """Tickets the asker may see, found by what they may read of each: whoever takes part in a ticket without
    being of its desk never learns from what is found, or not, what its notes say."""
    reach = ticket_reach(asker)
    if sought.is_own or not (reach.desk or reach.everything):
        return [_taking_part(asker), *_readable(words, sought, "public")]
    if reach.everything:
        return _without(words, sought, "all")
    inside = and_(desk_side(asker), *_without(words, sought, "all"))
    if not sought.beside:  # as mostly: the planner need not think of it
        return [inside]
    return [or_(inside, and_(among(Ticket.id, sought.beside), *_readable(words, sought, "public")))]


def list_beside(asker: Asker) -> list[int]:
    """Tickets in which staff take part without being of their desk: of restricted services, and few."""
    if ticket_reach(asker).everything:
        return []
    of_desk = func.coalesce(desk_side(asker), false())  # without an assignee it may be neither
    secret = select(Service.id).where(Service.is_restricted)
    beside = select(Ticket.id).where(Ticket.service_id.in_(secret), _taking_part(asker), not_(of_desk))
    return list(db.session.scalars(beside))


def _readable(words: FromClause, sought: Sought, place: str) -> list[ColumnElement[bool]]:
    has_all = [has_words(words, sought.terms, place)] if sought.terms else []
    return has_all + _without(words, sought, place)


def _without(words: FromClause, sought: Sought, place: str) -> list[ColumnElement[bool]]:
    return [not_(has_words(words, [term], place)) for term in sought.without]


def _taking_part(asker: Asker) -> ColumnElement[bool]:
    if asker.person_id is None:
        return false()
    reported = select(Ticket.id).where(Ticket.reporter_id == asker.person_id)
    joined = select(Participant.ticket_id).where(
        Participant.person_id == asker.person_id, Participant.how.not_in(LOOKING_ON)
    )
    return Ticket.id.in_(reported.union_all(joined))


def _conditions(asker: Asker, sought: Sought, now: datetime) -> list[ColumnElement[bool]]:
    """Filters of one name that choose among values are one condition: any of them. Others all hold."""
    chosen: dict[str, list[ColumnElement[bool]]] = {}
    found: list[ColumnElement[bool]] = [] if sought.number is None else [Ticket.id == sought.number]
    for each in sought.conditions:
        condition = _condition(asker, each, sought.is_own, now)
        if each.is_without:
            found.append(not_(func.coalesce(condition, false())))
        elif each.name in ("is", "before", "after"):
            found.append(condition)
        else:
            chosen.setdefault(each.name, []).append(condition)
    return found + [or_(*each) for each in chosen.values()]


def _condition(asker: Asker, asked: Condition, is_own: bool, now: datetime) -> ColumnElement[bool]:
    if asked.name == "is":
        return _state(asked.value, now)
    if asked.name == "has":
        return _has_file(asker, is_own)
    if asked.span is not None:
        from_at, to_at = asked.span
        if asked.name == "before":
            return Ticket.reported_at < from_at
        if asked.name == "after":
            return Ticket.reported_at >= to_at
        return and_(Ticket.reported_at >= from_at, Ticket.reported_at < to_at)
    if asked.name in ("severity", "kind"):
        return getattr(Ticket, asked.name) == asked.value
    column = getattr(Ticket, f"{asked.name}_id")
    if asked.ids == (0,):
        return column.is_(None)
    return column.in_(asked.ids)


def _state(value: str, now: datetime) -> ColumnElement[bool]:
    known: dict[str, ColumnElement[bool]] = {
        "open": Ticket.is_open.is_(True),
        "closed": Ticket.state.in_(FINAL),
        "unassigned": Ticket.assignee_id.is_(None),
        "late": and_(Ticket.is_open.is_(True), Ticket.next_due_at < now),
        "untriaged": and_(Ticket.is_open.is_(True), Ticket.is_triaged.is_(False)),
    }
    return known[value] if value in known else Ticket.state == State(value)


def _has_file(asker: Asker, is_own: bool) -> ColumnElement[bool]:
    reads_all = false() if is_own else desk_side(asker)
    query = (
        select(Attachment.id)
        .join(Entry, Entry.id == Attachment.entry_id)
        .where(
            Attachment.ticket_id == Ticket.id,
            Attachment.role == "file",
            or_(and_(Entry.is_public, Entry.voided_at.is_(None)), reads_all),
        )
    )
    return query.correlate(Ticket).exists()

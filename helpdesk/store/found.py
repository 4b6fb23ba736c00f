"""Tickets that are found: what was asked as conditions, rights and all, in an order of our own.

The order is the same on both databases: first those whose subject holds every term, then the others; in each
the newest number first. It is walked downwards, so that a common word costs no more than a rare one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, and_, false, func, not_, or_, select
from sqlalchemy.orm import joinedload
from sqlalchemy.sql.expression import FromClause

from helpdesk.rules.access import Asker, ticket_reach
from helpdesk.rules.lifecycle import FINAL, State
from helpdesk.rules.spans import Span
from helpdesk.rules.words import Term, tokens_of
from helpdesk.store.db import among, db
from helpdesk.store.search import (
    Document,
    Text,
    WordSweep,
    has_words,
    holds,
    plan_for_these_words,
    words_table,
)
from helpdesk.store.tickets import Attachment, Entry, Participant, Ticket, desk_side, visible_to

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
    their reporter reads; with a `number` that ticket alone."""

    terms: tuple[Term, ...] = ()
    without: tuple[Term, ...] = ()
    conditions: tuple[Condition, ...] = ()
    is_own: bool = False
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A text of a ticket that may be shown where it was found: of an entry, or a file's name."""

    ticket_id: int
    kind: str
    words: str
    is_public: bool
    at: datetime | None = field(default=None)


def list_found(asker: Asker, sought: Sought, now: datetime, limit: int) -> list[int]:
    """The ids of the first `limit` tickets in our order that the asker may see."""
    words, ticket_id = words_table()
    rest = (*_rights(asker, sought, words), *_conditions(asker, sought, now))
    if not (sought.terms or sought.without):
        plain = select(Ticket.id).where(*rest).order_by(Ticket.id.desc())
        return list(db.session.scalars(plain.limit(limit)))
    joined = select(Ticket.id).select_from(words).join(Ticket, Ticket.id == ticket_id)
    chosen = joined.where(*rest).order_by(ticket_id.desc())
    if not sought.terms:
        return list(db.session.scalars(chosen.limit(limit)))
    plan_for_these_words()
    found = list(db.session.scalars(chosen.where(holds(words, sought.terms, "subject")).limit(limit)))
    if len(found) < limit:
        others = holds(words, sought.terms, "public" if sought.is_own else "all", without=sought.terms)
        found += db.session.scalars(chosen.where(others).limit(limit - len(found)))
    return found


def list_tickets_of(ids: Sequence[int], asker: Asker) -> list[Ticket]:
    """These tickets in this order, with what a line of results says of them; none the asker may not see."""
    query = select(Ticket).where(among(Ticket.id, ids), visible_to(asker))
    loaded = (joinedload(Ticket.service), joinedload(Ticket.reporter), joinedload(Ticket.assignee))
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
    for row in db.session.execute(select(texts).where(texts.c.place <= OLDEST_TEXTS, readable)):
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


def get_sweep_for_change() -> WordSweep:
    """How far the sweep has come with tickets of before, locked until the transaction ends. For desk
    verbs."""
    sweep = db.session.scalar(select(WordSweep).with_for_update())
    if sweep is None:
        sweep = WordSweep(id=1, left_id=0)
        db.session.add(sweep)
    return sweep


def find_newest_id() -> int:
    """The highest id of a ticket; 0 where there is none."""
    return db.session.scalar(select(func.max(Ticket.id))) or 0


def list_ids_below(last_id: int, limit: int) -> list[int]:
    """The next ids of tickets from `last_id` on downwards."""
    return list(
        db.session.scalars(
            select(Ticket.id).where(Ticket.id <= last_id).order_by(Ticket.id.desc()).limit(limit)
        )
    )


def lock_tickets(ids: Sequence[int]) -> None:
    """Nobody writes to these tickets until the transaction ends. In order of id, as everywhere. For desk
    verbs."""
    query = select(Ticket.id).where(among(Ticket.id, ids)).order_by(Ticket.id)
    db.session.execute(query.with_for_update(key_share=True)).all()


def list_documents(ids: Sequence[int]) -> list[Document]:
    """What is to be found of these tickets, by id: as desk/search keeps it entry by entry."""
    tickets = (
        select(Ticket.id, Ticket.subject, Ticket.fields).where(among(Ticket.id, ids)).order_by(Ticket.id)
    )
    files: dict[int, list[str]] = {}
    named = (
        select(Attachment.entry_id, Attachment.name)
        .where(among(Attachment.ticket_id, ids), Attachment.role != "formatted")
        .order_by(Attachment.id)
    )
    for row in db.session.execute(named):
        files.setdefault(row.entry_id, []).append(row.name)
    found: dict[int, Document] = {}
    for row in db.session.execute(tickets):
        found[row.id] = Document(row.id, tokens_of(row.subject))
        found[row.id].texts += answers_of(row.fields)
    columns = (Entry.id, Entry.ticket_id, Entry.kind, Entry.body, Entry.detail, Entry.is_public)
    entries = select(*columns).where(among(Entry.ticket_id, ids), Entry.voided_at.is_(None))
    for row in db.session.execute(entries.order_by(Entry.id)):
        texts = texts_of(row.kind, row.body, row.detail, row.is_public)
        found[row.ticket_id].texts += texts + names_of(files.get(row.id, ()), row.is_public)
    return list(found.values())


def answers_of(fields: dict[str, object] | None) -> list[Text]:
    """What the service's own questions were answered, as texts that reporters read."""
    tokens = [token for value in (fields or {}).values() for token in tokens_of(_said(value))]
    return [Text(tokens, True)] if tokens else []


def texts_of(kind: str, body: str, detail: dict[str, object], is_public: bool) -> list[Text]:
    """The texts of an entry: its body, and with a solution the cause, which reporters do not read."""
    cause = str(detail.get("cause") or "") if kind == "resolved" else ""
    texts = [Text(tokens_of(body), is_public), Text(tokens_of(cause), False)]
    return [each for each in texts if each.tokens]


def names_of(files: Sequence[str], is_public: bool) -> list[Text]:
    """The names of an entry's files as a text."""
    tokens = [token for name in files for token in tokens_of(name)]
    return [Text(tokens, is_public)] if tokens else []


def _said(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _rights(asker: Asker, sought: Sought, words: FromClause) -> list[ColumnElement[bool]]:
    """Tickets the asker may see, found by what they may read of each: whoever takes part in a ticket without
    being of its desk never learns from what is found, or not, what its notes say."""
    reach = ticket_reach(asker)
    if sought.is_own or not (reach.desk or reach.everything):
        return [_taking_part(asker), *_readable(words, sought, "public")]
    if reach.everything:
        return _without(words, sought, "all")
    of_desk = func.coalesce(desk_side(asker), false())  # without an assignee it may be neither
    inside = and_(of_desk, *_without(words, sought, "all"))
    beside = and_(_taking_part(asker), not_(of_desk), *_readable(words, sought, "public"))
    return [or_(inside, beside)]


def _readable(words: FromClause, sought: Sought, place: str) -> list[ColumnElement[bool]]:
    has_all = [has_words(words, sought.terms, place)] if sought.terms else []
    return has_all + _without(words, sought, place)


def _without(words: FromClause, sought: Sought, place: str) -> list[ColumnElement[bool]]:
    return [not_(has_words(words, [term], place)) for term in sought.without]


def _taking_part(asker: Asker) -> ColumnElement[bool]:
    if asker.person_id is None:
        return false()
    reported = select(Ticket.id).where(Ticket.reporter_id == asker.person_id)
    joined = select(Participant.ticket_id).where(Participant.person_id == asker.person_id)
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

"""Finding tickets by their words, and keeping the words of each where they are found.

What a ticket is found by is written in the transaction that writes it. Tickets of before there was a search
are read by a sweep, the newest first; until it has come to them they are found by filters alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from helpdesk.rules import search as grammar
from helpdesk.rules.access import Asker, may
from helpdesk.rules.highlights import Part, count_likely, marked, snippet
from helpdesk.rules.search import Filter, Problem, Query
from helpdesk.rules.words import Term, tokens_of
from helpdesk.store.db import transaction
from helpdesk.store.documents import (
    answers_of,
    find_newest_id,
    get_sweep_for_change,
    list_documents,
    list_ids_below,
    names_of,
    texts_of,
)
from helpdesk.store.found import (
    Condition,
    Piece,
    Sought,
    list_beside,
    list_found,
    list_pieces,
    list_tickets_of,
)
from helpdesk.store.people import Person, list_people
from helpdesk.store.search import (
    Document,
    append_text,
    find_words_left,
    list_differing,
    put_documents,
)
from helpdesk.store.services import list_services
from helpdesk.store.teams import list_teams
from helpdesk.store.tickets import Entry, Ticket, lock_tickets

PAGE = 50
LAST_PAGE = 4
PEOPLE_SHOWN = 5
PEOPLE_MEANT = 20  # by a name in a filter
BATCH = 200  # tickets a transaction of the sweep


@dataclass(frozen=True)
class Snippet:
    """The best piece of a ticket's texts: `kind` is that of an entry, or cause or file."""

    kind: str
    is_public: bool
    at: datetime | None
    parts: list[Part]


@dataclass(frozen=True)
class Hit:
    """A ticket that was found; no snippet where its subject alone says it."""

    ticket: Ticket
    subject: list[Part]
    snippet: Snippet | None


@dataclass(frozen=True)
class Found:
    """One page of what was found, whom the words may mean, and what was wrong with the question. `is_cut`:
    this is the last page that is shown, and there would be more."""

    query: Query
    hits: list[Hit]
    has_more: bool
    is_cut: bool
    people: list[Person]
    problems: list[Problem]


def look(
    asker: Asker, text: str, *, zone: ZoneInfo, now: datetime, page: int = 1, is_own: bool = False
) -> Found:
    """What the asker finds by that question, 50 a page, at most 200; dates are days of `zone`.

    `is_own`: only tickets in which they take part, by what their reporter reads (so do reporters always).
    """
    is_own = is_own or not may(asker, "queue.see")
    query = grammar.parse(text, grammar.OF_REPORTERS if is_own else grammar.FILTERS)
    conditions, problems = _conditions(query.filters, asker, zone)
    beside = () if is_own else tuple(list_beside(asker))
    sought = Sought(query.terms, query.without, tuple(conditions), is_own, beside)
    ids: list[int] = []
    if not query.is_empty and not (query.filters and not conditions and not query.terms):
        if query.number is not None:
            ids += list_found(asker, Sought(is_own=is_own, beside=beside, number=query.number), now, 1)
        limit = PAGE * page + 1
        ids += [each for each in list_found(asker, sought, now, limit) if each not in ids]
    people = (
        list_people(query.words, limit=PEOPLE_SHOWN) if query.words and _knows_people(asker, page) else []
    )
    shown = ids[PAGE * (page - 1) : PAGE * page]
    goes_on, is_last = len(ids) > PAGE * page, page >= LAST_PAGE
    return Found(
        query,
        _hits(shown, asker, query.terms, set() if is_own else set(shown) - set(beside)),
        has_more=goes_on and not is_last,
        is_cut=goes_on and is_last,
        people=people,
        problems=[*query.problems, *problems],
    )


def _knows_people(asker: Asker, page: int) -> bool:
    return page == 1 and may(asker, "person.see")


def _conditions(
    filters: Sequence[Filter], asker: Asker, zone: ZoneInfo
) -> tuple[list[Condition], list[Problem]]:
    """The filters with what their names and dates mean, and those that mean nothing."""
    found, problems = [], []
    for each in filters:
        condition = Condition(each.name, each.value, each.is_without)
        if each.name in grammar.DATED:
            condition = replace(condition, span=grammar.span_of(each.value, zone))
            if condition.span is None:  # the calendar's first or last day, which ends elsewhere in that zone
                problems.append(Problem("no_date", each.name, each.value))
                continue
        elif each.name in grammar.NAMED:
            ids = _ids(each.name, each.value, asker)
            if not ids:
                problems.append(Problem("unknown_name", each.name, each.value))
                continue
            condition = replace(condition, ids=ids)
        found.append(condition)
    return found, problems


def _ids(name: str, value: str, asker: Asker) -> tuple[int, ...]:
    """Whom or what the name means: what is called so, else whatever has these words in its name."""
    wanted = value.casefold()
    if name in ("assignee", "reporter"):
        if wanted == "me" and asker.person_id is not None:
            return (asker.person_id,)
        if wanted == "nobody" and name == "assignee":
            return (0,)
        people = [p for gone in (False, True) for p in list_people(value, limit=PEOPLE_MEANT, has_left=gone)]
        exact = [p.id for p in people if p.name.casefold() == wanted]
        return tuple(exact or (p.id for p in people))
    things = list_services(active_only=False) if name == "service" else list_teams(active_only=False)
    exact = [thing.id for thing in things if thing.name.casefold() == wanted]
    return tuple(exact or (thing.id for thing in things if wanted in thing.name.casefold()))


def _hits(ids: Sequence[int], asker: Asker, terms: Sequence[Term], of_desk: set[int]) -> list[Hit]:
    if not ids:
        return []
    pieces: dict[int, list[Piece]] = {}
    for piece in list_pieces(ids, of_desk) if terms else ():
        pieces.setdefault(piece.ticket_id, []).append(piece)
    return [
        Hit(ticket, marked(ticket.subject, terms), _best(pieces.get(ticket.id, ()), terms))
        for ticket in list_tickets_of(ids, asker)
    ]


def _best(pieces: Sequence[Piece], terms: Sequence[Term]) -> Snippet | None:
    """Of the text that has most of the terms; of several a solution, else the oldest."""
    scored = [(count_likely(piece.words, terms), piece.kind == "resolved", piece) for piece in pieces]
    for count, _is_solution, piece in sorted(scored, key=lambda each: each[:2], reverse=True):
        if not count:
            break
        parts = snippet(piece.words, terms)
        if parts:
            return Snippet(piece.kind, piece.is_public, piece.at, parts)
    return None


def keep_entry(ticket: Ticket, entry: Entry) -> None:
    """The ticket is found by what the entry says. In the transaction that writes it."""
    texts = texts_of(entry.kind, entry.body, entry.detail, entry.is_public)
    if entry.kind == "reported":
        answers = answers_of(ticket.fields)
        put_documents([Document(ticket.id, tokens_of(ticket.subject), answers + texts)])
    elif not all(append_text(ticket.id, each) for each in texts):
        index([ticket.id])


def keep_files(entry: Entry, names: Sequence[str]) -> None:
    """The ticket is found by the names of the entry's files. In the transaction that writes them."""
    if not all(append_text(entry.ticket_id, each) for each in names_of(names, entry.is_public)):
        index([entry.ticket_id])


def index(ticket_ids: Sequence[int]) -> None:
    """What these tickets are found by is read from them anew. Inside a transaction that has them locked."""
    put_documents(list_documents(ticket_ids))


def rebuild() -> int:
    """Marks every ticket to be read anew by `sweep`; returns how far there is to go."""
    with transaction():
        sweep = get_sweep_for_change()
        sweep.left_id = find_newest_id()
        return sweep.left_id


def sweep() -> int:
    """Reads the next tickets of before, the newest first; returns up to which id some are left (0: none)."""
    if not find_words_left():
        return 0
    with transaction():
        progress = get_sweep_for_change()
        ids = list_ids_below(progress.left_id, BATCH)
        lock_tickets(ids)
        index(ids)
        progress.left_id = ids[-1] - 1 if len(ids) == BATCH else 0
        return progress.left_id


def list_found_by_other_words(ticket_ids: Sequence[int]) -> list[int]:
    """Those of these tickets that are not found by exactly what they say; none that is still to be read."""
    left_id = find_words_left()
    return list_differing(list_documents([each for each in ticket_ids if each > left_id]))

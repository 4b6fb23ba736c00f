"""Writes facts, their sums by day, and what is still to be made of either. For desk verbs."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, String, case, cast, delete, func, insert, literal, select, union_all, update

from helpdesk.rules.facts import READ
from helpdesk.rules.figures import TARGETS
from helpdesk.rules.lifecycle import Kind
from helpdesk.store.db import among, copy_rows, db, insert_rows
from helpdesk.store.fact_rows import Fact, FactDay, FactGap, StaleDay
from helpdesk.store.promises import DIMENSIONS
from helpdesk.store.tickets import LIVING, Entry, Ticket, lock_tickets

COLUMNS = [column.name for column in Fact.__table__.columns if column.name not in ("id", "gone_at")]
"""The columns of a fact in the order in which rows bear them; `gone_at` comes last."""
_facts, _entries, _tickets = (model.__table__.c for model in (Fact, Entry, Ticket))


def list_standing(ticket_ids: Collection[int]) -> list[Row[Any]]:
    """The standing facts of these tickets: rows of Fact's columns."""
    query = select(*_facts).where(among(_facts.ticket_id, ticket_ids), _facts.gone_at.is_(None))
    return list(db.session.execute(query))


def list_all(ticket_ids: Collection[int]) -> list[Row[Any]]:
    """As `list_standing`, with those that are gone."""
    gone = select(*_facts).where(among(_facts.ticket_id, ticket_ids), _facts.gone_at.is_not(None))
    return [*list_standing(ticket_ids), *db.session.execute(gone)]


def insert_facts(rows: list[dict[str, Any]]) -> None:
    """Adds facts: every column but `id` each."""
    insert_rows(Fact, rows)


def take_away_facts(fact_ids: list[int], now: datetime) -> None:
    """These facts hold no longer."""
    if fact_ids:
        gone = update(Fact).where(among(Fact.id, fact_ids)).values(gone_at=now)
        db.session.execute(gone, execution_options={"synchronize_session": False})


def delete_facts(fact_ids: list[int]) -> None:
    """Removes facts that nobody has seen, or that are written anew."""
    if fact_ids:
        db.session.execute(delete(Fact).where(among(Fact.id, fact_ids)))


def note_stale(days: Iterable[date]) -> None:
    """The sums of these days no longer hold."""
    rows = [{"day": day} for day in sorted(set(days))]
    if rows:
        db.session.execute(insert(StaleDay), rows)


def find_span() -> tuple[datetime, datetime] | None:
    """When the first and the last promise with a fact were given; None where there is no fact."""
    first, last = db.session.execute(select(func.min(Fact.started_at), func.max(Fact.started_at))).one()
    return (first, last) if first is not None else None


def list_stale_days(limit: int) -> list[date]:
    """The latest days whose sums no longer hold."""
    query = select(StaleDay.day).distinct().order_by(StaleDay.day.desc()).limit(limit)
    return list(db.session.scalars(query))


def list_stale_ids(days: Collection[date]) -> list[int]:
    """The marks of these days."""
    return list(db.session.scalars(select(StaleDay.id).where(StaleDay.day.in_(days))))


def sum_day(day: date, since: datetime, until: datetime) -> None:
    """Sums the standing facts of promises given on the day, which is [since, until), anew."""
    db.session.execute(delete(FactDay).where(FactDay.day == day))
    sums = union_all(*(_sums(dimension, day, since, until) for dimension in DIMENSIONS))
    names = ["kind", "dimension", "day", "target", "key", "met", "breached", "cancelled"]
    db.session.execute(insert(FactDay).from_select(names, sums))


def _sums(dimension: str, day: date, since: datetime, until: datetime) -> Any:
    column = _facts[DIMENSIONS[dimension]]
    key = func.coalesce(cast(column, String), literal(""))
    counts = (func.sum(case((_facts.outcome == o, 1), else_=0)) for o in ("met", "breached", "cancelled"))
    return (
        select(_facts.kind, literal(dimension), literal(day), _facts.target, key, *counts)
        .where(
            _facts.gone_at.is_(None),
            _facts.kind.in_([kind.value for kind in Kind]),
            _facts.target.in_(TARGETS),
            _facts.started_at >= since,
            _facts.started_at < until,
        )
        .group_by(_facts.kind, _facts.target, column)
    )


def list_sums(day: date) -> dict[tuple[str, str, str, str], tuple[int, int, int]]:
    """The kept sums of a day: met, breached, cancelled by kind, dimension, target and key."""
    rows = db.session.scalars(select(FactDay).where(FactDay.day == day))
    return {(s.kind, s.dimension, s.target, s.key): (s.met, s.breached, s.cancelled) for s in rows}


def count_sums(
    day: date, since: datetime, until: datetime
) -> dict[tuple[str, str, str, str], tuple[int, int, int]]:
    """As `list_sums`, counted from the facts."""
    found = {}
    for dimension in DIMENSIONS:
        for row in db.session.execute(_sums(dimension, day, since, until)):
            kind, name, _day, target, key, *counts = row
            found[kind, name, target, key] = tuple(counts)
    return found


def is_stale(day: date) -> bool:
    """Whether the day is to be summed anew."""
    return db.session.scalar(select(StaleDay.id).where(StaleDay.day == day).limit(1)) is not None


def find_summed_days() -> tuple[date, date] | None:
    """The first and the last day that has sums; None where none has."""
    first, last = db.session.execute(select(func.min(FactDay.day), func.max(FactDay.day))).one()
    return (first, last) if first is not None else None


def remove_stale(ids: Sequence[int]) -> None:
    """These marks are done with."""
    db.session.execute(delete(StaleDay).where(among(StaleDay.id, ids)))


def add_gaps(size: int) -> None:
    """All tickets are to be read anew, by ranges of about `size`, unless some wait for that already."""
    if db.session.scalar(select(FactGap.id).limit(1)) is not None:
        return
    extent = select(func.count(), func.min(Ticket.id), func.max(Ticket.id)).select_from(Ticket)
    count, first, last = db.session.execute(extent).one()
    if not count:
        return
    step = size * (last - first + 1) // count  # ids that a sequence left out are no tickets
    rows = [{"first_id": n, "last_id": min(n + step - 1, last)} for n in range(first, last + 1, step)]
    db.session.execute(insert(FactGap), rows)


def take_gap(limit: int) -> tuple[int, int] | None:
    """The ids [first, last] of the next `limit` tickets to be read anew, or of the last of their gap, taken
    from it; None where none is left but what others have taken."""
    query = select(FactGap).order_by(FactGap.id.desc()).limit(1).with_for_update(skip_locked=True)
    gap = db.session.scalar(query.execution_options(populate_existing=True))
    if gap is None:
        return None
    # The newest first: they are asked for most.
    among_them = select(Ticket.id).where(Ticket.id.between(gap.first_id, gap.last_id))
    ids = list(db.session.scalars(among_them.order_by(Ticket.id.desc()).limit(limit)))
    first, last = ids[-1] if len(ids) == limit else gap.first_id, gap.last_id
    gap.last_id = first - 1
    if gap.last_id < gap.first_id:
        db.session.delete(gap)
    return first, last


def list_between(first_id: int, last_id: int) -> list[Row[Any]]:
    """The tickets of these ids with what facts ask of them, those that may yet change locked until the
    transaction ends."""
    between = _tickets.id.between(first_id, last_id)
    lock_tickets(db.session.scalars(select(_tickets.id).where(between, _tickets.state.in_(LIVING))))
    names = ("id", "kind", "team_id", "department_id", "door", "policy_version_id", "reported_at")
    return list(db.session.execute(select(*(_tickets[name] for name in names)).where(between)))


def list_lines(ticket_ids: Collection[int], known_at: datetime | None = None) -> Mapping[int, list[Row[Any]]]:
    """Of each of these tickets' timelines what facts rest on, in the order written, with what was voided.

    `known_at`: what was written by then.
    """
    query = select(*(_entries[name] for name in _LINE)).where(among(_entries.ticket_id, ticket_ids))
    return _by_ticket(query, known_at)


def list_lines_between(first_id: int, last_id: int) -> Mapping[int, list[Row[Any]]]:
    """As `list_lines`, of the tickets of these ids."""
    query = select(*(_entries[name] for name in _LINE))
    return _by_ticket(query.where(_entries.ticket_id.between(first_id, last_id)), None)


_LINE = ("ticket_id", "kind", "at", "detail", "actor_id", "recorded_at", "voided_at")


def _by_ticket(query: Any, known_at: datetime | None) -> Mapping[int, list[Row[Any]]]:
    query = query.where(_entries.kind.in_(READ))
    if known_at is not None:
        query = query.where(_entries.recorded_at <= known_at)
    found: dict[int, list[Row[Any]]] = {}
    for line in db.session.execute(query.order_by(_entries.ticket_id, _entries.id)):
        found.setdefault(line.ticket_id, []).append(line)
    return found


def list_kept_between(first_id: int, last_id: int) -> dict[tuple[Any, ...], int]:
    """The facts of these tickets, also those gone: their ids by COLUMNS and `gone_at`."""
    columns = [*(_facts[name] for name in COLUMNS), _facts.gone_at, _facts.id]
    query = select(*columns).where(_facts.ticket_id.between(first_id, last_id))
    # One after the other: each has an index, and both at once have none.
    both = (db.session.execute(query.where(which)) for which in (_IS_STANDING, ~_IS_STANDING))
    return {tuple(row[:-1]): row[-1] for rows in both for row in rows}


_IS_STANDING = _facts.gone_at.is_(None)


def copy_facts(rows: Iterable[tuple[Any, ...]]) -> None:
    """Adds facts, many at once: COLUMNS and `gone_at` each."""
    copy_rows(Fact, [*COLUMNS, "gone_at"], rows)

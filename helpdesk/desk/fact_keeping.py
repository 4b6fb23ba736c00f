"""Keeps facts with what they rest on: in the transaction that ends a promise, reopens its ticket or corrects
it. Facts are never changed: one that no longer holds is marked so, and another written."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from helpdesk.rules.facts import Fact, Key, Known
from helpdesk.rules.hours import local_to_instant
from helpdesk.store.db import transaction
from helpdesk.store.fact_keeping import (
    COLUMNS,
    delete_facts,
    find_span,
    insert_facts,
    list_stale_days,
    list_stale_ids,
    list_standing,
    note_stale,
    remove_stale,
    sum_day,
    take_away_facts,
)
from helpdesk.store.organisation import find_organisation, lock_organisation

DAYS = 30  # summed in one transaction
_SAID = COLUMNS[:-1]  # all but `known_at`


def write(found: Sequence[tuple[Any, Mapping[Key, Fact]]], now: datetime) -> None:
    """Has these tickets, which the transaction holds, bear these facts and no others."""
    if not found:
        return
    known: dict[int, list[Any]] = {}
    for row in list_standing([ticket.id for ticket, _facts in found]):
        known.setdefault(row.ticket_id, []).append(row)
    new: list[dict[str, Any]] = []
    gone: list[Any] = []
    for ticket, facts in found:
        wanted = {key: row_of(ticket, fact) for key, fact in facts.items()}
        for row in known.get(ticket.id, ()):
            same = wanted.get((row.target, row.cycle))
            if same is not None and all(getattr(row, name) == same[name] for name in _SAID):
                del wanted[row.target, row.cycle]
            else:
                gone.append(row)
        new += [row | {"known_at": now, "gone_at": None} for row in wanted.values()]
    take_away_facts([row.id for row in gone if row.known_at < now], now)
    delete_facts([row.id for row in gone if row.known_at >= now])
    insert_facts(new)
    note([*(row.started_at for row in gone), *(row["started_at"] for row in new)])


def row_of(ticket: Any, fact: Fact) -> dict[str, Any]:
    """A fact's columns, all but `known_at` and `gone_at`. `ticket`: its row or entity."""
    said = fact._asdict()
    said["team_id"] = fact.team_id or ticket.team_id
    return {
        "ticket_id": ticket.id,
        "kind": ticket.kind,
        "department_id": ticket.department_id,
        "door": ticket.door,
        "policy_version_id": ticket.policy_version_id,
        **said,
    }


def add_history(found: Iterable[tuple[Any, Iterable[Known]]]) -> None:
    """Adds the facts that new tickets bring along, with when each was known. Inside a transaction."""
    rows = [
        row_of(ticket, known.fact) | {"known_at": known.known_at, "gone_at": known.gone_at}
        for ticket, facts in found
        for known in facts
    ]
    insert_facts(rows)
    note([row["started_at"] for row in rows])


def note(started_at: Sequence[datetime]) -> None:
    """Facts of promises given at these instants came or went. Inside a transaction."""
    if started_at:
        zone = zone_of_days()
        note_stale({at.astimezone(zone).date() for at in started_at})


def zone_of_days() -> ZoneInfo:
    """The zone in which the days of figures begin: the organisation's."""
    organisation = find_organisation()
    return ZoneInfo(organisation.zone if organisation else "UTC")


def after_zone_change() -> None:
    """Other days have other promises: all sums are to be made anew. Inside the transaction of the change."""
    note_all_stale()


def note_all_stale() -> None:
    """All sums are to be made anew. Inside a transaction."""
    span = find_span()
    if span is not None:
        first, last = (at.astimezone(zone_of_days()).date() for at in span)
        note_stale(first + timedelta(days=n) for n in range(-1, (last - first).days + 2))


def sum_stale(days: int = DAYS) -> int:
    """Sums the latest stale days anew, in one transaction; returns how many. For the clock, again and again:
    what is noted meanwhile stays noted."""
    if not list_stale_days(1):
        return 0
    with transaction():
        lock_organisation()  # two at once would add the same sums
        zone = zone_of_days()
        stale = list_stale_days(days)
        marks = list_stale_ids(stale)
        for day in stale:
            sum_day(day, *bounds(day, zone))
        remove_stale(marks)
    return len(stale)


def bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When the day begins there, and when the next does."""
    since, until = (datetime.combine(day + timedelta(days=n), time()) for n in (0, 1))
    return local_to_instant(zone, since), local_to_instant(zone, until)

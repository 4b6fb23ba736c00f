"""When a turn goes over to somebody else, and when people are reminded of theirs. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from helpdesk.rules.oncall import Shift

_DAY = timedelta(days=1)


class Change(NamedTuple):
    """The turn of `from_person` ends `at`; `to_person` has the next, perhaps after a gap (None: nobody)."""

    at: datetime
    from_person: int
    to_person: int | None


class Reminder(NamedTuple):
    """At `due_at` the person is told that they are on call from `starts_at` until `ends_at`, give or take
    breaks of less than a day."""

    due_at: datetime
    starts_at: datetime
    ends_at: datetime
    person: int


def changes(shifts: Iterable[Shift], left: Mapping[int, datetime], end: datetime) -> list[Change]:
    """Where one person's turn ends and another's comes next, in order; whoever comes back after a gap hands
    nothing over. `end`: that of the shifts, which is no turn's end."""
    held = list(theirs(shifts, left))
    found = [
        Change(to_at, person, following)
        for (_from_at, to_at, person), (_next_at, _until, following) in pairwise(held)
        if following != person
    ]
    if held and held[-1][1] < end:
        found.append(Change(held[-1][1], held[-1][2], None))
    return found


def reminders(
    shifts: Iterable[Shift], zone: ZoneInfo, left: Mapping[int, datetime], hours: int, now: datetime
) -> list[Reminder]:
    """Who is to be reminded `hours` before turns that begin after `now`, by when it is due; nobody where
    `hours` is 0. The shifts begin at least a day before `now`: turns less than a day apart are one."""
    ahead = timedelta(hours=hours)
    found = [
        Reminder(from_at - ahead, from_at, to_at, person)
        for from_at, to_at, person in runs(shifts, zone, left)
        if hours and from_at > now
    ]
    return sorted(found)


def runs(
    shifts: Iterable[Shift], zone: ZoneInfo, left: Mapping[int, datetime] | None = None
) -> list[tuple[datetime, datetime, int]]:
    """When each person is on call without a day off: turns of theirs less than a day apart on the local wall
    clock are one; by start. The turns of whoever has left are nobody's."""
    found: dict[int, list[tuple[datetime, datetime]]] = {}
    for from_at, to_at, person in theirs(shifts, left or {}):
        spans = found.setdefault(person, [])
        if spans and _local(zone, from_at) - _local(zone, spans[-1][1]) < _DAY:
            spans[-1] = (spans[-1][0], to_at)
        else:
            spans.append((from_at, to_at))
    return sorted((*span, person) for person, spans in found.items() for span in spans)


def theirs(shifts: Iterable[Shift], left: Mapping[int, datetime]) -> Iterator[tuple[datetime, datetime, int]]:
    """The shifts that somebody has, until they leave (`left`: when, by id): [from_at, to_at) and who."""
    for shift in shifts:
        if isinstance(shift.person, int):
            to_at = min(shift.to_at, left.get(shift.person, shift.to_at))
            if shift.from_at < to_at:
                yield shift.from_at, to_at, shift.person


def _local(zone: ZoneInfo, instant: datetime) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)

"""Calendars: which instants count (source: the specification of the SLA clock, "Which instants count").

A calendar is never converted from local time to UTC, which is ambiguous twice a year. Each UTC year
is cut where the zone's offset changes; within a piece local and UTC time differ by a constant, so
that the opening intervals fall on exactly the instants whose local wall-clock time they hold.

A calendar is not walked by the day either: a year of it is worked out once, as the edges of its open
spans, and then looked up.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias
from zoneinfo import ZoneInfo

from helpdesk.rules.scenario import ScenarioError as ScenarioError
from helpdesk.rules.scenario import as_list, as_object, as_text, required, shown, under
from helpdesk.rules.spans import SECOND, Span, SpanIndex, clipped, joined, seconds_between

Intervals: TypeAlias = tuple[tuple[int, int], ...]
"""Opening intervals of a day in minutes from midnight, in order, without overlaps."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Files that stand beside the zones: the machine's own, and zones that count leap seconds.
_NO_ZONE = re.compile(r"localtime|posixrules|(posix|right)/.*")
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Calendar:
    """Opening hours in a zone: a week (Monday first) and dates whose hours replace the week's."""

    zone: ZoneInfo
    week: tuple[Intervals, ...]
    dates: Mapping[date, Intervals] = field(hash=False)
    since: date | None = None
    """From which local date on this holds, and `before` it what did: a later version changes no past day."""
    before: "Calendar | None" = None
    years: dict[int, SpanIndex] = field(default_factory=dict, init=False, repr=False, compare=False)
    """The open spans of the UTC years that were asked for."""

    def intervals_on(self, day: date) -> Intervals:
        """Answers the opening intervals of a local date, in minutes from midnight."""
        calendar = self._in_force_on(day)
        found = calendar.dates.get(day)
        return calendar.week[day.weekday()] if found is None else found

    def named_on(self, day: date) -> Intervals | None:
        """Answers the hours that a local date has of its own, () for a holiday; None where it has none."""
        return self._in_force_on(day).dates.get(day)

    def _in_force_on(self, day: date) -> "Calendar":
        calendar = self
        while calendar.before is not None and calendar.since is not None and day < calendar.since:
            calendar = calendar.before
        return calendar


def parse_zone(name: object, where: str) -> ZoneInfo:
    """Answers the IANA time zone of this name; raises ScenarioError if there is none."""
    text = as_text(name, where)
    try:
        if not _NO_ZONE.fullmatch(text):
            return ZoneInfo(text)
    except (ValueError, KeyError, OSError):  # names of folders and of other files are OSError and ValueError
        pass
    raise ScenarioError(f"{where}: unknown time zone {shown(text)}")


def parse_calendar(raw: object, where: str) -> Calendar:
    """Answers a calendar from {"timezone", "week", "dates"}; raises ScenarioError if it is malformed."""
    found = as_object(raw, where)
    zone = parse_zone(required(found, "timezone", where), under(where, "timezone"))
    return parse_week_and_dates(found, zone, where)


def parse_week_and_dates(raw: object, zone: ZoneInfo, where: str) -> Calendar:
    """Answers a calendar in `zone` from {"week", "dates"}, both optional.

    Raises ScenarioError for an unknown day, a bad date or time, an end at or before its start, an overlap.
    """
    found = as_object(raw, where)
    week: dict[str, Intervals] = {}
    for name, intervals in as_object(found.get("week", {}), under(where, "week")).items():
        at = under(under(where, "week"), name)
        if name not in DAYS:
            raise ScenarioError(f"{at}: unknown day, expected one of {', '.join(DAYS)}")
        week[name] = _parse_intervals(intervals, at)
    dates: dict[date, Intervals] = {}
    for name, intervals in as_object(found.get("dates", {}), under(where, "dates")).items():
        at = under(under(where, "dates"), name)
        dates[_parse_date(name, at)] = _parse_intervals(intervals, at)
    return Calendar(zone, tuple(week.get(name, ()) for name in DAYS), dates)


def _parse_date(text: str, where: str) -> date:
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ScenarioError(f"{where}: expected a date like 2026-05-01, not {shown(text)}")


def _parse_intervals(raw: object, where: str) -> Intervals:
    found = sorted(_parse_interval(item, f"{where}[{n}]") for n, item in enumerate(as_list(raw, where)))
    for (_, end), (start, _) in pairwise(found):
        if start < end:
            raise ScenarioError(f"{where}: intervals overlap at {start // 60:02}:{start % 60:02}")
    return tuple(found)


def _parse_interval(raw: object, where: str) -> tuple[int, int]:
    if len(as_list(raw, where)) != 2:
        raise ScenarioError(f'{where}: expected a start and an end like ["09:00","18:00"], not {shown(raw)}')
    start, end = (_parse_clock(item, where) for item in as_list(raw, where))
    if end <= start:
        raise ScenarioError(f"{where}: the end must be after the start, not {shown(raw)}")
    return start, end


def _parse_clock(raw: object, where: str) -> int:
    text = as_text(raw, where)
    if not _CLOCK.fullmatch(text):
        raise ScenarioError(f"{where}: expected a time from 00:00 to 24:00, not {shown(text)}")
    return int(text[:2]) * 60 + int(text[3:])


def local_to_instant(zone: ZoneInfo, naive_local: datetime) -> datetime:
    """Answers the UTC instant of a local wall-clock time.

    One that is skipped means the first instant after the gap, one that occurs twice its first occurrence.
    """
    after = naive_local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if _local(zone, after) == naive_local:
        return after
    before = naive_local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return _offset_change(zone, before.replace(microsecond=0), after.replace(microsecond=0))


def clock_changes(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[tuple[datetime, timedelta]]:
    """Answers when within (start, end) clocks are put forward (more than zero) or back, and by how much."""
    for year in range(start.year, end.year + 1):
        for (_from, at, old), (_at, _to, new) in pairwise(_constant_pieces(zone, year)):
            if start < at < end:
                yield at, new - old


def open_spans(calendar: Calendar | None, start: datetime, end: datetime) -> Iterator[Span]:
    """Answers the open parts of [start, end), in order, joined; a calendar of None is always open."""
    if calendar is None or start >= end:
        return clipped([(start, end)], start, end)
    years = (_open_year(calendar, year) for year in range(start.year, end.year + 1))
    return joined(clipped((span for year in years for span in year.spans_from(start)), start, end))


def is_open(calendar: Calendar | None, instant: datetime) -> bool:
    """Answers whether the instant is open; a calendar of None is always open."""
    return calendar is None or _open_year(calendar, instant.year).covers(instant)


def open_seconds(calendar: Calendar | None, start: datetime, end: datetime) -> int:
    """Answers how many seconds of [start, end) are open."""
    if start >= end:
        return 0
    if calendar is None:
        return seconds_between(start, end)
    first, last = _open_year(calendar, start.year), _open_year(calendar, end.year)
    seconds = last.seconds_until(end) - first.seconds_until(start)
    for year in range(start.year, end.year):
        seconds += _open_year(calendar, year).seconds
    return seconds


def add_open(calendar: Calendar | None, start: datetime, seconds: int, horizon: datetime) -> datetime | None:
    """Answers the first instant at which `seconds` (> 0) open seconds have passed since `start`.

    None if that is not so by the instant `horizon`. Used up exactly at closing time is at closing time.
    """
    if calendar is None:
        return start + SECOND * seconds if seconds <= seconds_between(start, horizon) else None
    seconds += _open_year(calendar, start.year).seconds_until(start)
    for number in range(start.year, horizon.year + 1):
        year = _open_year(calendar, number)
        if seconds <= year.seconds:
            found = year.reaches(seconds)
            return found if found <= horizon else None
        seconds -= year.seconds
    return None


def after_working_days(calendar: Calendar | None, start: datetime, days: int) -> datetime | None:
    """Answers the same local time `days` (> 0) working days later, or the next opening where that is closed.

    A working day is a local date with any opening hours; of a calendar of None every date is one (UTC).
    None where there is no such day within ten years.
    """
    if calendar is None:
        return start + _DAY * days
    local = start.astimezone(calendar.zone).replace(tzinfo=None)
    for _ in range(3660):
        local += _DAY
        days -= bool(calendar.intervals_on(local.date()))
        if days == 0:
            then = local_to_instant(calendar.zone, local)
            return next((max(a, then) for a, _ in open_spans(calendar, then, then + _DAY * 3660)), None)
    return None


def _open_year(calendar: Calendar, year: int) -> SpanIndex:
    found = calendar.years.get(year)
    if found is None:
        found = calendar.years[year] = _worked_out(calendar, year)
    return found


# By content, for callers that read the same calendar anew each time.
@lru_cache(maxsize=128)
def _worked_out(calendar: Calendar, year: int) -> SpanIndex:
    return SpanIndex(datetime(year, 1, 1, tzinfo=UTC), _open_in_year(calendar, year))


def _open_in_year(calendar: Calendar, year: int) -> Iterator[Span]:
    for start, end, offset in _constant_pieces(calendar.zone, year):
        first, last = (start + offset).date(), (end + offset).date()
        for n in range((last - first).days + 1):
            day = first + _DAY * n
            midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) - offset
            opened = ((midnight + _MINUTE * a, midnight + _MINUTE * b) for a, b in calendar.intervals_on(day))
            yield from clipped(opened, start, end)


@lru_cache(maxsize=1024)
def _constant_pieces(zone: ZoneInfo, year: int) -> tuple[tuple[datetime, datetime, timedelta], ...]:
    """The UTC year cut where the zone's offset changes, with the offset; none ever changed twice in a day."""
    start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    midnights = (start + _DAY * n for n in range((end - start).days + 1))
    offsets = pairwise((midnight, _offset(zone, midnight)) for midnight in midnights)
    changes = (_offset_change(zone, a, b) for (a, old), (b, new) in offsets if old != new)
    cuts = [start, *changes, end]
    return tuple((a, b, _offset(zone, a)) for a, b in pairwise(cuts))


def _offset_change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first instant in (before, after] with the offset of `after`, where it changes once in between."""
    new = _offset(zone, after)
    while after - before > SECOND:
        middle = before + (after - before) // SECOND // 2 * SECOND
        if _offset(zone, middle) == new:
            after = middle
        else:
            before = middle
    return after


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()


def _local(zone: ZoneInfo, instant: datetime) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)

"""Figures for managers: what was promised in a period, and how much of it was kept.

A promise belongs to the period in which it was given, and to the severity in force then. What is still open
and past due counts as broken; what is not decided yet is no part of the share; what was cancelled in time
counts nowhere. An excuse changes no share; the adjusted one beside it leaves the excused out.
Source: "Closing the loop and reading the figures".
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeVar

DAYS_UP_TO = 8  # days: longer periods are drawn in weeks
WEEKS_UP_TO = 100  # days: longer periods are drawn in months
LONGEST = 3660  # days
MOST_PARTS = 106  # points of a chart: two years of weeks
TARGETS = ("response", "resolution", "update")
DIMENSIONS = ("severity", "service", "team", "person", "door", "department")
"""By what a figure can be parted: each is a partition, so its rows add up to the total."""

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")


class Verdict(StrEnum):
    """What became of a promise; see the module's text."""

    MET = "met"
    BREACHED = "breached"
    RUNNING = "running"


class Grain(StrEnum):
    """How long each part of a chart is, the shortest first."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class Period(StrEnum):
    """Periods with a name."""

    TODAY = "today"
    WEEK = "week"
    LAST_WEEK = "last_week"
    DAYS_30 = "days_30"
    MONTH = "month"
    LAST_MONTH = "last_month"
    QUARTER = "quarter"
    LAST_QUARTER = "last_quarter"
    YEAR = "year"
    LAST_YEAR = "last_year"


@dataclass(frozen=True)
class Tally:
    """How many promises were kept, broken, and are not decided; `excused`: how many of the broken ones a lead
    has excused."""

    met: int = 0
    breached: int = 0
    running: int = 0
    excused: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.met + other.met,
            self.breached + other.breached,
            self.running + other.running,
            self.excused + other.excused,
        )

    @property
    def decided(self) -> int:
        """How many are met or breached: what the shares are of."""
        return self.met + self.breached

    @property
    def tenths(self) -> int | None:
        """The share kept in tenths of a percent, rounded down; None where none is decided."""
        return self.met * 1000 // self.decided if self.decided else None

    @property
    def adjusted_tenths(self) -> int | None:
        """As `tenths` without those excused: they count as neither kept nor broken. Never shown alone."""
        counted = self.decided - self.excused
        return self.met * 1000 // counted if counted else None


def tally_by(rows: Iterable[R], key: Callable[[R], K], tally: Callable[[R], Tally]) -> dict[K, Tally]:
    """The rows' tallies added up by key."""
    found: dict[K, Tally] = {}
    for row in rows:
        found[key(row)] = found.get(key(row), Tally()) + tally(row)
    return found


def days_of(period: Period, today: date) -> tuple[date, date]:
    """First and last day of a named period; one that has begun ends today."""
    if period is Period.DAYS_30:
        return today - timedelta(days=29), today
    name = period.value.removeprefix("last_")
    grain = Grain.DAY if period is Period.TODAY else Grain(name)
    begun = begin_of(today, grain)
    if period.value == name:
        return begun, today
    before = begun - timedelta(days=1)
    return begin_of(before, grain), before


def begin_of(day: date, grain: Grain) -> date:
    """The first day of the day's week (Monday), month, quarter or year; of a day, itself."""
    if grain is Grain.WEEK:
        return day - timedelta(days=day.weekday())
    if grain is Grain.QUARTER:
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    first = {Grain.DAY: {}, Grain.MONTH: {"day": 1}, Grain.YEAR: {"month": 1, "day": 1}}[grain]
    return day.replace(**first)


def next_begin(day: date, grain: Grain) -> date:
    """The first day of the part after the day's."""
    begun = begin_of(day, grain)
    if grain in (Grain.DAY, Grain.WEEK):
        return begun + timedelta(days=1 if grain is Grain.DAY else 7)
    number = begun.year * 12 + begun.month - 1 + {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.YEAR: 12}[grain]
    return date(number // 12, number % 12 + 1, 1)


def grains_for(first: date, last: date) -> list[Grain]:
    """Those whose chart of [first, last] has no more points than one can read."""
    days = {Grain.DAY: 1, Grain.WEEK: 7, Grain.MONTH: 28, Grain.QUARTER: 90, Grain.YEAR: 365}
    return [grain for grain in Grain if (last - first).days // days[grain] < MOST_PARTS]


def grain_of(first: date, last: date, wanted: Grain | None = None) -> Grain:
    """How a chart of [first, last] is parted: as wanted where it can be read so, else as suits its length."""
    days, readable = (last - first).days, grains_for(first, last)
    usual = Grain.DAY if days < DAYS_UP_TO else Grain.WEEK if days < WEEKS_UP_TO else Grain.MONTH
    return next((grain for grain in (wanted, usual) if grain and grain in readable), readable[0])


def parts_of(first: date, last: date, grain: Grain) -> list[date]:
    """The first day of each part of [first, last], the first cut at `first`."""
    start, found = first, []
    while start <= last:
        found.append(start)
        start = next_begin(start, grain)
    return found


def days_beside(first: date, last: date, today: date, forth: bool) -> tuple[date, date] | None:
    """The days before (or after: `forth`) [first, last]: beside a whole week, month, quarter or year, or one
    that has begun, its neighbour; beside other days as many. None where they have not begun by `today`."""
    whole = _whole(first, last, today)
    if whole is None:
        length = last - first + timedelta(days=1)
        found = (first + length, last + length) if forth else (first - length, last - length)
    elif forth:
        begun = next_begin(first, whole)
        found = begun, next_begin(begun, whole) - timedelta(days=1)
    else:
        before = first - timedelta(days=1)
        found = begin_of(before, whole), before
    return None if found[0] > today else (found[0], min(found[1], today))


def _whole(first: date, last: date, today: date) -> Grain | None:
    for grain in Grain:
        end = next_begin(first, grain) - timedelta(days=1)
        if begin_of(first, grain) == first and (last == end or first <= last == today <= end):
            return grain
    return None


def goal_on(goals: Iterable[tuple[date, int]], day: date) -> int | None:
    """The goal in force on a day, in tenths of a percent: that of the latest quarter which has begun and has
    one (`goals`: the quarter's first day and the goal). None before the first."""
    begun = [each for each in goals if each[0] <= day]
    return max(begun)[1] if begun else None

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

WEEKS_UP_TO = 100  # days: longer periods are drawn in months
LONGEST = 3660  # days

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")


class Verdict(StrEnum):
    """What became of a promise; see the module's text."""

    MET = "met"
    BREACHED = "breached"
    RUNNING = "running"


class Period(StrEnum):
    """Periods with a name."""

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
    month = today.replace(day=1)
    quarter = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    year = today.replace(month=1, day=1)
    if period is Period.DAYS_30:
        return today - timedelta(days=29), today
    if period in (Period.MONTH, Period.QUARTER, Period.YEAR):
        return {Period.MONTH: month, Period.QUARTER: quarter, Period.YEAR: year}[period], today
    begun = {Period.LAST_MONTH: month, Period.LAST_QUARTER: quarter, Period.LAST_YEAR: year}[period]
    back = {Period.LAST_MONTH: 1, Period.LAST_QUARTER: 3, Period.LAST_YEAR: 12}[period]
    return _months_on(begun, -back), begun - timedelta(days=1)


def parts_of(first: date, last: date) -> list[date]:
    """The first day of each week (Monday) or month that a chart of [first, last] shows, cut at `first`."""
    weekly = (last - first).days < WEEKS_UP_TO
    start, found = first, []
    while start <= last:
        found.append(start)
        if weekly:
            start += timedelta(days=7 - start.weekday())
        else:
            start = _months_on(start.replace(day=1), 1)
    return found


def _months_on(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)

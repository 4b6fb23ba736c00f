"""Which holidays of a calendar are to be arranged: dates that no layer puts, but a lead gives by hand."""

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import TypeAlias

from helpdesk.rules.hours import Calendar

Dates: TypeAlias = tuple[date, date]
"""From the first date to the last, both included."""

_DAY = timedelta(days=1)


def closed_dates(calendar: Calendar, first_on: date, last_on: date) -> list[date]:
    """The holidays of [first_on, last_on], both included: dates that the calendar itself names as closed,
    each by the version in force on it. Closed days of its week are none."""
    days = (first_on + _DAY * n for n in range((last_on - first_on).days + 1))
    return [day for day in days if calendar.named_on(day) == ()]


def to_arrange(holidays: Iterable[date], kept: Collection[Dates]) -> list[Dates]:
    """Holidays that follow each other as one, in order; without the dates of arrangements that are `kept`."""
    found: list[Dates] = []
    for day in sorted(set(holidays)):
        if any(first <= day <= last for first, last in kept):
            continue
        if found and found[-1][1] + _DAY == day:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found

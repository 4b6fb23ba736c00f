"""What a calendar lacks of next year: official holidays, and the days that are worked in return. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date

from helpdesk.rules.hours import Calendar

HOLIDAYS_FROM = 10  # the month from which on next year's should be known


def holidays_missing(
    calendar: Calendar,
    this_year: Mapping[date, str],
    next_year: Mapping[date, str],
    today: date,
    is_office: bool,
) -> list[date]:
    """The official holidays of next year (names by date) on which the calendar is open; from October on.

    One by whose name the desk works this year is worked on purpose. A calendar that keeps none of this
    year's keeps none at all, unless it is that of the office.
    """
    if today.month < HOLIDAYS_FROM:
        return []
    kept = {name for day, name in this_year.items() if not calendar.intervals_on(day)}
    keeps = any(calendar.week[day.weekday()] and not calendar.intervals_on(day) for day in this_year)
    if not keeps and not is_office:
        return []
    worked = set(this_year.values()) - kept if keeps else set()
    return sorted(d for d, name in next_year.items() if calendar.intervals_on(d) and name not in worked)


def make_up_days_missing(
    calendar: Calendar, this_year: Sequence[date], next_year: Sequence[date], today: date
) -> bool:
    """Whether days at weekends that will be worked in return for holidays are still to come: there are some
    this year and none is known for the next, nor does the calendar have one; from October on."""
    if today.month < HOLIDAYS_FROM or not this_year or next_year:
        return False
    weekends = (
        day for day in calendar.dates if day.year == today.year + 1 and not calendar.week[day.weekday()]
    )
    return not any(calendar.intervals_on(day) for day in weekends)

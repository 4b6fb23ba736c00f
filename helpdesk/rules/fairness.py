"""How the burden of being on call is shared: hours, nights, weekends and holidays.

A night is 22:00 to 06:00 on the local clock, a weekend Saturday and Sunday, a holiday a date that the
calendar closes by name. A weekend's day which the calendar opens by name (a made-up working day) is a working
day. An hour may count in several columns. Hours are elapsed ones: the night in which clocks are put back has
nine.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from helpdesk.rules.hours import Calendar, Intervals, local_to_instant, open_spans
from helpdesk.rules.spans import seconds_between

NIGHT: Intervals = ((0, 6 * 60), (22 * 60, 24 * 60))
MORNING = timedelta(hours=6)  # until then it is the night of the day before
SATURDAY = 5
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Burden:
    """Seconds on call, those of them in nights, at weekends and on holidays; and in which nights (the dates
    on which they begin), weekends (their Saturdays) and holidays somebody was on call at all."""

    seconds: int = 0
    night_seconds: int = 0
    weekend_seconds: int = 0
    holiday_seconds: int = 0
    nights: frozenset[date] = frozenset()
    weekends: frozenset[date] = frozenset()
    holidays: frozenset[date] = frozenset()

    def __add__(self, other: "Burden") -> "Burden":
        return Burden(
            self.seconds + other.seconds,
            self.night_seconds + other.night_seconds,
            self.weekend_seconds + other.weekend_seconds,
            self.holiday_seconds + other.holiday_seconds,
            self.nights | other.nights,
            self.weekends | other.weekends,
            self.holidays | other.holidays,
        )


def burden_of(start: datetime, end: datetime, zone: ZoneInfo, days_off: Calendar | None) -> Burden:
    """What being on call in [start, end) weighs, by the local clock of `zone`; nothing where end <= start.

    `days_off`: the calendar that names holidays and made-up days; its dates are taken as dates of `zone`.
    None: there are none.
    """
    if end <= start:
        return Burden()
    nights = list(open_spans(_nights(zone), start, end))
    days = list(_days(start, end, zone))
    weekend = [day for day in days if day[0].weekday() >= SATURDAY and not _named(days_off, day[0])]
    holiday = [day for day in days if _named(days_off, day[0]) == ()]
    return Burden(
        seconds_between(start, end),
        sum(seconds_between(*span) for span in nights),
        sum(seconds_between(from_at, to_at) for _day, from_at, to_at in weekend),
        sum(seconds_between(from_at, to_at) for _day, from_at, to_at in holiday),
        frozenset(
            (from_at.astimezone(zone).replace(tzinfo=None) - MORNING).date() for from_at, _to in nights
        ),
        frozenset(day - DAY * (day.weekday() - SATURDAY) for day, _from, _to in weekend),
        frozenset(day for day, _from, _to in holiday),
    )


def total(burdens: Iterable[Burden]) -> Burden:
    """All of them together; none weigh nothing."""
    return sum(burdens, Burden())


def _named(days_off: Calendar | None, day: date) -> Intervals | None:
    """The hours of a date that the calendar names, by the version that held on it: () is a holiday."""
    calendar = days_off
    while calendar is not None and calendar.since is not None and day < calendar.since:
        calendar = calendar.before
    return calendar.dates.get(day) if calendar is not None else None


def _days(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[tuple[date, datetime, datetime]]:
    """The local dates that [start, end) touches, each with its part of it."""
    day = start.astimezone(zone).date()
    from_at = start
    while from_at < end:
        to_at = min(end, _midnight(zone, day + DAY))
        if from_at < to_at:  # a date that the zone has skipped is none
            yield day, from_at, to_at
            from_at = to_at
        day += DAY


@lru_cache(maxsize=4096)
def _midnight(zone: ZoneInfo, day: date) -> datetime:
    return local_to_instant(zone, datetime.combine(day, time()))


@lru_cache(maxsize=64)
def _nights(zone: ZoneInfo) -> Calendar:
    return Calendar(zone, (NIGHT,) * 7, {})

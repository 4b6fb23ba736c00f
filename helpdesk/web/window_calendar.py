"""A month of maintenance as a calendar: weeks of days, each with its windows and freezes."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton, get_day_names
from flask import g

from helpdesk.desk import freezes
from helpdesk.rules.maintenance import State
from helpdesk.store.maintenance import Window
from helpdesk.store.window_plans import list_windows_between
from helpdesk.web.frame import viewer_zone
from helpdesk.web.roster_board import day_locale, midnight, monday_of
from helpdesk.web.window_doors import sees


@dataclass
class Day:
    """A day in the viewer's zone with what touches it; `frozen`: the names of freezes."""

    on: date
    is_in_month: bool
    is_today: bool
    windows: list[Window] = field(default_factory=list)
    frozen: list[str] = field(default_factory=list)

    def begins(self, window: Window) -> bool:
        """Whether the window begins on this day."""
        return _touched(window)[0] == self.on


@dataclass
class Month:
    """`title` "March 2026"; `weekdays` their short names; `previous`, `following`: addresses' `month`."""

    title: str
    weekdays: list[str]
    weeks: list[list[Day]]
    previous: str
    following: str


def month_of(text: str) -> Month:
    """The month of an address ("2026-03"), else the present one."""
    zone = ZoneInfo(viewer_zone())
    today = g.now.astimezone(zone).date()
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        first = today.replace(day=1)
    first = min(max(first, date(2000, 1, 1)), date(2199, 11, 1))
    after = (first + timedelta(days=31)).replace(day=1)
    days = _days(monday_of(first), monday_of(after - timedelta(days=1)) + timedelta(days=7), first, today)
    names = get_day_names("abbreviated", locale=day_locale())
    return Month(
        title=format_skeleton("yMMMM", first, locale=day_locale()),
        weekdays=[names[n] for n in range(7)],
        weeks=[days[n : n + 7] for n in range(0, len(days), 7)],
        previous=f"{first - timedelta(days=1):%Y-%m}",
        following=f"{after:%Y-%m}",
    )


def _days(start: date, end: date, month: date, today: date) -> list[Day]:
    on = [start + timedelta(days=n) for n in range((end - start).days)]
    days = {each: Day(each, each.month == month.month, each == today) for each in on}
    for window in list_windows_between(midnight(viewer_zone(), start), midnight(viewer_zone(), end)):
        if window.state != State.CANCELLED and sees(window.services):
            for day in _touched(window):
                if day in days:
                    days[day].windows.append(window)
    for frozen in freezes.between(start, end):
        for day in on:
            if frozen.first_on <= day < frozen.until:
                days[day].frozen.append(frozen.name)
    return list(days.values())


def _touched(window: Window) -> list[date]:
    first = _local_day(window.started_at or window.starts_at)
    last = _local_day((window.ended_at or window.ends_at) - timedelta(microseconds=1))
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _local_day(at: datetime) -> date:
    return at.astimezone(ZoneInfo(viewer_zone())).date()

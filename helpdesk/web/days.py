"""A deadline's stretches by the days and weeks of whoever looks, and by how they are drawn."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from flask import g

from helpdesk import i18n
from helpdesk.rules.explanation import Stretch
from helpdesk.rules.hours import local_to_instant
from helpdesk.web.frame import viewer_zone


def midnights(plain: Sequence[Stretch]) -> list[datetime]:
    """Where days begin in the viewer's zone between the first and the last instant."""
    zone = ZoneInfo(viewer_zone())
    first, last = (at.astimezone(zone).date() for at in (plain[0].from_at, plain[-1].to_at))
    days = (first + timedelta(days=n) for n in range(1, (last - first).days + 1))
    return [local_to_instant(zone, datetime.combine(day, time())) for day in days]


def day_of(part: Stretch) -> date:
    """The day on which it begins, in the viewer's zone."""
    return part.from_at.astimezone(ZoneInfo(viewer_zone())).date()


def week_of(part: Stretch) -> date:
    """The Monday of the week in which it begins."""
    day = day_of(part)
    return day - timedelta(days=day.weekday())


def grouped(parts: Iterable[Stretch], key: Callable[[Stretch], date]) -> list[list[Stretch]]:
    """The stretches that follow each other and have the same key together."""
    return [list(group) for _key, group in groupby(parts, key)]


def count_days(parts: Sequence[Stretch]) -> int:
    """How many days of the calendar they touch."""
    return (day_of(parts[-1]) - day_of(parts[0])).days + 1 if parts else 0


def say_day(day: date) -> str:
    """A day as short as is clear: "Fri 20 Nov"."""
    return i18n.say_day(day, g.now.date())


def kind_of(part: Stretch) -> str:
    """How it is drawn: its reason, and over or left for what counts too late or is still to come."""
    if not part.counted:
        return part.reason
    return "over" if part.is_over else "left" if part.is_ahead else part.reason


def by_kind(group: Iterable[Stretch]) -> list[list[Stretch]]:
    """Stretches that are drawn alike together, in the order in which each kind first comes."""
    found: dict[str, list[Stretch]] = {}
    for part in group:
        found.setdefault(kind_of(part), []).append(part)
    return list(found.values())

"""The organisation's key figures in words and tables, for pages, downloads and letters alike."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk.i18n import say_date, say_number
from helpdesk.outbound.figure_words import Cell, Table
from helpdesk.rules.kpis import Standing

if TYPE_CHECKING:
    from helpdesk.desk.kpis import Course

# What each standing is called, and its tone.
STANDINGS: Mapping[Standing, tuple[Any, str]] = {
    Standing.NEW: (_l("Not measured yet"), ""),
    Standing.STALE: (_l("Not measured lately"), "soon"),
    Standing.ON_COURSE: (_l("On course"), "ok"),
    Standing.BEHIND: (_l("Behind"), "late"),
    Standing.REACHED: (_l("Reached"), "ok"),
    Standing.MISSED: (_l("Missed"), "late"),
}
DOORS = {"web": _l("typed"), "table": _l("from a table"), "api": _l("by a program")}
_SENTENCES = {
    Standing.ON_COURSE: _l("%(value)s on %(day)s: as good as the straight way, %(asked)s then, or better."),
    Standing.BEHIND: _l("%(value)s on %(day)s, where the straight way was at %(asked)s."),
    Standing.STALE: _l("The last value, %(value)s, is of %(day)s. Measure anew to know where it stands."),
    Standing.REACHED: _l("%(value)s on %(day)s: the target is reached."),
    Standing.MISSED: _l("The target was meant for %(target_on)s; the last value, of %(day)s, is %(value)s."),
}


def say_standing(standing: Standing) -> str:
    """On course, behind: the word that stands beside a key figure."""
    return str(STANDINGS[standing][0])


def say_course(course: "Course") -> str:
    """How a key figure stands, and by which numbers, in a sentence."""
    kpi = course.kpi
    if course.latest is None:
        if course.standing is Standing.MISSED:
            target_on = say_date(kpi.target_on)
            return _("The target was meant for %(target_on)s, and nothing was measured.", target_on=target_on)
        return _("Nothing is measured yet.")
    return str(_SENTENCES[course.standing]) % {
        "value": say_number(course.latest.value, kpi.unit),
        "day": say_date(course.latest.on),
        "asked": say_number(_rounded(course.asked), kpi.unit),
        "target_on": say_date(kpi.target_on),
    }


def kpis_table(courses: Iterable["Course"]) -> Table:
    """A line for each key figure: where it sets out, where it is to be, where it is, and how it stands."""
    columns = [
        *(_("Key figure"), _("Unit"), _("Baseline"), _("Baseline on"), _("Target"), _("Target on")),
        *(_("Latest value"), _("Measured on"), _("Straight way on that day"), _("How it stands")),
        _("Of the way (%)"),
    ]
    rows: list[list[Cell]] = []
    for course in courses:
        kpi, latest = course.kpi, course.latest
        own: list[Cell] = [kpi.name, kpi.unit, _cell(kpi.baseline), kpi.baseline_on]
        own += [_cell(kpi.target), kpi.target_on]
        measured: list[Cell] = [_cell(latest.value) if latest else None, latest.on if latest else None]
        said: list[Cell] = [_cell(course.asked), say_standing(course.standing), course.percent]
        rows.append([*own, *measured, *said])
    return columns, rows


def actuals_table(courses: Iterable["Course"], zone: str) -> Table:
    """A line for each value that was measured; when it was noted is said by the clock on the zone's wall."""
    columns = [
        *(_("Key figure"), _("Unit"), _("Day"), _("Value"), _("Straight way on that day"), _("Words")),
        *(_("Noted by"), _("Noted at (%(zone)s)", zone=zone), _("How it came")),
    ]
    rows: list[list[Cell]] = [
        [
            *(course.kpi.name, course.kpi.unit, each.on, _cell(each.value)),
            *(_cell(course.way.at(each.on)), each.words, each.by.name, _local(each.at, zone)),
            str(DOORS[each.door]),
        ]
        for course in courses
        for each in course.kpi.actuals
    ]
    return columns, rows


def _cell(value: Decimal | None) -> int | float | None:
    """A number as spreadsheets hold it."""
    if value is None:
        return None
    rounded = round(value, 4)
    return int(rounded) if rounded == int(rounded) else float(rounded)


def _rounded(value: Decimal | None) -> Decimal | None:
    """As exact as somebody reads it: a straight way has no end of decimals."""
    return None if value is None else round(value, 2)


def _local(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, microsecond=0)

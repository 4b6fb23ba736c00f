"""Figures in words and tables, for pages, downloads and letters alike."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flask_babel import format_percent
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk.outbound.standing import SEVERITIES
from helpdesk.rules.figures import TARGETS, Grain, Period, Tally, Verdict
from helpdesk.rules.lifecycle import Kind

if TYPE_CHECKING:
    from helpdesk.desk.figures import Asked, Compliance

Cell = str | int | float | date | datetime | None
Table = tuple[list[str], list[list[Cell]]]  # the names of its columns, its lines

PERIODS = {
    Period.TODAY: _l("Today"),
    Period.WEEK: _l("This week"),
    Period.LAST_WEEK: _l("Last week"),
    Period.DAYS_30: _l("Last 30 days"),
    Period.MONTH: _l("This month"),
    Period.LAST_MONTH: _l("Last month"),
    Period.QUARTER: _l("This quarter"),
    Period.LAST_QUARTER: _l("Last quarter"),
    Period.YEAR: _l("This year"),
    Period.LAST_YEAR: _l("Last year"),
}
KINDS = {Kind.FAULT: _l("Faults"), Kind.REQUEST: _l("Requests"), Kind.QUESTION: _l("Questions")}
PROMISES = {"response": _l("First answer"), "resolution": _l("Solution"), "update": _l("Further answers")}
VERDICTS = {Verdict.MET: _l("Kept"), Verdict.BREACHED: _l("Broken"), Verdict.RUNNING: _l("Still running")}
GRAINS = {
    Grain.DAY: _l("By day"),
    Grain.WEEK: _l("By week"),
    Grain.MONTH: _l("By month"),
    Grain.QUARTER: _l("By quarter"),
    Grain.YEAR: _l("By year"),
}
# What a dimension is called, its table, and what is none of it.
DIMENSIONS: dict[str, tuple[Any, Any, Any]] = {
    "severity": (_l("Severity"), _l("By severity"), ""),
    "service": (_l("Service"), _l("By service"), _l("No service")),
    "team": (_l("Team"), _l("By team"), ""),
    "person": (_l("Agent"), _l("By agent"), _l("Nobody")),
    "door": (_l("Way in"), _l("By way in"), ""),
    "department": (_l("Department"), _l("By department"), _l("No department")),
}
DOORS = {
    "web": _l("Portal"),
    "mail": _l("Mail"),
    "phone": _l("Phone"),
    "walk_in": _l("In person"),
    "api": _l("Another system"),
    "cli": _l("Command line"),
}


def say_tenths(tenths: int | None) -> str:
    """A share given in tenths of a percent; a dash where nothing is decided."""
    if tenths is None:
        return "–"
    return str(format_percent(tenths / 1000, "0%" if tenths == 1000 else "0.0%"))


def say_quarter(day: date) -> str:
    """The quarter of a day: "2026 Q4"."""
    return _("%(year)s Q%(quarter)s", year=day.year, quarter=(day.month + 2) // 3)


def say_key(by: str, key: str | int, names: Mapping[str | int, str]) -> str:
    """A dimension's key: severities and doors in words, the rest by `names`."""
    if not key:
        return str(DIMENSIONS[by][2])
    coded: dict[str, Mapping[Any, Any]] = {"severity": SEVERITIES, "door": DOORS}
    return str(coded.get(by, {}).get(key) or names.get(key, key))


def say_itself(department: str) -> str:
    """A department without those below it."""
    return _("%(department)s itself", department=department)


def say_row(asked: "Asked", key: str | int, names: Mapping[str | int, str]) -> str:
    """A row of the dimension asked for."""
    said = say_key(asked.by, key, names)
    is_itself = asked.by == "department" and key and key == asked.question.department_id
    return say_itself(said) if is_itself else said


def compliance_table(asked: "Asked", found: "Compliance", what: str) -> Table:
    """A line for each promise of each row, the sums last: over time (`what`: time), or by the dimension."""
    title = _("From") if what == "time" else str(DIMENSIONS[asked.by][0])
    rows: list[tuple[Cell, Mapping[str, Tally], Mapping[str, int | None]]]
    if what == "time":
        rows = list(found.parts)
    else:
        rows = [(say_row(asked, key, found.names), tallies, {}) for key, tallies in found.rows.items()]
    rows.append((_("All"), found.totals, found.goals))
    frame: list[Cell] = [asked.first, asked.last, asked.zone, say_as_of(asked)]
    columns = [
        *(title, _("Promise"), _("Kept"), _("Broken"), _("Broken and excused"), _("Still running")),
        *(_("Share kept (%)"), _("Adjusted share (%)"), _("Goal (%)")),
        *(_("Period from"), _("To (included)"), _("Time zone"), _("As of")),
    ]
    lines = [
        [name, str(PROMISES[target]), *_cells(tallies[target], goals.get(target)), *frame]
        for name, tallies, goals in rows
        for target in TARGETS
    ]
    return columns, lines


def _cells(tally: Tally, goal: int | None) -> list[Cell]:
    counts: list[Cell] = [tally.met, tally.breached, tally.excused, tally.running]
    return [*counts, *(_percent(each) for each in (tally.tenths, tally.adjusted_tenths, goal))]


def _percent(tenths: int | None) -> float | None:
    return None if tenths is None else tenths / 10


def say_as_of(asked: "Asked") -> str:
    """As of which instant the figures are, to the second, in ISO 8601 with the zone's offset."""
    return asked.seen_at.astimezone(ZoneInfo(asked.zone)).isoformat(timespec="seconds")

"""How well the loop is closed, in words and tables, for pages, downloads and letters alike."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk.i18n import say_working_time
from helpdesk.outbound import links
from helpdesk.outbound.figure_words import Cell, Table, say_tenths
from helpdesk.outbound.opinions import say_occasion
from helpdesk.rules.follow_ups import After, Course, Loop, Outcome

if TYPE_CHECKING:
    from helpdesk.store.follow_ups import Opened

OUTCOMES = {
    Outcome.IN_TIME: _l("Closed in time"),
    Outcome.LATE: _l("Closed late"),
    Outcome.OVERDUE: _l("Open and overdue"),
    Outcome.RUNNING: _l("Open, still time"),
}
AFTERS = {After.BETTER: _l("Rated better next time"), After.NOT_BETTER: _l("Not rated better next time")}


def say_hours(seconds: int | None) -> str:
    """So many seconds of working time; a dash where nothing is closed."""
    return "–" if seconds is None else say_working_time(seconds)


def loop_table(loop: Loop) -> Table:
    """The figures, a line each: its name, its value in words, and of how many."""
    say = {"%": say_tenths, "hours": say_hours}
    rows: list[list[Cell]] = [
        [name, say[unit](value) if unit else value, of] for name, value, unit, of in _figures(loop)
    ]
    return [_("Figure"), _("Value"), _("Of")], rows


def figures_table(loop: Loop, first: date, last: date, zone: str) -> Table:
    """The same for a spreadsheet, of the days [first, last] of the zone: shares are in percent, times in
    hours of work."""
    units = {"%": "%", "hours": _("hours"), "": ""}
    rows: list[list[Cell]] = [
        [name, _number(value, unit), units[unit], of, first, last, zone]
        for name, value, unit, of in _figures(loop)
    ]
    columns = [_("Figure"), _("Value"), _("Unit"), _("Of")]
    return [*columns, _("Period from"), _("To (included)"), _("Time zone")], rows


def _number(value: int | None, unit: str) -> float | None:
    if value is None or not unit:
        return value
    return value / 10 if unit == "%" else round(value / 3600, 2)


def _figures(loop: Loop) -> list[tuple[str, int | None, str, int]]:
    """Name, value (tenths of a percent, seconds, or how many), unit, and of how many."""
    closed = loop.in_time + loop.late
    return [
        (_("Followed up in time"), loop.tenths, "%", loop.decided),
        *((str(name), getattr(loop, outcome.value), "", loop.opened) for outcome, name in OUTCOMES.items()),
        (_("Time to close, median"), loop.median_seconds, "hours", closed),
        (_("Time to close, nine in ten within"), loop.p90_seconds, "hours", closed),
        (_("Time to close, mean"), loop.mean_seconds, "hours", closed),
        (str(AFTERS[After.BETTER]), loop.better_tenths, "%", loop.better + loop.not_better),
    ]


def courses_table(rows: Iterable[tuple["Opened", Course]], now: datetime, zone: str) -> Table:
    """A line for each follow-up; instants are those of the zone, as the clock on its wall shows them."""
    columns = [
        *(_("Ticket"), _("Subject"), _("Team"), _("Owner"), _("Reporter"), _("Because")),
        *(_("Opened"), _("Due"), _("Closed"), _("Outcome"), _("Working hours to close")),
        *(_("Stars"), _("Stars next time"), _("Cause"), _("Action"), _("Time zone"), _("Web address")),
    ]
    return columns, [_line(each, course, now, zone) for each, course in rows]


def _line(each: "Opened", course: Course, now: datetime, zone: str) -> list[Cell]:
    def local(at: datetime | None) -> datetime | None:
        return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, microsecond=0) if at else None

    spent: Any = None if course.seconds is None else round(course.seconds / 3600, 2)
    return [
        *(f"HD-{each.ticket_id}", each.subject, each.team, each.owner or "", each.reporter),
        *(say_occasion(each.because, each.stars), local(each.opened_at), local(each.due_at)),
        *(local(each.closed_at), str(OUTCOMES[course.outcome(now)]), spent),
        *(each.stars, course.next_stars, each.cause, each.action, zone),
        links.url(f"/figures/follow-ups/{each.id}"),
    ]

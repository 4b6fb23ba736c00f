"""How the desk works, as charts."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import format_decimal
from flask_babel import gettext as _

from helpdesk import i18n
from helpdesk.desk.operations import Operations
from helpdesk.outbound.operation_words import BANDS, say_hour
from helpdesk.rules.distribution import HOURS, WEEKDAYS
from helpdesk.web.charts import Bars, Chart, Heat, Line
from helpdesk.web.operations_asked import WorkPage


def charts_of(page: WorkPage, found: Operations) -> dict[str, Chart]:
    """The charts of the page by name; none that would be empty."""
    drawn: list[Chart] = [ages_chart(page, found)] if found.open_now.total else []
    drawn += [backlog_chart(page, found)] if found.backlog else []
    drawn += [arrivals_chart(page, found)] if found.arrivals else []
    drawn += [cover_chart(found)] if found.cover else []
    return {chart.name: chart for chart in drawn}


def backlog_chart(page: WorkPage, found: Operations) -> Line:
    """What was open at the end of each part, and how much of it was old."""
    zone = ZoneInfo(found.asked.zone)
    instants = [each.at for each in found.backlog]
    labels = [
        _("now") if at == found.asked.question.now else i18n.say_brief_date(_last_day(at, zone))
        for at in instants
    ]
    first, last = found.backlog[0].total, found.backlog[-1].total
    return Line(
        name="backlog",
        title=_("Backlog"),
        description=_(
            "Open tickets at the end of each part of the period: %(first)s first, %(last)s last, %(most)s at"
            " most.",
            first=first,
            last=last,
            most=max(each.total for each in found.backlog),
        ),
        labels=labels,
        series=[
            (_("open"), [each.total for each in found.backlog]),
            (_("older than a week"), [sum(each.bands[2:]) for each in found.backlog]),
            (_("older than four weeks"), [each.bands[3] for each in found.backlog]),
        ],
        urls=[page.list_url("open", at=at.isoformat()) for at in instants],
        note=_("Open tickets at the end of the day named, by when they were reported"),
    )


def _last_day(end: datetime, zone: ZoneInfo) -> date:
    """The day that ends then."""
    return (end.astimezone(zone) - timedelta(seconds=1)).date()


def ages_chart(page: WorkPage, found: Operations) -> Bars:
    """What is open now by its age."""
    bands = found.open_now.bands
    oldest = _(
        "%(count)s of %(all)s open tickets are older than four weeks.", count=bands[-1], all=sum(bands)
    )
    return Bars(
        name="ages",
        title=_("Open now, by age"),
        description=oldest,
        labels=[str(band) for band in BANDS],
        series=[(_("open"), list(bands))],
        urls=[page.list_url("open", age=age) for age in range(len(BANDS))],
        note=_("How long ago they were reported, by the clock"),
    )


def arrivals_chart(page: WorkPage, found: Operations) -> Heat:
    """When tickets are reported, by weekday and hour."""
    cells = found.arrivals
    busiest = max(cells, key=lambda cell: (cells[cell], -cell[0], -cell[1]), default=None)
    said = _("Nothing was reported in these days.")
    if busiest is not None:
        said = _(
            "Most tickets, %(count)s, were reported on %(day)s %(hours)s.",
            count=cells[busiest],
            day=i18n.weekday_names()[busiest[0]],
            hours=say_hour(busiest[1]),
        )
    return Heat(
        name="arrivals",
        title=_("When tickets are reported"),
        description=said,
        rows=i18n.weekday_names("abbreviated"),
        columns=[f"{hour:02}" for hour in HOURS],
        cells=[[cells[day, hour] for hour in HOURS] for day in WEEKDAYS],
        urls=[
            [page.list_url("arrived", weekday=day, hour=hour) if cells[day, hour] else None for hour in HOURS]
            for day in WEEKDAYS
        ],
        note=_("Tickets in each hour of the week, %(zone)s", zone=i18n.zone_city(found.asked.zone)),
    )


def cover_chart(found: Operations) -> Heat:
    """How many hours somebody was on call, by weekday and hour."""
    somebody = [each for each in found.cover if each.name]
    cells = [
        [round(sum(each.cells[day, hour] for each in somebody) / 3600, 1) for hour in HOURS]
        for day in WEEKDAYS
    ]
    total = sum(each.seconds for each in somebody)
    nobody = sum(each.seconds for each in found.cover if not each.name)
    return Heat(
        name="cover",
        title=_("Who was on call then"),
        description=_(
            "In these days somebody was on call for %(hours)s, and nobody for %(none)s.",
            hours=say_hours(total),
            none=say_hours(nobody),
        ),
        rows=i18n.weekday_names("abbreviated"),
        columns=[f"{hour:02}" for hour in HOURS],
        cells=cells,
        unit=_("h"),
        note=_("Hours on call in each hour of the week, those of several rosters added up, without backups"),
    )


def say_hours(seconds: int) -> str:
    """A length of time on call: "7.5 h"."""
    return _("%(hours)s h", hours=format_decimal(round(seconds / 3600, 1)))

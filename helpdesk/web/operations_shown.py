"""How the desk works as its page shows it: tables whose numbers lead to their tickets, and charts."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for
from flask_babel import format_decimal
from flask_babel import gettext as _

from helpdesk import i18n
from helpdesk.desk.operations import Operations, cover_of
from helpdesk.outbound.figure_words import DIMENSIONS, say_key, say_tenths
from helpdesk.outbound.operation_words import BANDS, TIMES, say_hour, week_of
from helpdesk.outbound.standing import STATES
from helpdesk.rules.distribution import HOURS, WEEKDAYS, Liked, Spread, tenths
from helpdesk.rules.lifecycle import State
from helpdesk.store.operations import Timed
from helpdesk.web.charts import Bars, Chart, Heat, Line
from helpdesk.web.operations_asked import WorkPage

NOTHING = "–"


def stats_of(page: WorkPage, found: Operations) -> list[dict[str, Any]]:
    """What one wants to know first: what lies about, how long it takes, whether it holds, how it is liked."""
    now, liked = found.open_now, found.liked
    old = sum(now.bands[-2:])
    solved = next((each for each in found.times if each.what == "solved"), None)
    rated_badly = sum(liked.stars[:2])
    return [
        {
            "label": _("Open now"),
            "value": now.total,
            "note": _("%(count)s older than a week", count=old),
            "url": page.list_url("open"),
        },
        {
            "label": _("Solved within, half of them"),
            "value": _counted(solved.counted.median) if solved else NOTHING,
            "note": _("nine in ten within %(time)s", time=_counted(solved.counted.ninety))
            if solved
            else _("none solved yet"),
            "url": page.list_url("solved"),
        },
        {
            "label": _("Reopened"),
            "value": say_tenths(tenths(liked.reopened, liked.solved)),
            "note": _("%(count)s of %(all)s solved", count=liked.reopened, all=liked.solved),
            "url": page.list_url("reopened"),
        },
        {
            "label": _("Rated 1 or 2"),
            "value": say_tenths(tenths(rated_badly, liked.rated)),
            "note": _("%(count)s of %(all)s rated", count=rated_badly, all=liked.rated),
            "url": page.list_url("rated"),
        },
    ]


def times_of(page: WorkPage, found: Operations) -> list[dict[str, Any]]:
    """A row for each time, in counted time and by the clock."""
    known = {each.what: each for each in found.times}
    rows = []
    for what, name in TIMES.items():
        timed = known.get(what, Timed(what, "", Spread(), Spread()))
        rows.append(
            {
                "name": str(name),
                "url": page.list_url(what),
                "count": timed.clock.count,
                "counted": [_counted(each) for each in _lengths(timed.counted)],
                "clock": [_clock(each) for each in _lengths(timed.clock)],
                "undone": found.undone.get(what, 0),
                "uncounted": timed.clock.count - timed.counted.count,
            }
        )
    return rows


def _lengths(spread: Spread) -> tuple[int | None, int | None, int | None]:
    return spread.median, spread.ninety, spread.mean


def _counted(seconds: int | None) -> str:
    return NOTHING if seconds is None else i18n.say_working_time(max(seconds, 60) if seconds else 0)


def _clock(seconds: int | None) -> str:
    return NOTHING if seconds is None else i18n.say_duration(seconds)


def times_by(page: WorkPage, found: Operations) -> list[dict[str, Any]]:
    """A row for each key of the dimension: its name, and of each time in counted time median, ninety, how
    many, and the way to its tickets."""
    by = page.asked.by
    cells = {(each.key or 0, each.what): each for each in found.times_by}
    rows = []
    for key, name in _named(found, {key for key, _what in cells}):
        times = [cells.get((key, what), Timed(what, key, Spread(), Spread())) for what in TIMES]
        rows.append(
            {
                "name": name,
                "code": key,
                "cells": [
                    {
                        "name": str(TIMES[timed.what]),
                        "median": _counted(timed.counted.median),
                        "ninety": _counted(timed.counted.ninety),
                        "count": timed.clock.count,
                        "url": page.list_url(timed.what, **{by: key}),
                    }
                    for timed in times
                ],
            }
        )
    return rows


def _named(found: Operations, keys: Iterable[Any]) -> list[tuple[Any, str]]:
    """Keys of the dimension with their names, in the order in which they are shown."""
    known = found.ordered(list(keys))
    return [(key, say_key(found.asked.by, key, known)) for key in known]


def backlog_chart(found: Operations) -> Line:
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
        note=_("Open tickets at the end of the day named, by when they were reported"),
    )


def _last_day(end: Any, zone: ZoneInfo) -> Any:
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
            hours=_hours(total),
            none=_hours(nobody),
        ),
        rows=i18n.weekday_names("abbreviated"),
        columns=[f"{hour:02}" for hour in HOURS],
        cells=cells,
        unit=_("h"),
        note=_("Hours on call in each hour of the week, those of several rosters added up, without backups"),
    )


def _hours(seconds: int) -> str:
    return _("%(hours)s h", hours=format_decimal(round(seconds / 3600, 1)))


def cover_rows(found: Operations) -> list[tuple[str, list[str], str]]:
    """By weekday how many tickets were reported, and how long each person was on call: name, cells, sum."""
    reported = week_of(found.arrivals)
    rows = [(_("Tickets reported"), [str(count) for count in reported], str(sum(reported)))]
    for each in found.cover:
        week = [_hours(seconds) if seconds else NOTHING for seconds in week_of(each.cells)]
        rows.append((each.name or _("Nobody"), week, _hours(each.seconds)))
    return rows


def cover_then(found: Operations, weekday: int, hour: int) -> str:
    """Who was on call in an hour of the week, in words."""
    cover = cover_of(found.cover, (weekday, hour))
    return i18n.say_list(f"{name or _('nobody')} {_hours(seconds)}" for name, seconds in cover)


def liked_rows(page: WorkPage, found: Operations) -> list[dict[str, Any]]:
    """A row for each key of the dimension, and their sum last."""
    by = page.asked.by
    rows = [
        _liked(page, name, key, found.liked_by[key], {by: key}) for key, name in _named(found, found.liked_by)
    ]
    return [*rows, _liked(page, _("All"), None, found.liked, {})]


def _liked(page: WorkPage, name: str, code: Any, liked: Liked, narrowed: dict[str, Any]) -> dict[str, Any]:
    mean = liked.hundredths
    return {
        "name": name,
        "code": code,
        "solved": liked.solved,
        "reopened": (liked.reopened, say_tenths(tenths(liked.reopened, liked.solved))),
        "reopened_url": page.list_url("reopened", **narrowed) if liked.reopened else None,
        "rated": (liked.rated, say_tenths(tenths(liked.rated, liked.solved))),
        "rated_url": page.list_url("rated", **narrowed) if liked.rated else None,
        "stars": [
            (
                stars,
                liked.stars[stars - 1],
                say_tenths(tenths(liked.stars[stars - 1], liked.rated)),
                page.list_url("rated", stars=stars, **narrowed),
            )
            for stars in range(5, 0, -1)
        ],
        "mean": NOTHING if mean is None else format_decimal(mean / 100, "0.00"),
    }


def load_rows(page: WorkPage, found: Operations) -> list[dict[str, Any]]:
    """A row for each person, by name."""
    return [
        {
            "name": name,
            "cells": [
                (_("Open now"), load.open, page.list_url("open", person=person_id)),
                (_("Taken"), load.taken, page.list_url("taken", actor=person_id)),
                (_("Resolved"), load.resolved, page.list_url("resolved", actor=person_id)),
            ],
        }
        for person_id, name, load in found.loads
    ]


def tickets_of(rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Tickets as a list shows them."""
    return [
        {
            "url": url_for("tickets.page", number=f"HD-{row.ticket_id}"),
            "number": f"HD-{row.ticket_id}",
            "subject": row.subject,
            "severity": row.severity,
            "service": row.service or str(DIMENSIONS["service"][2]),
            "team": row.team,
            "person": row.person or str(DIMENSIONS["person"][2]),
            "state": str(STATES[State(row.state)]),
            "reported_at": row.reported_at,
            "counted": _counted(row.counted) if row.counted is not None else "",
            "clock": _clock(row.clock) if row.clock is not None else "",
            "stars": row.stars,
            "words": row.words or "",
            "reopened": row.reopen_count,
        }
        for row in rows
    ]


def charts_of(page: WorkPage, found: Operations) -> dict[str, Chart]:
    """The charts of the page by name; none that would be empty."""
    drawn: list[Chart] = [ages_chart(page, found)] if found.open_now.total else []
    drawn += [backlog_chart(found)] if found.backlog else []
    drawn += [arrivals_chart(page, found)] if found.arrivals else []
    drawn += [cover_chart(found)] if found.cover else []
    return {chart.name: chart for chart in drawn}

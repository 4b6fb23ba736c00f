"""How well the loop is closed: what was followed up, how fast, and how its reporters rated next."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, g, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from helpdesk import i18n
from helpdesk.desk import loop as desk
from helpdesk.desk.security import note_export
from helpdesk.outbound.figure_words import KINDS, PERIODS, say_tenths
from helpdesk.outbound.loop_words import (
    AFTERS,
    OUTCOMES,
    courses_table,
    figures_table,
    say_hours,
)
from helpdesk.rules.figures import Period, days_of
from helpdesk.rules.follow_ups import Course, Loop, loop_of
from helpdesk.rules.hours import local_to_instant
from helpdesk.schemas.follow_ups import LoopSchema
from helpdesk.store.follow_ups import Opened
from helpdesk.store.organisation import find_organisation
from helpdesk.web.auth import address
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import asker, may, needs
from helpdesk.web.numbers import page_given
from helpdesk.web.sheets import ANSWERS

bp = Blueprint("loop", __name__, url_prefix="/loop")
PAGE = 50
TABS = (Period.DAYS_30, Period.QUARTER, Period.LAST_QUARTER, Period.YEAR, Period.LAST_YEAR)
WHAT: dict[str, Any] = {each.value: name for each, name in [*OUTCOMES.items(), *AFTERS.items()]}


@dataclass(frozen=True)
class _Asked:
    """A kind, the days in the organisation's zone, and which of what was opened then (None: all)."""

    kind: str
    first: date
    last: date
    what: str | None
    zone: str

    def courses(self) -> list[tuple[Opened, Course]]:
        return desk.courses(asker(), self.kind, self._begins(0), self._begins(1), g.now)

    def _begins(self, after: int) -> datetime:
        day = self.last + timedelta(days=1) if after else self.first
        return local_to_instant(ZoneInfo(self.zone), datetime.combine(day, time()))

    def holds(self, course: Course) -> bool:
        """Whether it is one of those that were asked for."""
        return self.what in (None, course.outcome(g.now).value, course.after and course.after.value)

    def url(self, endpoint: str = "index", **other: Any) -> str:
        asked = {"kind": self.kind, "since": self.first, "until": self.last, "what": self.what, **other}
        return url_for(f"follow_ups.loop.{endpoint}", **{k: v for k, v in asked.items() if v is not None})


@bp.get("")
@needs("followup.see")
def index() -> str | tuple[str, int]:
    """The figures, and behind each the follow-ups that it counts."""
    asked, errors = _read()
    found = asked.courses()
    loop = loop_of((course for _opened, course in found), g.now)
    rows = [(each, course) for each, course in found if asked.holds(course)]
    last = max(1, -(-len(rows) // PAGE))
    number = page_given(last)
    page = render_template(
        "follow_ups/loop.html",
        asked=asked,
        errors=errors,
        typed=request.args if errors else {"since": asked.first, "until": asked.last},
        days=_("%(first)s to %(last)s", first=i18n.say_date(asked.first), last=i18n.say_date(asked.last)),
        zone=i18n.zone_city(asked.zone),
        kind_tabs=[
            _tab(name, asked.url(kind=kind, what=None), kind == asked.kind) for kind, name in KINDS.items()
        ],
        period_tabs=_period_tabs(asked),
        stats=_stats(asked, loop),
        rows=rows[(number - 1) * PAGE : number * PAGE],
        previous_url=asked.url(page=number - 1) if number > 1 else None,
        next_url=asked.url(page=number + 1) if number < last else None,
        pages=_("%(page)s of %(pages)s", page=number, pages=last),
        outcome=lambda course: OUTCOMES[course.outcome(g.now)],
        say_hours=say_hours,
        chip=(str(WHAT[asked.what]), asked.url(what=None)) if asked.what else None,
        downloads=_downloads(asked) if may("figures.export") and found else [],
    )
    return (page, 422) if errors else page


@bp.get("/<what>.<ending>")
@needs("figures.export")
def export(what: str, ending: str) -> Response | tuple[str, int]:
    """The figures ("figures") or the follow-ups behind ("list"); the security log keeps who took them."""
    asked, errors = _read()
    if what not in ("figures", "list") or ending not in ANSWERS:
        abort(404)
    if errors:
        return cast(tuple[str, int], index())
    found = asked.courses()
    if what == "list":
        rows = [(each, course) for each, course in found if asked.holds(course)]
        columns, lines = courses_table(rows, g.now, asked.zone)
    else:
        loop = loop_of((course for _opened, course in found), g.now)
        columns, lines = figures_table(loop, asked.first, asked.last, asked.zone)
    words = {"table": what, "kind": asked.kind, "since": str(asked.first), "until": str(asked.last)}
    detail = words | {"rows": len(lines)}
    note_export("follow_ups", detail, now=g.now, actor_id=current_user.id, address=address())
    note = _("Days begin in %(zone)s; times are of the desk’s working hours.", zone=asked.zone)
    more = {"sheet": _("Follow-ups"), "note": note} if ending == "xlsx" else {}
    name = f"follow-ups-{what}-{asked.kind}-{asked.first}-{asked.last}"
    return ANSWERS[ending](name, columns, lines, **more)


def _read() -> tuple[_Asked, Errors]:
    """The question; where it cannot be read, the plain one, and what to mend."""
    organisation = find_organisation()
    zone = organisation.zone if organisation else "UTC"
    data, errors = load(LoopSchema, request.args)
    data = data or cast(dict[str, Any], LoopSchema().load({}))
    today = g.now.astimezone(ZoneInfo(zone)).date()
    first, last = (data["since"], data["until"]) if data["since"] else days_of(Period.DAYS_30, today)
    return _Asked(data["kind"], first, last, data["what"], zone), errors


def _tab(label: Any, url: str, is_current: bool) -> dict[str, Any]:
    return {"label": str(label), "url": url, "current": is_current}


def _period_tabs(asked: _Asked) -> list[dict[str, Any]]:
    today = g.now.astimezone(ZoneInfo(asked.zone)).date()
    days = [(PERIODS[period], *days_of(period, today)) for period in TABS]
    return [
        _tab(label, asked.url(since=first, until=last), (first, last) == (asked.first, asked.last))
        for label, first, last in days
    ]


def _stats(asked: _Asked, loop: Loop) -> list[dict[str, Any]]:
    """Each with the way to what it counts; none where nothing was opened."""
    if not loop.opened:
        return []
    closed = loop.in_time + loop.late
    of_all = _("%(in_time)s of %(decided)s closed or past due", in_time=loop.in_time, decided=loop.decided)
    nine = _("median; nine in ten within %(time)s", time=say_hours(loop.p90_seconds))
    rated = loop.better + loop.not_better
    better = _("%(better)s of %(rated)s who rated again", better=loop.better, rated=rated)
    return [
        _stat(_("Followed up in time"), say_tenths(loop.tenths), of_all, asked.url(what="in_time")),
        _stat(
            _("Time to close"), say_hours(loop.median_seconds), nine if closed else "", asked.url(what=None)
        ),
        _stat(_("Open and overdue"), str(loop.overdue), "", asked.url(what="overdue"), loop.overdue > 0),
        _stat(_("Closed late"), str(loop.late), "", asked.url(what="late")),
        _stat(_("Open, still time"), str(loop.running), "", asked.url(what="running")),
        _stat(_("Rated better next time"), say_tenths(loop.better_tenths), better, asked.url(what="better")),
    ]


def _stat(label: str, value: str, note: str, url: str, is_late: bool = False) -> dict[str, Any]:
    return {"label": label, "value": value, "note": note, "url": url, "tone": "late" if is_late else ""}


def _downloads(asked: _Asked) -> list[tuple[str, str]]:
    names = {"figures": _("Figures"), "list": _("Follow-ups")}
    return [
        (f"{name} ({ending.upper()})", asked.url("export", what=what, ending=ending))
        for what, name in names.items()
        for ending in ANSWERS
    ]

"""Fairness: who carried how much of being on call, as figures, as bars and to take away for pay."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from flask import Blueprint, Response, abort, g, render_template, request, url_for
from flask_babel import format_decimal
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from helpdesk import i18n
from helpdesk.desk import fairness
from helpdesk.desk.fairness import Carried, Share
from helpdesk.desk.security import note_export
from helpdesk.outbound.figure_words import PERIODS
from helpdesk.rules.figures import Period, days_of
from helpdesk.rules.hours import local_to_instant
from helpdesk.schemas.fairness import FairnessSchema
from helpdesk.store.organisation import find_organisation
from helpdesk.store.rosters import Roster
from helpdesk.web.auth import address
from helpdesk.web.fairness_tables import Table, by_person, by_turn, say_counting
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import asker, may, needs
from helpdesk.web.sheets import ANSWERS

bp = Blueprint("fairness", __name__, url_prefix="/fairness")

MONTHS = 3
TABS = (
    *(Period.MONTH, Period.LAST_MONTH, Period.QUARTER, Period.LAST_QUARTER),
    *(Period.YEAR, Period.LAST_YEAR),
)


def _say_hours(seconds: int) -> str:
    return _("%(hours)s h", hours=format_decimal(round(seconds / 3600, 1)))


PICTURES: tuple[tuple[Any, Callable[[Share], int], Callable[[int], str]], ...] = (
    (_l("Hours on call"), lambda share: share.burden.seconds, _say_hours),
    (_l("Hours at night"), lambda share: share.burden.night_seconds, _say_hours),
    (_l("Hours at weekends"), lambda share: share.burden.weekend_seconds, _say_hours),
    (_l("Hours on holidays"), lambda share: share.burden.holiday_seconds, _say_hours),
    (_l("Alarms"), lambda share: share.pages, str),
)


@dataclass(frozen=True)
class _Asked:
    """A valid question: its days in the organisation's zone, and the rosters it is about."""

    first: date
    last: date
    zone: str
    chosen: Roster | None
    rosters: list[Roster]

    @property
    def start(self) -> datetime:
        return self._begins(self.first)

    @property
    def end(self) -> datetime:
        return self._begins(self.last + timedelta(days=1))

    def _begins(self, day: date) -> datetime:
        return local_to_instant(ZoneInfo(self.zone), datetime.combine(day, time()))

    @property
    def shown(self) -> list[Roster]:
        return [self.chosen] if self.chosen else self.rosters

    def carried(self) -> list[Carried]:
        return fairness.carried(self.shown, self.start, self.end)

    def table(self, what: str) -> Table:
        """The lines of an export: "people" or "turns"."""
        turns = self.carried()
        if what == "turns":
            return by_turn(turns)
        return by_person(fairness.shares(turns, self.start, self.end), self.first, self.last, self.zone)

    def url(self, endpoint: str, **other: Any) -> str:
        roster_id = self.chosen.id if self.chosen else None
        asked = {"since": self.first, "until": self.last, "roster": roster_id}
        return url_for(f"rosters.fairness.{endpoint}", **{**asked, **other})


@bp.get("")
@needs("fairness.see")
def index() -> str | tuple[str, int]:
    """Hours, nights, weekends, holidays and alarms of each person."""
    asked, errors = _read()
    shares = fairness.shares(asked.carried(), asked.start, asked.end)
    has_even = fairness.is_one_team(asked.shown)
    page = render_template(
        "rosters/fairness.html",
        asked=asked,
        errors=errors,
        typed=request.args if errors else {"since": asked.first, "until": asked.last},
        tabs_of_period=_tabs(asked),
        roster_options=[(roster.id, roster.name) for roster in asked.rosters],
        days=_("%(first)s to %(last)s", first=i18n.say_date(asked.first), last=i18n.say_date(asked.last)),
        zone=i18n.zone_city(asked.zone),
        is_ahead=asked.end > g.now,
        rows=[_row(share) for share in shares],
        charts=_charts(shares, has_even),
        has_even=has_even,
        downloads=_downloads(asked) if shares and may("figures.export") else [],
    )
    return (page, 422) if errors else page


@bp.get("/<any(people, turns):what>.<any(csv, xlsx):ending>")
@needs("figures.export")
def export(what: str, ending: str) -> Response | str | tuple[str, int]:
    """A line for each person, or for each turn; the security log keeps who took it."""
    asked, errors = _read()
    if errors:
        return index()  # type: ignore[return-value]
    columns, rows = asked.table(what)
    note_export(
        f"fairness:{what}",
        {"from": str(asked.first), "to": str(asked.last), "rows": len(rows)}
        | ({"name": asked.chosen.name} if asked.chosen else {}),
        now=g.now,
        actor_id=current_user.id,
        address=address(),
    )
    name = f"on-call-{what}-{asked.first}-{asked.last}"
    more = {"sheet": _("On call"), "note": say_counting(asked.zone)} if ending == "xlsx" else {}
    return ANSWERS[ending](name, columns, rows, **more)


def _read() -> tuple[_Asked, Errors]:
    """The question; where it cannot be read, the plain one, and what to mend. 404 for a roster that the asker
    does not see here."""
    organisation = find_organisation()
    zone = organisation.zone if organisation else "UTC"
    today = g.now.astimezone(ZoneInfo(zone)).date()
    data, errors = load(FairnessSchema, request.args)
    rosters = fairness.rosters_for(asker())
    chosen = None
    if data and data["roster"]:
        chosen = next((r for r in rosters if r.id == data["roster"]), None) or abort(404)
    first, last = today - relativedelta(months=MONTHS) + timedelta(days=1), today
    if data and data["since"]:
        first, last = data["since"], data["until"]
    return _Asked(first, last, zone, chosen, rosters), errors


def _tabs(asked: _Asked) -> list[dict[str, Any]]:
    today = g.now.astimezone(ZoneInfo(asked.zone)).date()
    since = today - relativedelta(months=MONTHS) + timedelta(days=1)
    periods = [(_("Last three months"), since, today)]
    periods += [(str(PERIODS[period]), *days_of(period, today)) for period in TABS]
    return [
        {
            "label": label,
            "url": asked.url("index", since=first, until=last),
            "current": (first, last) == (asked.first, asked.last),
        }
        for label, first, last in periods
    ]


def _row(share: Share) -> dict[str, Any]:
    burden = share.burden
    return {
        "person": share.person,
        "hours": _say_hours(burden.seconds),
        "nights": (_say_hours(burden.night_seconds), len(burden.nights)),
        "weekends": (_say_hours(burden.weekend_seconds), len(burden.weekends)),
        "holidays": (_say_hours(burden.holiday_seconds), len(burden.holidays)),
        "pages": share.pages,
    }


def _charts(shares: list[Share], has_even: bool) -> list[dict[str, Any]]:
    """A picture for each kind of burden; one that nobody carried is none. `has_even`: with an even share."""
    found = []
    for title, measure, say in PICTURES:
        values = [measure(share) for share in shares]
        if any(values):
            ordered = sorted(shares, key=measure, reverse=True)
            rows = [(share.person.name, measure(share), say(measure(share))) for share in ordered]
            even = sum(values) / len(values) if has_even else None
            found.append({"title": title, "rows": rows, "top": max(values), "even": even})
    return found


def _downloads(asked: _Asked) -> list[tuple[str, str]]:
    names = {"people": _("By person"), "turns": _("By turn")}
    return [
        (f"{name} ({ending.upper()})", asked.url("export", what=what, ending=ending))
        for what, name in names.items()
        for ending in ANSWERS
    ]

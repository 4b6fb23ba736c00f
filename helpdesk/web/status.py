"""How the services are: public pages and feeds, the same for everybody, kept in memory (web/kept)."""

from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, g, render_template, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk import i18n
from helpdesk.desk import status
from helpdesk.desk.status import Status
from helpdesk.rules.status import Day
from helpdesk.store.maintenance import Window
from helpdesk.store.organisation import find_organisation

bp = Blueprint("status", __name__, url_prefix="/status")

STANDINGS = {"fine": _l("Working"), "maintenance": _l("Under maintenance"), "fault": _l("Critical fault")}
TONES = {"fine": "ok", "maintenance": "wait", "fault": "late"}
EFFECTS = {"down": _l("not available"), "degraded": _l("slower than usual"), "read_only": _l("read only")}


@bp.get("")
def index() -> str:
    """All services."""
    return _page("status/index.html", statuses=_look())


@bp.get("/<int:service_id>")
def show(service_id: int) -> str:
    """One service: what runs and comes, open critical faults, and the last 90 days."""
    return _page("status/show.html", one=_find(service_id))


@bp.get("/feed.atom")
def feed() -> Response:
    """Windows and critical faults of all services (RFC 4287)."""
    return _feed(_look(), None)


@bp.get("/<int:service_id>/feed.atom")
def service_feed(service_id: int) -> Response:
    """The same of one service."""
    one = _find(service_id)
    return _feed([one], one)


def _look() -> list[Status]:
    organisation = find_organisation()
    if organisation is None:
        abort(404)
    g.zone = organisation.zone  # the same for everybody
    return status.look(g.now)


def _find(service_id: int) -> Status:
    if request.path != url_for(request.endpoint or "", service_id=service_id):
        abort(404)  # "007" would be kept beside "7", and there is no end of such
    found = next((one for one in _look() if one.service.id == service_id), None)
    return found or abort(404)


def _page(template: str, **words: Any) -> str:
    with force_locale(_locale()):
        organisation = find_organisation()
        return render_template(
            template,
            organisation=organisation,
            standings=STANDINGS,
            tones=TONES,
            effects=EFFECTS,
            held=lambda window: status.held_span(window, g.now),
            names=status.shown_names,
            reason=status.shown_reason,
            lang=_locale(),
            html_lang=i18n.html_lang(_locale()),
            days_said=_days_said,
            day_said=_day_said,
            **words,
        )


def _locale() -> str:
    wanted = request.args.get("lang", "")
    return wanted if wanted in i18n.LOCALES else i18n.negotiate(list(request.accept_languages.values()))


def _days_said(one: Status) -> str:
    """The picture of the days in a sentence."""
    faults = i18n.say_duration(one.fault_time) if one.fault_time else _("none")
    maintenance = i18n.say_duration(one.maintenance_time) if one.maintenance_time else _("none")
    return _(
        "The last %(days)d days: critical faults %(faults)s, maintenance %(maintenance)s.",
        days=status.DAYS,
        faults=faults,
        maintenance=maintenance,
    )


def _day_said(day: Day) -> str:
    return i18n.say_day(day.on, g.now.astimezone(ZoneInfo(g.zone)).date())


def _feed(statuses: list[Status], one: Status | None) -> Response:
    windows: dict[int, Window] = {}
    for each in statuses:
        windows |= {w.id: w for w in (*each.past, *each.running, *each.coming, *each.called_off)}
    steps = status.last_steps(statuses)
    told = {window.id: steps.get(window.id, window.announced_at) for window in windows.values()}
    news: list[dict[str, Any]] = [
        {"window": window, "at": told[window.id] or window.starts_at} for window in windows.values()
    ]
    for each in statuses:
        for fault in each.faults:
            at = fault.since if fault.is_open else fault.spans[-1][1]
            news.append({"fault": fault, "service": each.service, "at": at})
    news.sort(key=lambda entry: entry["at"], reverse=True)
    text = _page("status/feed.xml", news=news[:50], one=one, statuses=statuses)
    return Response(text, mimetype="application/atom+xml")

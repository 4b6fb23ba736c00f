"""The form of a window, and of a series of them: what is done, when, to what; warnings before it is saved."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import changes, maintenance, window_series
from helpdesk.desk.changes import ChangedMeanwhile, Refused
from helpdesk.desk.maintenance import WindowRefused
from helpdesk.desk.window_warnings import warnings
from helpdesk.rules.maintenance import is_planned
from helpdesk.rules.recurrence import kind_of, last_day
from helpdesk.rules.spans import Span
from helpdesk.schemas.maintenance import SeriesSchema, WindowSchema
from helpdesk.store.maintenance import Window, WindowSeries
from helpdesk.store.people import find_person
from helpdesk.web.admin.frame import changed_meanwhile, staff_options
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import needs, viewer_zone
from helpdesk.web.roster_board import local_text, parse_day
from helpdesk.web.window_doors import (
    by,
    link,
    may_for,
    open_steps,
    series_services,
    series_to_see,
    services_to_plan,
    window_to_see,
)
from helpdesk.web.window_words import SERIES_REFUSED, refusal, say_warnings

bp = Blueprint("plans", __name__)

Page = Answer | str | tuple[str, int]
Data = dict[str, Any]
DATES_SHOWN = 10


@bp.route("/new", methods=["GET", "POST"])
@needs("maintenance.edit")
def new() -> Page:
    """Plans a window, or a series of them."""
    if not services_to_plan():
        abort(404)
    if request.method == "GET":
        return _form(_empty(), {}, is_new=True)
    if request.form.get("repeats"):
        return _plan_series(None)
    data, errors = _load(WindowSchema(zone=viewer_zone()))
    if data is not None:
        said = _said_first([(data["starts_at"], data["ends_at"])], data, None)
        if said is not None:
            return _form(request.form, {}, is_new=True, **said)
        try:
            window = maintenance.draft(data, by())
            flash(_("Planned. Nobody is told before it is announced."))
            return redirect(url_for("maintenance.show", window_id=window.id), 303)
        except WindowRefused as fault:
            errors = refusal(fault)
    return _form(request.form, errors, is_new=True), 422


@bp.route("/<int:window_id>/change", methods=["GET", "POST"])
@needs("maintenance.edit")
def edit(window_id: int) -> Page:
    """Everything about one that is planned; words of one that is announced."""
    window = window_to_see(window_id)
    if "change" not in open_steps(window):
        abort(404)
    state = maintenance.state_of(window)
    shown: Data = {"window": window, "marker": changes.marker_of(state)}
    if request.method == "GET":
        return _form(_typed(window), {}, **shown)
    given = request.form.copy()
    if not is_planned(window.state):  # times and services stand: their fields are not there
        given.update({name: _typed(window)[name] for name in ("starts_at", "ends_at")})
        given.setlist("service_ids", [str(each) for each in state["service_ids"]])
    data, errors = _load(WindowSchema(zone=viewer_zone()), given, state["service_ids"])
    shown["marker"] = request.form.get("marker", "")
    if data is not None:
        if not is_planned(window.state):
            data = {name: data[name] for name in maintenance.WORDS}
        else:
            said = _said_first([(data["starts_at"], data["ends_at"])], data, window_id)
            if said is not None:
                return _form(request.form, {}, **shown, **said)
        try:
            maintenance.change(window_id, data, by(), shown["marker"])
            flash(_("Saved."))
            return redirect(url_for("maintenance.show", window_id=window_id), 303)
        except ChangedMeanwhile:
            errors = {"": [changed_meanwhile()]}
        except WindowRefused as fault:
            errors = refusal(fault)
    return _form(given, errors, **shown), 422


@bp.route("/series/<int:series_id>/change", methods=["GET", "POST"])
@needs("maintenance.edit")
def edit_series(series_id: int) -> Page:
    """Everything about a series that nobody has approved yet."""
    series = series_to_see(series_id)
    if series.approved_at or series.stopped_at or not may_for(series_services(series), "maintenance.edit"):
        abort(404)
    if request.method == "GET":
        marker = changes.marker_of(window_series.state_of(series))
        return _form(_typed_series(series), {}, series=series, marker=marker)
    return _plan_series(series)


def _plan_series(series: WindowSeries | None) -> Page:
    """What was typed about a new series (None) or one that stands: looked at, then saved."""
    shown: Data = {"series": series, "is_new": series is None, "marker": request.form.get("marker", "")}
    data, errors = _load(SeriesSchema(zone=series.zone if series else viewer_zone()))
    if data is not None:
        try:
            spans = [span for _local, span in window_series.check(data, g.now)]
            said = _said_first(spans, data, None)
            if said is not None or request.form.get("do") == "look":
                return _form(request.form, {}, **shown, **(said or {}), dates=spans[:DATES_SHOWN])
            if series is None:
                series = window_series.draft(data, by())
            else:
                window_series.change(series.id, data, by(), shown["marker"])
            flash(_("Planned. Nobody is told before somebody approves it."))
            return redirect(url_for("maintenance.series.show", series_id=series.id), 303)
        except ChangedMeanwhile:
            errors = {"": [changed_meanwhile()]}
        except Refused as fault:
            said_why = str(SERIES_REFUSED[fault.code]) % {"names": fault.names}
            errors = {"ends_at" if fault.field == "minutes" else fault.field: [said_why]}
    return _form(request.form, errors, **shown), 422


def _load(
    schema: WindowSchema, given: Any = None, covered: Collection[int] = ()
) -> tuple[Data | None, Errors]:
    """As web/forms.load; services and owner are those that the asker may choose, or `covered` already."""
    data, errors = load(schema, request.form if given is None else given)
    if data is None:
        return None, errors
    if not set(data["service_ids"]) <= {*covered, *(each.id for each in services_to_plan())}:
        return None, {"service_ids": [_("Choose a service from the list.")]}
    owner = find_person(data["owner_id"]) if data["owner_id"] else None
    if data["owner_id"] and (owner is None or not owner.is_active):
        return None, {"owner_id": [_("Choose a person from the list.")]}
    return data, {}


def _said_first(spans: list[Span], data: Data, window_id: int | None) -> Data | None:
    """What the form says before anything is saved; None where nothing speaks against it, or it was read.

    The form bears a marker of what it said: other warnings are said anew.
    """
    found = warnings(data["service_ids"], spans, g.now, window_id)
    if request.form.get("do") != "look" and request.form.get("warned", "") == found.marker:
        return None
    said: list[Markup] = say_warnings(found, link)
    return {"warned": said, "warned_marker": found.marker, "also": [each.name for each in found.also]}


def _form(typed: Any, errors: Errors, **shown: Any) -> str:
    window = shown.get("window")
    several = typed.getlist("service_ids") if hasattr(typed, "getlist") else typed["service_ids"]
    return render_template(
        "maintenance/form.html",
        typed=typed,
        errors=errors,
        chosen=several,
        services=[(service.id, service.name) for service in services_to_plan()],
        owners=staff_options(also=window.owner if window else None),
        is_planned=window is None or is_planned(window.state),
        **shown,
    )


def _empty() -> Data:
    day = parse_day("", viewer_zone(), g.now) + timedelta(days=7)
    return {
        "service_ids": [],
        "starts_at": f"{day}T20:00",
        "ends_at": f"{day}T22:00",
        "effect": "down",
        "owner_id": current_user.id,
    }


def _typed(window: Window) -> Data:
    times = {name: _local(getattr(window, name)) for name in ("starts_at", "ends_at")}
    return {**maintenance.state_of(window), **times}


def _typed_series(series: WindowSeries) -> Data:
    start = datetime.fromisoformat(series.starts_at)
    kind = kind_of(series.rule, start)
    return {
        **window_series.state_of(series),
        "ends_at": local_end(series),
        "repeats": kind or "rule",
        "rule": "" if kind else series.rule,
        "last_on": last_day(series.rule, ZoneInfo(series.zone)) or "",
        "exceptions": "\n".join(text[:10] for text in series.exceptions),
    }


def local_end(series: WindowSeries) -> str:
    """When the first window of a series would end, as the field has it."""
    end = datetime.fromisoformat(series.starts_at) + timedelta(minutes=series.minutes)
    return end.strftime("%Y-%m-%dT%H:%M")


def _local(at: datetime) -> str:
    return local_text(at, viewer_zone())

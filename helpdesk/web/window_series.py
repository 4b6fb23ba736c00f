"""Windows that recur: the list, one with what is to come, approval, exceptions, the end."""

from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import window_series
from helpdesk.desk.changes import ChangedMeanwhile, Refused, marker_of
from helpdesk.desk.window_warnings import warnings
from helpdesk.schemas.maintenance import WhySchema
from helpdesk.store.maintenance import WindowSeries
from helpdesk.store.window_plans import list_series, list_windows_of_series
from helpdesk.web.forms import load
from helpdesk.web.frame import needs
from helpdesk.web.window_doors import (
    by,
    link,
    maintenance_tabs,
    may_for,
    sees,
    series_services,
    series_to_see,
    services_to_plan,
)
from helpdesk.web.window_words import SERIES_REFUSED, names_of, say_rule, say_warnings

bp = Blueprint("series", __name__, url_prefix="/series")
SHOWN = 12


@bp.get("")
@needs("maintenance.see")
def index() -> str:
    """Those that go on, and those that wait for somebody's yes."""
    found = [(series, series_services(series)) for series in list_series()]
    return render_template(
        "maintenance/series_list.html",
        tabs=maintenance_tabs(),
        found=[(series, _title(services)) for series, services in found if sees(services)],
        may_add=bool(services_to_plan()),
    )


@bp.get("/<int:series_id>")
@needs("maintenance.see")
def show(series_id: int) -> str:
    """All about one: its rule in words, the windows made, the dates to come."""
    series = series_to_see(series_id)
    services = series_services(series)
    made = list_windows_of_series(series_id, g.now)
    ahead = _upcoming(series)[:SHOWN]
    warned = warnings(series.service_ids, [span for _local, span in ahead], g.now) if ahead else None
    return render_template(
        "maintenance/series.html",
        series=series,
        title=_title(services),
        services=services,
        made=made,
        ahead=ahead,
        warned=say_warnings(warned, link) if warned and not series.approved_at else [],
        may_edit=series.stopped_at is None and may_for(services, "maintenance.edit"),
        may_approve=not (series.approved_at or series.stopped_at)
        and may_for(services, "maintenance.approve"),
        marker=marker_of(window_series.state_of(series)),
        is_own=current_user.id in series.author_ids,
    )


@bp.post("/<int:series_id>/approve")
@needs("maintenance.approve")
def approve(series_id: int) -> Answer:
    """Somebody else than its author says yes."""
    _require(series_id, "maintenance.approve")
    return _done(
        series_id,
        _("Approved. The windows of the next 60 days are announced."),
        window_series.approve,
        by(),
        request.form.get("marker"),
    )


@bp.post("/<int:series_id>/leave-out")
@needs("maintenance.edit")
def leave_out(series_id: int) -> Answer:
    """One date less."""
    series = _require(series_id, "maintenance.edit")
    start = request.form.get("start", "")
    starts = [local.strftime("%Y-%m-%dT%H:%M") for local, _span in _upcoming(series)]
    if start not in starts:
        abort(404)
    return _done(series_id, _("Left out."), window_series.leave_out, start, by())


@bp.route("/<int:series_id>/stop", methods=["GET", "POST"])
@needs("maintenance.edit")
def stop(series_id: int) -> Answer | str:
    """Asks, then ends the series."""
    series = _require(series_id, "maintenance.edit")
    if request.method == "GET":
        return render_template(
            "maintenance/series_stop.html", series=series, title=_title(series_services(series))
        )
    data, _errors = load(WhySchema, request.form)
    why = data["reason"] if data else ""
    with_coming = request.form.get("coming") == "1"
    try:
        window_series.stop(series_id, by(), with_coming=with_coming, why=why)
        flash(_("Stopped. No further windows are made."))
    except Refused as fault:
        flash(str(SERIES_REFUSED[fault.code]), "warning")
    return redirect(url_for("maintenance.series.show", series_id=series_id), 303)


@bp.context_processor
def _words() -> dict[str, Any]:
    return {"rule_words": lambda series: say_rule(series.rule, series.starts_at, series.zone)}


def _upcoming(series: WindowSeries) -> list[Any]:
    """The next that are not made yet."""
    if series.stopped_at is not None:
        return []
    try:
        return window_series.upcoming(window_series.state_of(series), max(g.now, series.made_until or g.now))
    except Refused:
        return []


def _require(series_id: int, action: str) -> WindowSeries:
    """The series where the asker may do that, and it goes on, or 404."""
    series = series_to_see(series_id)
    if series.stopped_at is not None or not may_for(series_services(series), action):
        abort(404)
    return series


def _done(series_id: int, said: str, verb: Any, *given: Any) -> Answer:
    try:
        verb(series_id, *given)
        flash(said)
    except ChangedMeanwhile:
        flash(_("Somebody else has changed this since you opened it. Nothing was saved."), "warning")
    except Refused as fault:
        flash(str(SERIES_REFUSED[fault.code]) % {"names": fault.names}, "warning")
    return redirect(url_for("maintenance.series.show", series_id=series_id), 303)


def _title(services: list[Any]) -> str:
    return names_of([each.name for each in services])

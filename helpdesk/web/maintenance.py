"""Maintenance windows: what runs, what is coming, what was."""

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, abort, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import maintenance
from helpdesk.desk.maintenance import WindowRefused
from helpdesk.rules.access import may_for_team
from helpdesk.schemas.maintenance import NewWindowSchema, WindowSchema
from helpdesk.store.maintenance import Window, find_window, list_windows_ahead, list_windows_over
from helpdesk.store.services import Service, list_services
from helpdesk.store.stale import list_recomputations
from helpdesk.web.auth import address
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import asker, needs, viewer_zone
from helpdesk.web.roster_board import local_text

bp = Blueprint("maintenance", __name__, url_prefix="/maintenance")

AHEAD = timedelta(days=3660)
SHOWN = 3  # of the latest changes that moved deadlines
Page = Answer | str | tuple[str, int]


@bp.get("")
@needs("maintenance.see")
def index() -> str:
    """Running, coming and past windows."""
    ahead = list_windows_ahead(g.now, g.now + AHEAD)
    return render_template(
        "maintenance/index.html",
        running=[w for w in ahead if w.is_running(g.now)],
        coming=[w for w in ahead if not w.is_running(g.now)],
        over=list_windows_over(g.now),
        may_change=_may_change,
        may_add=bool(_services()),
    )


@bp.get("/progress")
@needs("maintenance.see")
def progress() -> Answer:
    """How far computing deadlines anew has come, for pages that show it until it is done."""
    response = make_response(render_template("maintenance/progress.html"))
    response.add_etag()
    return response.make_conditional(request)


@bp.app_context_processor
def _recomputations() -> dict[str, Any]:
    """For whichever page shows them: the latest, while they run and for a day after."""
    return {"recomputations": lambda: [r for r in list_recomputations(SHOWN) if _is_recent(r.finished_at)]}


def _is_recent(finished_at: datetime | None) -> bool:
    return finished_at is None or finished_at > g.now - timedelta(days=1)


@bp.route("/new", methods=["GET", "POST"])
@needs("maintenance.edit")
def new() -> Page:
    """Announces a window."""
    if not _services():
        abort(404)
    if request.method == "GET":
        start = _next_hour(g.now)
        typed = {"starts_at": _local(start), "ends_at": _local(start + timedelta(hours=2))}
        return _form(None, typed, {})
    data, errors = load(NewWindowSchema(zone=viewer_zone()), request.form)
    if data is not None and data["service_id"] not in [service.id for service in _services()]:
        errors = {"service_id": [_("Choose a service from the list.")]}
    if data is not None and not errors:
        try:
            maintenance.announce(**data, now=g.now, actor_id=current_user.id, address=address())
            flash(_("The window is announced. Deadlines follow in a moment."))
            return redirect(url_for("maintenance.index"), 303)
        except WindowRefused as fault:
            errors = _refused(fault)
    return _form(None, request.form, errors), 422


@bp.route("/<int:window_id>", methods=["GET", "POST"])
@needs("maintenance.edit")
def edit(window_id: int) -> Page:
    """Other times or another reason."""
    window = _to_change(window_id)
    if request.method == "GET":
        return _form(window, _typed(window), {})
    given = request.form.copy()
    if window.is_running(g.now):
        given["starts_at"] = _local(window.starts_at)  # its field is not there: it has begun
    data, errors = load(WindowSchema(zone=viewer_zone()), given)
    if data is not None:
        try:
            maintenance.change(window_id, **data, now=g.now, actor_id=current_user.id, address=address())
            flash(_("The window is changed. Deadlines follow in a moment."))
            return redirect(url_for("maintenance.index"), 303)
        except WindowRefused as fault:
            errors = _refused(fault)
    return _form(window, given, errors), 422


@bp.route("/<int:window_id>/cancel", methods=["GET", "POST"])
@needs("maintenance.edit")
def cancel(window_id: int) -> Page:
    """Asks, then calls it off; one that runs ends now."""
    window = _to_change(window_id)
    if request.method == "GET":
        return render_template("maintenance/cancel.html", window=window, runs=window.is_running(g.now))
    try:
        maintenance.cancel(window_id, now=g.now, actor_id=current_user.id, address=address())
        flash(_("The window is called off. Deadlines follow in a moment."))
    except WindowRefused:
        flash(_("This window is over already, so nothing was changed."), "warning")
    return redirect(url_for("maintenance.index"), 303)


def _form(window: Window | None, typed: Any, errors: Errors) -> str:
    return render_template(
        "maintenance/form.html",
        window=window,
        typed=typed,
        errors=errors,
        services=[(service.id, service.name) for service in _services()],
        runs=window is not None and window.is_running(g.now),
    )


def _typed(window: Window) -> dict[str, str]:
    starts_at, ends_at = _local(window.starts_at), _local(window.ends_at)
    return {"starts_at": starts_at, "ends_at": ends_at, "reason": window.reason}


def _services() -> list[Service]:
    """Those for which the asker may announce."""
    return [s for s in list_services() if may_for_team(asker(), "maintenance.edit", s.team_id)]


def _may_change(window: Window) -> bool:
    return not window.is_over(g.now) and may_for_team(asker(), "maintenance.edit", window.service.team_id)


def _to_change(window_id: int) -> Window:
    """The window where the asker may change it and something of it is left, or 404."""
    window = find_window(window_id)
    return window if window is not None and _may_change(window) else abort(404)


def _local(at: datetime) -> str:
    return local_text(at, viewer_zone())


def _next_hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _refused(fault: WindowRefused) -> Errors:
    said = {
        "past": _("This is over already. Choose an end that is still to come."),
        "empty": _("The end must be later than the beginning."),
        "too_long": _("A window lasts 31 days at most. Announce several."),
        "over": _("This window is over already, so nothing was changed."),
    }
    return {"ends_at": [said[fault.code]]}

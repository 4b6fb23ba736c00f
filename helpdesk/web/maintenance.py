"""Maintenance windows: what runs, what is planned, what was; the life of each."""

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, g, make_response, render_template, request
from werkzeug.wrappers import Response as Answer

from helpdesk.desk.window_warnings import warnings
from helpdesk.rules.maintenance import is_planned
from helpdesk.store.maintenance import Window, list_window_entries, list_windows_ahead, list_windows_over
from helpdesk.store.stale import list_recomputations
from helpdesk.store.window_plans import find_series, list_windows_to_approve
from helpdesk.web import window_forms, window_freezes, window_series, window_steps, window_words
from helpdesk.web.frame import needs
from helpdesk.web.window_calendar import month_of
from helpdesk.web.window_doors import (
    link,
    maintenance_tabs,
    named,
    open_steps,
    sees,
    services_to_plan,
    window_to_see,
)

bp = Blueprint("maintenance", __name__, url_prefix="/maintenance")
for page in (window_forms, window_steps, window_series, window_freezes):
    bp.register_blueprint(page.bp)

AHEAD = timedelta(days=3660)
SHOWN = 3  # of the latest changes that moved deadlines


@bp.get("")
@needs("maintenance.see")
def index() -> str:
    """A month as a calendar, and windows running, being planned, coming and over."""
    ahead = [w for w in list_windows_ahead(g.now, g.now + AHEAD) if sees(w.services)]
    told = [w for w in ahead if not is_planned(w.state)]
    return render_template(
        "maintenance/index.html",
        tabs=maintenance_tabs(),
        month=month_of(request.args.get("month", "")),
        running=[w for w in told if w.is_running(g.now)],
        coming=[w for w in told if not w.is_running(g.now)],
        planned=[w for w in list_windows_to_approve() if sees(w.services)],
        over=[w for w in list_windows_over(g.now) if w.announced_at is not None and sees(w.services)],
        may_add=bool(services_to_plan()),
    )


@bp.get("/<int:window_id>")
@needs("maintenance.see")
def show(window_id: int) -> str:
    """All about one, its timeline, and what can be done with it."""
    window = window_to_see(window_id)
    found = None
    if is_planned(window.state):
        ids = [each.id for each in named(window)]
        found = warnings(ids, [(window.starts_at, window.ends_at)], g.now, window.id)
    return render_template(
        "maintenance/window.html",
        window=window,
        series=find_series(window.series_id) if window.series_id else None,
        entries=list_window_entries([window.id]),
        steps=open_steps(window),
        warned=window_words.say_warnings(found, link) if found else [],
        also=_also(window, found.also if found else ()),
    )


def _also(window: Window, needing: Any) -> list[str]:
    """The names of services that are covered because they need a chosen one."""
    fixed = [each.service for each in window.covered if not each.is_named]
    return [each.name for each in (*fixed, *needing) if sees([each])]


@bp.get("/progress")
@needs("maintenance.see")
def progress() -> Answer:
    """How far computing deadlines anew has come, for pages that show it until it is done."""
    response = make_response(render_template("maintenance/progress.html"))
    response.add_etag(weak=True)
    return response.make_conditional(request)


@bp.app_context_processor
def _recomputations() -> dict[str, Any]:
    """For whichever page shows them: the latest, while they run and for a day after."""
    return {"recomputations": lambda: [r for r in list_recomputations(SHOWN) if _is_recent(r.finished_at)]}


@bp.context_processor
def _words() -> dict[str, Any]:
    return {
        "title_of": window_words.title_of,
        "say_step": window_words.say_step,
        "say_day": window_words.say_day,
        "effect_words": window_words.EFFECTS,
        "state_words": window_words.STATES,
    }


def _is_recent(finished_at: datetime | None) -> bool:
    return finished_at is None or finished_at > g.now - timedelta(days=1)

"""The steps of a window's life: each asks first, and says what it means."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from marshmallow import Schema
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import maintenance
from helpdesk.desk.changes import By, ChangedMeanwhile, marker_of
from helpdesk.desk.maintenance import WindowRefused
from helpdesk.desk.window_warnings import warnings
from helpdesk.schemas.maintenance import ExtendSchema, MoveSchema, WhySchema
from helpdesk.store.maintenance import Window
from helpdesk.web.admin.frame import changed_meanwhile
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import needs, viewer_zone
from helpdesk.web.roster_board import local_text
from helpdesk.web.window_doors import by, link, named, open_steps, window_to_see
from helpdesk.web.window_words import refusal, say_warnings

bp = Blueprint("steps", __name__)

Page = Answer | str | tuple[str, int]
Data = dict[str, Any]
VERBS: dict[str, Callable[[int, Data, By], Window]] = {
    "approve": lambda window_id, data, by: maintenance.approve(window_id, by, request.form.get("marker")),
    "announce": lambda window_id, data, by: maintenance.announce(window_id, by),
    "start": lambda window_id, data, by: maintenance.start(window_id, by),
    "extend": lambda window_id, data, by: maintenance.extend(window_id, data["ends_at"], by, data["reason"]),
    "move": lambda window_id, data, by: maintenance.move(
        window_id, data["starts_at"], data["ends_at"], by, data["reason"]
    ),
    "finish": lambda window_id, data, by: maintenance.finish(window_id, by, data["reason"]),
    "cancel": lambda window_id, data, by: maintenance.cancel(window_id, by, data["reason"]),
}
DONE = {
    "approve": _l("Approved. Now it can be announced."),
    "announce": _l("Announced. People are told, and deadlines follow in a moment."),
    "start": _l("It has begun. Deadlines follow in a moment."),
    "extend": _l("Extended. People are told, and deadlines follow in a moment."),
    "move": _l("Moved. People are told, and deadlines follow in a moment."),
    "finish": _l("Ended. People are told, and deadlines follow in a moment."),
    "cancel": _l("Called off."),
}


@bp.route(
    "/<int:window_id>/<any(approve,announce,start,extend,move,finish,cancel):step>", methods=["GET", "POST"]
)
@needs("maintenance.see")
def step(window_id: int, step: str) -> Page:
    """Asks, then takes the step; for whoever may take it, and while it can be taken."""
    window = window_to_see(window_id)
    if step not in open_steps(window):
        abort(404)
    if request.method == "GET":
        return _ask(window, step, _typed(window), {})
    data, errors = load(_schema(step), request.form)
    if data is not None:
        try:
            VERBS[step](window_id, data, by())
            flash(str(DONE[step]))
            return redirect(url_for("maintenance.show", window_id=window_id), 303)
        except ChangedMeanwhile:
            errors = {"": [changed_meanwhile()]}
        except WindowRefused as fault:
            errors = refusal(fault)
    return _ask(window, step, request.form, errors), 422


def _schema(step: str) -> Schema:
    timed = {"extend": ExtendSchema, "move": MoveSchema}
    return timed[step](zone=viewer_zone()) if step in timed else WhySchema()


def _typed(window: Window) -> dict[str, str]:
    return {name: local_text(getattr(window, name), viewer_zone()) for name in ("starts_at", "ends_at")}


def _ask(window: Window, step: str, typed: Any, errors: Errors) -> str:
    warned = []
    if step in ("approve", "announce"):
        ids = [each.id for each in named(window)]
        found = warnings(ids, [(window.starts_at, window.ends_at)], g.now, window.id)
        warned = say_warnings(found, link)
    return render_template(
        "maintenance/step.html",
        window=window,
        step=step,
        typed=typed,
        errors=errors,
        warned=warned,
        marker=marker_of(maintenance.state_of(window)) if step == "approve" else "",
        is_own=step == "approve" and window.created_by_id == current_user.id,
    )

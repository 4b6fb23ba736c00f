"""Freezes: when nothing should be changed, such as the last week of each quarter."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import changes, freezes
from helpdesk.desk.changes import ChangedMeanwhile, Refused
from helpdesk.rules.access import may_for_team
from helpdesk.schemas.maintenance import FreezeSchema, freeze_kind
from helpdesk.store.maintenance import Freeze
from helpdesk.store.window_plans import find_freeze, list_freezes
from helpdesk.web.admin.frame import SAID, changed_meanwhile
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import asker, needs, viewer_zone
from helpdesk.web.roster_board import parse_day
from helpdesk.web.window_doors import by, maintenance_tabs
from helpdesk.web.window_words import say_day

bp = Blueprint("freezes", __name__, url_prefix="/freezes")

Page = Answer | str | tuple[str, int]
KINDS = {
    "once": _l("once"),
    "month": _l("the last days of each month"),
    "quarter": _l("the last days of each quarter"),
    "year": _l("the last days of each year"),
    "rule": _l("by a rule"),
}
COMING = timedelta(days=366)


@bp.get("")
@needs("maintenance.see")
def index() -> str:
    """All of them, and when the next are."""
    today = parse_day("", viewer_zone(), g.now)
    coming: dict[str, Any] = {}
    for each in freezes.between(today, today + COMING):
        coming.setdefault(each.name, each)
    return render_template(
        "maintenance/freezes.html",
        tabs=maintenance_tabs(),
        freezes=[(each, KINDS[freeze_kind(each.rule, each.days)]) for each in list_freezes()],
        coming=coming,
        may_edit=_may_edit(),
    )


@bp.route("/new", methods=["GET", "POST"])
@needs("maintenance.approve")
def new() -> Page:
    """Adds one."""
    _require()
    return _page(None)


@bp.route("/<int:freeze_id>", methods=["GET", "POST"])
@needs("maintenance.approve")
def edit(freeze_id: int) -> Page:
    """All about one."""
    _require()
    return _page(find_freeze(freeze_id) or abort(404))


@bp.post("/<int:freeze_id>/remove")
@needs("maintenance.approve")
def remove(freeze_id: int) -> Answer:
    """Changes are possible again."""
    _require()
    try:
        freezes.remove(freeze_id, by())
    except LookupError:
        abort(404)
    flash(_("The freeze is gone."))
    return redirect(url_for("maintenance.freezes.index"), 303)


def _page(freeze: Freeze | None) -> Page:
    if request.method == "GET":
        return _form(
            freeze, _typed(freeze), {}, changes.marker_of(freezes.state_of(freeze)) if freeze else ""
        )
    marker = request.form.get("marker", "")
    data, errors = load(FreezeSchema, request.form)
    if data is not None:
        try:
            freezes.save(freeze.id if freeze else None, data, by(), marker if freeze else None)
            flash(_("Saved."))
            return redirect(url_for("maintenance.freezes.index"), 303)
        except ChangedMeanwhile:
            errors = {"": [changed_meanwhile()]}
        except Refused as fault:
            errors = {fault.field: [str(SAID[fault.code])]}
    return _form(freeze, request.form, errors, marker), 422


def _form(freeze: Freeze | None, typed: Any, errors: Errors, marker: str) -> str:
    return render_template(
        "maintenance/freeze.html",
        freeze=freeze,
        typed=typed,
        errors=errors,
        marker=marker,
        kinds=[(name, str(said)) for name, said in KINDS.items()],
    )


def _typed(freeze: Freeze | None) -> dict[str, Any]:
    if freeze is None:
        return {"when": "quarter", "days": 7, "first_on": parse_day("", viewer_zone(), g.now)}
    kind = freeze_kind(freeze.rule, freeze.days)
    return {**freezes.state_of(freeze), "when": kind, "rule": freeze.rule if kind == "rule" else ""}


def _may_edit() -> bool:
    """Freezes are everybody's, so a lead of a team sets none."""
    return may_for_team(asker(), "maintenance.approve", None)


def _require() -> None:
    if not _may_edit():
        abort(404)


@bp.context_processor
def _words() -> dict[str, Any]:
    return {"say_day": say_day}

"""Saved views: a question of the queue under a name, one's own or shared with a team."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import views as desk
from helpdesk.desk.changes import Refused
from helpdesk.rules.access import may_change_view
from helpdesk.schemas.queue import ViewSchema
from helpdesk.store.people import get_names
from helpdesk.store.teams import list_teams
from helpdesk.store.views import SavedView, find_view, list_views
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import asker, needs
from helpdesk.web.queue_address import NAMES, address_of, chips, names_of_people, wanted_of

bp = Blueprint("views", __name__, url_prefix="/views")
Page = Answer | str | tuple[str, int]
REFUSALS = {
    "too_many_views": _l("You keep as many views as there is room for. Delete one that you no longer need."),
    "name_taken": _l("There is a view of this name already. Choose another."),
    "not_in_team": _l("Choose a team that you are in."),
}


@bp.get("")
@needs("queue.see")
def index() -> str:
    """One's own views and those that are shared with one's teams."""
    found = list_views(asker())
    names_of_people(wanted_of(view.asked) for view in found)
    owners = get_names({view.owner_id for view in found})
    teams = _team_names()
    rows = [
        {
            "name": view.name,
            "url": url_for("queue.index", **address_of(wanted_of(view.asked))),
            "asks": _asks(view.asked),
            "shared": teams.get(view.team_id) if view.team_id else None,
            "owner": None if view.owner_id == current_user.id else owners.get(view.owner_id),
            "edit_url": url_for(".edit", view_id=view.id) if _may_change(view) else None,
        }
        for view in found
    ]
    return render_template("queue/views.html", rows=rows)


@bp.get("/new")
@needs("queue.see")
def new() -> str:
    """Keeps what the address asks for."""
    return _form(None, dict(request.args), {}, {})


@bp.post("/new")
@needs("queue.see")
def save() -> Page:
    """Kept; a view of one's own that has the name is given this question."""
    asked: dict[str, Any] = {n: str(value) for n, value in address_of(wanted_of(request.args)).items()}
    data, errors = load(ViewSchema, request.form)
    if data is None:
        return _form(None, asked, errors, request.form.to_dict()), 422
    try:
        view = desk.save(asker(), **data, asked=asked)
    except Refused as refusal:
        return _form(None, asked, _say(refusal), request.form.to_dict()), 422
    flash(_("Kept as \u201c%(name)s\u201d.", name=view.name))
    return redirect(url_for("queue.index", **asked), 303)


@bp.get("/<int:view_id>")
@needs("queue.see")
def edit(view_id: int) -> str:
    """Another name, another team, or away with it."""
    view = _view(view_id)
    return _form(view, view.asked, {}, {"name": view.name, "team_id": view.team_id})


@bp.post("/<int:view_id>")
@needs("queue.see")
def change(view_id: int) -> Page:
    """Changes name and team."""
    view = _view(view_id)
    data, errors = load(ViewSchema, request.form)
    if data is None:
        return _form(view, view.asked, errors, request.form.to_dict()), 422
    try:
        desk.change(view_id, asker(), **data)
    except Refused as refusal:
        return _form(view, view.asked, _say(refusal), request.form.to_dict()), 422
    except LookupError:  # just deleted by somebody else
        abort(404)
    return redirect(url_for(".index"), 303)


@bp.post("/<int:view_id>/delete")
@needs("queue.see")
def delete(view_id: int) -> Answer:
    """Away with it; the tickets stay where they are."""
    try:
        name = desk.delete(view_id, asker())
    except LookupError:
        abort(404)
    flash(_("The view \u201c%(name)s\u201d is deleted.", name=name))
    return redirect(url_for(".index"), 303)


def _view(view_id: int) -> SavedView:
    """The view if the asker may change it; 404 otherwise."""
    view = find_view(view_id, asker())
    if view is None or not _may_change(view):
        abort(404)
    return view


def _may_change(view: SavedView) -> bool:
    return may_change_view(asker(), view.owner_id, view.team_id)


def _team_names() -> dict[int, str]:
    return {team.id: team.name for team in list_teams(active_only=False)}


def _asks(asked: dict[str, Any]) -> list[str]:
    """The question in words: the view, then its filters."""
    wanted = wanted_of(asked)
    return [str(NAMES[wanted.view]), *(text for text, _url in chips(wanted))]


def _say(refusal: Refused) -> Errors:
    return {refusal.field: [str(REFUSALS[refusal.code])]}


def _form(view: SavedView | None, asked: dict[str, Any], errors: Errors, typed: dict[str, Any]) -> str:
    names = _team_names()
    mine = asker().team_ids | ({view.team_id} if view and view.team_id else set())
    address = address_of(wanted_of(asked))
    return render_template(
        "queue/view.html",
        view=view,
        errors=errors,
        typed=typed,
        asks=_asks(asked),
        teams=[(team_id, name) for team_id, name in names.items() if team_id in mine],
        action=url_for(".change", view_id=view.id) if view else url_for(".save", **address),
        back_url=url_for(".index") if view else url_for("queue.index", **address),
    )

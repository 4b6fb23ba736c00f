"""When people are away: one's own, and for leads their teams'."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import absences
from helpdesk.desk.roster_plans import NothingLeft
from helpdesk.rules.access import may_for_team
from helpdesk.schemas.rosters import AbsenceSchema
from helpdesk.store.people import find_person, get_person
from helpdesk.store.rosters import find_absence, list_absences
from helpdesk.store.teams import list_teams
from helpdesk.web.auth import address
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import asker, may, needs, viewer_zone
from helpdesk.web.roster_board import local_text, midnight, parse_day
from helpdesk.web.roster_doors import Options, staff_options

bp = Blueprint("absences", __name__, url_prefix="/absences")
AHEAD = timedelta(days=3660)


@bp.get("")
@needs("absence.edit_own")
def index() -> str:
    """Absences to come, and a form for another."""
    tomorrow = parse_day("", viewer_zone(), g.now) + timedelta(days=1)
    day_after = tomorrow + timedelta(days=1)
    start, end = (local_text(midnight(viewer_zone(), day), viewer_zone()) for day in (tomorrow, day_after))
    return _page({"starts_at": start, "ends_at": end})


@bp.post("")
@needs("absence.edit_own")
def add() -> Answer | tuple[str, int]:
    """Another absence, of oneself or of somebody one leads."""
    data, errors = load(AbsenceSchema(zone=viewer_zone()), request.form)
    if data is not None:
        person = find_person(data.pop("person_id") or current_user.id)
        if person is None or not person.is_active or not absences.may_edit(asker(), person):
            errors = {"person_id": [_("Choose a person from the list.")]}
        else:
            try:
                absences.add_absence(person.id, **data, **_by())
                flash(_("Noted. Turns in that time go to the next in order."))
                return redirect(url_for("rosters.absences.index"), 303)
            except NothingLeft:
                errors = {"ends_at": [_("This is over already. Choose an end that is still to come.")]}
    return _page(request.form, errors), 422


@bp.post("/<int:absence_id>/remove")
@needs("absence.edit_own")
def remove(absence_id: int) -> Answer:
    """There after all."""
    absence = find_absence(absence_id)
    if absence is None or not absences.may_edit(asker(), absence.person):
        abort(404)
    try:
        absences.remove_absence(absence_id, **_by())
        flash(_("The absence is taken back."))
    except NothingLeft:
        flash(_("This is over already, so nothing was changed."), "warning")
    return redirect(url_for("rosters.absences.index"), 303)


def _by() -> dict[str, Any]:
    return {"now": g.now, "actor_id": current_user.id, "address": address()}


def _page(typed: Any, errors: Errors | None = None) -> str:
    people = _people()
    return render_template(
        "rosters/absences.html",
        typed=typed,
        errors=errors or {},
        people=people,
        absences=list_absences(g.now, g.now + AHEAD, {person_id for person_id, _name in people}),
    )


def _people() -> Options:
    """Whose absences the asker may edit, themselves first."""
    me = get_person(current_user.id)
    if may_for_team(asker(), "absence.edit", None):
        others = staff_options()
    elif may("absence.edit"):
        led = {m.person for team in list_teams() if team.id in asker().lead_of for m in team.members}
        others = sorted(((p.id, p.name) for p in led if p.is_active), key=lambda option: option[1])
    else:
        others = []
    return [(me.id, me.name), *(option for option in others if option[0] != me.id)]

"""When people are away: one's own, and for leads their teams'."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import absence_feeds, absences
from helpdesk.desk.changes import By
from helpdesk.desk.covers import covers
from helpdesk.desk.roster_plans import NothingLeft
from helpdesk.outbound.calendars import Unusable
from helpdesk.rules.access import may_for_team
from helpdesk.schemas.absence_feeds import AbsenceFeedSchema
from helpdesk.schemas.rosters import AbsenceSchema
from helpdesk.store.absence_feeds import find_absence_feed
from helpdesk.store.dispatch import list_open_of
from helpdesk.store.people import find_person, get_person
from helpdesk.store.rosters import Absence, find_absence, list_absences
from helpdesk.store.teams import list_teams
from helpdesk.web.auth import address
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import asker, may, needs, viewer_zone
from helpdesk.web.roster_board import local_text, midnight, parse_day, say_span
from helpdesk.web.roster_doors import Options, staff_options

bp = Blueprint("absences", __name__, url_prefix="/absences")
AHEAD = timedelta(days=3660)
MOST_HANDED = 200  # tickets at once: their numbers stand in an address
UNUSABLE = {
    "too_long": _l("This is too long for an address."),
    "not_https": _l("Paste an address that begins with https:// or webcal:// and holds no password."),
    "not_public": _l(
        "This address leads into your house\u2019s network. Only calendars on the Internet are read."
    ),
}
FAULTS = {
    "unreachable": _l("Its server cannot be reached."),
    "untrusted": _l("The certificate of its server cannot be trusted."),
    "not_public": _l("Its name leads into a private network, where nothing is read."),
    "not_https": _l("Its server leads on to an address that is not https://."),
    "moved": _l("Its server leads from one address to the next without an end."),
    "refused": _l("Its server does not give it. Is the address still the right one?"),
    "too_large": _l("It is too large. Use a calendar for absences alone."),
    "too_slow": _l("Its server takes too long."),
    "not_a_calendar": _l("There is no calendar at this address (iCal, .ics)."),
    "too_many": _l("It holds too many events. Use a calendar for absences alone."),
    "too_complicated": _l("Its recurring events take too long to count."),
    "sealed_otherwise": _l("Its address can no longer be read here. Paste it again."),
}


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
                absence = absences.add_absence(person.id, **data, **_by())
                _say_covers(absence)
                return redirect(url_for("rosters.absences.index"), 303)
            except NothingLeft:
                errors = {"ends_at": [_("This is over already. Choose an end that is still to come.")]}
    return _page(request.form, errors), 422


@bp.post("/<int:absence_id>/remove")
@needs("absence.edit_own")
def remove(absence_id: int) -> Answer:
    """There after all."""
    absence = find_absence(absence_id)
    if absence is None or absence.uid is not None or not absences.may_edit(asker(), absence.person):
        abort(404)  # what a calendar says is taken back there
    try:
        absences.remove_absence(absence_id, **_by())
        flash(_("The absence is taken back."))
    except NothingLeft:
        flash(_("This is over already, so nothing was changed."), "warning")
    return redirect(url_for("rosters.absences.index"), 303)


@bp.post("/calendar")
@needs("absence.edit_own")
def set_calendar() -> Answer | tuple[str, int]:
    """The events of the asker's own calendar are absences from now on."""
    data, errors = load(AbsenceFeedSchema, request.form)
    if data is not None:
        try:
            absence_feeds.set_feed(current_user.id, data["url"], _doer())
            flash(_("Your calendar is read within a minute or two, then every hour."))
            return redirect(url_for(".index", _anchor="calendar"), 303)
        except Unusable as fault:
            errors = {"url": [str(UNUSABLE[fault.code])]}
    return _page({}, errors), 422


@bp.post("/calendar/remove")
@needs("absence.edit_own")
def remove_calendar() -> Answer:
    """The calendar is read no more."""
    try:
        absence_feeds.remove_feed(current_user.id, _doer())
    except LookupError:
        abort(404)
    flash(_("Your calendar is no longer read, and its absences to come are taken back."))
    return redirect(url_for(".index"), 303)


def _say_covers(absence: Absence) -> None:
    """What the absence means to turns, right after it was noted."""
    found = covers([absence], g.now)[absence.id]
    flash(
        _("Noted. Turns in that time go to the next in order.") if found else _("Noted. It touches no turn.")
    )
    for cover in found:
        if cover.person is None:
            span = say_span(cover.from_at, cover.to_at, viewer_zone())
            said = _(
                "Nobody takes %(roster)s, %(span)s. Ask a colleague.", roster=cover.roster.name, span=span
            )
            flash(said, "warning")


def _doer() -> By:
    return By(g.now, current_user.id, address())


def _by() -> dict[str, Any]:
    return {"now": g.now, "actor_id": current_user.id, "address": address()}


def _page(typed: Any, errors: Errors | None = None) -> str:
    people = _people()
    found = list_absences(g.now, g.now + AHEAD, {person_id for person_id, _name in people})
    return render_template(
        "rosters/absences.html",
        typed=typed,
        errors=errors or {},
        people=people,
        absences=found,
        left_behind=list_open_of({absence.person_id for absence in found}, asker()),
        most=MOST_HANDED,
        covers=covers(found, g.now),
        say_span=lambda cover: say_span(cover.from_at, cover.to_at, viewer_zone()),
        feed=find_absence_feed(current_user.id),
        faults=FAULTS,
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

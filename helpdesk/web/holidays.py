"""Holidays that are arranged by hand: which are coming, who takes them, and the page where a lead says so."""

from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import holidays, rosters
from helpdesk.desk.changes import By, Refused
from helpdesk.desk.rosters import Turn
from helpdesk.i18n import say_date, say_weekday_and_date
from helpdesk.schemas.rosters import ArrangementSchema
from helpdesk.store.rosters import (
    HolidayArrangement,
    Roster,
    find_arrangement,
    list_people_by_id,
    list_rosters_arranging_holidays,
)
from helpdesk.web.auth import address
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import asker, may, needs
from helpdesk.web.roster_board import kind_of, say_span, say_who
from helpdesk.web.roster_doors import people_options, roster_to_edit

bp = Blueprint("holidays", __name__, url_prefix="/holidays")
SHOWN = 6  # of those that are over
REFUSED = {
    "count": _l("Choose somebody for each day, or nobody for all of them."),
    "begun": _l("These holidays have begun. Choose somebody for each day."),
    "over": _l("These holidays are over, so nothing was changed."),
    "unknown": _l("Choose a person from the list."),
}


@bp.get("")
@needs("roster.see")
def index() -> str:
    """Every roster that arranges its holidays, with those that are coming and those that were."""
    found = list_rosters_arranging_holidays()
    people = {person for roster in found for each in roster.arrangements for person in each.people}
    return render_template(
        "rosters/holidays.html",
        rosters=[(roster, *_coming_and_past(roster), _may_edit(roster)) for roster in found],
        people=list_people_by_id(people),
        days_of=holidays.days_of,
        say_dates=say_dates,
        say_day=say_weekday_and_date,
    )


@bp.route("/<int:arrangement_id>", methods=["GET", "POST"])
@needs("roster.edit")
def fill(arrangement_id: int) -> Answer | str | tuple[str, int]:
    """Who takes each day; `do`: save, or preview what it makes."""
    arrangement = find_arrangement(arrangement_id) or abort(404)
    roster_to_edit(arrangement.roster_id)
    if request.method == "GET":
        return _page(arrangement, {"people": arrangement.people, "name": arrangement.name})
    data, errors = load(ArrangementSchema, request.form)
    if data is not None:
        try:
            if request.form.get("do") == "preview":
                turns = holidays.foreseen(arrangement, data["people"], g.now)
                return _page(arrangement, data, turns=turns)
            by = By(g.now, current_user.id, address())
            holidays.fill(arrangement_id, data["people"], data["name"], by)
            flash(_("The holidays are arranged.") if data["people"] else _("Nobody is on call then for now."))
            return redirect(url_for("rosters.holidays.index"), 303)
        except Refused as refused:
            errors = {"people": [str(REFUSED[refused.code])]}
    typed = {"people": request.form.getlist("people"), "name": request.form.get("name", "")}
    return _page(arrangement, typed, errors), 422


def say_dates(arrangement: HolidayArrangement) -> str:
    """Its dates, one or from to."""
    first, last = say_date(arrangement.first_on), say_date(arrangement.last_on)
    return first if first == last else f"{first} – {last}"


def _page(
    arrangement: HolidayArrangement,
    typed: dict[str, Any],
    errors: Errors | None = None,
    turns: tuple[Turn, ...] = (),
) -> str:
    roster, today = arrangement.roster, holidays.today_of(arrangement.roster, g.now)
    days = holidays.days_of(arrangement)
    chosen = [str(person) for person in typed["people"]]
    chosen += [""] * (len(days) - len(chosen))
    return render_template(
        "rosters/arrangement.html",
        arrangement=arrangement,
        roster=roster,
        name=typed["name"],
        days=[
            (say_weekday_and_date(day), person, bool(arrangement.people) and day <= today)
            for day, person in zip(days, chosen, strict=False)
        ],
        dates=say_dates(arrangement),
        people=people_options(roster, {int(person) for person in chosen if person.isdigit()}),
        turns=[(say_span(t.from_at, t.to_at, roster.zone), say_who(t), kind_of(t)) for t in turns],
        errors=errors or {},
    )


def _coming_and_past(roster: Roster) -> tuple[list[HolidayArrangement], list[HolidayArrangement]]:
    today = holidays.today_of(roster, g.now)
    coming = [each for each in roster.arrangements if each.last_on >= today]
    past = [each for each in reversed(roster.arrangements) if each.last_on < today]
    return coming, past[:SHOWN]


def _may_edit(roster: Roster) -> bool:
    return may("roster.edit") and rosters.may_edit(asker(), roster)

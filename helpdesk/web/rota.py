"""A roster as a rota (值班表): looked at, printed, taken away, and taken in from a table."""

from dataclasses import dataclass
from datetime import date, time
from typing import Any

from babel.dates import format_interval
from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import rosters, rotas
from helpdesk.desk.changes import By
from helpdesk.desk.rotas import Line, NotTaken, Plan, Post
from helpdesk.i18n import say_list, say_weekday_and_date
from helpdesk.rules.rotas import MOST_DAYS, Fault
from helpdesk.schemas.rotas import HandoverSchema, RotaPeriodSchema
from helpdesk.store.people import Person
from helpdesk.store.rosters import Roster
from helpdesk.web.auth import address
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import asker, may, needs
from helpdesk.web.roster_board import day_locale, parse_day
from helpdesk.web.roster_doors import roster_to_edit, roster_to_see
from helpdesk.web.roster_period import month_end
from helpdesk.web.sheets import csv_answer, xlsx_answer
from helpdesk.web.tables import Rows, given

bp = Blueprint("rota", __name__)
Page = Answer | str | tuple[str, int]
MOST_ROWS, MOST_BYTES = MOST_DAYS * 2, 5_000_000

# What is wrong with a line, and what to do about it.
FAULTS: dict[str, Any] = {
    "no_heading": _l(
        "No line names the columns. Put one above the others, for example: Date, Duty lead, Person."
    ),
    "too_long": _l(
        "These are too many days, or too far apart. Take in at most %(most)s days at once.", most=MOST_DAYS
    ),
    "column_twice": _l("Line %(line)s: “%(typed)s” is the second column of its kind. Leave one of them out."),
    "no_date": _l("Line %(line)s: the date is missing."),
    "bad_date": _l("Line %(line)s: “%(typed)s” is no date. Write it like 2026-11-24."),
    "which_day": _l("Line %(line)s: “%(typed)s” can mean two days. Write it like 2026-11-24."),
    "nobody": _l("Line %(line)s: nobody is named for %(typed)s."),
    "unknown": _l(
        "Line %(line)s: nobody at the desk is called “%(typed)s”."
        " Write the name as it is known here, the mail address or the staff number."
    ),
    "several": _l(
        "Line %(line)s: several people are called “%(typed)s”. Write the mail address or the staff number."
    ),
    "twice": _l("Line %(line)s: %(typed)s stands in line %(other)s already."),
}


@dataclass(frozen=True)
class _Asked:
    since: date
    until: date
    handover: time
    errors: Errors

    @property
    def typed(self) -> dict[str, Any]:
        """As the form shows it, and addresses bear it."""
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "handover": f"{self.handover:%H:%M}",
        }


@bp.get("/<int:roster_id>/rota")
@needs("roster.see")
def show(roster_id: int) -> Page:
    """The days of a period, ready to print."""
    roster = roster_to_see(roster_id)
    asked = _asked(roster)
    backup = rotas.backup_of(roster)
    page = render_template(
        "rosters/rota.html",
        roster=roster,
        backup=backup,
        period=_period(asked),
        errors=asked.errors,
        typed=request.args if asked.errors else asked.typed,
        days=[
            (say_weekday_and_date(day.day), _names(day.leads), _names(day.people), None in day.people)
            for day in rotas.days_of(roster, asked.since, asked.until, asked.handover)
        ],
        may_edit=may("roster.edit") and rosters.may_edit(asker(), roster),
        may_take_back=bool(rotas.coming_of(roster, g.now)),
        links={
            name: url_for(f"rosters.rota.{name}", roster_id=roster.id, **asked.typed)
            for name in ("as_csv", "as_xlsx")
        },
    )
    return (page, 422) if asked.errors else page


@bp.get("/<int:roster_id>/rota.csv")
@needs("roster.see")
def as_csv(roster_id: int) -> Response:
    """The rota as CSV, which can be taken in again."""
    roster = roster_to_see(roster_id)
    asked = _asked(roster)
    return csv_answer(_file_name(roster, asked), _columns(), _rows(roster, asked))


@bp.get("/<int:roster_id>/rota.xlsx")
@needs("roster.see")
def as_xlsx(roster_id: int) -> Response:
    """The rota as a spreadsheet, which can be taken in again."""
    roster = roster_to_see(roster_id)
    asked = _asked(roster)
    name, columns, rows = _file_name(roster, asked), _columns(), _rows(roster, asked)
    return xlsx_answer(name, columns, rows, sheet=roster.name)


@bp.route("/<int:roster_id>/rota/take-in", methods=["GET", "POST"])
@needs("roster.edit")
def take_in(roster_id: int) -> Page:
    """A table pasted or uploaded: `do` preview shows what it would do, save does it."""
    roster = roster_to_edit(roster_id)
    handover = rotas.handover_of(roster)
    if request.method == "GET":
        return _form(roster, {"handover": f"{handover:%H:%M}"}, {})
    typed = MultiDict(request.form)
    data, errors = load(HandoverSchema, request.form)
    rows = given(typed, errors, MOST_ROWS, MOST_BYTES)
    if data is None or errors:
        return _form(roster, typed, errors), 422
    return _tried(roster, typed, rows, data["handover"] or handover)


@bp.route("/<int:roster_id>/rota/take-back", methods=["GET", "POST"])
@needs("roster.edit")
def take_back(roster_id: int) -> Page:
    """Asks; then the layers hold again in the days to come that rotas have given."""
    roster = roster_to_edit(roster_id)
    if request.method == "GET":
        return render_template("rosters/rota_take_back.html", roster=roster, backup=rotas.backup_of(roster))
    rotas.take_back(roster_id, By(g.now, current_user.id, address()))
    flash(_("The rota is taken back."))
    return redirect(url_for("rosters.show", roster_id=roster_id), 303)


def _tried(roster: Roster, typed: Any, rows: Rows, handover: time) -> Page:
    if request.form.get("do") != "save":
        plan = rotas.plan(roster, rows, handover, g.now)
        return _previewed(roster, typed, plan)
    try:
        return _taken(roster, rotas.take_in(roster.id, rows, handover, By(g.now, current_user.id, address())))
    except NotTaken as fault:
        return _previewed(roster, typed, fault.plan)


def _taken(roster: Roster, plan: Plan) -> Answer:
    count = len(plan.coming)
    flash(ngettext("%(num)d day of the rota is taken in.", "%(num)d days of the rota are taken in.", count))
    day = plan.coming[0].day
    return redirect(url_for("rosters.show", roster_id=roster.id, view="month", day=day.isoformat()), 303)


def _previewed(roster: Roster, typed: Any, plan: Plan) -> Page:
    said = [_say_fault(fault) for fault in plan.faults]
    if not said and not plan.coming:
        said = [_("All of these days are over. Take in a table of days to come.")]
    page = _form(roster, typed, {"table": said} if said else {}, plan)
    return (page, 422) if said else page


def _form(roster: Roster, typed: Any, errors: Errors, plan: Plan | None = None) -> str:
    return render_template(
        "rosters/rota_take_in.html",
        roster=roster,
        typed=typed,
        errors=errors,
        plan=plan,
        lines=[_line(line) for line in plan.lines] if plan else [],
        example=say_list(_columns()),
    )


def _line(line: Line) -> dict[str, Any]:
    """A day as the preview shows it."""
    return {
        "day": say_weekday_and_date(line.day),
        "is_over": line.is_over,
        "is_same": line.is_same_person,
        "posts": [_post(post) for post in (line.lead, line.post)],
    }


def _post(post: Post | None) -> dict[str, Any] | None:
    if post is None:
        return None
    stays = post.before == (post.person,)
    return {"name": post.person.name, "before": "" if stays else _names(post.before), "is_away": post.is_away}


def _say_fault(fault: Fault) -> str:
    return str(FAULTS[fault.code]) % {"line": fault.row, "typed": fault.typed, "other": fault.other}


def _names(people: tuple[Person | None, ...]) -> str:
    return say_list(person.name if person is not None else _("nobody") for person in people)


def _asked(roster: Roster) -> _Asked:
    """The period asked for, this month where nothing is, or nothing that can be."""
    data, errors = load(RotaPeriodSchema, request.args)
    data = data or {"since": None, "until": None, "handover": None}
    since = data["since"] or parse_day("", roster.zone, g.now).replace(day=1)
    until = data["until"] or month_end(since)
    return _Asked(since, until, data["handover"] or rotas.handover_of(roster), errors)


def _period(asked: _Asked) -> str:
    return format_interval(asked.since, asked.until, "yMMMd", locale=day_locale())


def _columns() -> list[str]:
    """The headings, which rules/rotas knows in each of our languages."""
    return [_("Date"), _("Duty lead"), _("Person")]


def _rows(roster: Roster, asked: _Asked) -> list[list[date | str]]:
    days = rotas.days_of(roster, asked.since, asked.until, asked.handover)
    return [[day.day, _taken_by(day.leads), _taken_by(day.people)] for day in days]


def _taken_by(people: tuple[Person | None, ...]) -> str:
    """As a table holds it: nothing where nobody is."""
    return "" if people == (None,) else _names(people)


def _file_name(roster: Roster, asked: _Asked) -> str:
    return f"rota-{roster.id}-{asked.since}-{asked.until}"

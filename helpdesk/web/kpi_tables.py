"""Values of key figures taken in from a table: pasted or uploaded, looked at, then kept or left."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import kpis as desk
from helpdesk.desk.changes import By, ChangedMeanwhile
from helpdesk.desk.kpis import Change, NotTaken, Plan
from helpdesk.i18n import say_date, say_list, say_number
from helpdesk.rules.kpi_tables import MOST_LINES, Fault
from helpdesk.store.kpis import list_kpis
from helpdesk.web.auth import address
from helpdesk.web.forms import Errors
from helpdesk.web.frame import needs
from helpdesk.web.sheets import csv_answer, xlsx_answer
from helpdesk.web.tables import given

bp = Blueprint("tables", __name__, url_prefix="/table")
Page = Answer | str | tuple[str, int]
MOST_BYTES = 5_000_000
FAULTS: Mapping[str, Any] = {
    "no_heading": _l(
        "No line names the columns. Put one above the others, for example: Key figure, Day, Value, Words."
    ),
    "too_long": _l("These are too many lines. Take in at most %(most)s at once.", most=MOST_LINES),
    "no_figure": _l("Line %(line)s: there is no key figure “%(typed)s”."),
    "no_date": _l("Line %(line)s: the day is missing."),
    "bad_date": _l("Line %(line)s: “%(typed)s” is no day. Write it like 2026-11-24."),
    "which_day": _l("Line %(line)s: “%(typed)s” can mean two days. Write it like 2026-11-24."),
    "in_future": _l("Line %(line)s: %(typed)s is still to come."),
    "no_value": _l("Line %(line)s: the value is missing."),
    "bad_value": _l("Line %(line)s: “%(typed)s” is no number. Write it like 1234.5."),
    "twice": _l("Line %(line)s: the same key figure and day stand in line %(typed)s already."),
}


@bp.route("", methods=["GET", "POST"])
@needs("kpi.edit")
def take_in() -> Page:
    """`do` preview shows what the table would do, save does it."""
    if request.method == "GET":
        return _form({}, {})
    typed, errors = MultiDict(request.form), Errors()
    rows = given(typed, errors, MOST_LINES + 10, MOST_BYTES)
    if errors:
        return _form(typed, errors), 422
    if request.form.get("do") == "save":
        try:
            return _taken(
                desk.take_in(rows, By(g.now, current_user.id, address()), request.form.get("marker", ""))
            )
        except (NotTaken, ChangedMeanwhile):
            errors["table"] = [_("What is known has changed since you looked. Look at the result again.")]
    plan = desk.plan(rows, desk.today_at(g.now))
    said = [_say_fault(fault) for fault in plan.faults]
    errors |= {"table": [*errors.get("table", []), *said]} if said or errors else {}
    page = _form(typed, errors, plan)
    return (page, 422) if errors else page


@bp.get("/empty.<any(csv, xlsx):ending>")
@needs("kpi.edit")
def empty(ending: str) -> Response:
    """A table to fill, with a line for each key figure."""
    today = desk.today_at(g.now)
    rows = [[kpi.name, today, None, None] for kpi in list_kpis(active_only=True)]
    return (csv_answer if ending == "csv" else xlsx_answer)("key-figures", _columns(), rows)


def _taken(plan: Plan) -> Answer:
    flash(ngettext("%(num)d value is taken in.", "%(num)d values are taken in.", len(plan.coming)))
    return redirect(url_for("kpis.index"), 303)


def _form(typed: Any, errors: Errors, plan: Plan | None = None) -> str:
    return render_template(
        "kpis/table.html",
        typed=typed,
        errors=errors,
        marker=desk.marker_of(plan) if plan else "",
        may_take=bool(plan and plan.coming and not plan.faults),
        lines=[_line(each) for each in plan.changes] if plan else [],
        has_looked=plan is not None,
        example=say_list(_columns()),
    )


def _line(each: Change) -> dict[str, Any]:
    """A line as the preview shows it."""
    unit = each.kpi.unit
    return {
        "name": each.kpi.name,
        "day": say_date(each.on),
        "value": say_number(each.value, unit),
        "before": say_number(each.before, unit) if each.before not in (None, each.value) else "",
        "is_same": each.is_same,
        "words": each.words,
    }


def _columns() -> list[str]:
    """The names of the columns, which rules/kpi_tables knows in each of our languages."""
    return [_("Key figure"), _("Day"), _("Value"), _("Words")]


def _say_fault(fault: Fault) -> str:
    return str(FAULTS[fault.code]) % {"line": fault.row, "typed": fault.typed[:60]}

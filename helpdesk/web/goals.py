"""Goals: which share of each promise is to be kept, from a quarter on."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import goals as desk
from helpdesk.desk.changes import By
from helpdesk.outbound.figure_words import KINDS, PROMISES, say_quarter, say_tenths
from helpdesk.rules.figures import Grain, begin_of, next_begin
from helpdesk.schemas.goals import GoalSchema
from helpdesk.store.goals import Goal, list_goals
from helpdesk.store.names import find_row
from helpdesk.store.organisation import find_organisation
from helpdesk.web.auth import address
from helpdesk.web.forms import load
from helpdesk.web.frame import needs

bp = Blueprint("goals", __name__, url_prefix="/figures/goals")
AHEAD, BACK = 3, 12  # quarters to choose from


@bp.route("", methods=["GET"])
@needs("figures.see")
def index() -> str:
    """Every goal, the latest quarter first; whoever may, sets another."""
    return _page({}, {})


@bp.post("")
@needs("goal.edit")
def save() -> Answer | tuple[str, int]:
    """Sets the goal of a quarter, or another in its place."""
    data, errors = load(GoalSchema, request.form)
    if data is None:
        return _page(request.form, errors), 422
    desk.set_goal(data["first_on"], data["kind"], data["target"], data["tenths"], _by())
    flash(_("The goal is kept."))
    return redirect(url_for(".index"), 303)


@bp.post("/<int:goal_id>/remove")
@needs("goal.edit")
def remove(goal_id: int) -> Answer:
    """Takes a goal away; the one before it holds on."""
    desk.remove((find_row(Goal, goal_id) or abort(404)).id, _by())
    flash(_("The goal is gone. The one before it holds on, if there is one."))
    return redirect(url_for(".index"), 303)


def _page(typed: Any, errors: Any) -> str:
    quarters = _quarters()
    return render_template(
        "figures/goals.html",
        rows=[
            {
                "id": goal.id,
                "quarter": say_quarter(goal.first_on),
                "kind": str(KINDS[goal.kind]),  # type: ignore[index]  # a StrEnum's value is its key
                "promise": str(PROMISES[goal.target]),
                "share": say_tenths(goal.tenths),
            }
            for goal in list_goals()
        ],
        typed=typed,
        errors=errors,
        quarters=[(day.isoformat(), say_quarter(day)) for day in quarters],
        this_quarter=quarters[AHEAD].isoformat(),
        kinds=[(kind.value, str(label)) for kind, label in KINDS.items()],
        promises=[(target, str(label)) for target, label in PROMISES.items()],
    )


def _quarters() -> list[date]:
    """The first days of quarters that can be chosen, those to come first."""
    organisation = find_organisation()
    zone = ZoneInfo(organisation.zone if organisation else "UTC")
    found = [begin_of(g.now.astimezone(zone).date(), Grain.QUARTER)]
    for _each in range(AHEAD):
        found.insert(0, next_begin(found[0], Grain.QUARTER))
    for _each in range(BACK):
        found.append(begin_of(found[-1] - timedelta(days=1), Grain.QUARTER))
    return found


def _by() -> By:
    return By(g.now, current_user.id, address())

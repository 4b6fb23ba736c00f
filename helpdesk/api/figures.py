"""Figures for managers, the same numbers as on the pages."""

from typing import Any

from flask import g
from flask_babel import gettext as _
from flask_smorest import Blueprint

from helpdesk.api.door import guarded, need
from helpdesk.api.problems import Invalid
from helpdesk.desk import figures as desk
from helpdesk.rules.figures import TARGETS
from helpdesk.schemas.figures import ComplianceSchema, ComplianceShape
from helpdesk.store.organisation import find_organisation

bp = guarded(Blueprint("api_figures", __name__, url_prefix="/api/v1/figures", description="Figures"))


@bp.get("/compliance")
@bp.arguments(ComplianceSchema, location="query")
@bp.response(200, ComplianceShape)
def compliance(wanted: dict[str, Any]) -> dict[str, Any]:
    """Which share of its promises of one kind was kept: in all, over time and by one dimension.

    A promise belongs to the day on which it was given, and to the severity then. `breached` counts what is
    open and past due, too; `running` is decided neither way and in no share; `excused` are those of the
    breached that a lead has excused: `adjusted_share` leaves them out. Shares and goals are percent, rounded
    down to a tenth; null: nothing decided, no goal. Leads read the figures of their teams. With `as_of` the
    figures are as they were known then, and asked again they are the same.
    """
    need("figures.see")
    organisation = find_organisation()
    asked = desk.ask(wanted, organisation.zone if organisation else "UTC", g.now)
    if asked.question.as_of is not None and asked.question.as_of > g.now:
        raise Invalid({"as_of": [_("Choose an instant that has passed.")]})
    asked = desk.settled(asked)
    found = desk.compliance(g.asker, asked)
    return {
        "kind": asked.question.kind,
        "since": asked.first,
        "until": asked.last,
        "zone": asked.zone,
        "as_of": asked.seen_at,
        "by": asked.by,
        "grain": asked.grain,
        "totals": _kept(found.totals, found.goals),
        "parts": [{"since": day, "kept": _kept(tallies, goals)} for day, tallies, goals in found.parts],
        "rows": [
            {"key": key or None, "name": found.names[key] or None, "kept": _kept(tallies, {})}
            for key, tallies in found.rows.items()
        ],
    }


def _kept(tallies: desk.Tallies, goals: dict[str, int | None] | Any) -> list[dict[str, Any]]:
    return [
        {
            "promise": target,
            "met": tallies[target].met,
            "breached": tallies[target].breached,
            "running": tallies[target].running,
            "excused": tallies[target].excused,
            "share": _percent(tallies[target].tenths),
            "adjusted_share": _percent(tallies[target].adjusted_tenths),
            "goal": _percent(goals.get(target)),
        }
        for target in TARGETS
    ]


def _percent(tenths: int | None) -> float | None:
    return None if tenths is None else tenths / 10

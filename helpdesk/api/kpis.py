"""The organisation's key figures: read with all that was measured, and sent by programs that measure."""

from datetime import date
from typing import Any

from flask import abort, g, request
from flask_smorest import Blueprint

from helpdesk.api.door import guarded, need
from helpdesk.api.problems import Invalid
from helpdesk.api.tickets import refuses
from helpdesk.desk import kpis as desk
from helpdesk.desk.changes import By, Refused
from helpdesk.rules import access
from helpdesk.schemas.kpis import SAY_FUTURE, YEARS, ActualShape, KpiShape, ValueSchema
from helpdesk.store.kpis import Kpi, KpiActual, find_kpi, list_kpis

bp = guarded(
    Blueprint("api_kpis", __name__, url_prefix="/api/v1/key-figures", description="Key figures"),
)


@bp.get("")
@refuses(403)
@bp.response(200, KpiShape(many=True))
def index() -> list[dict[str, Any]]:
    """Every key figure that is shown, and how it stands: new (not measured yet), on_course, behind,
    stale (not measured for 100 days), reached, missed."""
    need("figures.see")
    today = desk.today_at(g.now)
    return [_shape(kpi, today) for kpi in list_kpis(active_only=True)]


@bp.get("/<int:kpi_id>")
@refuses(403, 404)
@bp.response(200, KpiShape)
def show(kpi_id: int) -> dict[str, Any]:
    """A key figure with all that was measured."""
    need("figures.see")
    kpi = find_kpi(kpi_id)
    if kpi is None or not (kpi.is_active or access.may(g.asker, "kpi.edit")):
        abort(404)
    return _shape(kpi, desk.today_at(g.now))


@bp.put("/<int:kpi_id>/actuals/<on>")
@refuses(403, 404, 422)
@bp.arguments(ValueSchema)
@bp.response(200, ActualShape)
def measure(data: dict[str, Any], kpi_id: int, on: str) -> KpiActual:
    """Say what was measured on a day (2026-11-01); it takes the place of what stood there. Sent again, it
    changes nothing. A value may be a number or a text; it has four decimal places at most."""
    need("kpi.edit")
    kpi = find_kpi(kpi_id) or abort(404)
    try:
        return desk.measure(kpi.id, _day(on), data["value"], data["words"], _by(), door="api")
    except Refused:
        raise Invalid({"on": [str(SAY_FUTURE)]}) from None


@bp.delete("/<int:kpi_id>/actuals/<on>")
@refuses(403, 404)
@bp.response(204)
def take_back(kpi_id: int, on: str) -> None:
    """Remove what was measured on a day; the security log keeps it."""
    need("kpi.edit")
    try:
        desk.take_back(kpi_id, _day(on), _by())
    except LookupError:
        abort(404)


def _shape(kpi: Kpi, today: date) -> dict[str, Any]:
    course = desk.course_of(kpi, today)
    own = {name: getattr(kpi, name) for name in KpiShape().fields if hasattr(kpi, name)}
    return own | {"standing": course.standing.value, "percent": course.percent}


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        abort(404)
    return day if day.year in YEARS else abort(404)


def _by() -> By:
    return By(g.now, g.person.id, request.remote_addr or "")

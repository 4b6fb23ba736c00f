"""Who would be told, and when, if a ticket came in and nobody accepted it."""

from typing import Any

from flask import g
from flask_babel import gettext as _
from flask_smorest import Blueprint

from helpdesk.api.door import guarded, need
from helpdesk.api.problems import Invalid
from helpdesk.desk.previews import Preview, Ring, preview
from helpdesk.schemas.previews import PreviewAtSchema, PreviewShape
from helpdesk.store.organisation import list_departments
from helpdesk.store.services import list_services

bp = guarded(
    Blueprint(
        "api_previews", __name__, url_prefix="/api/v1/escalation-preview", description="Escalation preview"
    )
)


@bp.get("")
@bp.arguments(PreviewAtSchema, location="query")
@bp.response(200, PreviewShape)
def show(wanted: dict[str, Any]) -> dict[str, Any]:
    """Every ring of such a ticket, through to the breach of its targets, by the very rules that ring, with
    whom each would pass over and why. `at`: when it comes in (none: now)."""
    need("ladder.see")
    services = {service.id: service for service in list_services()}
    if wanted["service"] not in {None, *services}:
        raise Invalid({"service": [_("Choose a service from the list.")]})
    if wanted["department"] not in {None, *(department.id for department in list_departments())}:
        raise Invalid({"department": [_("Choose a department from the list.")]})
    service = services[wanted["service"]] if wanted["service"] else None
    found = preview(wanted["kind"], service, wanted["severity"], wanted["department"], wanted["at"] or g.now)
    return {
        "starts_at": found.starts_at,
        "team": found.team,
        "targets": found.cycles,
        "rings": [_ring(ring, found) for ring in found.rings],
    }


def _ring(ring: Ring, found: Preview) -> dict[str, Any]:
    return {
        "from_at": ring.at,
        "to_at": ring.until,
        "times": ring.times,
        "goes_on": ring.goes_on,
        "target": ring.target,
        "repeat_minutes": ring.step.repeat_minutes,
        "repeat_most": ring.step.repeat_most or None,
        "to": ring.told.to,
        "channel": ring.told.channel,
        "people": [{"id": person, "name": found.names[person]} for person in ring.told.people],
        "passed_over": [{"to": to, "why": why} for to, why in ring.told.passed_over],
        "is_gap": ring.is_gap,
    }

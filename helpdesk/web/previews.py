"""Who would be told, and at which minute, if a ticket came in: a ladder tried out on the rosters."""

from datetime import datetime
from typing import Any

from flask import Blueprint, abort, g, render_template, request
from flask_babel import gettext as _

from helpdesk.desk.previews import Preview, Ring, preview
from helpdesk.i18n import say_duration, say_list, say_of
from helpdesk.rules import sla
from helpdesk.rules.lifecycle import Kind
from helpdesk.rules.severity import Severity
from helpdesk.schemas.previews import PreviewSchema
from helpdesk.store.organisation import list_departments
from helpdesk.store.services import list_services
from helpdesk.web import words
from helpdesk.web.forms import load
from helpdesk.web.frame import needs, viewer_zone
from helpdesk.web.ladder_words import CHANNELS, TARGETS, TO, WHY, say_repeats, say_to, say_when

bp = Blueprint("previews", __name__, url_prefix="/escalation-preview")


@bp.get("")
@needs("ladder.see")
def show() -> str | tuple[str, int]:
    """For the service, severity, kind and time asked for (`at`, empty: now), with nobody accepting."""
    data, errors = load(PreviewSchema(viewer_zone()), request.args)
    services = {service.id: service for service in list_services()}
    departments = {department.id: department.name for department in list_departments()}
    found = None
    if data is not None:
        if data["service"] not in {None, *services} or data["department"] not in {None, *departments}:
            abort(404)
        service = services.get(data["service"]) if data["service"] else None
        this_minute = g.now.replace(second=0, microsecond=0)  # what is shown are minutes
        found = preview(
            data["kind"], service, data["severity"], data["department"], data["at"] or this_minute
        )
    page = render_template(
        "previews/show.html",
        typed={"severity": Severity.CRITICAL, "kind": Kind.FAULT, **request.args},
        errors=errors,
        service_options=[(service.id, service.name) for service in services.values()],
        department_options=list(departments.items()),
        severity_options=[(severity, str(said)) for severity, said in words.SEVERITIES.items()],
        kind_options=[(kind, str(said)) for kind, said in words.KINDS.items()],
        found=found,
        lines=_lines(found) if found is not None else [],
        target_names=TARGETS,
    )
    return page if not errors else (page, 422)


def _lines(found: Preview) -> list[dict[str, Any]]:
    """The rings and what is due, in their order; at one instant the rings come first."""
    rings = [(ring.at, 0, _line(ring, found)) for ring in found.rings]
    due = [(c.due_at, 1, _due(c, c.due_at, found)) for c in found.cycles if c.due_at is not None]
    return [line for _at, _rank, line in sorted([*rings, *due], key=lambda each: each[:2])]


def _line(ring: Ring, found: Preview) -> dict[str, Any]:
    told = ring.told
    repeats = say_repeats(ring.step) if ring.times > 1 or ring.goes_on else ""
    return {
        "after": say_duration(ring.at - found.starts_at),
        "at": ring.at,
        "until": ring.until if ring.times > 1 else None,
        "step": say_of(
            str(TARGETS[ring.target]), say_when(ring.step) if ring.is_first else _("from here on")
        ),
        "repeats": repeats,
        "people": say_list(found.names[person] for person in told.people),
        "to": TO[told.to],
        "channel": CHANNELS[told.channel] if told.channel != "all" else "",
        "gaps": [_passed(*each, ring, found) for each in told.passed_over if each[0] in ring.gaps],
        "passed": [
            _passed(*each, ring, found)
            for each in told.passed_over
            if each[0] not in ring.gaps and each != ("assignee", "nobody")
        ],
        "is_gap": ring.is_gap,
    }


def _passed(to: str, why: str, ring: Ring, found: Preview) -> str:
    """As what somebody was passed over, whom or which roster the step named, and why."""
    if to != ring.step.to:
        return _("%(to)s: %(why)s", to=TO[to], why=WHY[why])
    as_what, reason = say_to(ring.step, found.names, found.rosters), str(WHY[why])
    if why == "unreachable" and ring.step.channel != "all":
        reason = _("cannot be reached by %(channel)s", channel=CHANNELS[ring.step.channel])
    return _("%(to)s: %(why)s", to=as_what, why=reason)


def _due(cycle: sla.Cycle, due_at: datetime, found: Preview) -> dict[str, Any]:
    return {"after": say_duration(due_at - found.starts_at), "at": due_at, "due": TARGETS[cycle.target]}

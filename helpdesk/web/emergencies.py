"""What is done about urgent business during maintenance: decided by the window's owner or the team's lead."""

from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import emergencies
from helpdesk.desk.changes import By
from helpdesk.rules.access import may_for_team
from helpdesk.schemas.emergencies import OutcomeSchema
from helpdesk.store.emergencies import find_emergency, find_emergency_of
from helpdesk.store.maintenance import EmergencyRequest
from helpdesk.store.tickets import Ticket, find_ticket, is_desk_side
from helpdesk.web.auth import address
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import asker, needs
from helpdesk.web.words import OUTCOMES

bp = Blueprint("emergencies", __name__, url_prefix="/emergencies")


@bp.app_context_processor
def _of_tickets() -> dict[str, Any]:
    return {"emergency_of": _emergency_of, "may_decide": may_decide, "outcome_words": OUTCOMES}


@bp.route("/<int:request_id>", methods=["GET", "POST"])
@needs("maintenance.see")
def decide(request_id: int) -> Answer | str | tuple[str, int]:
    """What is asked, and what is done about it."""
    found, ticket = _to_decide(request_id)
    if request.method == "GET":
        return _page(found, ticket, {"outcome": found.outcome or "", "words": found.words}, {})
    data, errors = load(OutcomeSchema, request.form)
    if data is None:
        return _page(found, ticket, request.form.to_dict(), errors), 422
    emergencies.decide(request_id, **data, by=By(g.now, current_user.id, address()))
    flash(_("Whoever asked is told."))
    if data["outcome"] == "interrupt":
        flash(_("Now end the maintenance, or put it back."), "warning")
        return redirect(url_for("maintenance.show", window_id=found.window_id), 303)
    return redirect(url_for("tickets.page", number=ticket.number), 303)


def _to_decide(request_id: int) -> tuple[EmergencyRequest, Ticket]:
    """The request and its ticket where the asker may decide, or 404."""
    found = find_emergency(request_id)
    ticket = find_ticket(found.ticket_id, asker()) if found is not None else None
    if found is None or ticket is None or not may_decide(found) or not is_desk_side(ticket, asker()):
        abort(404)
    return found, ticket


def _emergency_of(ticket: Ticket) -> EmergencyRequest | None:
    """The request that the ticket was made for, or None."""
    return find_emergency_of(ticket.id) if ticket.severity == "critical" else None


def may_decide(found: EmergencyRequest) -> bool:
    """The window's owner may, and who may change windows of its service."""
    window = found.window
    return window.owner_id == current_user.id or may_for_team(
        asker(), "maintenance.edit", window.service.team_id
    )


def _page(found: EmergencyRequest, ticket: Ticket, typed: dict[str, str], errors: Errors) -> str:
    return render_template(
        "windows/outcome.html",
        found=found,
        ticket=ticket,
        outcomes=list(OUTCOMES.items()),
        typed=typed,
        errors=errors,
    )

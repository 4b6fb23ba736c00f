"""Excusing a breach, and taking the excuse back: a page of its own, shown over the ticket."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import excuses, explanation
from helpdesk.desk.excuses import ExcuseRefused
from helpdesk.rules import access
from helpdesk.schemas.excuses import REFUSALS, ExcuseSchema
from helpdesk.schemas.tickets import ReasonSchema
from helpdesk.store.excuses import find_excuse
from helpdesk.store.people import get_person
from helpdesk.store.tickets import Ticket
from helpdesk.web import deadlines
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import asker, needs
from helpdesk.web.ticket_page import desk_ticket

bp = Blueprint("excuses", __name__, url_prefix="/tickets/<number>/excuses/<target>/<int:cycle>")
Page = Answer | str | tuple[str, int]


@bp.get("")
@needs("breach.excuse")
def ask(number: str, target: str, cycle: int) -> Page:
    """The form: an excuse, or the one that stands and how to withdraw it."""
    return _page(_ticket(number), target, cycle, {})


@bp.post("")
@needs("breach.excuse")
def give(number: str, target: str, cycle: int) -> Page:
    """Excuses the breach."""
    return _act(
        number, target, cycle, ExcuseSchema, excuses.excuse, _("Excused. The figures show both shares.")
    )


@bp.post("/withdraw")
@needs("breach.excuse")
def withdraw(number: str, target: str, cycle: int) -> Page:
    """Takes the excuse back."""
    return _act(
        number, target, cycle, ReasonSchema, excuses.withdraw, _("Withdrawn. The breach counts again.")
    )


def _act(number: str, target: str, cycle: int, schema: Any, verb: Callable[..., object], done: str) -> Page:
    ticket = _ticket(number)
    data, errors = load(schema, request.form)
    if data is None:
        return _page(ticket, target, cycle, errors), 422
    try:
        me, address = get_person(current_user.id), request.remote_addr or ""
        verb(ticket.id, me, target, cycle, **data, now=g.now, address=address)
    except ExcuseRefused as refusal:
        return _page(_ticket(number), target, cycle, {"": [str(REFUSALS[refusal.code])]}), 422
    flash(done)
    return redirect(url_for("tickets.page", number=f"HD-{ticket.id}"), 303)


def _ticket(number: str) -> Ticket:
    """The ticket if the asker leads its team (or administers); 404 otherwise."""
    found = desk_ticket(number)
    if not access.may_for_team(asker(), "breach.excuse", found.team_id):
        abort(404)
    return found


def _page(ticket: Ticket, target: str, cycle: int, errors: Errors) -> str:
    cycles = explanation.explain(ticket, g.now).cycles
    found = next((c for c in cycles if (c.target, c.cycle) == (target, cycle)), None)
    if found is None:
        abort(404)
    return render_template(
        "tickets/excuse.html",
        ticket=ticket,
        due=deadlines.due_line(found),
        is_breached=found.state == "breached",
        excuse=find_excuse(ticket.id, target, cycle),
        address={"number": ticket.number, "target": target, "cycle": cycle},
        errors=errors,
        typed=request.form.to_dict(),
    )

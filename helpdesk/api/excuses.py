"""Excusing a breach, and taking the excuse back: for those who lead the ticket's team."""

from collections.abc import Callable
from typing import Any

from flask import g, request

from helpdesk.api.door import ticket_of
from helpdesk.api.problems import Forbidden, Invalid
from helpdesk.api.tickets import DOOR, verb
from helpdesk.desk import excuses
from helpdesk.desk.excuses import ExcuseRefused
from helpdesk.rules import access
from helpdesk.schemas.excuses import REFUSALS, ExcuseCycleSchema, WithdrawCycleSchema
from helpdesk.store.tickets import Ticket, is_desk_side


@verb("excuse", ExcuseCycleSchema)
def excuse(data: dict[str, Any], number: str) -> Ticket:
    """Excuse the breach of a target's cycle, with reason and evidence. The raw figures stay as they are."""
    return _act(excuses.excuse, data, number)


@verb("withdraw-excuse", WithdrawCycleSchema)
def withdraw(data: dict[str, Any], number: str) -> Ticket:
    """Take an excuse back, with the reason."""
    return _act(excuses.withdraw, data, number)


def _act(does: Callable[..., object], data: dict[str, Any], number: str) -> Ticket:
    ticket = ticket_of(number)
    if not is_desk_side(ticket, g.asker) or not access.may_for_team(g.asker, "breach.excuse", ticket.team_id):
        raise Forbidden
    try:
        does(ticket.id, g.person, now=g.now, address=request.remote_addr or "", **data, **DOOR)
    except ExcuseRefused as refusal:
        raise Invalid({"cycle": [str(REFUSALS[refusal.code])]}) from None
    return ticket_of(number)

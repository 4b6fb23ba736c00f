"""Which tickets belong together, and messages that become tickets of their own."""

from typing import Any

from flask import abort, g
from flask_babel import gettext as _

from helpdesk.api.door import need, ticket_of
from helpdesk.api.problems import Forbidden, Invalid
from helpdesk.api.tickets import DOOR, verb
from helpdesk.desk import links, splitting
from helpdesk.schemas.tickets import LinkSchema, SplitMessageSchema, UnlinkSchema, with_answers
from helpdesk.store.services import find_service
from helpdesk.store.tickets import Ticket, is_desk_side, list_entries


@verb("link", LinkSchema)
def link(data: dict[str, Any], number: str) -> Ticket:
    """Say that the ticket is related to another, caused by it, or a duplicate of it."""
    links.link(_mine(number).id, g.person, _mine(data["number"]).id, data["how"], now=g.now, **DOOR)
    return ticket_of(number)


@verb("unlink", UnlinkSchema)
def unlink(data: dict[str, Any], number: str) -> Ticket:
    """Take a link back: one that was said on this ticket (`is_ours`), or on the other."""
    first, second = _mine(number), _mine(data["number"])
    if not data["is_ours"]:
        first, second = second, first
    links.unlink(first.id, g.person, second.id, data["how"], now=g.now, **DOOR)
    return ticket_of(number)


@verb("split", SplitMessageSchema)
def split(data: dict[str, Any], number: str) -> Ticket:
    """Make a ticket of a message (`entry_id`) of this one: its author is the reporter, and the new ticket is
    the answer. Sent again, it is not made twice."""
    ticket, entry_id = _mine(number), data.pop("entry_id")
    service_id = data["service_id"] or ticket.service_id
    service = find_service(service_id) if service_id else None
    if service_id and (service is None or not service.is_active):
        raise Invalid({"service_id": [_("This service is gone. Choose another.")]})
    if splitting.find_message(list_entries(ticket.id), entry_id) is None:
        abort(404)
    return splitting.split(ticket.id, g.person, entry_id, **with_answers(data), now=g.now, **DOOR)


def _mine(number: str) -> Ticket:
    """The ticket if the asker works on it."""
    ticket = ticket_of(number)
    if not is_desk_side(ticket, g.asker):
        raise Forbidden
    need("ticket.work")
    return ticket

"""Says of two tickets that they belong together, and takes it back. Both timelines tell of it."""

from datetime import datetime
from typing import Any

from helpdesk.desk.timeline import record
from helpdesk.rules.lifecycle import NotAllowed, State, require
from helpdesk.rules.links import SAID_BY_HAND, from_there, kept_as
from helpdesk.store.db import db, transaction
from helpdesk.store.people import Person
from helpdesk.store.ticket_links import TicketLink, find_link
from helpdesk.store.tickets import Ticket, get_ticket_for_change


def link(
    ticket_id: int, actor: Person, other_id: int, how: str = "relates_to", *, now: datetime, door: str = "web"
) -> None:
    """The ticket stands to the other as `how` says (rules/links.SAID_BY_HAND); said again, nothing changes.

    NotAllowed for a ticket and itself. LookupError where one of them is not there.
    """
    with transaction():
        ticket, other = _both(ticket_id, other_id)
        if keep(ticket, how, other, now):
            _tell("linked", ticket, how, other, actor, now, door)


def unlink(
    ticket_id: int, actor: Person, other_id: int, how: str, *, now: datetime, door: str = "web"
) -> bool:
    """Takes the link back; False where there is none (any more).

    NotAllowed (verb `unlink`) for what is no opinion: that one was split from the other, or merged into it.
    """
    with transaction():
        ticket, other = _both(ticket_id, other_id)
        found = find_link(ticket_id, how, other_id)
        if found is None:
            return False
        if how not in SAID_BY_HAND or (how == "duplicate_of" and ticket.merged_into_id == other.id):
            raise NotAllowed("unlink", State(ticket.state))
        db.session.delete(found)
        _tell("unlinked", ticket, how, other, actor, now, door)
    return True


def keep(ticket: Ticket, how: str, other: Ticket, now: datetime) -> bool:
    """Keeps the link without a word on the timelines, which the caller writes; False where it stands already.
    Inside a transaction."""
    if find_link(ticket.id, how, other.id) is not None:
        return False
    first, _how, second = kept_as(ticket.id, how, other.id)
    db.session.add(TicketLink(ticket_id=first, other_id=second, how=how, since=now))
    db.session.flush()
    return True


def _both(ticket_id: int, other_id: int) -> tuple[Ticket, Ticket]:
    """Locked in order of id, so that two who link the same tickets cannot wait for each other."""
    found = {each: get_ticket_for_change(each) for each in sorted({ticket_id, other_id})}
    for ticket in found.values():
        require("link", ticket.state)
    if ticket_id == other_id:
        raise NotAllowed("link_to_itself", State(found[ticket_id].state))
    return found[ticket_id], found[other_id]


def _tell(
    kind: str, ticket: Ticket, how: str, other: Ticket, actor: Person, now: datetime, door: str
) -> None:
    by: dict[str, Any] = {"now": now, "door": door, "actor_id": actor.id}
    record(ticket, kind, detail={"how": how, "ticket": other.id}, **by)
    record(other, kind, detail={"how": from_there(how), "ticket": ticket.id}, **by)

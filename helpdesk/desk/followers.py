"""Following a ticket: whoever works at the desk for themselves, and colleagues whom somebody adds."""

from datetime import datetime

from helpdesk.desk.participants import join
from helpdesk.desk.timeline import record
from helpdesk.store.db import db, transaction
from helpdesk.store.participants import FOLLOWER, find_participant
from helpdesk.store.people import Person
from helpdesk.store.tickets import get_ticket_for_change

# Whoever joined has reported it too, and leaves by themselves.
LEAVES = (FOLLOWER, "copied")


def follow(ticket_id: int, person: Person, *, now: datetime, actor: Person | None = None) -> bool:
    """The person hears what is written to the reporter from now on; False where they took part already.

    `actor` None: they follow by themselves, which is nobody else's news; else the timeline says who added
    them, for it lets them read the ticket.
    """
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        if not join(ticket, person, FOLLOWER, now=now):
            return False
        if actor is not None:
            detail = {"person": person.id}
            record(ticket, "follower_added", now=now, door="web", actor_id=actor.id, detail=detail)
        return True


def unfollow(ticket_id: int, person_id: int, *, now: datetime, actor: Person | None = None) -> bool:
    """The person takes part no more; False where they were neither following nor copied. `actor` as in
    `follow`."""
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        found = find_participant(ticket_id, person_id)
        if found is None or found.how not in LEAVES:
            return False
        db.session.delete(found)
        if actor is not None:
            detail = {"person": person_id}
            record(ticket, "follower_removed", now=now, door="web", actor_id=actor.id, detail=detail)
        return True

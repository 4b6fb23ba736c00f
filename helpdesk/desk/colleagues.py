"""Reports that colleagues of a department read and follow, where the organisation allows it."""

from datetime import datetime

from helpdesk.desk.participants import join
from helpdesk.desk.timeline import record
from helpdesk.store.db import db, transaction
from helpdesk.store.participants import find_participant, list_participation
from helpdesk.store.people import Person
from helpdesk.store.tickets import get_ticket_for_change


def share(ticket_id: int, actor: Person, is_shared: bool, *, now: datetime, door: str = "web") -> None:
    """The reporter shows the report to their department, or no longer: then colleagues follow it no more.

    Nothing happens where it is so already.
    """
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        if ticket.is_shared == is_shared:
            return
        ticket.is_shared = is_shared
        record(
            ticket,
            "shared",
            now=now,
            door=door,
            actor_id=actor.id,
            is_public=True,
            detail={"is_shared": is_shared},
        )
        if not is_shared:
            for person, how in list_participation(ticket):
                if how == "colleague":
                    _leave(ticket_id, person.id)


def follow(ticket_id: int, person: Person, *, now: datetime) -> None:
    """A colleague gets its letters from now on. Whether they may, the door has asked."""
    with transaction():
        join(get_ticket_for_change(ticket_id), person, "colleague", now=now)


def leave(ticket_id: int, person_id: int) -> None:
    """Whoever takes part beside the reporter hears of it no more, however they came to it."""
    with transaction():
        _leave(ticket_id, person_id)


def _leave(ticket_id: int, person_id: int) -> None:
    participant = find_participant(ticket_id, person_id)
    if participant is not None:
        db.session.delete(participant)

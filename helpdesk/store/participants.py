"""Who takes part in a ticket beyond its reporter."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from helpdesk.store.db import db
from helpdesk.store.people import Person
from helpdesk.store.tickets import Entry, Participant, Ticket


def list_participants(ticket: Ticket) -> list[Person]:
    """The people copied, following or joined, in the order in which they came, addresses loaded."""
    query = (
        select(Person)
        .join(Participant, Participant.person_id == Person.id)
        .where(Participant.ticket_id == ticket.id)
        .order_by(Participant.since, Person.id)
        .options(selectinload(Person.addresses))
    )
    return list(db.session.scalars(query))


def is_copied_in(ticket_ids: Collection[int], address: str) -> bool:
    """Whether a mail on one of these tickets, of somebody who takes part, was sent to that address too."""
    query = select(Entry.detail).where(
        Entry.ticket_id.in_(ticket_ids),
        Entry.kind.in_(("reported", "reporter_replied")),
        Entry.door == "mail",
    )
    return any(address in detail.get("copied", ()) for detail in db.session.scalars(query))

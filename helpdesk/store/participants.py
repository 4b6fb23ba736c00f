"""Who takes part in a ticket beyond its reporter."""

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from helpdesk.store.db import db
from helpdesk.store.people import Person
from helpdesk.store.tickets import Participant, Ticket


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

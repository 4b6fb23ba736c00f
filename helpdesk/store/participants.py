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


def list_participation(ticket: Ticket) -> list[tuple[Person, str]]:
    """As `list_participants`, each with how they take part: copied, follower or joined."""
    query = (
        select(Person, Participant.how)
        .join(Participant, Participant.person_id == Person.id)
        .where(Participant.ticket_id == ticket.id)
        .order_by(Participant.since, Person.id)
    )
    return [(person, how) for person, how in db.session.execute(query)]


def find_participant(ticket_id: int, person_id: int) -> Participant | None:
    """How the person takes part beyond reporting and having the ticket, or None."""
    return db.session.get(Participant, (ticket_id, person_id))


def is_copied_in(ticket_ids: Collection[int], address: str) -> bool:
    """Whether a mail on one of these tickets, of somebody who takes part, was sent to that address too."""
    query = select(Entry.detail).where(
        Entry.ticket_id.in_(ticket_ids),
        Entry.kind.in_(("reported", "reporter_replied")),
        Entry.door == "mail",
    )
    return any(address in detail.get("copied", ()) for detail in db.session.scalars(query))

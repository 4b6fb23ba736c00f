"""Those who take part in a ticket: who joins, and who hears what is written."""

from datetime import datetime
from typing import Any

from helpdesk.outbound import letters
from helpdesk.store.db import db, transaction
from helpdesk.store.participants import list_participants
from helpdesk.store.people import Person
from helpdesk.store.tickets import Entry, Participant, Ticket, is_participant


def tell(
    kind: str, ticket: Ticket, entry: Entry, *, now: datetime, but: Person | None = None, **words: Any
) -> None:
    """The letter of a public entry to the reporter and everyone who takes part, except `but` (its author).

    One letter a person, keyed by the entry. Inside a transaction.
    """
    for person in [ticket.reporter, *list_participants(ticket)]:
        if but is None or person.id != but.id:
            letters.write(
                kind,
                person,
                key=f"entry:{entry.id}:{person.id}",
                now=now,
                ticket=ticket,
                entry=entry,
                **words,
            )


def tell_staff(kind: str, ticket: Ticket, entry: Entry, *, now: datetime, author: Person) -> None:
    """The letter of what a participant wrote to whoever has the ticket, or to the team where nobody has it.

    One letter a person, keyed by the entry; none to the author. Inside a transaction.
    """
    team = [member.person for member in ticket.team.members]
    for person in [ticket.assignee] if ticket.assignee is not None else team:
        if person.id != author.id:
            key = f"entry:{entry.id}:{person.id}"
            letters.write(kind, person, key=key, now=now, ticket=ticket, entry=entry, author=author)


def join(ticket: Ticket, person: Person, how: str, *, now: datetime) -> bool:
    """The person takes part from now on (`how`: copied, follower, joined); False if they did already."""
    with transaction():
        if is_participant(ticket, person.id):
            return False
        db.session.add(Participant(ticket_id=ticket.id, person_id=person.id, how=how, since=now))
        db.session.flush()
        return True

"""Those who take part in a ticket: who joins, and who hears what is written."""

from datetime import datetime
from typing import Any

from helpdesk.outbound import letters
from helpdesk.rules.access import Role, may_be_in_team
from helpdesk.store.db import db, transaction
from helpdesk.store.participants import FOLLOWER, list_hearers
from helpdesk.store.people import Person
from helpdesk.store.tickets import Entry, Participant, Ticket, is_participant


def tell(
    kind: str, ticket: Ticket, entry: Entry, *, now: datetime, but: Person | None = None, **words: Any
) -> None:
    """The letter of a public entry to the reporter and everyone who takes part, except `but` (its author).

    One letter a person, keyed by the entry; colleagues who follow read of an answer as of any news, once a
    day where they want that. Inside a transaction.
    """
    for person, how in [(ticket.reporter, "reporter"), *list_hearers(ticket)]:
        if but is not None and person.id == but.id:
            continue
        about: dict[str, Any] = {"key": f"entry:{entry.id}:{person.id}", "now": now}
        about |= {"ticket": ticket, "entry": entry}
        if kind != "replied" or not _follows_at_the_desk(person, how):
            letters.write(kind, person, **about, **words)
        elif person.id != entry.actor_id:
            letters.write("reporter_wrote", person, **about, author=entry.actor)


def tell_staff(kind: str, ticket: Ticket, entry: Entry, *, now: datetime, author: Person) -> None:
    """The letter of what a participant wrote to whoever has the ticket or the one it stands under, or to the
    team where nobody has it, and to colleagues who follow.

    One letter a person, keyed by the entry; none to the author. Inside a transaction.
    """
    team = [member.person for member in ticket.team.members]
    follow = [person for person, how in list_hearers(ticket) if _follows_at_the_desk(person, how)]
    above = ticket.parent.assignee if ticket.parent is not None else None
    assignee = ticket.assignee or above
    concerned = [assignee] if assignee is not None else team
    for person in {p.id: p for p in [*concerned, *follow]}.values():
        if person.id != author.id:
            key = f"entry:{entry.id}:{person.id}"
            letters.write(kind, person, key=key, now=now, ticket=ticket, entry=entry, author=author)


def _follows_at_the_desk(person: Person, how: str) -> bool:
    return how == FOLLOWER and may_be_in_team(Role(person.role))


def join(ticket: Ticket, person: Person, how: str, *, now: datetime) -> bool:
    """The person takes part from now on (`how`: copied, follower, joined); False if they did already."""
    with transaction():
        if is_participant(ticket, person.id):
            return False
        db.session.add(Participant(ticket_id=ticket.id, person_id=person.id, how=how, since=now))
        db.session.flush()
        return True

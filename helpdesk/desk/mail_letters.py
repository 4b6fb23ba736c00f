"""The letters that answer a mail: each tells its reader what they would not see otherwise, and once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from helpdesk.outbound import letters, links
from helpdesk.rules.access import Role
from helpdesk.store.letters import find_letter_by_key
from helpdesk.store.people import Person, list_people
from helpdesk.store.tickets import Entry, Ticket


def _once(kind: str, person: Person, key: str, now: datetime, ticket: Ticket, **words: Any) -> bool:
    """Writes the letter unless its key was written before; whether it did."""
    if find_letter_by_key(key) is not None:
        return False
    letters.write(kind, person, key=key, now=now, ticket=ticket, **words)
    return True


def tell_left_out(
    ticket: Ticket, entry: Entry, sender: Person, left_out: Sequence[dict[str, Any]], now: datetime
) -> None:
    """To the sender: which of their files the desk did not take. Inside a transaction, as all of these."""
    _once("left_out", sender, f"left_out:{entry.id}", now, ticket, entry=entry, left_out=left_out)


def tell_thanks_kept(ticket: Ticket, entry: Entry, sender: Person, now: datetime) -> None:
    """To the reporter: their thanks left it solved, with the link to open it again; once a solution."""
    if sender.id == ticket.reporter_id:
        key = f"thanks:{ticket.id}:{ticket.reopen_count}"
        confirm_url = links.confirm_url(ticket, sender.id)
        _once("thanks_kept", sender, key, now, ticket, entry=entry, confirm_url=confirm_url)


def tell_kept_as_note(ticket: Ticket, entry: Entry, author: Person, why: str, now: datetime) -> None:
    """To staff who answered by mail: nobody outside the desk was told, and why (a code); once a ticket where
    it is only that answers by mail are switched off."""
    key = f"kept_as_note:{ticket.id}:{author.id}" if why == "from_staff" else f"kept_as_note:{entry.id}"
    _once("kept_as_note", author, key, now, ticket, entry=entry, why=why)


def tell_too_much(ticket: Ticket, about: str, address: str, cause: str, now: datetime) -> bool:
    """To whoever has the ticket, else its team, else the administrators: letters to the sender, or about the
    ticket (`about`), have stopped; once an hour. Whether anybody had to be told."""
    team = [ticket.assignee] if ticket.assignee else [member.person for member in ticket.team.members]
    reached = [person for person in team if person.is_active and person.email]
    told = [
        _once(
            "too_much_mail",
            person,
            f"too_much_mail:{about}:{person.id}:{now:%Y-%m-%dT%H}",
            now,
            ticket,
            cause=cause,
            address=address,
        )
        for person in reached or list_people(roles=(Role.ADMINISTRATOR,))
    ]
    return any(told)

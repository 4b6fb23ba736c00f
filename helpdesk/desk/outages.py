"""Several reports of one fault: proposed as one, put together by a person, taken apart again.

The parent is an ordinary ticket; what is done there its children take over (desk/children).
"""

from dataclasses import dataclass
from datetime import datetime

from helpdesk.desk import participants
from helpdesk.outbound import letters
from helpdesk.rules.access import Asker
from helpdesk.store.db import transaction
from helpdesk.store.outages import list_affected, list_child_ids, list_known_faults
from helpdesk.store.people import Person
from helpdesk.store.tickets import Ticket, get_ticket_for_change


@dataclass(frozen=True, slots=True)
class KnownFault:
    """A fault that somebody has found to be that of several reports: its `parent`, how many `people` have it,
    and whether whoever asks is one of them (`is_mine`)."""

    parent: Ticket
    people: int
    is_mine: bool


def known_faults(service_id: int | None, asker: Asker) -> list[KnownFault]:
    """What is known to be wrong with a service, the oldest first; of a restricted one only for its team.

    [] for no service. The parent's subject is for whoever reports the service (`adopt`), the words in it are
    not: show neither its conversation nor who reported it.
    """
    parents = list_known_faults(service_id, asker) if service_id is not None else []
    affected = list_affected([parent.id for parent in parents]) if parents else {}
    return [
        KnownFault(parent, len(affected[parent.id]), asker.person_id in affected[parent.id])
        for parent in parents
    ]


def people_with(ticket: Ticket) -> int:
    """How many people have the fault of a parent or a child, whoever asks among them; 0 where it stands for
    itself, and of a restricted service."""
    if ticket.service is not None and ticket.service.is_restricted:
        return 0
    fault = ticket.parent_id or ticket.id
    people = len(list_affected([fault])[fault])
    return people if ticket.parent_id is not None or list_child_ids([fault]) else 0


def join(ticket_id: int, person: Person, *, now: datetime) -> Ticket:
    """The person has a known fault too: they hear of it like its reporter, and need no ticket of their own.

    They are told so by letter. Nothing happens where they have reported or joined it before. LookupError
    where it is not known to them as such, or no longer.
    """
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        found = {each.parent.id: each for each in known_faults(ticket.service_id, person.asker)}
        if ticket.id not in found:
            raise LookupError(f"ticket {ticket_id} is no known fault")
        if not found[ticket.id].is_mine and participants.join(ticket, person, "affected", now=now):
            key = f"joined:{ticket.id}:{person.id}:{now.timestamp()}"
            people = found[ticket.id].people + 1
            letters.write("joined", person, key=key, now=now, ticket=ticket, people=people)
    return ticket

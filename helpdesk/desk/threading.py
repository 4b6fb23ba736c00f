"""Which ticket a mail leads to, and what its sender is to it: what rules/threading needs to decide."""

from collections.abc import Collection
from datetime import datetime, timedelta

from helpdesk.desk.mail import Message
from helpdesk.outbound import links
from helpdesk.rules import threading
from helpdesk.rules.access import Role, may
from helpdesk.rules.lifecycle import State
from helpdesk.rules.threading import Hint, Thread
from helpdesk.store.letters import find_letter
from helpdesk.store.mail import count_mail_on, find_named_ticket, find_raw_mail_by_identity
from helpdesk.store.organisation import find_organisation
from helpdesk.store.participants import is_copied_in
from helpdesk.store.people import Person
from helpdesk.store.tickets import Ticket, is_desk_side, is_participant

HOUR = timedelta(hours=1)


def find_thread(
    message: Message, author: str, sender: Person | None, own: Collection[str], now: datetime
) -> Thread | None:
    """The ticket that the strongest hint leads to, or None. `author`: the address whose words it bears,
    `sender`: the person who has it (None: nobody yet). A merged ticket leads to its survivor."""
    for hint in threading.hints(message.head, own):
        ticket_id, written_to = _ticket_of(hint)
        found = find_named_ticket(ticket_id) if ticket_id is not None else None
        if found is None or (hint.kind == "token" and not links.is_salt_of(found[0], hint.value)):
            continue
        ticket = found[1]
        answers_us = sender is not None and sender.is_active and sender.id == written_to
        is_staff = sender is not None and _reads_as_staff(sender, found)
        return Thread(
            ticket_id=ticket.id,
            state=State(ticket.state),
            is_proven=hint.kind != "number",
            takes_part=answers_us or _takes_part(sender, author, found),
            is_staff=is_staff,
            powers=_powers(sender, answers_us) if sender is not None and is_staff else frozenset(),
            mails_this_hour=count_mail_on(ticket.id, now - HOUR),
        )
    return None


def _ticket_of(hint: Hint) -> tuple[int | None, int | None]:
    """The id of the ticket a hint names, and of the person our letter went to where it is one."""
    if hint.kind != "letter":
        return hint.ticket_id, None
    letter_id = links.is_our_message_id(hint.value)
    letter = find_letter(letter_id) if letter_id is not None else None
    if letter is not None:
        return letter.ticket_id, letter.person_id
    thread = links.ticket_of_thread(hint.value)
    # Or a colleague answers all on the mail that became the ticket.
    raw = find_raw_mail_by_identity(hint.value) if thread is None else None
    return (raw.ticket_id if raw else thread), None


def _takes_part(sender: Person | None, author: str, found: tuple[Ticket, Ticket]) -> bool:
    """Of a merged ticket those of either take part; whoever has left takes none."""
    if sender is not None and not sender.is_active:
        return False
    if sender is not None and any(is_participant(ticket, sender.id) for ticket in found):
        return True
    return is_copied_in({ticket.id for ticket in found}, author)


def _reads_as_staff(sender: Person, found: tuple[Ticket, Ticket]) -> bool:
    named, ticket = found
    if sender.role == Role.REPORTER or sender.id in (ticket.reporter_id, named.reporter_id):
        return False
    return is_desk_side(ticket, sender.asker)


def _powers(sender: Person, answers_us: bool) -> frozenset[str]:
    """What staff may do by this mail: act where that is switched on and they answer a letter to them."""
    organisation = find_organisation()
    is_on = bool(organisation and organisation.options.get("agent_mail"))
    powers = set()
    if may(sender.asker, "ticket.work") or may(sender.asker, "ticket.note"):
        powers.add("note")
    if is_on and answers_us and may(sender.asker, "ticket.work"):
        powers.add("answer")
    return frozenset(powers)

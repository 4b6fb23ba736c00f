"""A message that is about something else becomes a ticket of its own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from helpdesk.desk import links, registration
from helpdesk.desk.attachments import kept_of
from helpdesk.desk.grounds import Grounds
from helpdesk.desk.registration import Report
from helpdesk.desk.timeline import record
from helpdesk.rules.lifecycle import Kind, require
from helpdesk.rules.severity import Answers
from helpdesk.store.db import transaction
from helpdesk.store.people import Person, get_person
from helpdesk.store.tickets import Entry, Ticket, get_ticket, get_ticket_for_change, list_entries

# What staff have answered is about the ticket, and the report is the ticket.
CAN_BE_SPLIT = frozenset({"reporter_replied", "noted"})


def split(
    ticket_id: int,
    actor: Person,
    entry_id: int,
    subject: str,
    *,
    kind: Kind = Kind.FAULT,
    service_id: int | None = None,
    answers: Answers | None = None,
    now: datetime,
    door: str = "web",
) -> Ticket:
    """Makes a ticket of a message: its author is the reporter, its words and files come along.

    The new one counts from when the message was written, since whoever wrote has waited since then; the old
    one stays as it is, message and all. Both name each other; the author is told by letter by when somebody
    answers. `service_id` None: the old one's service and team. Splitting the same message again returns the
    ticket that it became. LookupError where the ticket has no such message, or the service is gone.
    """
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        require("split", ticket.state)
        entries = list_entries(ticket.id)
        message = find_message(entries, entry_id)
        if message is None:
            raise LookupError(f"ticket {ticket_id} has no message {entry_id} to split off")
        known = became(entries).get(entry_id)
        if known is not None:
            return get_ticket(known)
        new = _ticket_of(ticket, message, subject, kind, service_id, answers, now)
        _register(new, ticket, message, now)
        _tell_both(new, ticket, message, actor, now, door)
    return new


def find_message(entries: Sequence[Entry], entry_id: int) -> Entry | None:
    """The message of that id, if it is one that may be about something else."""
    found = next((entry for entry in entries if entry.id == entry_id), None)
    if found is None or found.kind not in CAN_BE_SPLIT or found.actor_id is None or found.voided_at:
        return None
    return found


def became(entries: Sequence[Entry]) -> dict[int, int]:
    """Which messages of a timeline became tickets: the ticket's id by the message's."""
    return {entry.detail["entry"]: entry.detail["ticket"] for entry in entries if entry.kind == "split"}


def _ticket_of(
    old: Ticket,
    message: Entry,
    subject: str,
    kind: Kind,
    service_id: int | None,
    answers: Answers | None,
    now: datetime,
) -> Ticket:
    said = answers or Answers(None, None, False)
    assert message.actor_id is not None  # noqa: S101 - find_message says so
    command = Report(
        subject=subject,
        body="",
        kind=kind,
        service_id=service_id or old.service_id,
        works=said.works,
        affected=said.affected,
        core_work_stands_still=said.core_work_stands_still,
        reported_at=message.at,
    )
    new = registration.new_ticket(command, get_person(message.actor_id), Grounds(message.at), now)
    if service_id is None:
        new.team_id = old.team_id
    return new


def _register(new: Ticket, old: Ticket, message: Entry, now: datetime) -> None:
    registration.register(
        new,
        message.body,
        Grounds(message.at),
        now=now,
        door=message.door,
        actor_id=message.actor_id,
        files=kept_of(message),
        raw_mail_id=message.raw_mail_id,
        # What their mail brought besides its words, quoted history and all.
        detail=message.detail if message.raw_mail_id is not None else None,
        letter="split",
        old=old,
    )


def _tell_both(new: Ticket, old: Ticket, message: Entry, actor: Person, now: datetime, door: str) -> None:
    by: dict[str, Any] = {"now": now, "door": door, "actor_id": actor.id}
    links.keep(new, "split_from", old, now)
    there = {"ticket": new.id, "entry": message.id}
    record(old, "split", is_public=message.is_public, detail=there, **by)
    here = {"how": "split_from", "ticket": old.id}
    record(new, "linked", is_public=message.is_public, detail=here, **by)

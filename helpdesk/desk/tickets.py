"""Reporting and working a ticket, one verb each.

Every verb runs in a transaction, writes one timeline entry, refreshes the deadlines and says by letter
what the reporter should know. Doors have looked the ticket up through the asker's rights before.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any

from helpdesk.desk import attachments, attention, registration, targets
from helpdesk.desk.attachments import Kept, Upload
from helpdesk.desk.grounds import Grounds
from helpdesk.desk.participants import tell, tell_staff
from helpdesk.desk.registration import Report
from helpdesk.desk.timeline import record
from helpdesk.rules.attention import is_accepted_by
from helpdesk.rules.escalation import still_asks
from helpdesk.rules.lifecycle import NotAllowed, State, require, state_in_hand
from helpdesk.store.db import Conflict, transaction
from helpdesk.store.escalations import Alarm
from helpdesk.store.people import Person, get_person_afresh
from helpdesk.store.tickets import Entry, Ticket, find_entry, find_sent_ticket, get_ticket_for_change


def sent_key(door: str, sender: int | str, *parts: object) -> str:
    """Names one sending, for `report`. The sender (person id or address) is part of it, so that nobody's
    key leads to what somebody else has sent."""
    return sha256(repr((door, sender, *parts)).encode()).hexdigest()


def report(
    command: Report,
    reporter: Person | Callable[[], Person],
    *,
    now: datetime,
    door: str,
    actor: Person | None = None,
    raw_mail_id: int | None = None,
    detail: dict[str, Any] | None = None,
    receipt: bool = True,
    is_taken: bool = False,
    sent_key: str | None = None,
) -> Ticket:
    """Registers a report and promises an answer: ticket, entry, targets, alarms and receipt in one unit.

    `reporter` may be what finds or makes them, in that unit. `actor` is the agent who logs it for the
    reporter (None: the reporter). `detail` joins the entry's (a mail's quoted text); no `receipt` where
    letters to the reporter would feed a loop; `is_taken` where the actor is about to accept it. With a
    `sent_key` that has made a ticket already, that one
    is returned as it is; such a report stands in no other transaction. LookupError where the service is
    gone or no policy fits.
    """
    files, actor_id = attachments.keep(command.files), actor.id if actor else None
    find_reporter = reporter if callable(reporter) else partial(get_person_afresh, reporter.id)
    backdated = {"backdated": command.backdate_reason} if command.backdate_reason else {}
    try:
        with transaction():
            if sent_key and (earlier := find_sent_ticket(sent_key)):
                return earlier
            person, grounds = find_reporter(), Grounds(command.reported_at or now)
            ticket = registration.new_ticket(command, person, grounds, now)
            ticket.sent_key = sent_key
            registration.register(
                ticket,
                command.body,
                grounds,
                now=now,
                door=door,
                actor_id=actor_id or person.id,
                files=files,
                raw_mail_id=raw_mail_id,
                detail={**backdated, **(detail or {})},
                letter="received" if receipt else None,
                is_taken=is_taken,
            )
            return ticket
    except Conflict:  # the same sending at the same time was faster
        if sent_key and (earlier := find_sent_ticket(sent_key)):
            return earlier
        raise


class Taken(Exception):
    """Somebody else has taken the ticket since the actor looked at it."""

    def __init__(self, holder: Person) -> None:
        super().__init__(f"{holder.id} has it")
        self.holder = holder


def accept(
    ticket_id: int, actor: Person, *, now: datetime, door: str = "web", seen: int | None = None
) -> Ticket:
    """The actor takes the ticket: it counts as the response, and the reporter is told who has it.

    `seen` is the last entry's id that the actor has read; Taken where it went to somebody else since (None:
    they take it over from whomever). Accepting what the actor already has changes nothing, unless somebody
    was told of it since: then they have heard, and no repeated step rings on. A critical ticket bears a
    promise of news from then on. NotAllowed once it is resolved.
    """
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        require("accept", ticket.state)
        told = find_entry(ticket.id, "escalated")
        if is_accepted_by(actor.id, ticket.assignee_id, ticket.accepted_at, told.at if told else None):
            return ticket
        if seen is not None and ticket.assignee is not None and ticket.assignee_id != actor.id:
            handed = [find_entry(ticket.id, kind) for kind in ("accepted", "assigned")]
            if any(entry is not None and entry.id > seen for entry in handed):
                raise Taken(ticket.assignee)
        had_it = ticket.assignee_id == actor.id and ticket.accepted_at is not None
        entry = attention.take_up(ticket, actor, now=now, door=door)
        targets.refresh(ticket, now)
        if not had_it:
            tell("accepted", ticket, entry, now=now, agent=actor)
    return ticket


def accept_first(alarm: Alarm, actor: Person, *, now: datetime, door: str) -> bool:
    """As `accept`, unless the alarm no longer asks for it, for somebody was faster: then nothing changes.
    Whether it was taken."""
    with transaction():
        if not is_asking(alarm, get_ticket_for_change(alarm.ticket_id)):
            return False
        accept(alarm.ticket_id, actor, now=now, door=door)
    return True


def is_asking(alarm: Alarm, ticket: Ticket) -> bool:
    """Whether the alarm still asks for somebody to accept its ticket (rules/escalation.still_asks)."""
    return still_asks(alarm.detail.get("repeats", False), alarm.fired_at, ticket.accepted_at)


def reply(
    ticket_id: int,
    actor: Person,
    body: str,
    *,
    files: Iterable[Upload] = (),
    update_by: datetime | None = None,
    now: datetime,
    door: str = "web",
) -> Entry:
    """A public answer of staff: stops the response clock and goes to the reporter by letter.

    It keeps what was promised by now, and may promise the next news (`update_by`; None: a critical ticket
    gets the default). Who has the ticket without having accepted it accepts by answering.
    """
    kept = attachments.keep(files)
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        require("reply", ticket.state)
        if attention.has_to_accept(ticket, actor):
            attention.take_up(ticket, actor, now=now, door=door)
        attention.promise_news(ticket, now, chosen=update_by, has_spoken=True)
        said = attention.promised_in(ticket)
        entry = _write(ticket, "replied", actor, body, kept, now=now, door=door, detail=said)
        targets.refresh(ticket, now)
        tell("replied", ticket, entry, now=now, agent=actor)
    return entry


def note(
    ticket_id: int,
    actor: Person,
    body: str,
    *,
    files: Iterable[Upload] = (),
    now: datetime,
    door: str = "web",
) -> Entry:
    """A note to colleagues: the reporter never sees it, no clock hears it; it breaks a silence."""
    kept = attachments.keep(files)
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        entry = _write(ticket, "noted", actor, body, kept, now=now, door=door, is_public=False)
        targets.refresh(ticket, now)
    return entry


def reporter_reply(
    ticket_id: int,
    author: Person,
    body: str,
    *,
    files: Iterable[Upload] = (),
    now: datetime,
    door: str,
    raw_mail_id: int | None = None,
    detail: dict[str, Any] | None = None,
    letter: bool = True,
) -> Entry:
    """A message of the reporter or another participant; it ends a waiting for the reporter.

    Whoever has the ticket is told by letter, or its team; no `letter` where another one says so.
    NotAllowed once the ticket is closed or cancelled.
    """
    kept = attachments.keep(files)
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        require("reporter_reply", ticket.state)
        bears: dict[str, Any] = {"raw_mail_id": raw_mail_id, "detail": detail}
        entry = _write(ticket, "reporter_replied", author, body, kept, now=now, door=door, **bears)
        if ticket.state == State.WAITING and ticket.waiting_for == "reporter":
            ticket.enter(state_in_hand(ticket.accepted_at))
            attention.promise_news(ticket, now)
        targets.refresh(ticket, now)
        if letter:
            tell_staff("reporter_wrote", ticket, entry, now=now, author=author)
    return entry


def _write(
    ticket: Ticket,
    kind: str,
    author: Person,
    body: str,
    files: Sequence[Kept],
    *,
    now: datetime,
    door: str,
    is_public: bool = True,
    **bears: Any,
) -> Entry:
    """The entry of a message, with its files."""
    entry = record(
        ticket, kind, now=now, door=door, actor_id=author.id, is_public=is_public, body=body, **bears
    )
    attachments.attach(entry, files)
    return entry


def promise_update(
    ticket_id: int, actor: Person, update_by: datetime | None, *, now: datetime, door: str = "web"
) -> Ticket:
    """Promises the reporter news by then, whatever happens; an alarm watches it.

    None takes a promise back; a critical ticket gets the default instead. NotAllowed once it is resolved, and
    while we wait for the reporter.
    """
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        require("promise_update", ticket.state)
        if ticket.waiting_for == "reporter":
            raise NotAllowed("promise_update", State(ticket.state))
        ticket.update_by = None
        attention.promise_news(ticket, now, chosen=update_by)
        said = {"update_by": None, **attention.promised_in(ticket)}
        record(ticket, "update_promised", now=now, door=door, actor_id=actor.id, is_public=True, detail=said)
        targets.refresh(ticket, now)
    return ticket

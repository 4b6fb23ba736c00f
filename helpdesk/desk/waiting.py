"""Waiting for the reporter or a supplier, and what ends it."""

from datetime import datetime

from helpdesk.desk import attention, targets
from helpdesk.desk.grounds import Grounds
from helpdesk.desk.participants import tell
from helpdesk.desk.timeline import record
from helpdesk.outbound import letters
from helpdesk.rules import hours
from helpdesk.rules.escalation import RESOLVED_AFTER
from helpdesk.rules.lifecycle import NotAllowed, State, is_allowed, require, state_in_hand
from helpdesk.store.db import transaction
from helpdesk.store.outages import has_children
from helpdesk.store.people import Person
from helpdesk.store.tickets import Entry, Ticket, find_entry, get_ticket_for_change, list_entries


def wait(
    ticket_id: int,
    actor: Person,
    *,
    waiting_for: str,
    wake_at: datetime,
    question: str = "",
    now: datetime,
    door: str = "web",
) -> Ticket:
    """Waits for the `reporter` (pauses the resolution) or a `supplier` (as the policy says) until `wake_at`.

    The question to the reporter is a public reply, so it counts as an answer and goes to them by letter;
    for a supplier `question` is a note of what was asked of them. Who was given the ticket accepts it by
    this. NotAllowed once resolved, and where many stand under the ticket: they do not wait for one of them.
    """
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        require("wait", ticket.state)
        if waiting_for == "reporter" and has_children(ticket.id):
            raise NotAllowed("wait_of_many", State(ticket.state))
        if attention.has_to_accept(ticket, actor):
            attention.take_up(ticket, actor, now=now, door=door)
        asked = None
        if waiting_for == "reporter":
            asked = record(
                ticket, "replied", now=now, door=door, actor_id=actor.id, is_public=True, body=question
            )
        record(
            ticket,
            "waiting",
            now=now,
            door=door,
            actor_id=actor.id,
            is_public=waiting_for == "reporter",
            body="" if waiting_for == "reporter" else question,
            detail={"for": waiting_for, "until": wake_at.isoformat()},
        )
        ticket.enter(State.WAITING)
        ticket.waiting_for, ticket.wake_at = waiting_for, wake_at
        attention.promise_news(ticket, now)
        targets.refresh(ticket, now)
        if asked is not None:
            tell("asked", ticket, asked, now=now, agent=actor, wake_at=wake_at)
    return ticket


def resume(ticket_id: int, actor: Person, *, now: datetime, door: str = "web") -> Ticket:
    """Staff stop waiting. NotAllowed unless it waits."""
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        require("resume", ticket.state)
        go_on(ticket, "by_hand", now, door, actor.id)
    return ticket


def wake(ticket_id: int, *, now: datetime, door: str = "clock") -> Ticket | None:
    """The wake-up instant has come: work goes on, and whoever has the ticket is told by letter.

    None where it no longer waits, or was put off to a later instant.
    """
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        if not is_allowed("resume", ticket.state) or (ticket.wake_at and ticket.wake_at > now):
            return None
        entry = go_on(ticket, "woken", now, door, None)
        if ticket.assignee is not None:
            key = f"entry:{entry.id}:{ticket.assignee.id}"
            letters.write("woken", ticket.assignee, key=key, now=now, ticket=ticket, entry=entry)
    return ticket


def nudge(ticket_id: int, n: int, *, now: datetime, door: str = "clock") -> Entry | None:
    """Asks the reporter the n-th time (from 1) for the answer we wait for. None where we no longer do."""
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        if not is_allowed("nudge", ticket.state) or ticket.waiting_for != "reporter":
            return None
        entry = record(
            ticket, "nudged", now=now, door=door, is_public=True, detail={"about": "question", "n": n}
        )
        questions = [e.body for e in list_entries(ticket.id, public_only=True) if e.kind == "replied"]
        tell(
            "nudged",
            ticket,
            entry,
            now=now,
            question=questions[-1] if questions else "",
            silence_decides=does_silence_decide(ticket),
        )
    return entry


def does_silence_decide(ticket: Ticket) -> bool:
    """Whether a reporter's silence has the ticket taken as solved before the waiting ends by itself.

    False where it does not wait for the reporter, and where the wake-up does not lie beyond our patience.
    """
    entry = find_entry(ticket.id, "waiting") if ticket.waiting_for == "reporter" else None
    if entry is None:
        return False
    decides_at = hours.after_working_days(Grounds(entry.at).office, entry.at, RESOLVED_AFTER)
    return decides_at is not None and (ticket.wake_at is None or ticket.wake_at > decides_at)


def go_on(ticket: Ticket, reason: str, now: datetime, door: str, actor_id: int | None) -> Entry:
    """Ends the waiting, for that reason. Inside a transaction that holds the ticket's row."""
    entry = record(
        ticket,
        "resumed",
        now=now,
        door=door,
        actor_id=actor_id,
        detail={"from": ticket.waiting_for, "reason": reason},
    )
    ticket.enter(state_in_hand(ticket.accepted_at))
    attention.promise_news(ticket, now)
    targets.refresh(ticket, now)
    return entry

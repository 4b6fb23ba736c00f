"""A child and its parent: what one takes over from the other, and how they part. Inside transactions."""

from datetime import datetime
from typing import Any

from helpdesk.desk import attachments, attention, targets
from helpdesk.desk.participants import tell
from helpdesk.desk.timeline import record
from helpdesk.store.tickets import Entry, Ticket


def take_over(
    child: Ticket, entry: Entry, now: datetime, *, at: datetime | None = None, **detail: Any
) -> Entry:
    """The parent's entry on the child's timeline, by the same person, from the same instant on (or `at`)."""
    return record(
        child,
        entry.kind,
        now=now,
        at=at or entry.at,
        door=entry.door,
        actor_id=entry.actor_id,
        is_public=entry.is_public,
        body=entry.body,
        detail={**detail, "parent": entry.ticket_id},
    )


def take_answer(child: Ticket, entry: Entry, now: datetime, at: datetime | None = None) -> Entry:
    """As `take_over` of a public answer, with its files; it counts as an answer here too."""
    taken = take_over(child, entry, now, at=at)
    attachments.attach(taken, attachments.kept_of(entry))
    return taken


def let_go(
    ticket: Ticket,
    because: str,
    *,
    actor_id: int | None = None,
    reason: str = "",
    now: datetime,
    door: str,
) -> None:
    """The ticket is a child no longer: it goes on by itself, with its own ladders, and is proposed for none.

    `because`: by_hand, cancelled (its parent was), reopened. But for the last, which tells by itself,
    somebody has to accept it anew and its reporter is told.
    """
    detail = {"parent": ticket.parent_id, "because": because, "reason": reason}
    is_told = because != "reopened"
    accept = {"accept": "handed"} if is_told else {}
    entry = record(
        ticket,
        "released",
        now=now,
        door=door,
        actor_id=actor_id,
        is_public=is_told,
        detail=detail | accept,
    )
    ticket.parent_id, ticket.stands_alone = None, True
    if is_told:
        attention.ask_anew(ticket)
        targets.refresh(ticket, now)
        tell("released", ticket, entry, now=now)

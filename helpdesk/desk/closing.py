"""Resolving, and what becomes of it: confirmed, reopened, closed in silence, cancelled, merged."""

from datetime import datetime
from typing import Any

from helpdesk.desk import attention, children, feedback, targets
from helpdesk.desk import links as ticket_links
from helpdesk.desk.participants import join, tell
from helpdesk.desk.timeline import record
from helpdesk.outbound import letters, links
from helpdesk.rules.lifecycle import NotAllowed, State, is_allowed, require
from helpdesk.store.db import transaction
from helpdesk.store.participants import list_participants
from helpdesk.store.people import Person
from helpdesk.store.teams import list_leads
from helpdesk.store.tickets import Entry, Ticket, get_ticket_for_change


def resolve(
    ticket_id: int, actor: Person, cause: str, solution: str, *, now: datetime, door: str = "web"
) -> Ticket:
    """Resolved, with cause and solution; the reporter is asked by letter whether it holds."""
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        require("resolve", ticket.state)
        _resolve(ticket, now, door, actor, solution, {"cause": cause})
        ticket.cause, ticket.solution = cause, solution
    return ticket


def resolve_silent(ticket_id: int, *, now: datetime, door: str = "clock") -> Ticket | None:
    """Resolved because the reporter did not answer. None where we no longer wait for them."""
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        if not is_allowed("nudge", ticket.state) or ticket.waiting_for != "reporter":
            return None
        _resolve(ticket, now, door, None, "", {"because": "silence"})
    return ticket


def resolve_along(child: Ticket, entry: Entry, now: datetime) -> None:
    """Resolved with its parent, whose `entry` says how, from the same instant on; the child's own reporter is
    asked whether it holds. Inside a transaction that holds the child's row."""
    cause = entry.detail.get("cause", "")
    detail = {"cause": cause, "parent": entry.ticket_id}
    _resolve(child, now, entry.door, entry.actor, entry.body, detail, at=entry.at)
    child.cause, child.solution = cause, entry.body


def _resolve(
    ticket: Ticket,
    now: datetime,
    door: str,
    actor: Person | None,
    solution: str,
    detail: dict[str, Any],
    at: datetime | None = None,
) -> None:
    entry = record(
        ticket,
        "resolved",
        now=now,
        at=at,
        door=door,
        actor_id=actor.id if actor else None,
        is_public=True,
        body=solution,
        detail=detail,
    )
    ticket.enter(State.RESOLVED)
    ticket.resolved_at = at or now
    attention.promise_news(ticket, now)
    targets.refresh(ticket, now)
    ask_to_confirm("resolved", ticket, entry, now)


def remind_confirm(ticket_id: int, *, now: datetime, door: str = "clock") -> Entry | None:
    """Asks once more whether the solution holds. None where it is no longer resolved."""
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        if not is_allowed("confirm", ticket.state):
            return None
        entry = record(ticket, "nudged", now=now, door=door, is_public=True, detail={"about": "solution"})
        ask_to_confirm("remind_confirm", ticket, entry, now)
    return entry


def ask_to_confirm(kind: str, ticket: Ticket, entry: Entry, now: datetime) -> None:
    """The letter with the link to "is it solved?": to the reporter alone, others just hear of it."""
    letters.write(
        kind,
        ticket.reporter,
        key=f"entry:{entry.id}:{ticket.reporter_id}",
        now=now,
        ticket=ticket,
        entry=entry,
        confirm_url=links.confirm_url(ticket, ticket.reporter_id),
    )
    if kind == "resolved":
        tell(kind, ticket, entry, now=now, but=ticket.reporter, confirm_url=None)


def confirm(
    ticket_id: int,
    actor: Person,
    *,
    stars: int | None = None,
    words: str = "",
    now: datetime,
    door: str = "web",
) -> Ticket:
    """The reporter says that it is solved: closed, with their rating if they gave one."""
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        require("confirm", ticket.state)
        if stars is not None:
            feedback.rate(ticket_id, actor, stars, words, now=now, door=door)
        _close(ticket, now, door, actor.id, "confirmed", "" if stars is not None else words)
    return ticket


def close_silent(ticket_id: int, *, now: datetime, door: str = "clock") -> Ticket | None:
    """Nobody answered "is it solved?": closed. None where it is no longer resolved."""
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        if not is_allowed("confirm", ticket.state):
            return None
        entry = _close(ticket, now, door, None, "silence")
        tell("closed", ticket, entry, now=now)
    return ticket


def _close(
    ticket: Ticket, now: datetime, door: str, actor_id: int | None, because: str, words: str = ""
) -> Entry:
    entry = record(
        ticket,
        "closed",
        now=now,
        door=door,
        actor_id=actor_id,
        is_public=True,
        body=words,
        detail={"because": because},
    )
    ticket.enter(State.CLOSED)
    ticket.closed_at = now
    targets.refresh(ticket, now)
    return entry


def reopen(ticket_id: int, actor: Person, words: str, *, now: datetime, door: str = "web") -> Ticket:
    """Not solved: back to whoever has it, with a fresh response clock, escalated one step further.

    The entry's detail says how many steps (`step`: how often it was reopened); the assignee and the
    team's leads are told at once. A child is let go: what was solved for others is not for its reporter.
    """
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        require("reopen", ticket.state)
        ticket.reopen_count += 1
        entry = record(
            ticket,
            "reopened",
            now=now,
            door=door,
            actor_id=actor.id,
            is_public=True,
            body=words,
            detail={"step": ticket.reopen_count},
        )
        ticket.resolved_at = ticket.accepted_at = None  # to be accepted anew
        ticket.enter(State.NEW)
        if ticket.parent_id is not None:
            children.let_go(ticket, "reopened", actor_id=actor.id, now=now, door=door)
        targets.refresh(ticket, now)
        told = {p.id: p for p in [ticket.assignee, *list_leads(ticket.team_id)] if p and p.id != actor.id}
        for person in told.values():
            key = f"entry:{entry.id}:{person.id}"
            letters.write("reopened", person, key=key, now=now, ticket=ticket, entry=entry)
    return ticket


def cancel(ticket_id: int, actor: Person, reason: str, *, now: datetime, door: str = "web") -> Ticket:
    """Withdrawn by the reporter or cancelled by the desk, with the reason; everyone else is told."""
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        require("cancel", ticket.state)
        entry = record(
            ticket,
            "cancelled",
            now=now,
            door=door,
            actor_id=actor.id,
            is_public=True,
            detail={"reason": reason, "withdrawn": actor.id == ticket.reporter_id},
        )
        _end_cancelled(ticket, now)
        tell("cancelled", ticket, entry, now=now, but=actor, reason=reason)
    return ticket


def merge(duplicate_id: int, actor: Person, survivor_id: int, *, now: datetime, door: str = "web") -> Ticket:
    """The duplicate ends; its reporter and participants take part in the survivor and are told.

    Returns the survivor. NotAllowed where either has ended, or both are one.
    """
    with transaction():
        # In order of id, so that two merges at once cannot wait for each other.
        found = {i: get_ticket_for_change(i) for i in sorted({duplicate_id, survivor_id})}
        duplicate, survivor = found[duplicate_id], found[survivor_id]
        require("merge", duplicate.state)
        require("merge_into", survivor.state)
        if duplicate is survivor:
            raise NotAllowed("merge_into_itself", State(survivor.state))
        entry = record(
            duplicate,
            "merged",
            now=now,
            door=door,
            actor_id=actor.id,
            is_public=True,
            detail={"into": survivor.id},
        )
        record(
            survivor,
            "linked",
            now=now,
            door=door,
            actor_id=actor.id,
            detail={"how": "duplicate", "ticket": duplicate.id},
        )
        duplicate.merged_into_id = survivor.id
        ticket_links.keep(duplicate, "duplicate_of", survivor, now)
        _end_cancelled(duplicate, now)
        for person in [duplicate.reporter, *list_participants(duplicate)]:
            join(survivor, person, "joined", now=now)
            letters.write(
                "merged",
                person,
                key=f"entry:{entry.id}:{person.id}",
                now=now,
                ticket=survivor,
                entry=entry,
                duplicate=duplicate,
            )
    return survivor


def _end_cancelled(ticket: Ticket, now: datetime) -> None:
    ticket.enter(State.CANCELLED)
    ticket.closed_at = now
    attention.promise_news(ticket, now)
    targets.refresh(ticket, now)

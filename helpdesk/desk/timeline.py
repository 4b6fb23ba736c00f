"""Writes the timeline: the one place where an entry is made."""

from datetime import datetime
from typing import Any

from helpdesk.desk import search
from helpdesk.outbound.alarms import pass_on_soon
from helpdesk.rules.outages import PASSED_ON
from helpdesk.store.db import after_commit, db, insert_rows, new_ids
from helpdesk.store.outages import has_children
from helpdesk.store.tickets import Entry, Ticket


def record(
    ticket: Ticket,
    kind: str,
    *,
    now: datetime,
    door: str,
    actor_id: int | None = None,
    at: datetime | None = None,
    is_public: bool = False,
    body: str = "",
    detail: dict[str, Any] | None = None,
    raw_mail_id: int | None = None,
) -> Entry:
    """Adds an entry to the ticket's timeline and returns it, flushed so that it has an id.

    `at` is when it holds (None: now); `door`: web, mail, phone, walk_in, api, cli or clock.
    """
    entry = Entry(
        ticket_id=ticket.id,
        kind=kind,
        at=at or now,
        recorded_at=now,
        actor_id=actor_id,
        door=door,
        is_public=is_public,
        body=body,
        detail=detail or {},
        raw_mail_id=raw_mail_id,
    )
    db.session.add(entry)
    db.session.flush()
    search.keep_entry(ticket, entry)
    if ticket.changed_at != now:
        ticket.changed_at = now
    if kind in PASSED_ON and has_children(ticket.id):
        after_commit("pass on", pass_on_soon)
    return entry


def record_all(rows: list[dict[str, Any]], *, kind: str, now: datetime, door: str) -> list[int]:
    """Adds an entry {"ticket_id", "detail"} to the timeline of each of these tickets, in one statement, and
    returns their ids; the tickets' `changed_at` is left to the caller, who writes them in bulk too."""
    ids = new_ids(Entry, len(rows)) if rows else []
    always = {"kind": kind, "at": now, "recorded_at": now, "door": door, "is_public": False, "body": ""}
    insert_rows(Entry, [{"id": i, **always, **row} for i, row in zip(ids, rows, strict=True)])
    return ids

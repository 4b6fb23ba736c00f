"""Writes the timeline: the one place where an entry is made."""

from datetime import datetime
from typing import Any

from helpdesk.store.db import db
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
    if ticket.changed_at != now:
        ticket.changed_at = now
    return entry

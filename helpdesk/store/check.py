"""What was kept of tickets, read in batches to be proved."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import joinedload

from helpdesk.rules.timeline import Happening
from helpdesk.store.db import db
from helpdesk.store.escalations import Alarm
from helpdesk.store.stale import StaleTarget
from helpdesk.store.tickets import Entry, Target, Ticket


@dataclass
class Kept:
    """A ticket with its timeline as the clock hears it (nothing voided), its targets, its alarms, and the
    entry since which it waits: (id, instant)."""

    ticket: Ticket
    timeline: list[Happening] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    wait: tuple[int, datetime] | None = None
    is_stale: bool = False


def list_kept(after_id: int, limit: int) -> list[Kept]:
    """The next tickets above `after_id`, by id. Nothing of an earlier batch stays in memory."""
    db.session.rollback()  # a fresh snapshot: while the service runs, the batch must be of one moment
    db.session.expunge_all()
    query = select(Ticket).where(Ticket.id > after_id).order_by(Ticket.id).limit(limit)
    tickets = db.session.scalars(query.options(joinedload(Ticket.policy_version))).all()
    found = {ticket.id: Kept(ticket) for ticket in tickets}
    if not found:
        return []
    first, last = tickets[0].id, tickets[-1].id
    for entry in _entries(first, last):
        kept = found[entry.ticket_id]
        kept.timeline.append(Happening(entry.kind, entry.at, entry.detail))
        if entry.kind == "waiting":
            kept.wait = (entry.id, entry.at)
    for model, name in ((Target, "targets"), (Alarm, "alarms")):
        rows: Any = db.session.scalars(
            select(model).where(model.ticket_id.between(first, last)).order_by(model.id)
        )
        for row in rows:
            getattr(found[row.ticket_id], name).append(row)
    stale = select(StaleTarget.ticket_id).where(StaleTarget.ticket_id.between(first, last))
    for ticket_id in set(db.session.scalars(stale)):
        found[ticket_id].is_stale = True
    return list(found.values())


def _entries(first: int, last: int) -> Sequence[Row[Any]]:
    query = select(Entry.id, Entry.ticket_id, Entry.kind, Entry.at, Entry.detail)
    query = query.where(Entry.ticket_id.between(first, last), Entry.voided_at.is_(None))
    return db.session.execute(query.order_by(Entry.id)).all()


def count_tickets() -> int:
    """How many tickets there are."""
    return db.session.scalar(select(func.count()).select_from(Ticket)) or 0


def find_first_report() -> datetime | None:
    """When the first ticket was reported, or None."""
    return db.session.scalar(select(func.min(Ticket.reported_at)))

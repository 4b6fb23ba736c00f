"""What was kept of tickets, read in batches to be proved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from helpdesk.store.db import db
from helpdesk.store.fact_keeping import list_all, list_lines
from helpdesk.store.fact_rows import FactGap
from helpdesk.store.stale import StaleTarget
from helpdesk.store.targets import Facts, list_facts
from helpdesk.store.tickets import Ticket


@dataclass(frozen=True, slots=True)
class Kept:
    """A ticket (the entity) with what is kept of it, all its facts (None: still to be made) and what of its
    timeline they rest on, also what was voided, and whether it is to be computed anew anyway."""

    facts: Facts
    is_stale: bool
    ended: list[Any] | None
    lines: Sequence[Any]


def start_afresh() -> None:
    """A fresh snapshot: while the service runs, what is compared must be of one moment."""
    db.session.rollback()
    db.session.expunge_all()


def list_kept(after_id: int, limit: int) -> list[Kept]:
    """The next tickets above `after_id`, by id. Nothing of an earlier batch stays in memory."""
    start_afresh()
    query = select(Ticket).where(Ticket.id > after_id).order_by(Ticket.id).limit(limit)
    tickets = db.session.scalars(query).all()
    ids = [ticket.id for ticket in tickets]
    marked = select(StaleTarget.ticket_id).where(StaleTarget.ticket_id.in_(ids))
    stale = set(db.session.scalars(marked))
    ended: dict[int, list[Any] | None] = {ticket_id: [] for ticket_id in ids}
    for row in list_all(ids):
        ended[row.ticket_id] = [*(ended[row.ticket_id] or ()), row]
    for gap in db.session.scalars(select(FactGap)):
        ended |= {ticket_id: None for ticket_id in ids if gap.first_id <= ticket_id <= gap.last_id}
    lines = list_lines(ids)
    return [
        Kept(each, each.ticket.id in stale, ended[each.ticket.id], lines.get(each.ticket.id, ()))
        for each in list_facts(tickets)
    ]


def count_tickets() -> int:
    """How many tickets there are."""
    return db.session.scalar(select(func.count()).select_from(Ticket)) or 0


def find_first_report() -> datetime | None:
    """When the first ticket was reported, or None."""
    return db.session.scalar(select(func.min(Ticket.reported_at)))

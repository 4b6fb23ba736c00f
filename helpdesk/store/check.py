"""What was kept of tickets, read in batches to be proved."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from helpdesk.store.db import db
from helpdesk.store.stale import StaleTarget
from helpdesk.store.targets import Facts, list_facts
from helpdesk.store.tickets import Ticket


@dataclass(frozen=True, slots=True)
class Kept:
    """A ticket (the entity) with what is kept of it, and whether it is to be computed anew anyway."""

    facts: Facts
    is_stale: bool


def start_afresh() -> None:
    """A fresh snapshot: while the service runs, what is compared must be of one moment."""
    db.session.rollback()
    db.session.expunge_all()


def list_kept(after_id: int, limit: int) -> list[Kept]:
    """The next tickets above `after_id`, by id. Nothing of an earlier batch stays in memory."""
    start_afresh()
    query = select(Ticket).where(Ticket.id > after_id).order_by(Ticket.id).limit(limit)
    tickets = db.session.scalars(query).all()
    marked = select(StaleTarget.ticket_id).where(StaleTarget.ticket_id.in_([ticket.id for ticket in tickets]))
    stale = set(db.session.scalars(marked))
    return [Kept(facts, facts.ticket.id in stale) for facts in list_facts(tickets)]


def count_tickets() -> int:
    """How many tickets there are."""
    return db.session.scalar(select(func.count()).select_from(Ticket)) or 0


def find_first_report() -> datetime | None:
    """When the first ticket was reported, or None."""
    return db.session.scalar(select(func.min(Ticket.reported_at)))

"""Which open deadlines a change that is not published yet might move."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Select, func, select

from helpdesk.store.db import db
from helpdesk.store.tickets import Target, Ticket


def list_due_after(version_ids: Collection[int], since: datetime, limit: int) -> list[int]:
    """Open tickets under these policy versions with an open target due after `since`: ids, nearest first."""
    nearest = func.min(Target.due_at)
    query = _due_after(select(Target.ticket_id), version_ids, since).group_by(Target.ticket_id)
    return list(db.session.scalars(query.order_by(nearest, Target.ticket_id).limit(limit)))


def count_due_after(version_ids: Collection[int], since: datetime) -> int:
    """How many tickets `list_due_after` would find without its limit."""
    tickets = select(func.count(Target.ticket_id.distinct()))
    return db.session.scalar(_due_after(tickets, version_ids, since)) or 0


def _due_after(query: Select[int], version_ids: Collection[int], since: datetime) -> Select[int]:
    return query.join(Ticket, Ticket.id == Target.ticket_id).where(
        Ticket.is_open,
        Ticket.policy_version_id.in_(version_ids),
        Target.stopped_at.is_(None),
        Target.due_at > since,
    )

"""What an administrator watches: alarms to come and those that rang. Each query reads along one index."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from helpdesk.store.db import db
from helpdesk.store.escalations import Alarm
from helpdesk.store.tickets import Ticket


def list_upcoming_alarms(limit: int) -> list[Alarm]:
    """The alarms that ring next, overdue ones first, with their tickets."""
    query = select(Alarm).options(joinedload(Alarm.ticket).joinedload(Ticket.service))
    upcoming = query.where(Alarm.state == "pending").order_by(Alarm.due_at).limit(limit)
    return list(db.session.scalars(upcoming))


def list_rung_alarms(limit: int) -> list[Alarm]:
    """The alarms that rang or were skipped last, newest first, with their tickets."""
    query = select(Alarm).options(joinedload(Alarm.ticket).joinedload(Ticket.service))
    # Not by state: an index on it would be read in whole and sorted.
    rung = query.where(Alarm.fired_at.is_not(None)).order_by(Alarm.fired_at.desc()).limit(limit)
    return list(db.session.scalars(rung))


def list_rings_since(since: datetime, limit: int) -> list[tuple[str, datetime, datetime]]:
    """(state, due, rang or skipped) of alarms done with from `since` on, newest first, `limit` at most."""
    query = select(Alarm.state, Alarm.due_at, Alarm.fired_at).where(Alarm.fired_at >= since)
    rows = db.session.execute(query.order_by(Alarm.fired_at.desc()).limit(limit))
    return [(state, due_at, fired_at) for state, due_at, fired_at in rows if fired_at is not None]

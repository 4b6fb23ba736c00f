"""Questions about stored targets across tickets."""

from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from helpdesk.store.db import db
from helpdesk.store.tickets import Target, Ticket


def list_missed(severity: str, team_ids: list[int], since: datetime, now: datetime) -> list[Target]:
    """Targets of these teams' tickets of that severity that were due in [since, now) and missed, and
    earlier ones still open; the longest overdue first, tickets and assignees loaded."""
    is_late = or_(Target.stopped_at.is_(None), Target.stopped_at > Target.due_at)
    still_open = and_(Target.stopped_at.is_(None), Ticket.is_open)
    return list(
        db.session.scalars(
            select(Target)
            .join(Target.ticket)
            .where(
                Ticket.severity == severity,
                Ticket.team_id.in_(team_ids),
                Target.due_at < now,
                Target.state != "cancelled",
                is_late,
                or_(Target.due_at >= since, still_open),
            )
            .order_by(Target.due_at, Target.id)
            .options(contains_eager(Target.ticket).options(joinedload(Ticket.assignee)))
        )
    )

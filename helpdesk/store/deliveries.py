"""Which of a ticket's letters did not arrive, or not yet."""

from sqlalchemy import and_, or_, select

from helpdesk.store.db import db
from helpdesk.store.letters import Letter


def list_undelivered(ticket_id: int) -> list[Letter]:
    """The ticket's letters by mail that were given up, came back, or are late, the oldest first.

    Late: a server reports a delay (`report`), or the last try failed and another follows (`fault`).
    """
    is_late = or_(
        and_(Letter.state == "waiting", Letter.fault != ""), and_(Letter.state == "sent", Letter.report != "")
    )
    query = select(Letter).where(
        Letter.ticket_id == ticket_id,
        Letter.channel_id.is_(None),
        or_(Letter.state.in_(("bounced", "failed")), is_late),
    )
    return list(db.session.scalars(query.order_by(Letter.id)))

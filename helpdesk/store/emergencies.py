"""Emergency requests during maintenance: queries."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from helpdesk.store.db import db
from helpdesk.store.maintenance import EmergencyRequest


def find_emergency(request_id: int) -> EmergencyRequest | None:
    """The request of that id with its window, or None."""
    return db.session.get(EmergencyRequest, request_id, options=[joinedload(EmergencyRequest.window)])


def find_emergency_of(ticket_id: int) -> EmergencyRequest | None:
    """The request that the ticket was made for, or None."""
    query = select(EmergencyRequest).where(EmergencyRequest.ticket_id == ticket_id)
    return db.session.scalar(query.options(joinedload(EmergencyRequest.window)))


def get_emergency_for_change(request_id: int) -> EmergencyRequest:
    """The request, locked until the transaction ends. LookupError if there is none. For desk verbs."""
    query = select(EmergencyRequest).where(EmergencyRequest.id == request_id)
    found = db.session.scalar(query.with_for_update().execution_options(populate_existing=True))
    if found is None:
        raise LookupError(f"no emergency request {request_id}")
    return found


def list_emergencies(window_id: int) -> list[EmergencyRequest]:
    """The window's requests, the first first."""
    query = select(EmergencyRequest).where(EmergencyRequest.window_id == window_id)
    return list(db.session.scalars(query.order_by(EmergencyRequest.id)))

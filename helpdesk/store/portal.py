"""What reporters see: their own tickets, and those that colleagues of their department share with it."""

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from helpdesk.store.db import db
from helpdesk.store.people import Person
from helpdesk.store.services import Service
from helpdesk.store.tickets import LOOKING_ON, Entry, Participant, Ticket


def _own(person_id: int) -> ColumnElement[bool]:
    joined = select(Participant.ticket_id).where(Participant.person_id == person_id)
    looks_on = Participant.how.in_(LOOKING_ON)
    return or_(
        Ticket.reporter_id == person_id,
        Ticket.id.in_(joined.where(~looks_on)),
        and_(Ticket.id.in_(joined.where(looks_on)), _is_open_to_all()),
    )


def _is_open_to_all() -> ColumnElement[bool]:
    secret = select(Service.id).where(Service.is_restricted)
    return or_(Ticket.service_id.is_(None), Ticket.service_id.not_in(secret))


def list_own_tickets(person_id: int, *, ended: bool, limit: int, offset: int = 0) -> list[Ticket]:
    """Tickets the person reported or takes part in, newest first: those that go on (resolved ones wait for
    the reporter's word), or those that have ended."""
    has_ended = Ticket.closed_at.is_not(None)
    query = (
        select(Ticket)
        .where(_own(person_id), has_ended if ended else ~has_ended)
        .options(joinedload(Ticket.service), joinedload(Ticket.assignee))
        .order_by(Ticket.reported_at.desc(), Ticket.id.desc())
    )
    return list(db.session.scalars(query.limit(limit).offset(offset)))


def count_own_tickets(person_id: int, *, ended: bool) -> int:
    """How many there are of those."""
    has_ended = Ticket.closed_at.is_not(None)
    query = select(func.count(Ticket.id)).where(_own(person_id), has_ended if ended else ~has_ended)
    return db.session.scalar(query) or 0


def find_own_ticket(ticket_id: int, person_id: int) -> Ticket | None:
    """The ticket if the person reported it or takes part in it, else None."""
    query = select(Ticket).where(Ticket.id == ticket_id, _own(person_id))
    return db.session.scalar(
        query.options(joinedload(Ticket.service), joinedload(Ticket.reporter), joinedload(Ticket.assignee))
    )


def _shared_with(person: Person) -> ColumnElement[bool]:
    """Whether colleagues may look is asked before (rules/access.reads_colleagues)."""
    return and_(Ticket.is_shared, Ticket.department_id == person.department_id, _is_open_to_all())


def list_colleagues_tickets(person: Person, *, ended: bool, limit: int, offset: int = 0) -> list[Ticket]:
    """As `list_own_tickets`, those that colleagues share with the person's department; reporters loaded."""
    has_ended = Ticket.closed_at.is_not(None)
    query = (
        select(Ticket)
        .where(
            _shared_with(person),
            Ticket.reporter_id != person.id,
            has_ended if ended else ~has_ended,
        )
        .options(joinedload(Ticket.service), joinedload(Ticket.assignee), joinedload(Ticket.reporter))
        .order_by(Ticket.reported_at.desc(), Ticket.id.desc())
    )
    return list(db.session.scalars(query.limit(limit).offset(offset)))


def find_colleagues_ticket(ticket_id: int, person: Person) -> Ticket | None:
    """The ticket if a colleague shares it with the person's department, else None."""
    query = select(Ticket).where(Ticket.id == ticket_id, _shared_with(person))
    return db.session.scalar(
        query.options(joinedload(Ticket.service), joinedload(Ticket.reporter), joinedload(Ticket.assignee))
    )


def list_public_entries(ticket_id: int) -> list[Entry]:
    """What the reporter sees of the timeline, in order, with actors and files; no voided entries."""
    query = (
        select(Entry)
        .where(Entry.ticket_id == ticket_id, Entry.is_public, Entry.voided_at.is_(None))
        .options(joinedload(Entry.actor), selectinload(Entry.attachments))
        .order_by(Entry.at, Entry.id)
    )
    return list(db.session.scalars(query))

"""What the public status page shows: services, their critical faults and their windows, nobody's words."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select

from helpdesk.rules.lifecycle import Kind, State
from helpdesk.rules.severity import Severity
from helpdesk.store.db import among, db
from helpdesk.store.maintenance import Window, WindowEntry, WindowService
from helpdesk.store.outages import stands_for_others
from helpdesk.store.services import Service
from helpdesk.store.tickets import Entry, Ticket


def list_shown_services() -> list[Service]:
    """Services that stand on the status page, by name: active, never a restricted one."""
    shown = (Service.is_active, Service.is_on_status_page, Service.is_restricted.is_(False))
    return list(db.session.scalars(select(Service).where(*shown).order_by(Service.name)))


def list_critical_faults(service_ids: Collection[int], since: datetime) -> list[Any]:
    """Critical faults of these services that are open or were reported since then, withdrawn and merged ones
    left out: rows of id, service_id, reported_at and is_open, by their report."""
    ticket = Ticket.__table__.c
    query = select(ticket.id, ticket.service_id, ticket.reported_at, ticket.is_open).where(
        ticket.severity == Severity.CRITICAL,
        ticket.kind == Kind.FAULT,
        ticket.state != State.CANCELLED,
        ticket.service_id.in_(service_ids),
        or_(ticket.reported_at >= since, ticket.is_open),
    )
    return list(db.session.execute(query.order_by(ticket.reported_at, ticket.id)))


def list_known_since(service_ids: Collection[int]) -> dict[int, datetime]:
    """Since when an open fault of these services is known that stands for several reports, by service."""
    query = (
        select(Ticket.service_id, func.min(Ticket.reported_at))
        .where(Ticket.service_id.in_(service_ids), Ticket.is_open, stands_for_others())
        .group_by(Ticket.service_id)
    )
    return {service_id: at for service_id, at in db.session.execute(query) if service_id is not None}


def list_endings(ticket_ids: Collection[int]) -> dict[int, list[tuple[datetime, str]]]:
    """When each of these tickets was resolved and reopened: (at, kind) in the order written."""
    entry = Entry.__table__.c
    query = select(entry.ticket_id, entry.at, entry.kind).where(
        among(entry.ticket_id, list(ticket_ids)),
        entry.kind.in_(("resolved", "reopened")),
        entry.voided_at.is_(None),
    )
    found: dict[int, list[tuple[datetime, str]]] = {}
    for ticket_id, at, kind in db.session.execute(query.order_by(entry.id)):
        found.setdefault(ticket_id, []).append((at, kind))
    return found


def list_told_windows(service_ids: Collection[int], since: datetime, until: datetime) -> list[Window]:
    """Windows of these services that were announced and touch [since, until) as planned or as they really
    were, called off or not, by start."""
    covering = select(WindowService.window_id).where(WindowService.service_id.in_(service_ids))
    ends_late = or_(Window.ends_at > since, Window.ended_at > since)
    query = select(Window).where(
        Window.id.in_(covering), Window.announced_at.is_not(None), Window.starts_at < until, ends_late
    )
    return list(db.session.scalars(query.order_by(Window.starts_at, Window.id)))


def list_last_steps(window_ids: Collection[int]) -> dict[int, datetime]:
    """When something last happened to each of these windows."""
    query = select(WindowEntry.window_id, WindowEntry.at).where(WindowEntry.window_id.in_(window_ids))
    found: dict[int, datetime] = {}
    for window_id, at in db.session.execute(query):
        found[window_id] = max(at, found.get(window_id, at))
    return found

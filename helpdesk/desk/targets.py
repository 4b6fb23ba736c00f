"""A ticket's deadlines: gathered from its timeline, decided by rules/sla, kept as a cache.

`refresh` runs in the transaction of every verb that changes an input of the clock.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from helpdesk.desk import alarms, policies
from helpdesk.rules import sla
from helpdesk.rules.timeline import Happening, clip_window, events_of, service_stays
from helpdesk.store.db import db
from helpdesk.store.maintenance import list_windows
from helpdesk.store.tickets import Entry, Target, Ticket, list_entries

FAR = datetime(9000, 1, 1, tzinfo=UTC)


def explain(
    ticket: Ticket, now: datetime, entries: Iterable[Entry] | None = None
) -> tuple[sla.Cycle, ...]:
    """Every cycle of the ticket's targets as it stands at `now`, with its segments and reasons.

    `entries` spares the query where the caller has the whole timeline.
    """
    return _explain(ticket, list_entries(ticket.id) if entries is None else entries, now)


def refresh(ticket: Ticket, now: datetime, entries: Iterable[Entry] | None = None) -> tuple[sla.Cycle, ...]:
    """Brings the ticket's stored targets, next due instant and alarms up to date with its timeline.

    `entries` spares the query where the caller has the whole timeline. Call it inside a transaction,
    after the entry was added.
    """
    if entries is None:
        db.session.flush()
        entries = list_entries(ticket.id)
    cycles = _explain(ticket, entries, now)
    _store(ticket, cycles, now)
    alarms.plan(ticket, cycles, now)
    return cycles


def _explain(ticket: Ticket, entries: Iterable[Entry], now: datetime) -> tuple[sla.Cycle, ...]:
    version = ticket.policy_version
    timeline = [Happening(e.kind, e.at, e.detail) for e in entries if e.voided_at is None]
    events = events_of(timeline, policies.supplier_pauses(version))
    return sla.explain(policies.targets_of(version), windows_of(ticket, timeline), events, now)


def windows_of(ticket: Ticket, timeline: list[Happening]) -> list[sla.Window]:
    """The maintenance windows of each service clipped to the ticket's time there."""
    reported_service = next(h.detail.get("service") for h in timeline if h.kind == "reported")
    stays = service_stays(timeline, reported_service)
    ids = list({service for service, _, _ in stays if service is not None})
    if not ids:
        return []
    known = list_windows(ids, ticket.reported_at, FAR)
    clipped = (
        clip_window(sla.Window(w.starts_at, w.ends_at), since, until)
        for service, since, until in stays
        for w in known
        if w.service_id == service
    )
    return [window for window in clipped if window is not None]


def _store(ticket: Ticket, cycles: tuple[sla.Cycle, ...], now: datetime) -> None:
    known = {(t.target, t.cycle): t for t in ticket.targets}
    for cycle in cycles:
        row = known.get((cycle.target, cycle.cycle))
        if row is None:
            row = Target(target=cycle.target, cycle=cycle.cycle, severity=ticket.severity)
            ticket.targets.append(row)
        for name in ("state", "started_at", "stopped_at", "due_at", "breached_at"):
            setattr(row, name, getattr(cycle, name))
        row.allowance_seconds = cycle.allowance_seconds
        row.elapsed_seconds = cycle.elapsed_seconds
        row.refreshed_at = now
    # Past due, an unanswered response is still what the queue must show first.
    open_ones = [c for c in cycles if c.stopped_at is None and c.due_at is not None and ticket.is_open]
    nearest = min(open_ones, key=lambda c: (c.due_at, c.target), default=None)
    ticket.next_due_at = nearest.due_at if nearest else None
    ticket.next_target = nearest.target if nearest else None

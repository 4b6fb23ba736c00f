"""A ticket's deadlines: gathered from its timeline, decided by rules/sla, kept as a cache.

`refresh` runs in the transaction of every verb that changes an input of the clock.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from helpdesk.desk import alarms
from helpdesk.desk.grounds import Grounds
from helpdesk.rules import sla
from helpdesk.rules.sla_scenario import Scenario
from helpdesk.rules.timeline import Happening, clip_window, events_of, service_stays
from helpdesk.store.db import db
from helpdesk.store.escalations import Alarm
from helpdesk.store.tickets import Entry, Target, Ticket, insert_targets, list_entries


def explain(ticket: Ticket, now: datetime, entries: Iterable[Entry] | None = None) -> tuple[sla.Cycle, ...]:
    """Every cycle of the ticket's targets as it stands at `now`, with its segments and reasons.

    `entries` spares the query where the caller has the whole timeline.
    """
    timeline = happenings(list_entries(ticket.id) if entries is None else entries)
    return cycles_of(ticket, timeline, Grounds(ticket.reported_at), now)


def refresh(
    ticket: Ticket,
    now: datetime,
    entries: Iterable[Entry] | None = None,
    grounds: Grounds | None = None,
    stored: Iterable[Alarm] | None = None,
) -> tuple[sla.Cycle, ...]:
    """Brings the ticket's stored targets, next due instant and alarms up to date with its timeline.

    `entries`, `grounds` and `stored` (its alarms) spare queries where the caller has the whole timeline, or
    works on many tickets. Call it inside a transaction, after the entry was added.
    """
    if entries is None:
        db.session.flush()
        entries = list_entries(ticket.id)
    grounds = grounds or Grounds(ticket.reported_at)
    cycles = cycles_of(ticket, happenings(entries), grounds, now)
    _store(ticket, cycles, now)
    alarms.plan(ticket, cycles, grounds, now, stored)
    return cycles


def begin(ticket: Ticket, cycles: tuple[sla.Cycle, ...], grounds: Grounds, now: datetime) -> None:
    """As `refresh` for a ticket that was just added, with its first cycles: nothing of it is stored yet."""
    insert_targets(
        [{"ticket_id": ticket.id, "severity": ticket.severity, **_columns(cycle, now)} for cycle in cycles]
    )
    alarms.plan(ticket, cycles, grounds, now, stored=())


def happenings(entries: Iterable[Entry]) -> list[Happening]:
    """The timeline as the clock reads it: without what was voided."""
    return [Happening(e.kind, e.at, e.detail) for e in entries if e.voided_at is None]


def cycles_of(
    ticket: Ticket, timeline: list[Happening], grounds: Grounds, now: datetime
) -> tuple[sla.Cycle, ...]:
    """As `explain`, for work on many tickets that rest on the same grounds."""
    asked = scenario_of(ticket, timeline, grounds, now)
    return sla.explain(asked.policy, asked.windows, asked.events, asked.now)


def scenario_of(ticket: Ticket, timeline: list[Happening], grounds: Grounds, now: datetime) -> Scenario:
    """All that the clock is asked with: the policy version, windows and events of the ticket."""
    terms = grounds.terms_of(ticket.policy_version_id)
    events = tuple(events_of(timeline, terms.supplier_pauses))
    windows = tuple(_windows_of(ticket.reported_at, timeline, grounds))
    # Of two requests at once the one that began first may be written last: its `now` is a little too early.
    return Scenario(terms.targets, windows, events, max([now, *(event.at for event in events)]))


def _windows_of(reported_at: datetime, timeline: list[Happening], grounds: Grounds) -> list[sla.Window]:
    """The maintenance windows of each service clipped to the ticket's time there."""
    reported_service = next(h.detail.get("service") for h in timeline if h.kind == "reported")
    clipped = (
        clip_window(sla.Window(w.starts_at, w.ends_at), since, until)
        for service, since, until in service_stays(timeline, reported_service)
        if service is not None
        for w in grounds.windows_of(service)
        if w.ends_at > reported_at
    )
    return [window for window in clipped if window is not None]


def _store(ticket: Ticket, cycles: tuple[sla.Cycle, ...], now: datetime) -> None:
    known = {(t.target, t.cycle): t for t in ticket.targets}
    for cycle in cycles:
        row = known.get((cycle.target, cycle.cycle))
        if row is None:
            row = Target(severity=ticket.severity)
            ticket.targets.append(row)
        for name, value in _columns(cycle, now).items():
            setattr(row, name, value)
    ticket.next_due_at, ticket.next_target = next_due(cycles) if ticket.is_open else (None, None)


def _columns(cycle: sla.Cycle, now: datetime) -> dict[str, Any]:
    return {name: getattr(cycle, name) for name in _KEPT} | {"refreshed_at": now}


_KEPT = (
    "target",
    "cycle",
    "state",
    "started_at",
    "stopped_at",
    "due_at",
    "breached_at",
    "allowance_seconds",
    "elapsed_seconds",
)


def next_due(cycles: Iterable[sla.Cycle]) -> tuple[datetime | None, str | None]:
    """When the nearest open target is due, and which it is; past due, it is still what comes first."""
    open_ones = ((c.due_at, c.target) for c in cycles if c.stopped_at is None and c.due_at is not None)
    return min(open_ones, default=(None, None))

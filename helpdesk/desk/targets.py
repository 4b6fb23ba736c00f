"""A ticket's deadlines: gathered from its timeline, decided by rules/sla, kept as a cache.

`refresh` runs in the transaction of every verb that changes an input of the clock. `decide` and `write` are
its halves, for whoever works on many tickets at once (escalations, recompute).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any

from helpdesk.desk import alarms, breaches, fact_keeping
from helpdesk.desk.grounds import Grounds
from helpdesk.rules import facts as rules
from helpdesk.rules import sla
from helpdesk.rules.severity import EMERGENCY
from helpdesk.rules.sla_scenario import Scenario
from helpdesk.rules.timeline import Happening, clip_window, events_of, service_stays
from helpdesk.store.db import db
from helpdesk.store.targets import (
    Facts,
    delete_targets,
    forget_targets,
    insert_targets,
    list_facts,
    update_targets,
    update_tickets,
)
from helpdesk.store.tickets import Entry, Ticket, list_entries


@dataclass(frozen=True, slots=True)
class Decision:
    """How a ticket stands by the rules, and what is to be written so that its cache says so: columns of the
    ticket (none: {}), targets to add, to change (rows by id) and to remove (ids), its alarms, and what is to
    stand as its facts (None: as it does)."""

    facts: Facts
    cycles: tuple[sla.Cycle, ...]
    ticket: dict[str, Any]
    new: list[dict[str, Any]]
    changed: list[dict[str, Any]]
    gone: list[int]
    alarms: alarms.Changes
    ended: Mapping[rules.Key, rules.Fact] | None


def explain(ticket: Ticket, now: datetime, entries: Iterable[Entry] | None = None) -> tuple[sla.Cycle, ...]:
    """Every cycle of the ticket's targets as it stands at `now`, with its segments and reasons.

    `entries` spares the query where the caller has the whole timeline.
    """
    timeline = happenings(list_entries(ticket.id) if entries is None else entries)
    return cycles_of(ticket, timeline, Grounds(ticket.reported_at), now)


def refresh(ticket: Ticket, now: datetime) -> tuple[sla.Cycle, ...]:
    """Brings the ticket's stored targets, next due instant and alarms up to date with its timeline.

    Call it inside a transaction that holds the ticket's row, after the entry was added. Returns its cycles.
    """
    db.session.flush()
    decision = decide(list_facts([ticket])[0], Grounds(ticket.reported_at), now)
    write([decision], now)
    forget_targets(ticket)
    for name, value in decision.ticket.items():
        setattr(ticket, name, value)
    return decision.cycles


def begin(
    ticket: Ticket,
    timeline: list[Happening],
    cycles: tuple[sla.Cycle, ...],
    grounds: Grounds,
    now: datetime,
) -> None:
    """As `refresh` for a ticket that was just added, with its first cycles: nothing of it is stored yet."""
    write([_decision(Facts(ticket), timeline, cycles, grounds, now)], now)


def decide(facts: Facts, grounds: Grounds, now: datetime, is_ringing: bool = False) -> Decision:
    """What the rules make of the facts, and what has to be written for it; reads and writes nothing.

    `is_ringing`: see alarms.decide. Raises ScenarioError or KeyError where the timeline is in disorder.
    """
    timeline = happenings_of(facts)
    cycles = cycles_of(facts.ticket, timeline, grounds, now)
    return _decision(facts, timeline, cycles, grounds, now, is_ringing)


def _decision(
    facts: Facts,
    timeline: list[Happening],
    cycles: tuple[sla.Cycle, ...],
    grounds: Grounds,
    now: datetime,
    is_ringing: bool = False,
) -> Decision:
    ticket = facts.ticket
    due_at, target = next_due(cycles) if ticket.is_open else (None, None)
    is_so = (ticket.next_due_at, ticket.next_target) == (due_at, target)
    heard_at = max(happening.at for happening in timeline)
    rows = _target_rows(facts, cycles, heard_at, now)
    return Decision(
        facts,
        cycles,
        {} if is_so else {"next_due_at": due_at, "next_target": target},
        *rows,
        alarms.decide(facts, timeline, cycles, grounds, now, is_ringing),
        _ended(facts, cycles, grounds) if any(rows) else None,
    )


def _ended(
    facts: Facts, cycles: tuple[sla.Cycle, ...], grounds: Grounds
) -> Mapping[rules.Key, rules.Fact] | None:
    """What is to stand as its facts; None where no cycle has ended, now or before."""
    if all(each.stopped_at is None for each in (*cycles, *facts.targets)):
        return None
    return rules.standing(facts.timeline, partial(clock_of, facts.ticket, grounds))


def _target_rows(
    facts: Facts, cycles: tuple[sla.Cycle, ...], heard_at: datetime, now: datetime
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[int]]:
    """Rows to add, rows to change, ids to remove (of a reopening that was none).

    Nothing where only time has passed since the last refresh: `elapsed_seconds` is as of `refreshed_at`,
    which is the same for all of a ticket's targets, and nothing that the clock hears comes after it.
    """
    known = {(row.target, row.cycle): row for row in facts.targets}
    ruled = {(cycle.target, cycle.cycle): cycle for cycle in cycles}
    if known.keys() == ruled.keys() and all(
        heard_at <= known[key].refreshed_at and _decided(known[key]) == _decided(cycle)
        for key, cycle in ruled.items()
    ):
        return [], [], []
    rows = {key: _columns(cycle, now) for key, cycle in ruled.items()}
    here = {"ticket_id": facts.ticket.id, "severity": facts.ticket.severity}
    return (
        [here | row for key, row in rows.items() if key not in known],
        [{"id": known[key].id} | row for key, row in rows.items() if key in known],
        [was.id for key, was in known.items() if key not in rows],
    )


def write(decisions: Sequence[Decision], now: datetime) -> None:
    """Writes what was decided of tickets whose rows the transaction holds: a few statements for all."""
    update_tickets([{"id": each.facts.ticket.id, **each.ticket} for each in decisions if each.ticket])
    insert_targets([row for each in decisions for row in each.new])
    update_targets([row for each in decisions for row in each.changed])
    delete_targets([target_id for each in decisions for target_id in each.gone])
    alarms.write([each.alarms for each in decisions], now)
    fact_keeping.write([(each.facts.ticket, each.ended) for each in decisions if each.ended is not None], now)
    breaches.open_reviews([row for each in decisions for row in _broken(each)], now)


def _broken(decision: Decision) -> Iterator[dict[str, Any]]:
    """The cycles that are found broken just now, as their reviews want them."""
    known = {(row.target, row.cycle) for row in decision.facts.targets if row.state == "breached"}
    for row in (*decision.new, *decision.changed):
        if row["state"] == "breached" and (row["target"], row["cycle"]) not in known:
            cycle = {name: row[name] for name in ("target", "cycle", "due_at")}
            yield cycle | {"ticket_id": decision.facts.ticket.id, "team_id": decision.facts.ticket.team_id}


def happenings(entries: Iterable[Entry]) -> list[Happening]:
    """The timeline as the clock reads it: without what was voided."""
    return [Happening(e.kind, e.at, e.detail) for e in entries if e.voided_at is None]


def happenings_of(facts: Facts) -> list[Happening]:
    """As `happenings`, of what was read for many tickets at once."""
    return [Happening(row.kind, row.at, row.detail) for row in facts.timeline]


def cycles_of(
    ticket: Ticket, timeline: list[Happening], grounds: Grounds, now: datetime
) -> tuple[sla.Cycle, ...]:
    """As `explain`, for work on many tickets that rest on the same grounds."""
    asked = scenario_of(ticket, timeline, grounds, now)
    return sla.explain(asked.policy, asked.windows, asked.events, asked.now)


def scenario_of(ticket: Ticket, timeline: list[Happening], grounds: Grounds, now: datetime) -> Scenario:
    """All that the clock is asked with: the policy version, windows and events of the ticket."""
    policy, windows, supplier_pauses = clock_of(ticket, grounds, timeline)
    events = tuple(events_of(timeline, supplier_pauses))
    # Of two requests at once the one that began first may be written last: its `now` is a little too early.
    return Scenario(policy, tuple(windows), events, max([now, *(event.at for event in events)]))


def clock_of(ticket: Any, grounds: Grounds, timeline: list[Happening]) -> rules.Clock:
    """What the clock is asked with beyond the timeline: the ticket's policy version and its windows."""
    terms = grounds.terms_of(ticket.policy_version_id)
    windows = windows_of(ticket, timeline, lambda service: grounds.windows_of(service, terms))
    return rules.Clock(terms.targets, windows, terms.supplier_pauses)


def windows_of(
    ticket: Any, timeline: list[Happening], of_service: Callable[[int], Iterable[sla.Window]]
) -> tuple[sla.Window, ...]:
    """The maintenance windows of each service clipped to the ticket's time there; none of an emergency, which
    is urgent for the very reason that one runs."""
    reported = next(h.detail for h in timeline if h.kind == "reported")
    if reported.get("reason") == EMERGENCY:
        return ()
    clipped = (
        clip_window(window, since, until)
        for service, since, until in service_stays(timeline, reported.get("service"))
        if service is not None
        for window in of_service(service)
        if window.ends_at > ticket.reported_at
    )
    return tuple(window for window in clipped if window is not None)


def _columns(cycle: sla.Cycle, now: datetime) -> dict[str, Any]:
    return {name: getattr(cycle, name) for name in _KEPT} | {"refreshed_at": now}


_DECIDED = (
    "state",
    "started_at",
    "stopped_at",
    "due_at",
    "breached_at",
    "allowance_seconds",
)
_KEPT = ("target", "cycle", *_DECIDED, "elapsed_seconds")
_decided = attrgetter(*_DECIDED)


def next_due(cycles: Iterable[sla.Cycle]) -> tuple[datetime | None, str | None]:
    """When the nearest open target is due, and which it is; past due, it is still what comes first."""
    open_ones = ((c.due_at, c.target) for c in cycles if c.stopped_at is None and c.due_at is not None)
    return min(open_ones, default=(None, None))

"""The SLA clock: what a ticket's targets are, when their time counts, and when each is due.

One pure function of (policy, maintenance windows, events, now). Source: the specification of the
SLA clock; counting stands in sla_cycles, the form of the scenario file in sla_scenario.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from helpdesk.rules.scenario import ScenarioError, instant_text, shown
from helpdesk.rules.sla_course import Segment
from helpdesk.rules.sla_cycles import Cycle, CycleCount, SeverityTargets, Target, TargetName
from helpdesk.rules.spans import Span, joined, whole_second

__all__ = [
    "Cycle",
    "Event",
    "Policy",
    "Segment",
    "SeverityTargets",
    "Target",
    "Window",
    "cycles_as_json",
    "ended_after_each",
    "explain",
]

Policy: TypeAlias = Mapping[str, SeverityTargets]
"""The targets of each severity."""

_RANK: Mapping[TargetName, int] = {"response": 0, "resolution": 1, "update": 2}


@dataclass(frozen=True, slots=True)
class Window:
    """A maintenance window [starts_at, ends_at) of the ticket's service."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to the ticket at `at`; `severity` belongs to `reported` and `severity_changed`."""

    at: datetime
    type: str
    severity: str | None = None


def explain(
    policy: Policy, windows: Iterable[Window], events: Sequence[Event], now: datetime
) -> tuple[Cycle, ...]:
    """Answers every cycle of the ticket's targets, in order of start, as it stands at `now`.

    `windows` are those of the ticket's service, in any order; they may overlap. `events` are in any
    order, those of one instant as they happened. Instants are aware UTC and count in whole seconds:
    fractions are cut off. Raises ScenarioError, naming the event, where the events do not fit
    together, one is later than `now`, a severity is unknown, or there is no event at all.
    """
    if not events:
        raise ScenarioError("events: there is none, expected at least reported")
    ticket = _Ticket(policy, _joined_windows(windows))
    for position, event in sorted(enumerate(events), key=lambda numbered: numbered[1].at):
        why = "it is later than now" if event.at > now else ticket.refusal(event)
        if why is not None:
            name = event.type if event.type in _ACTS else shown(event.type)
            raise ScenarioError(f"events[{position}] ({name} at {instant_text(event.at)}): {why}")
        _ACTS[event.type](ticket, whole_second(event.at), event.severity)
    return ticket.results(whole_second(now))


def ended_after_each(
    policy: Policy, windows: Iterable[Window], told: Iterable[Sequence[Event]]
) -> Iterator[list[Cycle]]:
    """As `explain`, but told the events bit by bit, in order of time: answers after each bit, which may be
    empty, the cycles that have a stop then, in the order in which they began."""
    ticket = _Ticket(policy, _joined_windows(windows))
    for events in told:
        for event in events:
            why = ticket.refusal(event)
            if why is not None:
                raise ScenarioError(f"{event.type} at {instant_text(event.at)}: {why}")
            _ACTS[event.type](ticket, whole_second(event.at), event.severity)
        yield [count.result(count.stopped_at) for count in ticket.cycles if count.stopped_at is not None]


def cycles_as_json(cycles: Iterable[Cycle]) -> dict[str, Any]:
    """Answers {"cycles": [...]} as `helpdesk sla explain` prints it: instants with Z, to the second."""
    return {"cycles": [_cycle_as_json(cycle) for cycle in cycles]}


def _cycle_as_json(cycle: Cycle) -> dict[str, Any]:
    return {
        "target": cycle.target,
        "cycle": cycle.cycle,
        "state": cycle.state,
        "started_at": instant_text(cycle.started_at),
        "stopped_at": cycle.stopped_at and instant_text(cycle.stopped_at),
        "due_at": cycle.due_at and instant_text(cycle.due_at),
        "breached_at": cycle.breached_at and instant_text(cycle.breached_at),
        "allowance_seconds": cycle.allowance_seconds,
        "elapsed_seconds": cycle.elapsed_seconds,
        "remaining_seconds": cycle.remaining_seconds,
        "segments": [
            {
                "from": instant_text(s.from_at),
                "to": instant_text(s.to_at),
                "counted": s.counted,
                "reason": s.reason,
            }
            for s in cycle.segments
        ],
    }


def _joined_windows(windows: Iterable[Window]) -> tuple[Span, ...]:
    whole = [(whole_second(window.starts_at), whole_second(window.ends_at)) for window in windows]
    return tuple(joined(sorted(whole)))


class _Ticket:
    """What the events so far have made of the ticket: its state, and its cycles being counted."""

    def __init__(self, policy: Policy, windows: tuple[Span, ...]) -> None:
        self.policy = policy
        self.windows = windows
        self.cycles: list[CycleCount] = []
        self.begun: dict[TargetName, int] = {"response": 0, "resolution": 0, "update": 0}
        self.open: dict[TargetName, CycleCount] = {}
        self.resolved: CycleCount | None = None
        self.severity = ""
        self.severity_at_reopening: str | None = None
        self.is_waiting = False
        self.ended_as: str | None = None

    def refusal(self, event: Event) -> str | None:
        """Answers why the state does not allow the event; None if it does."""
        kind = event.type
        if kind not in _ACTS:
            return f"unknown type, expected one of {', '.join(_ACTS)}"
        if kind in ("reported", "severity_changed") and event.severity not in self.policy:
            return f"unknown severity {shown(event.severity)}"
        if kind == "reported":
            return "the ticket is already reported" if self.cycles else None
        if not self.cycles:
            return "the first event must be reported"
        if self.ended_as is not None:
            return f"the ticket is already {self.ended_as}"
        if kind in ("responded", "waiting", "resumed", "resolved") and self.resolved:
            return "the ticket is resolved"
        if kind in ("reopened", "closed") and not self.resolved:
            return "the ticket is not resolved"
        if kind == "waiting" and self.is_waiting:
            return "the ticket is already waiting"
        if kind == "resumed" and not self.is_waiting:
            return "the ticket is not waiting"
        return None

    def results(self, now: datetime) -> tuple[Cycle, ...]:
        """Answers the cycles in order of start, at one instant response, resolution, update."""
        in_order = sorted(self.cycles, key=lambda c: (c.started_at, _RANK[c.name], c.number))
        return tuple(count.result(now) for count in in_order)

    def start(self, name: TargetName, at: datetime) -> None:
        self.begun[name] += 1
        targets = self.policy[self.severity]
        count = CycleCount(name, self.begun[name], at, targets, self.windows, severity=self.severity)
        self.cycles.append(count)
        self.open[name] = count

    def stop(self, name: TargetName, at: datetime) -> None:
        if name in self.open:
            self.open.pop(name).stop(at)

    def change_severity(self, severity: str, at: datetime) -> None:
        """The severity takes effect at `at`; an open update that it does not promise is cancelled."""
        if severity == self.severity:
            return
        self.severity = severity
        targets = self.policy[severity]
        if targets.update is None and "update" in self.open:
            self.open.pop("update").cancel(at)
        for count in self.open.values():
            count.change_severity(targets, at)


def _reported(ticket: _Ticket, at: datetime, severity: str | None) -> None:
    assert severity is not None
    ticket.severity = severity
    ticket.start("response", at)
    ticket.start("resolution", at)


def _responded(ticket: _Ticket, at: datetime, severity: str | None) -> None:
    ticket.stop("response", at)
    ticket.stop("update", at)


def _reporter_replied(ticket: _Ticket, at: datetime, severity: str | None) -> None:
    answered = "response" not in ticket.open and "update" not in ticket.open
    if answered and ticket.resolved is None and ticket.policy[ticket.severity].update is not None:
        ticket.start("update", at)


def _waiting(ticket: _Ticket, at: datetime, severity: str | None) -> None:
    ticket.is_waiting = True
    ticket.open["resolution"].wait(at)


def _resumed(ticket: _Ticket, at: datetime, severity: str | None) -> None:
    ticket.is_waiting = False
    ticket.open["resolution"].resume(at)


def _severity_changed(ticket: _Ticket, at: datetime, severity: str | None) -> None:
    assert severity is not None
    if ticket.resolved:
        ticket.severity_at_reopening = severity
    else:
        ticket.change_severity(severity, at)


def _resolved(ticket: _Ticket, at: datetime, severity: str | None) -> None:
    ticket.is_waiting = False
    ticket.resolved = ticket.open["resolution"]
    ticket.stop("resolution", at)
    ticket.stop("response", at)
    if "update" in ticket.open:
        ticket.open.pop("update").cancel(at)


def _reopened(ticket: _Ticket, at: datetime, severity: str | None) -> None:
    assert ticket.resolved is not None
    ticket.open["resolution"], ticket.resolved = ticket.resolved, None
    if ticket.severity_at_reopening is not None:
        ticket.change_severity(ticket.severity_at_reopening, at)
        ticket.severity_at_reopening = None
    ticket.open["resolution"].resume(at)
    ticket.start("response", at)


def _closed(ticket: _Ticket, at: datetime, severity: str | None) -> None:
    ticket.ended_as = "closed"


def _cancelled(ticket: _Ticket, at: datetime, severity: str | None) -> None:
    for count in ticket.open.values():
        count.cancel(at)
    ticket.open.clear()
    ticket.ended_as = "cancelled"


_ACTS: Mapping[str, Callable[[_Ticket, datetime, str | None], None]] = {
    "reported": _reported,
    "responded": _responded,
    "reporter_replied": _reporter_replied,
    "waiting": _waiting,
    "resumed": _resumed,
    "severity_changed": _severity_changed,
    "resolved": _resolved,
    "reopened": _reopened,
    "closed": _closed,
    "cancelled": _cancelled,
}

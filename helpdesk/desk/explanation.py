"""Why a ticket's deadlines are when they are: gathered once, for pages, API and command line."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from helpdesk.desk import targets
from helpdesk.desk.grounds import Grounds
from helpdesk.desk.reference import Terms
from helpdesk.rules import explanation as rule
from helpdesk.rules import maintenance, sla
from helpdesk.rules.explanation import Change
from helpdesk.rules.hours import Calendar
from helpdesk.rules.scenario import instant_text
from helpdesk.rules.sla_scenario import Scenario
from helpdesk.rules.spans import Span
from helpdesk.rules.timeline import Happening, service_stays
from helpdesk.store.maintenance import Window, list_windows
from helpdesk.store.policies import list_calendars
from helpdesk.store.tickets import Entry, Ticket, list_entries

FAR = datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Explanation:
    """A ticket's cycles as they stand, and all they rest on. `timeline`: its entries without voided ones.

    `windows`: the maintenance of its services since the report, whether its severity pauses for it or not.
    """

    ticket: Ticket
    asked: Scenario
    cycles: tuple[sla.Cycle, ...]
    timeline: tuple[Entry, ...]
    windows: tuple[Window, ...]
    grounds: Grounds

    @property
    def terms(self) -> Terms:
        """The policy version that it was reported under."""
        return self.grounds.terms_of(self.ticket.policy_version_id)

    @property
    def calendars(self) -> dict[str, Calendar]:
        """The calendars by name."""
        return {row.name: self.grounds.reference.calendars[row.id] for row in list_calendars()}

    @cached_property
    def changes(self) -> list[Change]:
        """What severity changes, waiting and reopening did to allowances and due instants."""
        return rule.changes(self.asked, self._known)

    def _known(self, at: datetime) -> tuple[sla.Window, ...]:
        """The windows of its services as they were known at an instant."""
        timeline = targets.happenings(self.timeline)
        return targets.windows_of(
            self.ticket, timeline, lambda service_id: self.grounds.windows_known(service_id, self.terms, at)
        )

    @property
    def moves(self) -> list[dict[str, Any]]:
        """Deadlines that a changed calendar or window moved: at, target, cycle, from, to, window (its id;
        None: a calendar), reason, and of a window its step and what that says (desk/recompute)."""
        return [
            {name: each for name, each in entry.detail.items() if name != "targets"}
            | {"at": entry.at}
            | moved
            | {end: datetime.fromisoformat(moved[end]) for end in ("from", "to")}
            for entry in self.timeline
            if entry.kind == "deadline_moved"
            for moved in entry.detail.get("targets", ())
        ]

    def pause_of(self, window: Window) -> Span | None:
        """What a window takes of the clock of severities that pause for it; None: nothing."""
        return maintenance.counted(window, self.terms.maintenance_lead, self.terms.maintenance_counts)

    def is_late(self, window: Window) -> bool:
        """Whether a window was announced too late to take anything."""
        return maintenance.is_late(window, self.terms.maintenance_lead)

    def late_in(self, cycle: sla.Cycle) -> list[Window]:
        """The windows that would stop this cycle's clock, had they been announced in time."""
        if not self.asked.policy[self.ticket.severity].maintenance_pauses:
            return []
        end = cycle.stopped_at or cycle.due_at or FAR
        touching = (w for w in self.windows if w.starts_at < end and w.ends_at > cycle.started_at)
        return [window for window in touching if self.is_late(window)]

    def ahead_of(self, cycle: sla.Cycle) -> sla.Cycle | None:
        """As rules/explanation.ahead_of."""
        return rule.ahead_of(self.asked, cycle)


def explain(ticket: Ticket, now: datetime, entries: Iterable[Entry] | None = None) -> Explanation:
    """The ticket's deadlines at `now` with their reasons; `entries` spares the query for its timeline."""
    known = tuple(e for e in (list_entries(ticket.id) if entries is None else entries) if not e.voided_at)
    timeline = targets.happenings(known)
    grounds = Grounds(ticket.reported_at)
    asked = targets.scenario_of(ticket, timeline, grounds, now)
    cycles = sla.explain(asked.policy, asked.windows, asked.events, asked.now)
    return Explanation(ticket, asked, cycles, known, _windows_of(ticket, timeline), grounds)


def _windows_of(ticket: Ticket, timeline: list[Happening]) -> tuple[Window, ...]:
    reported = next(h.detail.get("service") for h in timeline if h.kind == "reported")
    services = {service for service, _, _ in service_stays(timeline, reported) if service is not None}
    return tuple(list_windows(sorted(services), ticket.reported_at, FAR))


def as_json(found: Explanation) -> dict[str, Any]:
    """The explanation as JSON: `cycles` as sla-clock.md shapes them, and what they rest on.

    `helpdesk sla explain` of `scenario` prints the same cycles.
    """
    ticket, version = found.ticket, found.ticket.policy_version
    service = ticket.service.name if ticket.service else ticket.number
    return {
        "ticket": ticket.number,
        "now": instant_text(found.asked.now),
        **sla.cycles_as_json(found.cycles),
        "policy": {
            "name": version.policy.name,
            "version": version.number,
            "effective_at": instant_text(version.effective_at),
        },
        "changes": [_change_as_json(change) for change in found.changes],
        "moves": [
            {**move, **{name: instant_text(move[name]) for name in ("at", "from", "to")}}
            for move in found.moves
        ],
        "maintenance": [
            {
                "service": window.service.name,
                "starts_at": instant_text(window.starts_at),
                "ends_at": instant_text(window.ends_at),
                "announced_at": window.announced_at and instant_text(window.announced_at),
                "started_at": window.started_at and instant_text(window.started_at),
                "ended_at": window.ended_at and instant_text(window.ended_at),
                "is_late": found.is_late(window),
                "reason": window.reason,
            }
            for window in found.windows
        ],
        "scenario": rule.scenario_as_json(found.asked, found.calendars, service),
    }


def _change_as_json(change: Change) -> dict[str, Any]:
    return {
        "at": instant_text(change.at),
        "event": change.event,
        "target": change.target,
        "cycle": change.cycle,
        "elapsed_seconds": change.elapsed,
        "length_before": change.length_before,
        "length_after": change.length_after,
        "allowance_before": change.allowance_before,
        "allowance_after": change.allowance_after,
        "due_before": change.due_before and instant_text(change.due_before),
        "due_after": change.due_after and instant_text(change.due_after),
    }

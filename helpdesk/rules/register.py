"""The register of tickets: what a ticket's line says beyond its columns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

# The kinds of entries that a waiting begins or ends with.
WAITS = frozenset({"waiting", "resumed", "reporter_replied", "resolved", "cancelled", "merged", "closed"})


class Entered(Protocol):
    """An entry of a timeline."""

    @property
    def kind(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def detail(self) -> Mapping[str, Any]: ...


class Cycle(Protocol):
    """A cycle of a target as it is stored: `state` of its last refresh."""

    @property
    def state(self) -> str: ...
    @property
    def due_at(self) -> datetime | None: ...
    @property
    def stopped_at(self) -> datetime | None: ...


@dataclass(frozen=True)
class Standing:
    """What became of a target of a ticket: `outcome` of its last cycle that was not cancelled in time (met,
    breached, running), and how many of its cycles are broken."""

    outcome: str
    cycle: Any
    broken: int


def waited_seconds(entries: Iterable[Entered], now: datetime) -> int:
    """Answers how long a ticket has waited for somebody, by the clock on the wall; one that waits still is
    counted up to `now`. `entries` of WAITS, in the order written."""
    since: datetime | None = None
    waits_for, total = "", timedelta()
    for entry in entries:
        if entry.kind == "waiting":
            since, waits_for = since or entry.at, entry.detail.get("for", "")
        elif since is not None and (entry.kind != "reporter_replied" or waits_for == "reporter"):
            total, since = total + max(timedelta(), entry.at - since), None
    if since is not None:
        total += max(timedelta(), now - since)
    return int(total.total_seconds())


def standing_of(cycles: Sequence[Cycle], now: datetime) -> Standing | None:
    """Answers how a target stands, of its cycles in order; None where none was promised, or all ended in time
    time without being kept (cancelled)."""
    counted = [(outcome_of(cycle, now), cycle) for cycle in cycles]
    decided = [(outcome, cycle) for outcome, cycle in counted if outcome != "cancelled"]
    if not decided:
        return None
    outcome, cycle = decided[-1]
    return Standing(outcome, cycle, sum(1 for each, _cycle in decided if each == "breached"))


def outcome_of(cycle: Cycle, now: datetime) -> str:
    """Answers met, breached, running or cancelled; what is open and past due counts as breached."""
    if cycle.state in ("met", "breached", "cancelled"):
        return cycle.state
    is_past = cycle.due_at is not None and cycle.due_at < now.replace(microsecond=0)
    return "breached" if is_past and cycle.stopped_at is None else "running"

"""Maintenance windows: what may be done to one in each state, and what the SLA clock takes of it.

Source: the specification of the SLA clock, "Which instants count" (reason `maintenance`).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, Protocol, TypeAlias

from helpdesk.rules.spans import Span, joined, whole_second

Counts: TypeAlias = Literal["actual_within_planned", "planned", "actual"]
EFFECTS = ("down", "degraded", "read_only")
COUNTS: tuple[Counts, ...] = ("actual_within_planned", "planned", "actual")


class State(StrEnum):
    """Where a window stands in its life."""

    DRAFT = "draft"
    APPROVED = "approved"
    ANNOUNCED = "announced"
    RUNNING = "running"
    EXTENDED = "extended"
    FINISHED = "finished"
    CANCELLED = "cancelled"


RUNNING = frozenset({State.RUNNING, State.EXTENDED})
FINAL = frozenset({State.FINISHED, State.CANCELLED})
_PLANNED = frozenset({State.DRAFT, State.APPROVED})

_ALLOWED: dict[str, frozenset[State]] = {
    "change": frozenset(State) - FINAL,
    "approve": frozenset({State.DRAFT}),
    "announce": frozenset({State.APPROVED}),
    "move": frozenset({State.ANNOUNCED}),
    "start": frozenset({State.ANNOUNCED}),
    "extend": RUNNING,
    "finish": RUNNING,
    "cancel": _PLANNED | {State.ANNOUNCED},  # one that runs is finished early: it did take place
}


def steps(state: str) -> frozenset[str]:
    """What may be done to a window in that state: change, approve, announce, move, start, extend, finish,
    cancel. ValueError for a state that there is none of."""
    here = State(state)
    return frozenset(verb for verb, states in _ALLOWED.items() if here in states)


def is_planned(state: str) -> bool:
    """Whether nobody knows of the window yet, so that all of it can be changed."""
    return state in _PLANNED


class Plan(Protocol):
    """A window as it stands, or as it was once known; instants are aware UTC.

    `announced_at`: when its start was announced; None: not yet. `started_at`, `ended_at`: None: not yet.
    """

    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def started_at(self) -> datetime | None: ...
    @property
    def ended_at(self) -> datetime | None: ...
    @property
    def announced_at(self) -> datetime | None: ...
    @property
    def is_cancelled(self) -> bool: ...


class KnownPlan(Plan, Protocol):
    """As it was known from `known_at` on."""

    @property
    def known_at(self) -> datetime: ...


def announced_at(before: Plan | None, starts_at: datetime, now: datetime) -> datetime:
    """When the start of a window that is announced or moved at `now` was announced: a start put later, but
    still within the plan `before`, was announced with that plan; any other is news."""
    if before is None or before.announced_at is None:
        return now
    return before.announced_at if before.starts_at <= starts_at < before.ends_at else now


def is_late(window: Plan, lead: timedelta) -> bool:
    """Whether its start was announced less than `lead` ahead, or not at all: it pauses nothing."""
    if window.announced_at is None:
        return True
    return whole_second(window.announced_at) + lead > whole_second(window.starts_at)


def counted(window: Plan, lead: timedelta, counts: Counts) -> Span | None:
    """The span that the window takes from the clock of a policy with that lead time, in whole seconds.

    `counts`: the planned times, the actual ones, or the actual within the planned; what has not begun or
    ended is taken to do so as planned. None: nothing (cancelled, announced late, or over before it began).
    """
    if window.is_cancelled or is_late(window, lead):
        return None
    start, end = window.starts_at, window.ends_at
    began, ended = window.started_at or start, window.ended_at or end
    if counts == "actual":
        start, end = began, ended
    elif counts == "actual_within_planned":
        start, end = max(start, began), min(end, ended)
    start, end = whole_second(start), whole_second(end)
    return (start, end) if start < end else None


def pauses(versions: Sequence[KnownPlan], lead: timedelta, counts: Counts) -> list[Span]:
    """As `counted` of one window over all that was ever known of it, `versions` in the order written: each
    takes its part of the time from when it was known until a later one was, so no change alters what has
    passed. Of two changes at once the later written may bear the earlier instant."""
    found: list[Span] = []
    until: datetime | None = None
    for version in reversed(versions):
        since = whole_second(version.known_at)
        if (span := counted(version, lead, counts)) is not None:
            start, end = span
            found.append((max(start, since), end if until is None else min(end, until)))
        until = since if until is None else min(since, until)
    return list(joined(sorted(found)))

"""One cycle of a target: what is counted, how the allowance follows the severity, when it is due.

Source: the specification of the SLA clock, "Which instants count" and "Allowance, elapsed, due".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import Literal, TypeAlias

from helpdesk.rules.hours import Calendar, open_spans
from helpdesk.rules.spans import Span, seconds_between

TargetName: TypeAlias = Literal["response", "resolution", "update"]
State: TypeAlias = Literal["running", "paused", "met", "breached", "cancelled"]
Reason: TypeAlias = Literal["resolved", "waiting", "maintenance", "closed", "working"]
Pause: TypeAlias = Literal["resolved", "waiting"]

SEARCHED_YEARS = 10


@dataclass(frozen=True, slots=True)
class Target:
    """A promise: so many counted seconds (> 0) in a calendar; None counts every instant."""

    seconds: int
    calendar: Calendar | None


@dataclass(frozen=True, slots=True)
class SeverityTargets:
    """The targets of one severity; `update` may be None."""

    response: Target
    resolution: Target
    update: Target | None = None
    maintenance_pauses: bool = False

    def get(self, name: TargetName) -> Target | None:
        """Answers the target of this name; None for an `update` that the severity lacks."""
        if name == "response":
            return self.response
        return self.resolution if name == "resolution" else self.update


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch [from_at, to_at) of a cycle, whether it counts, and why or why not."""

    from_at: datetime
    to_at: datetime
    reason: Reason

    @property
    def counted(self) -> bool:
        """Whether the stretch counts."""
        return self.reason == "working"


@dataclass(frozen=True, slots=True)
class Cycle:
    """The result for one cycle; instants are aware UTC, amounts whole seconds."""

    target: TargetName
    cycle: int
    state: State
    started_at: datetime
    stopped_at: datetime | None
    due_at: datetime | None
    breached_at: datetime | None
    allowance_seconds: int
    elapsed_seconds: int
    remaining_seconds: int
    segments: tuple[Segment, ...]
    count: "CycleCount" = field(repr=False, compare=False)

    @property
    def targets_since(self) -> datetime:
        """Since when the severity in force has been so: the start, or its last change."""
        return self.count.targets_since

    @property
    def counted_before(self) -> int:
        """The seconds that were counted when the severity in force began."""
        return self.count.counted_before

    @property
    def calendar(self) -> Calendar | None:
        """The calendar in force; None counts every instant."""
        return self.count.calendar

    def reaches_at(self, seconds: int) -> datetime | None:
        """Answers the first instant at which `seconds` (> 0) are counted, going on as things stand.

        None where that is never so: while it waits, or within ten years of the start.
        """
        return self.count.reaches_at(seconds)

    def counts_at(self, instant: datetime) -> datetime | None:
        """Answers the first counted instant from `instant` on, what has passed included.

        None while it waits or where there is none.
        """
        return self.count.counts_at(instant)


@dataclass(slots=True)
class CycleCount:
    """A cycle while it is being counted, from event to event. `windows` are joined and in order."""

    name: TargetName
    number: int
    started_at: datetime
    targets: SeverityTargets
    windows: Sequence[Span]
    allowance: int = field(init=False)
    counted_to: datetime = field(init=False)
    horizon: datetime = field(init=False)
    elapsed: int = 0
    reached_at: datetime | None = None
    """The first instant at which elapsed reached the allowance, once it has."""
    targets_since: datetime = field(init=False)
    counted_before: int = 0
    """See Cycle.counted_before."""
    pause: Pause | None = None
    stopped_at: datetime | None = None
    due_at_stop: datetime | None = None
    cancelled: bool = False
    stretches: list[tuple[datetime, datetime, Reason]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.allowance = self._target().seconds
        self.counted_to = self.targets_since = self.started_at
        self.horizon = _years_after(self.started_at, SEARCHED_YEARS)

    def count_to(self, instant: datetime) -> None:
        """Counts on to `instant` as things stand."""
        for start, end, reason in self._stretches(self.counted_to, instant):
            if self.stretches and self.stretches[-1][2] == reason:
                self.stretches[-1] = (self.stretches[-1][0], end, reason)
            else:
                self.stretches.append((start, end, reason))
            if reason != "working":
                continue
            length = seconds_between(start, end)
            if self.reached_at is None and self.elapsed + length >= self.allowance:
                reached = start + timedelta(seconds=self.allowance - self.elapsed)
                self.reached_at = reached if reached <= self.horizon else None
            self.elapsed += length
        self.counted_to = max(self.counted_to, instant)

    def change_severity(self, targets: SeverityTargets, instant: datetime) -> None:
        """Goes on with the targets of another severity, which has this target, from `instant` on."""
        self.count_to(instant)
        old = self._target().seconds
        self.targets, self.targets_since, self.counted_before = targets, instant, self.elapsed
        new = self._target().seconds
        if self._is_breached(instant):
            return
        if new < old:
            self.allowance = min(self.allowance, self.elapsed + new)
        elif new > old:
            self.allowance = max(self.allowance, new)
        if self.elapsed < self.allowance:
            self.reached_at = None

    def stop(self, instant: datetime) -> None:
        """Ends the cycle as done; a waiting is taken to have ended there. Until resumed it is resolved."""
        self.count_to(instant)
        self.pause = None
        self.due_at_stop = self._due_at()
        self.stopped_at = instant
        self.pause = "resolved"

    def cancel(self, instant: datetime) -> None:
        """Ends the cycle as cancelled, as things stand."""
        self.count_to(instant)
        self.due_at_stop = self._due_at()
        self.stopped_at = instant
        self.cancelled = True

    def wait(self, instant: datetime) -> None:
        """Pauses the cycle until it is resumed or stopped."""
        self.count_to(instant)
        self.pause = "waiting"

    def resume(self, instant: datetime) -> None:
        """Goes on after a waiting, or after the ticket was resolved."""
        self.count_to(instant)
        self.pause = None
        self.stopped_at = None

    def result(self, now: datetime) -> Cycle:
        """Answers the cycle as it stands at `now`."""
        if self.stopped_at is None:
            self.count_to(now)
        due_at = self._due_at() if self.stopped_at is None else self.due_at_stop
        return Cycle(
            target=self.name,
            cycle=self.number,
            state=self._state(now),
            started_at=self.started_at,
            stopped_at=self.stopped_at,
            due_at=due_at,
            breached_at=due_at if self._is_breached(now) else None,
            allowance_seconds=self.allowance,
            elapsed_seconds=self.elapsed,
            remaining_seconds=max(0, self.allowance - self.elapsed),
            segments=tuple(Segment(*stretch) for stretch in self.stretches),
            count=self,
        )

    @property
    def calendar(self) -> Calendar | None:
        """See Cycle.calendar."""
        return self._target().calendar

    def reaches_at(self, seconds: int) -> datetime | None:
        """See Cycle.reaches_at."""
        for start, end, reason in chain(self.stretches, self._ahead(self.counted_to)):
            if reason != "working":
                continue
            length = seconds_between(start, end)
            if length >= seconds:
                return start + timedelta(seconds=seconds)
            seconds -= length
        return None

    def counts_at(self, instant: datetime) -> datetime | None:
        """See Cycle.counts_at."""
        if self.pause is not None:
            return None
        known = ((max(start, instant), end, reason) for start, end, reason in self.stretches)
        ahead = self._ahead(max(instant, self.counted_to))
        return next((a for a, b, reason in chain(known, ahead) if reason == "working" and a < b), None)

    def _ahead(self, since: datetime) -> Iterator[tuple[datetime, datetime, Reason]]:
        """How it would go on from `since` if nothing more happened; nothing that counts while it waits."""
        return self._stretches(since, self.horizon)

    def _state(self, now: datetime) -> State:
        if self._is_breached(now):
            return "breached"
        if self.stopped_at is not None:
            return "cancelled" if self.cancelled else "met"
        return "paused" if self.pause == "waiting" and self.elapsed < self.allowance else "running"

    def _is_breached(self, instant: datetime) -> bool:
        return self.reached_at is not None and self.reached_at < (self.stopped_at or instant)

    def _due_at(self) -> datetime | None:
        """When elapsed reaches the allowance if things go on as they stand at `counted_to`."""
        if self.reached_at is not None or self.pause == "waiting":
            return self.reached_at
        missing = self.allowance - self.elapsed
        for start, end, reason in self._ahead(self.counted_to):
            if reason != "working":
                continue
            length = seconds_between(start, end)
            if length >= missing:
                return start + timedelta(seconds=missing)
            missing -= length
        return None

    def _target(self) -> Target:
        target = self.targets.get(self.name)
        assert target is not None, "a cycle ends before its target disappears"
        return target

    def _stretches(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime, Reason]]:
        if start >= end:
            return iter(())
        if self.pause is not None:
            return iter([(start, end, self.pause)])
        windows = self.windows if self.targets.maintenance_pauses else ()
        return _stretches(self._target().calendar, windows, start, end)


def _stretches(
    calendar: Calendar | None, windows: Sequence[Span], start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime, Reason]]:
    """What [start, end) consists of: maintenance first, elsewhere open or closed hours."""
    for a, b in windows:
        if b <= start:
            continue
        if a >= end:
            break
        yield from _open_or_closed(calendar, start, a)
        yield max(a, start), min(b, end), "maintenance"
        start = min(b, end)
    yield from _open_or_closed(calendar, start, end)


def _open_or_closed(
    calendar: Calendar | None, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime, Reason]]:
    for a, b in open_spans(calendar, start, end):
        if start < a:
            yield start, a, "closed"
        yield a, b, "working"
        start = b
    if start < end:
        yield start, end, "closed"


def _years_after(instant: datetime, years: int) -> datetime:
    try:
        return instant.replace(year=instant.year + years)
    except ValueError:  # 29 February
        return instant.replace(year=instant.year + years, month=3, day=1)

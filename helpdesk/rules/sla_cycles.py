"""One cycle of a target: what is counted, how the allowance follows the severity, when it is due.

Source: the specification of the SLA clock, "Which instants count" and "Allowance, elapsed, due".
"""

from collections.abc import Sequence
from dataclasses import InitVar, dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

from helpdesk.rules.hours import Calendar
from helpdesk.rules.sla_course import RESOLVED, WAITING, Course, Segment
from helpdesk.rules.sla_course import Reason as Reason
from helpdesk.rules.spans import Span

TargetName: TypeAlias = Literal["response", "resolution", "update"]
State: TypeAlias = Literal["running", "paused", "met", "breached", "cancelled"]

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
    count: "CycleCount" = field(repr=False, compare=False)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The stretches of [started_at, stopped_at or now), derived when asked for: the rest needs none."""
        return self.count.segments()

    @property
    def severity(self) -> str:
        """The severity in force at the start."""
        return self.count.severity

    @property
    def waiting_seconds(self) -> int:
        """What waiting has spared it: seconds that would have counted."""
        return self.count.waited

    @property
    def was_cancelled(self) -> bool:
        """Whether it ended as cancelled, also where it was breached before."""
        return self.count.cancelled

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


class Piece(NamedTuple):
    """A part [from_at, to_at) of a cycle through which nothing changed; `elapsed` is that at its end."""

    from_at: datetime
    to_at: datetime
    course: Course
    elapsed: int


@dataclass(slots=True)
class CycleCount:
    """A cycle while it is being counted, from event to event. `windows` are joined and in order."""

    name: TargetName
    number: int
    started_at: datetime
    targets: InitVar[SeverityTargets]
    windows: Sequence[Span]
    counting: Course = field(init=False)
    """How it counts at the severity in force, while it is not paused."""
    course: Course = field(init=False)
    """How things stand from `counted_to` on: `counting` or paused."""
    past: list[Piece] = field(default_factory=list)
    target: Target = field(init=False)
    """That of the severity in force."""
    allowance: int = field(init=False)
    counted_to: datetime = field(init=False)
    horizon: datetime = field(init=False)
    elapsed: int = 0
    reached_at: datetime | None = None
    """The first instant at which elapsed reached the allowance, once it has."""
    targets_since: datetime = field(init=False)
    counted_before: int = 0
    """See Cycle.counted_before."""
    stopped_at: datetime | None = None
    due_at_stop: datetime | None = None
    cancelled: bool = False
    severity: str = ""
    """That in force at its start."""
    waited: int = 0
    """See Cycle.waiting_seconds."""

    def __post_init__(self, targets: SeverityTargets) -> None:
        self._follow(targets)
        self.allowance = self.target.seconds
        self.course = self.counting
        self.counted_to = self.targets_since = self.started_at
        self.horizon = _years_after(self.started_at, SEARCHED_YEARS)

    def count_to(self, instant: datetime) -> None:
        """Counts on to `instant` as things stand."""
        start = self.counted_to
        if instant <= start:
            return
        counted, missing = self.course.counted(start, instant), self.allowance - self.elapsed
        if self.reached_at is None and 0 < missing <= counted:
            self.reached_at = self.course.reaches_at(missing, start, min(instant, self.horizon))
        self.elapsed += counted
        if self.course is WAITING:
            self.waited += self.counting.counted(start, instant)
        self.counted_to = instant
        self.past.append(Piece(start, instant, self.course, self.elapsed))

    def change_severity(self, targets: SeverityTargets, instant: datetime) -> None:
        """Goes on with the targets of another severity, which has this target, from `instant` on."""
        self.count_to(instant)
        self.targets_since, self.counted_before = instant, self.elapsed
        old = self.target.seconds
        self._follow(targets)
        new = self.target.seconds
        if self.course.pause is None:
            self.course = self.counting
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
        self.course = self.counting
        self.due_at_stop = self._due_at()
        self.stopped_at = instant
        self.course = RESOLVED

    def cancel(self, instant: datetime) -> None:
        """Ends the cycle as cancelled, as things stand."""
        self.count_to(instant)
        self.due_at_stop = self._due_at()
        self.stopped_at = instant
        self.cancelled = True

    def wait(self, instant: datetime) -> None:
        """Pauses the cycle until it is resumed or stopped."""
        self.count_to(instant)
        self.course = WAITING

    def resume(self, instant: datetime) -> None:
        """Goes on after a waiting, or after the ticket was resolved."""
        self.count_to(instant)
        self.course = self.counting
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
            count=self,
        )

    def segments(self) -> tuple[Segment, ...]:
        """See Cycle.segments."""
        found: list[Segment] = []
        for piece in self.past:
            for segment in piece.course.segments(piece.from_at, piece.to_at):
                if found and found[-1].reason == segment.reason:
                    segment = Segment(found.pop().from_at, segment.to_at, segment.reason)
                found.append(segment)
        return tuple(found)

    @property
    def calendar(self) -> Calendar | None:
        """See Cycle.calendar."""
        return self.counting.calendar

    def reaches_at(self, seconds: int) -> datetime | None:
        """See Cycle.reaches_at."""
        before = 0
        for piece in self.past:
            if seconds <= piece.elapsed:
                return piece.course.reaches_at(seconds - before, piece.from_at, piece.to_at)
            before = piece.elapsed
        return self.course.reaches_at(seconds - before, self.counted_to, self.horizon)

    def counts_at(self, instant: datetime) -> datetime | None:
        """See Cycle.counts_at."""
        if self.course.pause is not None:
            return None
        for piece in self.past:
            if instant < piece.to_at:
                found = piece.course.counts_at(max(instant, piece.from_at), piece.to_at)
                if found is not None:
                    return found
        return self.course.counts_at(max(instant, self.counted_to), self.horizon)

    def _state(self, now: datetime) -> State:
        if self._is_breached(now):
            return "breached"
        if self.stopped_at is not None:
            return "cancelled" if self.cancelled else "met"
        return "paused" if self.course is WAITING and self.elapsed < self.allowance else "running"

    def _is_breached(self, instant: datetime) -> bool:
        return self.reached_at is not None and self.reached_at < (self.stopped_at or instant)

    def _due_at(self) -> datetime | None:
        """When elapsed reaches the allowance if things go on as they stand at `counted_to`."""
        if self.reached_at is not None or self.elapsed >= self.allowance:
            return self.reached_at
        return self.course.reaches_at(self.allowance - self.elapsed, self.counted_to, self.horizon)

    def _follow(self, targets: SeverityTargets) -> None:
        target = targets.get(self.name)
        assert target is not None, "a cycle ends before its target disappears"
        self.target = target
        self.counting = Course(target.calendar, self.windows if targets.maintenance_pauses else ())


def _years_after(instant: datetime, years: int) -> datetime:
    try:
        return instant.replace(instant.year + years)
    except ValueError:  # 29 February
        return instant.replace(instant.year + years, month=3, day=1)

"""Following up: what has to be done before it is closed, and how well an organisation does it.

Source: "Closed-loop feedback" of the issue on figures that cannot be gamed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from statistics import mean, median

STEPS = ("reached", "cause", "action", "told")
"""All of them, in any order but that nothing can be told before an action is named."""

WORKING_HOURS = 16
SECOND = 2
"""The reopening from which on it is more than bad luck."""


def missing(reached_at: datetime | None, cause: str, action: str, told_at: datetime | None) -> list[str]:
    """The steps (STEPS) that are still to be done; [] where it may be closed."""
    done = (reached_at is not None, bool(cause), bool(action), told_at is not None)
    return [step for step, is_done in zip(STEPS, done, strict=True) if not is_done]


class Outcome(StrEnum):
    """What became of a follow-up that was opened in a period."""

    IN_TIME = "in_time"
    LATE = "late"  # closed after its deadline
    OVERDUE = "overdue"  # open, past its deadline
    RUNNING = "running"  # open, and there is still time


class After(StrEnum):
    """How the same person rated next, once it was closed, beside the rating that it was about."""

    BETTER = "better"
    NOT_BETTER = "not_better"


@dataclass(frozen=True, slots=True)
class Course:
    """A follow-up as figures need it. `seconds`: from its beginning to its end in the desk's working hours
    (None: it is open); `stars` it was about, `next_stars` the reporter's next rating after it was closed;
    None: there is no such rating."""

    due_at: datetime
    closed_at: datetime | None
    seconds: int | None = None
    stars: int | None = None
    next_stars: int | None = None

    def outcome(self, now: datetime) -> Outcome:
        """How it stands at `now`."""
        if self.closed_at is None:
            return Outcome.OVERDUE if self.due_at <= now else Outcome.RUNNING
        return Outcome.IN_TIME if self.closed_at <= self.due_at else Outcome.LATE

    @property
    def after(self) -> After | None:
        """How the reporter rated next; None where nothing can be compared."""
        if self.stars is None or self.next_stars is None:
            return None
        return After.BETTER if self.next_stars > self.stars else After.NOT_BETTER


@dataclass(frozen=True, slots=True)
class Loop:
    """How well the loop is closed. Times are seconds of the desk's working hours from opening to closing, of
    what is closed; None where nothing is."""

    in_time: int = 0
    late: int = 0
    overdue: int = 0
    running: int = 0
    better: int = 0
    not_better: int = 0
    median_seconds: int | None = None
    p90_seconds: int | None = None
    mean_seconds: int | None = None

    @property
    def opened(self) -> int:
        """How many were opened."""
        return self.decided + self.running

    @property
    def decided(self) -> int:
        """How many are closed or past due: what `tenths` is of. What still has time is no part of it."""
        return self.in_time + self.late + self.overdue

    @property
    def tenths(self) -> int | None:
        """The share followed up in time, in tenths of a percent, rounded down; None where none is decided."""
        return self.in_time * 1000 // self.decided if self.decided else None

    @property
    def better_tenths(self) -> int | None:
        """Of the reporters who rated again, the share who gave more stars; None where nobody did."""
        rated = self.better + self.not_better
        return self.better * 1000 // rated if rated else None


def loop_of(courses: Iterable[Course], now: datetime) -> Loop:
    """The figures of these follow-ups as they stand at `now`."""
    found = list(courses)
    outcomes = [course.outcome(now) for course in found]
    after = [course.after for course in found]
    seconds = sorted(course.seconds for course in found if course.seconds is not None)
    return Loop(
        in_time=outcomes.count(Outcome.IN_TIME),
        late=outcomes.count(Outcome.LATE),
        overdue=outcomes.count(Outcome.OVERDUE),
        running=outcomes.count(Outcome.RUNNING),
        better=after.count(After.BETTER),
        not_better=after.count(After.NOT_BETTER),
        median_seconds=round(median(seconds)) if seconds else None,
        p90_seconds=_nearest_rank(seconds, 90) if seconds else None,
        mean_seconds=round(mean(seconds)) if seconds else None,
    )


def _nearest_rank(ordered: Sequence[int], percent: int) -> int:
    """The smallest value that at least so many percent of all do not exceed."""
    return ordered[-(-len(ordered) * percent // 100) - 1]

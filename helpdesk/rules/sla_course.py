"""How a cycle counts between two events, while nothing changes: what counts, and what each stretch is.

Source: the specification of the SLA clock, "Which instants count".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from helpdesk.rules.hours import Calendar, add_open, is_open, open_seconds, open_spans
from helpdesk.rules.spans import SECOND, Span, outside

Pause: TypeAlias = Literal["resolved", "waiting"]
Reason: TypeAlias = Literal["resolved", "waiting", "maintenance", "closed", "working"]


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
class Course:
    """Paused, or counting by a calendar (None: always open) outside `windows` (joined, in order)."""

    calendar: Calendar | None = None
    windows: Sequence[Span] = ()
    pause: Pause | None = None

    def counted(self, start: datetime, end: datetime) -> int:
        """Answers how many seconds of [start, end) count."""
        if self.pause is not None:
            return 0
        seconds = 0
        for a, b in outside(self.windows, start, end):
            seconds += open_seconds(self.calendar, a, b)
        return seconds

    def reaches_at(self, seconds: int, start: datetime, end: datetime) -> datetime | None:
        """Answers the first instant at which `seconds` (> 0) of [start, end) have counted, or None."""
        if self.pause is not None:
            return None
        for a, b in outside(self.windows, start, end):
            reached = add_open(self.calendar, a, seconds, b)
            if reached is not None:
                return reached
            seconds -= open_seconds(self.calendar, a, b)
        return None

    def counts_at(self, start: datetime, end: datetime) -> datetime | None:
        """Answers the first instant of [start, end) that counts; None if none does."""
        if self.pause is None and not self.windows and is_open(self.calendar, start):  # what is asked mostly
            return start if start < end else None
        counted_one = self.reaches_at(1, start, end)
        return counted_one and max(start, counted_one - SECOND)

    def segments(self, start: datetime, end: datetime) -> Iterator[Segment]:
        """Answers what [start, end), which is not empty, consists of, in order."""
        if self.pause is not None:
            yield Segment(start, end, self.pause)
            return
        for a, b in outside(self.windows, start, end):
            if start < a:
                yield Segment(start, a, "maintenance")
            yield from _open_or_closed(self.calendar, a, b)
            start = b
        if start < end:
            yield Segment(start, end, "maintenance")


WAITING = Course(pause="waiting")
RESOLVED = Course(pause="resolved")


def _open_or_closed(calendar: Calendar | None, start: datetime, end: datetime) -> Iterator[Segment]:
    for opens, closes in open_spans(calendar, start, end):
        if start < opens:
            yield Segment(start, opens, "closed")
        yield Segment(opens, closes, "working")
        start = closes
    if start < end:
        yield Segment(start, end, "closed")

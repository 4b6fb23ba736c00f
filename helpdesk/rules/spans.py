"""Spans: half-open stretches of time, [start, end), between two instants."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from operator import itemgetter
from typing import TypeAlias

Span: TypeAlias = tuple[datetime, datetime]

SECOND = timedelta(seconds=1)
_END = itemgetter(1)


def seconds_between(start: datetime, end: datetime) -> int:
    """Answers the whole seconds from `start` to `end`."""
    return (end - start) // SECOND


def whole_second(instant: datetime) -> datetime:
    """Answers the instant with the fraction of its second cut off."""
    return instant.replace(microsecond=0) if instant.microsecond else instant


def joined(spans: Iterable[Span]) -> Iterator[Span]:
    """Joins spans that touch or overlap; they come in order of start, empty ones are dropped."""
    held: Span | None = None
    for start, end in spans:
        if start >= end:
            continue
        if held is None:
            held = (start, end)
        elif start <= held[1]:
            held = (held[0], max(held[1], end))
        else:
            yield held
            held = (start, end)
    if held is not None:
        yield held


def clipped(spans: Iterable[Span], start: datetime, end: datetime) -> Iterator[Span]:
    """Answers the parts of the spans, which come in order of start, that lie in [start, end)."""
    for a, b in spans:
        if a >= end:
            return
        a, b = max(a, start), min(b, end)
        if a < b:
            yield a, b


def outside(spans: Sequence[Span], start: datetime, end: datetime) -> Iterable[Span]:
    """Answers the parts of [start, end), which is not empty, in none of the spans (joined, in order)."""
    first = bisect_right(spans, start, key=_END)
    if first == len(spans) or spans[first][0] >= end:  # mostly there is none
        return ((start, end),)
    return _between(islice(spans, first, None), start, end)


def _between(spans: Iterable[Span], start: datetime, end: datetime) -> Iterator[Span]:
    for a, b in spans:
        if a >= end:
            break
        if start < a:
            yield start, a
        start = b
    if start < end:
        yield start, end


class SpanIndex:
    """Spans from the instant `start` on, joined and laid out so that a question costs a look, not a walk."""

    __slots__ = ("_edges", "_seconds_before", "seconds")

    def __init__(self, start: datetime, spans: Iterable[Span]) -> None:
        """`spans` are in order of start, and none begins before `start`."""
        # The start as if a span closed there, then each opening and closing, with what is covered before it.
        self._edges = [start]
        self._seconds_before = [0]
        for opens, closes in joined(spans):
            before = self._seconds_before[-1]
            self._edges += opens, closes
            self._seconds_before += before, before + seconds_between(opens, closes)
        self.seconds = self._seconds_before[-1]
        """How many seconds are covered."""

    def covers(self, instant: datetime) -> bool:
        """Answers whether the instant, which is not before the start, lies in one of the spans."""
        return bisect_right(self._edges, instant) % 2 == 0

    def seconds_until(self, instant: datetime) -> int:
        """Answers how many covered seconds lie before `instant`, which is not before the start."""
        last = bisect_right(self._edges, instant) - 1
        covered = self._seconds_before[last]
        return covered + (instant - self._edges[last]) // SECOND if last % 2 else covered

    def reaches(self, seconds: int) -> datetime:
        """Answers the first instant before which `seconds` (> 0, at most all) are covered."""
        closing = bisect_left(self._seconds_before, seconds)
        return self._edges[closing] - SECOND * (self._seconds_before[closing] - seconds)

    def spans_from(self, instant: datetime) -> Iterator[Span]:
        """Answers the spans that end after `instant`, in order."""
        opening = max(bisect_right(self._edges, instant) - 1, 0) | 1
        return ((self._edges[n], self._edges[n + 1]) for n in range(opening, len(self._edges), 2))

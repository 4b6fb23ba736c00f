"""Spans: half-open stretches of time, [start, end), between two instants."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import TypeAlias

Span: TypeAlias = tuple[datetime, datetime]

SECOND = timedelta(seconds=1)


def seconds_between(start: datetime, end: datetime) -> int:
    """Answers the whole seconds from `start` to `end`."""
    return (end - start) // SECOND


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

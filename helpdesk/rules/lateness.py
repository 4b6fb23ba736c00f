"""How late alarms ring: what most of them, and nearly all of them, stay under."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True, slots=True)
class Lateness:
    """Of `count` alarms half were `p50` seconds late at most, 95 of a hundred `p95`, 99 of them `p99`."""

    count: int
    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0


def lateness_of(seconds: Iterable[float]) -> Lateness:
    """The percentiles (nearest rank) of these latenesses; what rang early (clocks differ) was on time."""
    ordered = sorted(max(0.0, each) for each in seconds)
    if not ordered:
        return Lateness(0)
    p50, p95, p99 = (ordered[ceil(share * len(ordered) / 100) - 1] for share in (50, 95, 99))
    return Lateness(len(ordered), p50, p95, p99)

"""What the public status page says of a service: how it is now, and how each of the last days went.

Pure: spans of critical faults and of maintenance in, days out. Days are those of a zone; one that a change of
clocks makes shorter or longer is as long as it is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from helpdesk.rules.hours import local_to_instant
from helpdesk.rules.spans import Span, joined

Standing = Literal["fault", "maintenance", "fine"]


@dataclass(frozen=True, slots=True)
class Day:
    """A local day [from_at, to_at), its last one up to now: for how long a critical fault was open, and
    for how long there was maintenance (both at once count in both)."""

    on: date
    from_at: datetime
    to_at: datetime
    fault_time: timedelta
    maintenance_time: timedelta

    @property
    def standing(self) -> Standing:
        """The worst of the day."""
        return "fault" if self.fault_time else "maintenance" if self.maintenance_time else "fine"


def fault_spans(
    reported_at: datetime, steps: Iterable[tuple[datetime, str]], now: datetime
) -> tuple[Span, ...]:
    """When a fault was open up to `now`: from the report on, but not from each "resolved" to the next
    "reopened". `steps`: (at, kind) in the order in which they were written; other kinds change nothing."""
    found: list[Span] = []
    since: datetime | None = reported_at
    for at, kind in steps:
        if kind == "resolved" and since is not None:
            found.append((since, max(at, since)))
            since = None
        elif kind == "reopened" and since is None:
            since = at
    if since is not None:
        found.append((since, max(now, since)))
    return tuple(span for span in found if span[0] < span[1])


def days(
    zone: ZoneInfo, now: datetime, count: int, faults: Sequence[Span], windows: Sequence[Span]
) -> tuple[Day, ...]:
    """The last `count` local days, today's included and cut at `now`; the oldest first.

    `faults` and `windows` may overlap and stand in any order; what is to come of them is not counted.
    """
    today = now.astimezone(zone).date()
    firsts = [today - timedelta(days=back) for back in range(count - 1, -1, -1)]
    found = []
    for on in firsts:
        from_at = _midnight(zone, on)
        to_at = max(from_at, min(_midnight(zone, on + timedelta(days=1)), now))
        found.append(
            Day(on, from_at, to_at, _within(faults, from_at, to_at), _within(windows, from_at, to_at))
        )
    return tuple(found)


def _midnight(zone: ZoneInfo, on: date) -> datetime:
    return local_to_instant(zone, datetime.combine(on, time()))


def _within(spans: Sequence[Span], from_at: datetime, to_at: datetime) -> timedelta:
    """How much of [from_at, to_at) lies in any of the spans."""
    cut = ((max(a, from_at), min(b, to_at)) for a, b in spans)
    held = joined(sorted(span for span in cut if span[0] < span[1]))
    return sum((b - a for a, b in held), timedelta())

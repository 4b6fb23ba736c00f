"""Measures the SLA clock alone, with no database; prints the lines that docs/benchmarks.md shows.

    python -m benchmarks.clock

Each figure is the best of some runs, in the processor time of this process: what else runs on the machine
slows a run down and never speeds one up.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import count

from helpdesk.rules.hours import Calendar, open_seconds, parse_calendar
from helpdesk.rules.sla import Cycle, Event, Policy, SeverityTargets, Target, Window, explain

RUNS = 30
SECONDS_A_RUN = 0.02

_NUMBERS = count()

HOUR = timedelta(hours=1)
REPORTED = datetime(2026, 5, 4, 7, 10, tzinfo=UTC)
NOW = REPORTED + timedelta(days=30)
OFFICE = {
    "timezone": "Europe/Berlin",
    "week": {day: [["09:00", "12:00"], ["13:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    "dates": {"2026-05-14": [], "2026-05-16": [["10:00", "14:00"]], "2026-05-25": []},
}
EVENTS = [
    Event(REPORTED, "reported", "minor"),
    Event(REPORTED + HOUR, "responded"),
    Event(REPORTED + HOUR * 50, "waiting"),
    Event(REPORTED + HOUR * 170, "resumed"),
    Event(REPORTED + HOUR * 170, "reporter_replied"),
    Event(REPORTED + HOUR * 190, "responded"),
    Event(REPORTED + HOUR * 380, "severity_changed", "major"),
]
WINDOWS = [Window(REPORTED + HOUR * 220, REPORTED + HOUR * 224)]


def main() -> None:
    for name, seconds in _measured():
        print(f"| {name} | {seconds * 1e6:.1f} µs |", flush=True)


def _measured() -> Iterator[tuple[str, float]]:
    policy = _policy()
    usual = partial(explain, policy, WINDOWS, EVENTS)
    yield "A 30-day ticket (7 events, 3 cycles, a window)", _best(partial(usual, NOW))
    yield "The same ticket 1 year later", _best(partial(usual, NOW.replace(year=2027)))
    yield "The same ticket 9 years later", _best(partial(usual, NOW.replace(year=2035)))
    yield "A 30-day ticket with 5 events", _best(partial(explain, policy, WINDOWS, _busy(5), NOW))
    yield "A 30-day ticket with 50 events", _best(partial(explain, policy, WINDOWS, _busy(50), NOW))
    yield "The first of these with its segments", _best(lambda: _segments(usual(NOW)))
    resolution = next(cycle for cycle in usual(NOW) if cycle.target == "resolution")
    share = resolution.allowance_seconds * 8 // 10
    yield "When a cycle reaches 80% of its allowance", _best(partial(resolution.reaches_at, share))
    yield "When a cycle counts next", _best(partial(resolution.counts_at, NOW))
    yield (
        "A year of a calendar, worked out once",
        _best(partial(_work_out_a_year, parse_calendar(OFFICE, "office"))),
    )


def _policy() -> Policy:
    office = parse_calendar(OFFICE, "office")

    def targets(*hours: int) -> SeverityTargets:
        response, resolution, update = (Target(3600 * n, office) for n in hours)
        return SeverityTargets(response, resolution, update, maintenance_pauses=True)

    return {"minor": targets(4, 240, 8), "major": targets(1, 120, 2)}


def _busy(many: int) -> list[Event]:
    """So many events within 30 days: reported, answered, then waiting again and again."""
    pauses = (
        Event(REPORTED + HOUR * (10 + 600 * n // many), "resumed" if n % 2 else "waiting")
        for n in range(many - 2)
    )
    return [*EVENTS[:2], *pauses]


def _segments(cycles: tuple[Cycle, ...]) -> int:
    return sum(len(cycle.segments) for cycle in cycles)


def _work_out_a_year(calendar: Calendar) -> int:
    # Equal calendars are worked out once for all: this one has hours on a date that no other has.
    day = date(2026, 1, 1) + timedelta(days=next(_NUMBERS))
    calendar = replace(calendar, dates={day: ((600, 660),)})
    return open_seconds(calendar, REPORTED, NOW)


def _best(work: Callable[[], object]) -> float:
    """The seconds that one piece of work takes in the best of some runs of equally many."""
    work()
    began = time.perf_counter()
    work()
    many = max(1, int(SECONDS_A_RUN / (time.perf_counter() - began)))
    return min(_run(work, many) for _ in range(RUNS))


def _run(work: Callable[[], object], many: int) -> float:
    began = time.process_time()
    for _ in range(many):
        work()
    return (time.process_time() - began) / many


if __name__ == "__main__":
    main()

"""Measures who is on call: the rule alone, and what the desk asks of SQLite and PostgreSQL.

    python -m benchmarks.rosters [--backends sqlite postgresql]

Each figure is the best of some runs: of the rule in processor time, of the desk in time that passes.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from benchmarks.house import house, machine, table
from helpdesk import clock
from helpdesk.app import create_app
from helpdesk.config import load_settings
from helpdesk.desk import rosters
from helpdesk.desk.roster_sources import draft_of, layers_of
from helpdesk.rules.access import Role
from helpdesk.rules.oncall import Absence, Override
from helpdesk.rules.rosters import Plan, Version, lanes, shifts, who_is_on_call
from helpdesk.store.db import db
from helpdesk.store.people import Person
from helpdesk.store.rosters import Absence as StoredAbsence
from helpdesk.store.rosters import Layer, Roster, RosterVersion, find_roster
from helpdesk.store.rosters import Override as StoredOverride

MANY = 1000
PEOPLE = 200
RUNS = 20
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 20, 5, 30, tzinfo=UTC)  # clocks go forward nine days later
END = NOW + 60 * DAY
ZONE = "Europe/Berlin"
WORKDAYS = ("mon", "tue", "wed", "thu", "fri")
ALL_DAY = [["00:00", "24:00"]]
HOURS: tuple[tuple[str, int, str, dict[str, Any] | None], ...] = (
    ("weeks", 1, "weeks", None),
    ("days", 1, "days", {"week": {day: [["09:00", "18:00"]] for day in WORKDAYS}}),
    ("nights", 1, "days", {"week": {day: [["18:00", "24:00"]] for day in WORKDAYS}}),
    ("shifts", 8, "hours", {"week": {day: [["06:00", "22:00"]] for day in WORKDAYS}}),
    ("weekends", 1, "weeks", {"week": {"sat": ALL_DAY, "sun": ALL_DAY}, "dates": {"2026-04-03": ALL_DAY}}),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rosters", description=__doc__)
    parser.add_argument("--backends", nargs="+", default=["sqlite", "postgresql"])
    args = parser.parse_args()
    columns = {"the rule alone": dict(_ruled())}
    with tempfile.TemporaryDirectory(prefix="hd-bench-") as temporary:
        for backend in args.backends:
            with house(Path(temporary) / backend, backend) as measured:
                measured.migrate()
                app = create_app(load_settings(measured.environ))
                with app.app_context():
                    columns[backend] = dict(_asked())
                    db.session.remove()
                    db.engine.dispose()
    print(f"\n{clock.now():%d %B %Y}; {machine()}\n")
    print(table(columns))


def _ruled() -> Iterator[tuple[str, str]]:
    plan = _plan(_layers(0), 50, 10)
    yield "60 days of 5 layers, 50 overrides and 10 absences", _best(lambda: shifts(plan, NOW, END))
    yield (
        "The same with a lane for each layer",
        _best(lambda: (shifts(plan, NOW, END), lanes(plan, NOW, END))),
    )
    plans = [_plan(_layers(n)[: 1 + n % 3], n % 2, n % 3) for n in range(MANY)]
    yield f"Who is on call in {MANY:,} rosters", _best(lambda: [who_is_on_call(p, NOW) for p in plans])


def _asked() -> Iterator[tuple[str, str]]:
    """The same through the desk: stored, found, and with people in it."""
    _store()
    ids = list(range(1, MANY + 1))
    roster = find_roster(MANY + 1)
    assert roster is not None
    drafts = [draft_of(layer) for layer in roster.layers]
    yield (
        "60 days of 5 layers, 50 overrides and 10 absences",
        _best(_anew(lambda: rosters.turns_of(roster, NOW, END)), time.perf_counter),
    )
    yield (
        "The same with a lane for each layer",
        _best(_anew(lambda: rosters.lanes_of(roster, NOW, END, drafts, NOW + DAY)), time.perf_counter),
    )
    who = _anew(lambda: rosters.turns_at(ids, NOW, with_next=False))
    yield f"Who is on call in {MANY:,} rosters", _best(who, time.perf_counter)
    found = rosters.turns_at(ids, NOW, with_next=False)
    assert sum(turns.on_call is not None for turns in found.values()) == MANY


def _anew(work: Callable[[], object]) -> Callable[[], None]:
    """As a request does it: in a session that has read nothing yet."""

    def whole() -> None:
        db.session.rollback()
        work()

    return whole


def _best(work: Callable[[], object], timer: Callable[[], float] = time.process_time) -> str:
    work()
    took = []
    for _ in range(RUNS):
        began = timer()
        work()
        took.append(timer() - began)
    return f"{min(took) * 1000:.1f} ms"


def _layers(n: int) -> list[Layer]:
    """Five layers, other people in each roster."""
    return [
        Layer(
            position=place,
            name=name,
            people=[1 + (n * 7 + place * 3 + k) % PEOPLE for k in range(5)],
            starts_at="2026-01-05T09:00",
            every=every,
            unit=unit,
            hours=hours,
        )
        for place, (name, every, unit, hours) in enumerate(HOURS)
    ]


def _plan(layers: list[Layer], overrides: int, absences: int) -> Plan:
    version = Version(SINCE, ZoneInfo(ZONE), layers_of(ZONE, map(draft_of, layers)))
    return Plan(
        (version,),
        (),
        tuple(Absence(1 + n, *_absent(n)) for n in range(absences)),
        tuple(Override(1 + n, *_taken(n)) for n in range(overrides)),
    )


def _taken(n: int) -> tuple[datetime, datetime]:
    return NOW + 28 * HOUR * n + HOUR, NOW + 28 * HOUR * n + 10 * HOUR


def _absent(n: int) -> tuple[datetime, datetime]:
    return NOW + 6 * DAY * n, NOW + 6 * DAY * n + 2 * DAY


def _store() -> None:
    """Many rosters of one to three layers, and one more with five and 50 overrides."""
    people = [{"name": f"Person {n}", "role": Role.AGENT, "created_at": SINCE} for n in range(PEOPLE)]
    db.session.execute(insert(Person), people)
    for n in range(MANY + 1):
        layers = _layers(n)[: 1 + n % 3] if n < MANY else _layers(0)
        version = RosterVersion(number=1, zone=ZONE, effective_at=SINCE, published_at=SINCE, layers=layers)
        db.session.add(Roster(name=f"Roster {n:04}", zone=ZONE, versions=[version]))
    db.session.flush()
    absences = [{"person_id": 1 + n, "starts_at": _absent(n)[0], "ends_at": _absent(n)[1]} for n in range(10)]
    db.session.execute(insert(StoredAbsence), absences)
    names = ("roster_id", "person_id", "starts_at", "ends_at", "created_at")
    taken = [dict(zip(names, (MANY + 1, 1 + n, *_taken(n), SINCE), strict=True)) for n in range(50)]
    db.session.execute(insert(StoredOverride), taken)
    db.session.commit()


if __name__ == "__main__":
    main()

"""Measures figures where there is much to count: pages, lists behind figures, and making all facts anew.

    python -m benchmarks.figures [--tickets 1000000] [--seeded 100000] [--backends sqlite postgresql]

History is `helpdesk seed`'s, on PostgreSQL grown to more by copying what has ended (benchmarks/history): a
million tickets over three years.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.history import grow
from benchmarks.house import House, house, machine, table
from benchmarks.load import Browser, alone, sign_in
from helpdesk import clock
from helpdesk.desk.example import PASSWORD
from tests.stories.service import wait_until

SEEDED = 100_000
RUNS = 40
YEAR = "/figures?kind=fault&period=year"
LIST = "/figures/tickets?kind=fault&period=year&verdict=breached"
PAGES = (
    ("Compliance, this month", "/figures?kind=fault&period=month"),
    ("Compliance, this year by severity", f"{YEAR}&by=severity"),
    ("Compliance, this year by person", f"{YEAR}&by=person"),
    ("Compliance, this year of one severity by team", f"{YEAR}&severity=minor&by=team"),
    ("The list behind a figure of this year", LIST),
    ("The list, narrowed twice", f"{LIST}&severity=minor&door=mail"),
    ("How the desk works, last 30 days", "/figures/work?kind=fault"),
    ("How the desk works, this year", "/figures/work?kind=fault&period=year"),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.figures", description=__doc__)
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument("--seeded", type=int, default=SEEDED)
    parser.add_argument("--backends", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--folder", type=Path)
    args = parser.parse_args()
    columns = {}
    with tempfile.TemporaryDirectory(prefix="hd-bench-") as temporary:
        for backend in args.backends:
            with house((args.folder or Path(temporary)) / backend, backend) as measured:
                measured.prepare(min(args.tickets, args.seeded))
                if args.tickets > args.seeded and backend == "postgresql":
                    with measured.engine.begin() as connection:
                        grow(connection, args.tickets)
                columns[backend] = dict(_measure(measured))
    print(f"\n{clock.now():%d %B %Y}; {machine()}\n")
    print(table(columns))


def _measure(measured: House) -> Iterator[tuple[str, str]]:
    for name, said in _all(measured):
        print(f"  {name}: {said}", flush=True)
        yield name, said


def _all(measured: House) -> Iterator[tuple[str, str]]:
    yield "Tickets", f"{measured.count('SELECT count(*) FROM ticket'):,}"
    measured.delete_facts()
    yield "All facts and sums made from timelines", f"{_rebuild(measured):.0f} s"
    yield "Facts", f"{measured.count('SELECT count(*) FROM fact'):,}"
    yield "The same once more: read and compared", f"{_rebuild(measured):.0f} s"
    measured.tidy()
    measured.start()
    wait_until(measured.all_parts_run)
    manager = sign_in(measured.address, "dee@example.org", PASSWORD)
    for name, path in PAGES:
        yield name, _page(manager, path)
    then = time.strftime("%Y-%m-%dT12:00", time.gmtime(time.time() - 40 * 86400))
    yield "Compliance of the month, as of 40 days ago", _page(manager, f"{PAGES[0][1]}&as_of={then}")


def _page(manager: Browser, path: str) -> str:
    run = alone(partial(manager.get, path), RUNS)
    return f"{statistics.median(run.each):.0f} ms, 95% within {run.p95:.0f} ms"


def _rebuild(measured: House) -> float:
    began = time.monotonic()
    words = [sys.executable, "-m", "helpdesk", "figures", "rebuild"]
    subprocess.run(words, env=measured.environ, check=True)
    return time.monotonic() - began


if __name__ == "__main__":
    main()

"""Measures the service as real processes on SQLite and PostgreSQL; prints what docs/benchmarks.md shows.

    python -m benchmarks [--tickets 100000] [--backends sqlite postgresql] [--folder FOLDER]

Everything runs on this machine: pages, workers, queue server, mail, database, and what asks them. `--folder`
keeps the SQLite database for another run.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks.house import House, house, machine, table
from benchmarks.load import Browser, Took, alone, in_turn, sign_in, together
from benchmarks.mail import mails, settled
from helpdesk import clock
from helpdesk.desk.example import PASSWORD
from tests.stories.service import wait_until

AT_ONCE = 8
RUNS = 3
STARTS = 5
MAILS = 400
MIB = 2**20

Line = tuple[str, str]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--tickets", type=int, default=100_000)
    parser.add_argument("--backends", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--folder", type=Path)
    args = parser.parse_args()
    columns = {}
    with tempfile.TemporaryDirectory(prefix="hd-bench-") as temporary:
        for backend in args.backends:
            print(f"{backend}: {args.tickets} tickets ...", flush=True)
            with house((args.folder or Path(temporary)) / backend, backend) as measured:
                measured.prepare(args.tickets)
                columns[backend] = dict(_measure(measured))
    print(f"\n{clock.now():%d %B %Y}; {machine()}; {args.tickets} tickets\n")
    print(table(columns))


def _measure(measured: House) -> Iterator[Line]:
    for line in _all(measured):
        print(f"  {line[0]}: {line[1]}", flush=True)
        yield line


def _all(measured: House) -> Iterator[Line]:
    yield from _starts(measured)
    agent = sign_in(measured.address, "bo@example.org", PASSWORD)
    numbers = _tickets(measured)
    yield from _page("Queue page", agent, ["/queue?view=all"])
    yield from _status(measured, agent)
    yield from _page("Ticket page", agent, [f"/tickets/HD-{number}" for number in numbers])
    yield from _figures(measured)
    yield "Memory once the pages were read", f"{measured.memory() / MIB:.0f} MiB"
    yield from _reports(measured)
    yield from mails(measured, MAILS, RUNS, AT_ONCE)
    yield "Memory at the end", f"{measured.memory() / MIB:.0f} MiB"


def _starts(measured: House) -> Iterator[Line]:
    took = []
    for n in range(STARTS):
        if n:
            measured.end()
            wait_until(lambda: not measured.running())
        took.append(measured.start())
        wait_until(measured.all_parts_run)
    every = ", ".join(f"{seconds:.1f}" for seconds in took)
    yield "First page after the start", f"{statistics.median(took):.1f} s ({every})"
    time.sleep(3)  # what follows is not to be measured against parts that still start


def _tickets(measured: House) -> list[str]:
    """Some of each kind: open ones and those of long ago."""
    some = "SELECT id FROM ticket WHERE is_open = :is_open AND service_id NOT IN (SELECT id FROM service"
    some += " WHERE is_restricted) ORDER BY id % 997, id LIMIT 100"
    return [number for is_open in (True, False) for number in measured.ask(some, is_open=is_open)]


def _page(name: str, browser: Browser, paths: list[str]) -> Iterator[Line]:
    """The page alone and by several at once; each figure the median of some runs."""
    one = in_turn(paths, 0)
    single = [alone(lambda: browser.get(next(one)), 40) for _ in range(RUNS)]
    yield f"{name}, alone", f"{statistics.median(run.median for run in single):.0f} ms"
    crowd: list[Callable[[], object]] = []
    for n in range(AT_ONCE):
        turn, another = in_turn(paths, 17 * n), browser.another()
        crowd.append(partial(_get_next, another, turn))
    yield f"{name}, {AT_ONCE} at once", _said([together(crowd, 60) for _ in range(RUNS)])


def _status(measured: House, agent: Browser) -> Iterator[Line]:
    """The public status page by one stranger after another, while agents have the queue at full load."""
    crowd: list[Callable[[], object]] = [
        partial(another.get, "/queue?view=all") for another in (agent.another() for _ in range(AT_ONCE))
    ]
    stranger, took = Browser(measured.address), Took([], 0)
    with ThreadPoolExecutor() as pool:
        load = pool.submit(together, crowd, 120)
        while not load.done():
            took.each.append(alone(lambda: stranger.get("/status"), 1, warm_up=0).median)
    said = f"{took.median:.0f} ms, 95% within {took.p95:.0f} ms, of {len(took.each)}"
    yield f"Status page while the queue is asked by {AT_ONCE} at once", said


def _get_next(browser: Browser, paths: Iterator[str]) -> str:
    return browser.get(next(paths))


def _figures(measured: House) -> Iterator[Line]:
    manager = sign_in(measured.address, "dee@example.org", PASSWORD)
    run = alone(lambda: manager.get("/figures"), 7, warm_up=1)
    yield "Figures page, alone", f"{run.median:.0f} ms"


def _reports(measured: House) -> Iterator[Line]:
    reporter = sign_in(measured.address, "ana@example.org", PASSWORD)
    token = reporter.csrf("/report")
    service = measured.ask("SELECT id FROM service WHERE name = 'Printing'")[0]
    form = {
        "csrf_token": token,
        "kind": "fault",
        "subject": "The printer jams on every page",
        "body": "It began this morning. " * 10,
        "service_id": service,
        "works": "main_function_fails",
        "affected": "me",
    }
    last = measured.count("SELECT max(id) FROM ticket")
    single = alone(lambda: reporter.post("/report", **form), 30)
    yield "Report by form, alone", f"{single.median:.0f} ms"
    crowd: list[Callable[[], object]] = []
    for _ in range(AT_ONCE):
        another = reporter.another()
        crowd.append(partial(another.post, "/report", **form))
    runs = [together(crowd, 40) for _ in range(RUNS)]
    yield f"Report by form, {AT_ONCE} at once", _said(runs)
    yield from settled("form", measured, last, 35 + RUNS * (AT_ONCE * 41))


def _said(runs: list[Took]) -> str:
    rate, middle, late = (
        statistics.median(getattr(run, name) for run in runs) for name in ("rate", "median", "p95")
    )
    return f"{rate:.0f}/s (half within {middle:.0f} ms, 95% within {late:.0f} ms)"


if __name__ == "__main__":
    main()

"""Measures the search over HTTP: rare and common words, phrases in English and Chinese.

    python -m benchmarks.search [--tickets 100000] [--backends sqlite postgresql] [--folder FOLDER]

History is `helpdesk seed`'s, on PostgreSQL grown to more by copying what has ended (benchmarks/history).
"""

import argparse
import statistics
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from urllib.parse import quote_plus

from benchmarks.history import grow
from benchmarks.house import House, house, machine, table
from benchmarks.load import Browser, Took, alone, sign_in, together
from helpdesk import clock
from helpdesk.desk.example import PASSWORD
from tests.stories.service import wait_until

SEEDED = 100_000
AT_ONCE = 8
RUNS = 3
RARE = "hovercraft"
ASKED = (
    ("A rare word", RARE),
    ("A common word", "restarted"),
    ("Two common words", "restarted message"),
    ("A phrase", '"access denied"'),
    ("A Chinese phrase", "重启后也没有变化"),
    ("A Chinese character", "月"),
    ("A common word of open tickets", "restarted is:open"),
    ("A word that nobody wrote", "zeppelin"),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description=__doc__)
    parser.add_argument("--tickets", type=int, default=SEEDED)
    parser.add_argument("--backends", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--folder", type=Path)
    args = parser.parse_args()
    columns = {}
    with tempfile.TemporaryDirectory(prefix="hd-bench-") as temporary:
        for backend in args.backends:
            with house((args.folder or Path(temporary)) / backend, backend) as measured:
                measured.prepare(min(args.tickets, SEEDED))
                if args.tickets > SEEDED:
                    with measured.engine.begin() as connection:
                        grow(connection, args.tickets)
                columns[backend] = dict(_measure(measured))
    print(f"\n{clock.now():%d %B %Y}; {machine()}; {args.tickets} tickets\n")
    print(table(columns))


def _measure(measured: House) -> Iterator[tuple[str, str]]:
    measured.start()
    wait_until(measured.all_parts_run)
    _report(measured)
    agent = sign_in(measured.address, "bo@example.org", PASSWORD)
    for name, question in ASKED:
        path = f"/search?q={quote_plus(question)}"
        single = [alone(partial(agent.get, path), 30) for _ in range(RUNS)]
        crowd: list[Callable[[], object]] = [partial(agent.another().get, path) for _ in range(AT_ONCE)]
        line = f"{_median(single)}; {AT_ONCE} at once {_said([together(crowd, 40) for _ in range(RUNS)])}"
        print(f"  {name}: {line}", flush=True)
        yield name, line


def _report(measured: House) -> None:
    """The one ticket that has the rare word."""
    reporter: Browser = sign_in(measured.address, "ana@example.org", PASSWORD)
    service = measured.ask("SELECT id FROM service WHERE name = 'Printing'")[0]
    form = {"kind": "fault", "subject": "Printer", "body": f"My {RARE} is full of eels.", "affected": "me"}
    form |= {"service_id": service, "works": "main_function_fails", "csrf_token": reporter.csrf("/report")}
    reporter.post("/report", **form)


def _median(runs: list[Took]) -> str:
    return f"{statistics.median(run.median for run in runs):.0f} ms"


def _said(runs: list[Took]) -> str:
    rate, late = (statistics.median(getattr(run, name) for run in runs) for name in ("rate", "p95"))
    return f"{rate:.0f}/s, 95% within {late:.0f} ms"


if __name__ == "__main__":
    main()

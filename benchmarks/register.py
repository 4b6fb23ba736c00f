"""Measures how long a register of many tickets takes, and how much memory beyond that of the idle process.

    python -m benchmarks.register [--tickets 300000] [--backends sqlite postgresql] [--folder FOLDER]

History is `helpdesk seed`'s, on PostgreSQL grown to more by copying what has ended (benchmarks/history). The
register is of all tickets there are, ordered and made as a worker does it, in a process of its own.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from benchmarks.history import grow
from benchmarks.house import House, house, machine, table
from helpdesk import clock
from helpdesk.config import load_settings
from helpdesk.core import create_core
from helpdesk.desk import exports
from helpdesk.desk.changes import By
from helpdesk.store.exports import find_export
from helpdesk.store.people import find_person_by_address

SEEDED = 100_000
EVERYTHING = date(2000, 1, 1), date(2100, 1, 1)
LOOKS_EVERY = 0.05  # seconds
MIB = 2**20


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.register", description=__doc__)
    parser.add_argument("--tickets", type=int, default=300_000)
    parser.add_argument("--backends", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--folder", type=Path)
    args = parser.parse_args()
    columns = {}
    with tempfile.TemporaryDirectory(prefix="hd-bench-") as temporary:
        for backend in args.backends:
            with house((args.folder or Path(temporary)) / backend, backend) as measured:
                measured.prepare(min(args.tickets, SEEDED))
                if args.tickets > SEEDED and backend == "postgresql":
                    with measured.engine.begin() as connection:
                        grow(connection, args.tickets)
                columns[backend] = dict(_measure(measured))
    print(f"\n{clock.now():%d %B %Y}; {machine()}\n")
    print(table(columns))


def _measure(measured: House) -> Iterator[tuple[str, str]]:
    command = [sys.executable, "-c", "from benchmarks.register import make; make()"]
    done = subprocess.run(command, env=measured.environ, check=True, capture_output=True, text=True)
    rows, seconds, size, idle, most = (float(each) for each in done.stdout.split())
    yield "Tickets", f"{rows:.0f}"
    yield "Register made in", f"{seconds:.0f} s"
    yield "Workbook", f"{size / MIB:.0f} MiB"
    yield "Memory of the idle process", f"{idle / MIB:.0f} MiB"
    yield "Memory beyond it", f"{(most - idle) / MIB:.0f} MiB"


def make() -> None:
    """Orders and makes a register; prints tickets, seconds, bytes of the file, memory before and at most."""
    with create_core(load_settings(os.environ)).app_context():
        dee = find_person_by_address("dee@example.org")
        assert dee is not None
        by = By(clock.now(), dee.id)
        export = exports.order_register(*EVERYTHING, zone="Europe/Berlin", locale="en", by=by)
        idle, most = _memory(), Most()
        began = time.perf_counter()
        exports.make_next(clock.now)
        took = time.perf_counter() - began
        at_most = most.end()
        made = find_export(export.id, dee.id)
        path = made and exports.fetch(made, by)
        assert made is not None
        assert path is not None
        print(made.done_rows, took, path.stat().st_size, idle, at_most)


class Most:
    """The largest size of this process while it is looked at."""

    def __init__(self) -> None:
        self.bytes, self.stop = 0, threading.Event()
        self.thread = threading.Thread(target=self._look)
        self.thread.start()

    def _look(self) -> None:
        while not self.stop.wait(LOOKS_EVERY):
            self.bytes = max(self.bytes, _memory())

    def end(self) -> int:
        self.stop.set()
        self.thread.join()
        return self.bytes


def _memory() -> int:
    """What of this process lies in memory, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()

"""Measures mail alone, as real processes on SQLite and PostgreSQL.

    python -m benchmarks.mail [--mails 500] [--runs 3] [--connections 20] [--tickets 1000] [--backends ...]

The connections are as many as Postfix opens to one server. On SQLite one worker understands mail; on
PostgreSQL, where two may write at once, two do. Each run sends that many messages of as many reporters over
SMTP and waits until each is a ticket; then it proves that each has its deadlines, alarms and receipt, and
that none is missing or twice.
"""

import argparse
import smtplib
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.house import House, house, machine, table
from benchmarks.sending import DESK, send
from helpdesk import clock
from tests.mail.peers import large_mail, memory
from tests.stories.service import wait_until

PATIENCE = 300.0  # seconds
MIB = 1024**2
WORKERS = {"sqlite": 1, "postgresql": 2}

Line = tuple[str, str]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mail", description=__doc__)
    parser.add_argument("--mails", type=int, default=500)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--tickets", type=int, default=1000)
    parser.add_argument("--backends", nargs="+", default=["sqlite", "postgresql"])
    args = parser.parse_args()
    columns = {}
    with tempfile.TemporaryDirectory(prefix="hd-bench-") as folder:
        for backend in args.backends:
            with house(Path(folder) / backend, backend) as measured:
                measured.environ["HELPDESK_WORKERS"] = str(WORKERS[backend])
                measured.prepare(args.tickets)
                measured.start()
                wait_until(measured.all_parts_run)
                time.sleep(3)  # what follows is not to be measured against parts that still start
                lines = [*mails(measured, args.mails, args.runs, args.connections), *large(measured)]
                columns[backend] = dict(lines)
    print(f"\n{clock.now():%d %B %Y}; {machine()}; {args.mails} messages, {args.tickets} tickets before\n")
    print(table(columns))


def mails(measured: House, number: int, runs: int, connections: int) -> Iterator[Line]:
    """How fast messages are taken in and become tickets, and that none is missing."""
    taken, done = [], []
    waiting = "SELECT count(*) FROM raw_mail WHERE state = 'waiting'"
    last = measured.count("SELECT max(id) FROM ticket")
    for _ in range(runs):
        began = time.perf_counter()
        taken.append(number / send(measured.mail_address, number, connections))
        wait_until(lambda: not measured.count(waiting), PATIENCE)
        done.append(number / (time.perf_counter() - began))
    yield f"Report by mail, {connections} at once, to the 250", _said(taken)
    yield "Report by mail, to the ticket with its receipt", _said(done)
    yield from settled("mail", measured, last, runs * number)


def large(measured: House) -> Iterator[Line]:
    """What a message with a file of 25 MiB costs each process that touches it."""
    content = large_mail(25 * MIB)
    touching = ("intake", "clock", "worker-0", "worker-1")
    parts = {name: pid for name, pid in measured.parts().items() if name in touching}
    before = {name: _begin_anew(pid) for name, pid in parts.items()}
    files = measured.count("SELECT count(*) FROM attachment")
    with smtplib.SMTP(*measured.mail_address, timeout=60) as client:
        client.sendmail("ana@example.org", [DESK], content)
    wait_until(lambda: measured.count("SELECT count(*) FROM attachment") > files, PATIENCE)
    extra = {name: max(memory(pid) - before[name], 0) / MIB for name, pid in parts.items()}
    said = ", ".join(f"{name} {mib:.0f} MiB" for name, mib in extra.items())
    yield "A message with a file of 25 MiB takes more", said


def _begin_anew(pid: int) -> int:
    """The process's memory in bytes; the most it had is counted from here."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return memory(pid)


def settled(door: str, measured: House, last: int, expected: int) -> Iterator[Line]:
    """Proves that every report has its deadlines, alarms and receipt; waits until what was due has rung."""
    new = "SELECT count(DISTINCT ticket_id) FROM {} WHERE ticket_id > :last"
    tables = ("ticket", "target", "alarm", "letter")
    found = [
        measured.count(
            (new if table != "ticket" else "SELECT count(*) FROM ticket WHERE id > :last").format(table),
            last=last,
        )
        for table in tables
    ]
    if found != [expected] * len(tables):
        raise RuntimeError(f"{expected} reports, but {dict(zip(tables, found, strict=True))}")
    due = "SELECT count(*) FROM alarm WHERE state = 'pending' AND due_at < :now AND ticket_id > :last"
    now = (
        clock.now()
        if measured.engine.dialect.name == "postgresql"
        else clock.now().strftime("%Y-%m-%d %H:%M:%S")
    )
    began = time.perf_counter()
    wait_until(lambda: not measured.count(due, now=now, last=last), PATIENCE)
    yield f"Their alarms have rung ({door})", f"{time.perf_counter() - began:.1f} s after the last report"


def _said(rates: list[float]) -> str:
    every = ", ".join(f"{rate:.0f}" for rate in rates)
    return f"{statistics.median(rates):.0f}/s ({every})" if len(rates) > 1 else f"{every}/s"


if __name__ == "__main__":
    main()

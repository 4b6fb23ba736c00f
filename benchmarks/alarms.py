"""Measures alarms that are due at once or steadily, and deadlines computed anew, on both databases.

    python -m benchmarks.alarms [--backends sqlite postgresql] [--open 100000] [--pending 1000000]
                                [--burst 10000] [--rate 20] [--seconds 60] [--folder FOLDER]

The service runs as real processes (worker, clock, queue server, web) on a database with that many open
tickets and pending alarms. A ticket is lived through once under the real rules, then copied with all its
rows. How late an alarm rang is told by the clock on the wall when its entry could be read, not by its row.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from benchmarks.house import House, house, machine
from helpdesk import clock
from helpdesk.app import create_app
from helpdesk.config import load_settings
from helpdesk.desk import calendars, escalations, example, tickets
from helpdesk.desk.changes import By
from helpdesk.desk.registration import Report
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.db import Base, insert_rows, new_ids, transaction
from helpdesk.store.escalations import Alarm
from helpdesk.store.organisation import get_organisation
from helpdesk.store.people import find_person_by_address
from helpdesk.store.policies import Calendar
from helpdesk.store.services import list_services
from helpdesk.store.stale import Recomputation, StaleTarget
from helpdesk.store.tickets import Entry, Target, Ticket
from tests.stories.service import wait_until

CHUNK = 2000  # tickets copied in one transaction
PATIENCE = 900.0  # seconds
AHEAD = timedelta(seconds=15)  # from the copying to the first alarm: the service is at rest by then
EVERY = 0.1  # seconds between two looks at what has rung: looking takes the processor, too

Line = tuple[str, str]
Rows = dict[type[Base], list[dict[str, Any]]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.alarms", description=__doc__)
    parser.add_argument("--backends", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--open", type=int, default=100_000, help="open tickets to compute anew")
    parser.add_argument("--pending", type=int, default=1_000_000, help="alarms pending for later")
    parser.add_argument("--burst", type=int, default=10_000, help="alarms due in one second")
    parser.add_argument("--rate", type=int, default=20, help="alarms a second, steadily")
    parser.add_argument("--seconds", type=int, default=60, help="for so long")
    parser.add_argument("--folder", type=Path)
    args = parser.parse_args()
    columns = {}
    with tempfile.TemporaryDirectory(prefix="hd-bench-") as temporary:
        for backend in args.backends:
            print(f"{backend} ...", flush=True)
            with house((args.folder or Path(temporary)) / backend, backend) as measured:
                columns[backend] = dict(_measure(measured, args))
    print(f"\n{clock.now():%d %B %Y}; {machine()}\n")
    names = list(dict.fromkeys(name for column in columns.values() for name in column))
    lines = [["", *columns], ["---"] * (len(columns) + 1)]
    lines += [[name, *(column.get(name, "") for column in columns.values())] for name in names]
    print("\n".join(f"| {' | '.join(line)} |" for line in lines))


def _measure(measured: House, args: argparse.Namespace) -> Iterator[Line]:
    measured.migrate()
    app = create_app(load_settings(measured.environ))
    with app.app_context():
        now = clock.now()
        example.install(now - timedelta(days=30), now)
        for line in _all(measured, app, args):
            print(f"  {line[0]}: {line[1]}", flush=True)
            yield line
        db.session.remove()
        db.engine.dispose()


def _all(measured: House, app: Flask, args: argparse.Namespace) -> Iterator[Line]:
    quiet = _lived(Works.SMALL_FAULT, Affected.ME)
    _copy(quiet, [timedelta()] * args.open)
    _analyze()
    measured.start()
    wait_until(measured.all_parts_run)
    yield from _recompute(args.open)
    measured.end()
    each = len([row for row in quiet[Alarm] if row["state"] == "pending"])
    _copy(quiet, [timedelta()] * ((args.pending - _pending()) // each))
    _analyze()
    yield "Alarms pending meanwhile", f"{_pending():,}"
    measured.start()
    wait_until(measured.all_parts_run)
    time.sleep(5)
    paged = _lived(Works.NOTHING, Affected.EVERYONE)
    spread = [timedelta(seconds=n / args.rate) for n in range(args.rate * args.seconds)]
    yield from _rung(f"{args.rate}/s for {args.seconds} s", paged, spread)
    yield from _rung(f"{args.burst:,} due in one second", paged, [timedelta()] * args.burst)


def _lived(works: Works, affected: Affected) -> Rows:
    """All rows of one ticket that was reported ten minutes ago and has rung since: the copies' model."""
    ana = find_person_by_address("ana@example.org")
    service = next(service for service in list_services() if service.is_core)
    assert ana is not None
    now = clock.now().replace(microsecond=0)
    command = Report("Nobody can post", "504. " * 20, service_id=service.id, works=works, affected=affected)
    reported_at = now - timedelta(minutes=10)
    ticket_id = tickets.report(command, ana, now=reported_at, door="web").id
    for minutes in (10, 5):
        while escalations.ring(now - timedelta(minutes=minutes)).tickets:
            pass
    db.session.rollback()
    found: Rows = {}
    for model in (Ticket, Entry, Target, Alarm):
        which = model.id == ticket_id if model is Ticket else model.ticket_id == ticket_id
        found[model] = [
            dict(row._mapping) for row in db.session.execute(select(*model.__table__.c).where(which))
        ]
    return found


def _copy(rows: Rows, offsets: list[timedelta]) -> list[int]:
    """As many copies of the ticket, each as much later; their ids."""
    made = []
    for first in range(0, len(offsets), CHUNK):
        some = offsets[first : first + CHUNK]
        with transaction():
            ids = new_ids(Ticket, len(some))
            for model, found in rows.items():
                copies = [
                    _later(row, model, ticket_id, offset)
                    for ticket_id, offset in zip(ids, some, strict=True)
                    for row in found
                ]
                insert_rows(model, copies)
        made += ids
    return made


def _later(row: dict[str, Any], model: type[Base], ticket_id: int, offset: timedelta) -> dict[str, Any]:
    moved = {
        name: value + offset if isinstance(value, datetime) else value
        for name, value in row.items()
        if name != "id"
    }
    return moved | ({"id": ticket_id} if model is Ticket else {"ticket_id": ticket_id})


def _recompute(expected: int) -> Iterator[Line]:
    """A holiday the day after tomorrow: from the click to the last deadline."""
    office = db.session.get(Calendar, get_organisation().calendar_id)
    eli = find_person_by_address("eli@example.org")
    assert office is not None
    assert eli is not None
    now = clock.now()
    first = calendars.first_day(office, now)
    definition = deepcopy(office.versions[-1].definition)
    holidays: dict[str, Any] = {(first + timedelta(days=n)).isoformat(): [] for n in range(5)}
    began = time.perf_counter()
    calendars.publish(
        office.id, definition["week"], definition["dates"] | holidays, first, "Holidays", By(now, eli.id)
    )
    published = time.perf_counter() - began
    wait_until(lambda: not _count(select(func.count()).select_from(StaleTarget)), PATIENCE, 0.1)
    took = time.perf_counter() - began
    moved = _count(select(func.max(Recomputation.moved)))
    entries = _count(select(func.count()).where(Entry.kind == "deadline_moved"))
    if (moved, entries) != (expected + 1, expected + 1):
        raise RuntimeError(f"{expected + 1} tickets, but {moved} moved, {entries} entries")
    yield f"{expected:,} open tickets computed anew", f"{took:.1f} s ({published:.1f} s to publish)"


def _rung(name: str, rows: Rows, offsets: list[timedelta]) -> Iterator[Line]:
    """The copies' next alarm is due AHEAD (and each one's offset) from now; waits until all have rung."""
    next_due = min(row["due_at"] for row in rows[Alarm] if row["state"] == "pending")
    start = clock.now().replace(microsecond=0) + AHEAD + timedelta(seconds=len(offsets) / 1000)
    ids = _copy(rows, [start - next_due + offset for offset in offsets])
    first, last = min(ids), max(ids)
    if clock.now() > start - timedelta(seconds=1):
        raise RuntimeError("copying took too long")
    due = {ticket_id: start + offset for ticket_id, offset in zip(ids, offsets, strict=True)}
    seen: dict[int, datetime] = {}
    newest = _count(select(func.max(Entry.id)))
    give_up_at = time.monotonic() + PATIENCE
    while len(seen) < len(ids) and time.monotonic() < give_up_at:
        db.session.rollback()
        new = select(Entry.id, Entry.ticket_id).where(Entry.id > newest, Entry.kind == "escalated")
        for entry_id, ticket_id in db.session.execute(new).all():
            newest = max(newest, entry_id)
            if first <= ticket_id <= last:
                seen.setdefault(ticket_id, clock.now())
        time.sleep(EVERY)
    late = sorted((seen[ticket_id] - due[ticket_id]).total_seconds() for ticket_id in ids)
    p50, p99 = statistics.median(late), late[int(len(late) * 0.99) - 1]
    took = (max(seen.values()) - start).total_seconds()
    _prove(first, last, len(ids))
    rate = f"{len(ids) / (took - min(late)):,.0f}/s, " if len(set(offsets)) == 1 else ""
    yield name, f"{rate}late {p50:.2f} s (p50), {p99:.2f} s (p99), {late[-1]:.2f} s (most)"


def _prove(first: int, last: int, expected: int) -> None:
    """Each ticket has rung once more, tells somebody of it, and has its next alarm."""
    db.session.rollback()
    now = clock.now()
    of_these = Alarm.ticket_id.between(first, last)
    late = _count(select(func.count()).where(of_these, Alarm.state == "pending", Alarm.due_at <= now))
    ahead = _count(
        select(func.count(Alarm.ticket_id.distinct())).where(
            of_these, Alarm.state == "pending", Alarm.key.like("response:1:critical:0:%")
        )
    )
    if late or ahead != expected:
        raise RuntimeError(f"{expected} tickets, but {late} alarms not rung, next alarm of {ahead}")


def _pending() -> int:
    return _count(select(func.count()).where(Alarm.state == "pending"))


def _count(query: Any) -> int:
    db.session.rollback()
    return int(db.session.scalar(query) or 0)


def _analyze() -> None:
    """What a PostgreSQL or SQLite that has run for a while knows of its tables."""
    with db.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()


if __name__ == "__main__":
    sys.exit(main())

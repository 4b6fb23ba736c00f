"""Brings deadlines up to date that a changed window, calendar or ladder left behind.

The change marks what it can move, in its own transaction (desk/stale). Here it is computed anew, many tickets
a transaction: whatever is killed in between, the marks that stand say what is left.
"""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpdesk.desk import targets
from helpdesk.desk.grounds import Grounds
from helpdesk.desk.targets import Decision
from helpdesk.desk.timeline import record_all
from helpdesk.store.db import savepoint, transaction
from helpdesk.store.maintenance import WindowEntry, list_window_entries
from helpdesk.store.stale import (
    list_calendar_changes,
    list_stale_targets,
    list_stale_tickets,
    remove_marks,
)
from helpdesk.store.targets import list_facts, lock_rows, touch_tickets

log = logging.getLogger(__name__)

# The steps of a window that can move deadlines, and what a ticket's timeline tells of them.
STEPS = frozenset({"announced", "moved", "started", "extended", "finished", "cancelled"})
_TOLD = ("starts_at", "ends_at", "ended_at", "why")
BATCH = 250  # tickets a transaction: SQLite's other writers wait for it


@dataclass(frozen=True, slots=True)
class Recomputed:
    """A ticket computed anew: its marks, oldest first, and the detail of its entry; None: nothing moved."""

    decision: Decision
    marks: list[Any]
    moved: dict[str, Any] | None


def recompute(now: datetime, after_id: int = 0, batch: int = BATCH) -> int | None:
    """Refreshes the next `batch` tickets with marked targets, by id above `after_id`, in one transaction.

    Returns the last one's id, to go on after; None when none was left. Each ticket whose open deadline moved
    gets one `deadline_moved` entry: detail {"from", "to"} of the nearest one moved, all of them in "targets",
    with "window" (its id; None after another change) and "reason": the window's, or which calendar was
    published and why; None after anything else. A window's also says "step" (one of STEPS) and what its entry
    bears of _TOLD. A ticket that cannot be computed keeps its marks for the next round and does not hold up
    the others; one that somebody else has locked is left to them, or to the next round.
    """
    with transaction():
        ids = list_stale_tickets(after_id, batch)
        if not ids:
            return None
        held = lock_rows(ids)
        # Under the locks, since another worker may have been here, and before what deadlines rest on: a
        # change in between leaves marks of its own.
        marks: dict[int, list[Any]] = {}
        for mark in list_stale_targets([row.id for row in held]):
            marks.setdefault(mark.ticket_id, []).append(mark)
        marked = [row for row in held if row.id in marks]
        grounds = Grounds(min((row.reported_at for row in marked), default=now))
        _write_each(_decide(marked, marks, grounds, now), now)
    return ids[-1]


def _decide(
    held: Sequence[Any], marks: Mapping[int, list[Any]], grounds: Grounds, now: datetime
) -> list[Recomputed]:
    """What becomes of each ticket, those in disorder left out."""
    windows = {mark.window_id for each in marks.values() for mark in each} - {None}
    steps = {(e.window_id, e.at): e for e in list_window_entries(windows) if e.kind in STEPS}
    begun = {mark.recomputation_id for each in marks.values() for mark in each} - {None}
    calendars = list_calendar_changes(begun)
    found = []
    for facts in list_facts(held):
        of_it = marks[facts.ticket.id]
        try:
            decision = targets.decide(facts, grounds, now)
            found.append(Recomputed(decision, of_it, _moved(decision, of_it, steps, calendars)))
        except Exception:
            log.exception("deadlines of ticket %s could not be computed anew", facts.ticket.id)
    return found


def _moved(
    decision: Decision,
    marks: Sequence[Any],
    steps: Mapping[tuple[int, datetime], WindowEntry],
    calendars: Mapping[int, str],
) -> dict[str, Any] | None:
    """Which open deadlines moved, and why, for the timeline; None if none did."""
    # The oldest mark knows what people were told, so it is the last to speak.
    told = {mark.target_id: mark.was_due_at for mark in reversed(marks)}
    due = {(c.target, c.cycle): c.due_at for c in decision.cycles if c.stopped_at is None}
    moved = []
    for row in decision.facts.targets:
        was, now_due = told.get(row.id), due.get((row.target, row.cycle))
        if was is not None and now_due is not None and was != now_due:
            change = {"from": was.isoformat(), "to": now_due.isoformat()}
            moved.append({"target": row.target, "cycle": row.cycle, **change})
    if not moved:
        return None
    nearest = min(moved, key=lambda change: str(change["to"]))
    said: dict[str, Any] = {"from": nearest["from"], "to": nearest["to"], "targets": moved}
    latest = next((m for m in reversed(marks) if m.window_id is not None), None)
    if latest is not None:
        return said | _of_window(latest.window_id, steps.get((latest.window_id, latest.marked_at)))
    published = (calendars.get(m.recomputation_id) for m in reversed(marks))
    return {**said, "window": None, "reason": next(filter(None, published), None)}


def _of_window(window_id: int, step: WindowEntry | None) -> dict[str, Any]:
    """Which step of the window moved it, where its timeline knows one of the mark's instant."""
    if step is None:
        return {"window": window_id, "reason": None}
    told = {name: step.detail[name] for name in _TOLD if name in step.detail}
    return {"window": window_id, "reason": step.window.reason, "step": step.kind, **told}


def _write_each(found: Sequence[Recomputed], now: datetime) -> None:
    """Writes all at once; where that fails each by itself."""
    try:
        with savepoint():
            _write(found, now)
        return
    except Exception:
        log.exception("deadlines of %d tickets could not be computed anew together", len(found))
    for each in found:
        try:
            with savepoint():
                _write([each], now)
        except Exception:
            log.exception("deadlines of ticket %s could not be computed anew", each.decision.facts.ticket.id)


def _write(found: Sequence[Recomputed], now: datetime) -> None:
    targets.write([each.decision for each in found], now)
    entries = [
        {"ticket_id": each.decision.facts.ticket.id, "detail": each.moved}
        for each in found
        if each.moved is not None
    ]
    record_all(entries, kind="deadline_moved", now=now, door="clock")
    touch_tickets([entry["ticket_id"] for entry in entries], now)
    counted = Counter[int]()
    for each in found:
        for recomputation_id in {mark.recomputation_id for mark in each.marks} - {None}:
            counted[recomputation_id] += each.moved is not None
    remove_marks([mark.id for each in found for mark in each.marks], counted, now)

"""Brings deadlines up to date that a changed window, calendar or ladder left behind.

The change marks what it can move, in its own transaction (desk/stale). Here it is computed anew, some
tickets a transaction: whatever is killed in between, the marks that stand say what is left.
"""

import logging
from datetime import datetime
from typing import Any

from helpdesk.desk import targets
from helpdesk.desk.grounds import Grounds
from helpdesk.desk.timeline import record
from helpdesk.store.db import db, savepoint, transaction
from helpdesk.store.maintenance import find_window
from helpdesk.store.stale import (
    StaleTarget,
    get_earliest_report,
    list_stale_targets,
    list_stale_tickets,
)
from helpdesk.store.tickets import Ticket, get_ticket_for_change

log = logging.getLogger(__name__)

BATCH = 25  # tickets a transaction: SQLite's other writers wait for it


def recompute(now: datetime, after_id: int = 0, batch: int = BATCH) -> int | None:
    """Refreshes the next `batch` tickets with marked targets, by id above `after_id`, in one transaction.

    Returns the last one's id, to go on after; None when none was left. Each ticket whose open deadline moved
    gets one `deadline_moved` entry: detail {"from", "to"} of the nearest one moved, all of them in "targets",
    with "window" and "reason" (both None after a calendar change). A ticket that cannot be computed keeps its
    marks for the next round and does not hold up the others.
    """
    ids = list_stale_tickets(after_id, batch)
    if not ids:
        return None
    with transaction():
        # The marks first, then what deadlines rest on: a change in between leaves marks of its own.
        marks = {mark.id for mark in list_stale_targets(ids)}
        grounds = Grounds(get_earliest_report(ids))
        for ticket_id in ids:
            _recompute(ticket_id, marks, grounds, now)
    return ids[-1]


def _recompute(ticket_id: int, known: set[int], grounds: Grounds, now: datetime) -> None:
    try:
        with savepoint():
            ticket = get_ticket_for_change(ticket_id)
            # Read again under the lock: another worker may have been here.
            marks = [mark for mark in list_stale_targets([ticket_id]) if mark.id in known]
            for mark in marks:
                db.session.delete(mark)
            if marks:
                db.session.flush()
                targets.refresh(ticket, now, grounds=grounds)
                _note(ticket, marks, now)
    except Exception:
        log.exception("deadlines of ticket %s could not be computed anew", ticket_id)


def _note(ticket: Ticket, marks: list[StaleTarget], now: datetime) -> None:
    """Says on the timeline which deadlines moved, and why."""
    told = {
        mark.target_id: mark.was_due_at for mark in reversed(marks)
    }  # the oldest mark is the last to speak
    moved = [
        {"target": t.target, "cycle": t.cycle, "from": was.isoformat(), "to": t.due_at.isoformat()}
        for t in ticket.targets
        if t.stopped_at is None and (was := told.get(t.id)) and t.due_at is not None and was != t.due_at
    ]
    if not moved:
        return
    nearest = min(moved, key=lambda change: str(change["to"]))
    cause = next((m.window_id for m in reversed(marks) if m.window_id is not None), None)
    window = find_window(cause) if cause is not None else None
    detail: dict[str, Any] = {
        "from": nearest["from"],
        "to": nearest["to"],
        "targets": moved,
        "window": cause,
        "reason": window.reason if window else None,
    }
    record(ticket, "deadline_moved", now=now, door="clock", detail=detail)

"""How much of its allowance each ticket of the queue has used up: few queries for a whole page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from helpdesk.desk.grounds import Grounds
from helpdesk.rules.sla_course import Course
from helpdesk.rules.spans import Span, joined


def shares(rows: Sequence[Any], now: datetime) -> dict[int, float]:
    """The used-up share in percent of each row's target, by ticket id; rows as store.list_queue's.

    What runs has its allowance less what still counts until it is due; what is paused the elapsed time as
    last refreshed. Rows without an open target are left out.
    """
    known = [row for row in rows if row.allowance_seconds]
    running = [
        row for row in known if row.target_state != "paused" and row.next_due_at and row.next_due_at > now
    ]
    grounds = Grounds(now)
    grounds.read_windows({row.service_id for row in running if row.service_id is not None})
    found: dict[int, float] = {row.id: 100.0 * row.elapsed_seconds / row.allowance_seconds for row in known}
    for row in known:
        if row.next_due_at is not None and row.next_due_at <= now:
            found[row.id] = 100.0
    for row in running:
        left = _left(row, grounds, now)
        found[row.id] = 100.0 * max(row.allowance_seconds - left, 0) / row.allowance_seconds
    return found


def _left(row: Any, grounds: Grounds, now: datetime) -> int:
    """How many seconds still count until the row's target is due."""
    terms = grounds.terms_of(row.policy_version_id)
    severity = terms.targets[row.severity]
    target = severity.get(row.next_target)
    paused: tuple[Span, ...] = ()
    if severity.maintenance_pauses and row.service_id is not None:
        windows = ((w.starts_at, w.ends_at) for w in grounds.windows_of(row.service_id, terms))
        paused = tuple(joined(sorted(windows)))
    return Course(target.calendar if target else None, paused).counted(now, row.next_due_at)

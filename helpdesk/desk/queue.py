"""How much of its allowance each ticket of the queue has used up: few queries for a whole page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from helpdesk.desk import reference
from helpdesk.rules import sla
from helpdesk.rules.sla_course import Course
from helpdesk.rules.spans import joined
from helpdesk.store.maintenance import Window, list_windows


def shares(rows: Sequence[Any], now: datetime) -> dict[int, float]:
    """The used-up share in percent of each row's target, by ticket id; rows as store.list_queue's.

    What runs has its allowance less what still counts until it is due; what is paused the elapsed time as
    last refreshed. Rows without an open target are left out.
    """
    known = [row for row in rows if row.allowance_seconds]
    running = [
        row for row in known if row.target_state != "paused" and row.next_due_at and row.next_due_at > now
    ]
    _organisation, setup = reference.current()
    windows = _windows(running, now)
    found: dict[int, float] = {row.id: 100.0 * row.elapsed_seconds / row.allowance_seconds for row in known}
    for row in known:
        if row.next_due_at is not None and row.next_due_at <= now:
            found[row.id] = 100.0
    for row in running:
        severity = setup.terms[row.policy_version_id].targets[row.severity]
        left = _left(severity, row, windows.get(row.service_id, []), now)
        found[row.id] = 100.0 * max(row.allowance_seconds - left, 0) / row.allowance_seconds
    return found


def _windows(rows: Sequence[Any], now: datetime) -> dict[int, list[Window]]:
    """The maintenance to come, by service."""
    if not rows:
        return {}
    services = list({row.service_id for row in rows if row.service_id is not None})
    by_service: dict[int, list[Window]] = {}
    for window in list_windows(services, now, max(row.next_due_at for row in rows)):
        for service in window.services:
            by_service.setdefault(service.id, []).append(window)
    return by_service


def _left(severity: sla.SeverityTargets, row: Any, windows: list[Window], now: datetime) -> int:
    """How many seconds still count until the row's target is due."""
    target = severity.get(row.next_target)
    paused = tuple(joined((w.starts_at, w.ends_at) for w in windows)) if severity.maintenance_pauses else ()
    return Course(target.calendar if target else None, paused).counted(now, row.next_due_at)

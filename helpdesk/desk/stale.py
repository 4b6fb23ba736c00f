"""Marks deadlines and alarms that a changed window, calendar or ladder leaves behind.

The marks stand in the transaction of the change; desk/recompute works them off after it. Each change is a
recomputation, whose progress can be watched (store/stale.list_recomputations).
"""

from datetime import datetime

from helpdesk.outbound import alarms
from helpdesk.store.db import after_commit
from helpdesk.store.maintenance import Window
from helpdesk.store.stale import begin_recomputation, mark_all, mark_living, mark_services, set_total


def after_window_change(window: Window, since: datetime, now: datetime) -> None:
    """Marks what the window can move from `since` on, and has it computed after the commit."""
    begun = begin_recomputation("window", ", ".join(service.name for service in window.services), now)
    services = [service.id for service in window.services]
    _begin(begun, mark_services(begun, services, since, window.id, now), now)


def after_calendar_change(since: datetime, now: datetime, subject: str = "", is_office: bool = False) -> None:
    """Marks every deadline after `since`, from which on a calendar or its version holds.

    `subject`: which calendar, and why. `is_office`: reminders and silent closing count by it, so the
    alarms of every living ticket are planned anew too.
    """
    begun = begin_recomputation("calendar", subject, now)
    total = mark_all(begun, since, now)
    _begin(begun, total + mark_living(begun, now) if is_office else total, now)


def after_ladder_change(now: datetime, subject: str = "") -> None:
    """Has the alarms of every living ticket planned anew: a ladder or the office hours changed."""
    begun = begin_recomputation("ladder", subject, now)
    _begin(begun, mark_living(begun, now), now)


def _begin(recomputation_id: int, total: int, now: datetime) -> None:
    set_total(recomputation_id, total, now)
    if total:
        after_commit("recompute", alarms.recompute_soon)

"""Marks deadlines and alarms that a changed window, calendar or ladder leaves behind.

The marks stand in the transaction of the change; desk/recompute works them off after it.
"""

from datetime import datetime

from helpdesk.outbound import alarms
from helpdesk.store.db import after_commit
from helpdesk.store.maintenance import Window
from helpdesk.store.stale import mark_all, mark_living, mark_service


def after_window_change(window: Window, since: datetime, now: datetime) -> None:
    """Marks what the window can move from `since` on, and has it computed after the commit."""
    mark_service(window.service_id, since, window.id, now)
    after_commit("recompute", alarms.recompute_soon)


def after_calendar_change(since: datetime, now: datetime) -> None:
    """Marks every deadline after `since`, from which on a calendar or its version holds."""
    mark_all(since, now)
    after_commit("recompute", alarms.recompute_soon)


def after_ladder_change(now: datetime) -> None:
    """Has the alarms of every living ticket planned anew: a ladder or the office hours changed."""
    mark_living(now)
    after_commit("recompute", alarms.recompute_soon)

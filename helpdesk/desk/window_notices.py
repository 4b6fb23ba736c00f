"""People hear of maintenance: rounds of letters, planned with each step of a window, written in batches.

A batch is composed before its transaction, which holds up nobody; the transaction notes how far the round has
come and keeps the letters, so that a kill in between leaves both or neither. No batch is written while an
earlier one still waits to leave: letters of alarms do not queue behind two thousand others, and a mail server
that comes back is not flooded with what is no news any more.
"""

from datetime import datetime

from helpdesk.outbound.alarms import send_soon
from helpdesk.rules import window_notices as rules
from helpdesk.store.db import after_commit, db
from helpdesk.store.maintenance import Window, WindowNotice
from helpdesk.store.organisation import find_organisation
from helpdesk.store.window_notices import end_rounds


def plan(window: Window, kind: str, now: datetime) -> None:
    """A step of the window is news: its round is due now, after a plan the reminders follow (rules.rounds).

    What an earlier round has not told yet, the new one does. Inside the transaction of the step.
    """
    end_rounds(window.id, now)
    for each in rules.rounds(kind, window.starts_at, now, _minutes_before()):
        db.session.add(
            WindowNotice(window_id=window.id, kind=each.kind, minutes=each.minutes, due_at=each.due_at)
        )
    after_commit("send letters", send_soon)


def _minutes_before() -> tuple[int, ...]:
    organisation = find_organisation()
    chosen = organisation.options.get("window_notice_minutes") if organisation else None
    return rules.BEFORE if chosen is None else tuple(chosen)

"""Which share of its promises the demonstration means to keep: a little more from this quarter on."""

from datetime import datetime, timedelta

from helpdesk.desk import goals
from helpdesk.desk.changes import By
from helpdesk.desk.example import MANAGER, get_person_named

A_YEAR = timedelta(days=365)
# Kind, promise, tenths of a percent since last year, and from this quarter on.
MEANT = (
    ("fault", "response", 930, 950),
    ("fault", "resolution", 880, 920),
    ("request", "response", 900, 900),
    ("request", "resolution", 850, 900),
)


def happen(now: datetime) -> None:
    """The manager has set them."""
    by = By(now, get_person_named(MANAGER).id)
    for kind, target, before, then in MEANT:
        goals.set_goal((now - A_YEAR).date(), kind, target, before, by)
        if then != before:
            goals.set_goal(now.date(), kind, target, then, by)

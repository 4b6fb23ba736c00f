"""Who does periodic work: the first to claim it."""

from datetime import datetime, timedelta

from helpdesk.store.db import transaction
from helpdesk.store.periodic import claim_run, finish_run, is_run_taken

TRY_AGAIN_AFTER = timedelta(hours=1)


def claim(errand: str, period: str, now: datetime) -> bool:
    """Whether the errand of that period is the caller's: unclaimed, or begun long ago and not finished."""
    stale = now - TRY_AGAIN_AFTER
    if is_run_taken(errand, period, stale):
        return False
    with transaction():
        return claim_run(errand, period, now, stale)


def finish(errand: str, period: str, now: datetime) -> None:
    """The errand of that period is done."""
    with transaction():
        finish_run(errand, period, now)

"""When the next try is allowed: a few are free, then each refusal doubles the wait up to a limit.

A wait always ends by itself, so nobody can be locked out for good by somebody else's guessing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Limit:
    """`free` refusals within `window` cost nothing; then waits grow from `first_wait` to `longest_wait`."""

    free: int
    window: timedelta
    first_wait: timedelta
    longest_wait: timedelta


def allowed_at(refused_at: Sequence[datetime], limit: Limit, now: datetime) -> datetime | None:
    """When the next try is allowed after refusals at these instants; None: at once."""
    recent = [at for at in refused_at if now - limit.window < at]
    over = len(recent) - limit.free
    if over < 0:
        return None
    wait = min(limit.first_wait * 2 ** min(over, 16), limit.longest_wait)
    until = max(recent) + wait
    return until if until > now else None

"""Whether the house can work: the database, the queue, and what waits."""

from dataclasses import dataclass
from datetime import datetime

from helpdesk.outbound import alarms
from helpdesk.store.health import Backlog, get_backlog


@dataclass(frozen=True)
class Health:
    """`backlog` as the database says; `jobs_queued` None where the queue server cannot be reached."""

    backlog: Backlog
    jobs_queued: int | None


def look(now: datetime) -> Health:
    """Asks database and queue. OperationalError where the database cannot be reached; a dead queue is no
    fault: the clock does its work."""
    return Health(get_backlog(now), alarms.jobs_queued())

"""Whether the house can work: the database, the queue, and what waits."""

from dataclasses import dataclass
from datetime import datetime

from helpdesk.desk import mail_watch
from helpdesk.desk.mail_watch import MailState
from helpdesk.outbound import alarms
from helpdesk.store.health import Backlog, get_backlog


@dataclass(frozen=True)
class Health:
    """`backlog` and `mail` as the database says; `jobs_queued` None where the queue server cannot be
    reached."""

    backlog: Backlog
    mail: MailState
    jobs_queued: int | None


def look(now: datetime) -> Health:
    """Asks database and queue. OperationalError where the database cannot be reached; a dead queue is no
    fault: the clock does its work."""
    return Health(get_backlog(now), mail_watch.look(now), alarms.jobs_queued())

"""How punctual the house is, and what went wrong: for whoever keeps it running."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk.outbound import alarms
from helpdesk.outbound.alarms import FailedJob
from helpdesk.rules.lateness import Lateness, lateness_of
from helpdesk.store.escalations import Alarm
from helpdesk.store.health import find_oldest_due
from helpdesk.store.watch import list_rings_since, list_rung_alarms, list_upcoming_alarms

SHOWN = 50
LOOKED_AT = 500  # of the last, for what rang and what was skipped
MEASURED = 10_000  # rings that percentiles are taken of, at most
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Watch:
    """`oldest_due_at` None: no alarm is late. `jobs_queued` and `failed_jobs` None: the queue server cannot
    be reached. `is_sampled`: the figures are of the last MEASURED rings alone."""

    oldest_due_at: datetime | None
    upcoming: list[Alarm]
    fired: list[Alarm]
    skipped: list[Alarm]
    last_hour: Lateness
    last_day: Lateness
    is_sampled: bool
    jobs_queued: int | None
    failed_jobs: list[FailedJob] | None


def look(now: datetime) -> Watch:
    """Everything as it stands at `now`; reads only."""
    rung = list_rung_alarms(LOOKED_AT)
    rings = list_rings_since(now - DAY, MEASURED)
    late = [(rang, (rang - due_at).total_seconds()) for state, due_at, rang in rings if state == "fired"]
    return Watch(
        oldest_due_at=find_oldest_due(now),
        upcoming=list_upcoming_alarms(SHOWN),
        fired=[alarm for alarm in rung if alarm.state == "fired"][:SHOWN],
        skipped=[alarm for alarm in rung if alarm.state == "skipped"][:SHOWN],
        last_hour=lateness_of(seconds for rang, seconds in late if rang >= now - HOUR),
        last_day=lateness_of(seconds for _rang, seconds in late),
        is_sampled=len(rings) >= MEASURED,
        jobs_queued=alarms.jobs_queued(),
        failed_jobs=alarms.failed_jobs(SHOWN),
    )


def retry(job_id: str | None) -> int | None:
    """Queues a failed job again (None: each); how many it was, None where the queue cannot be reached."""
    return alarms.retry_failed(job_id)


def forget(job_id: str) -> int | None:
    """Drops a failed job, for what it had to do is found anew; counts as `retry`."""
    return alarms.forget_failed(job_id)

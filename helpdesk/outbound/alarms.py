"""Wakes the workers: the only importer of rq.Queue. What it asks for is found in the database.

A flag in Redis says that an errand waits in its queue, so a thousand reports in a second are one job.
The job takes the flag down before it looks: what is committed later asks anew, what is committed
before is found. Where the queue cannot be reached nothing is lost: the clock does the work.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import redis
from flask import current_app
from rq import Queue
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job
from rq.registry import FailedJobRegistry

log = logging.getLogger(__name__)

QUEUE = "errands"
# errand -> the function that does it; jobs/ holds them, strings keep outbound from importing a door
ERRANDS = {
    "ring": "helpdesk.jobs.tasks.ring_alarms",
    "send": "helpdesk.jobs.tasks.send_letters",
    "parse": "helpdesk.jobs.tasks.parse_mail",
    "recompute": "helpdesk.jobs.tasks.recompute_deadlines",
    "pass_on": "helpdesk.jobs.tasks.pass_on",
    "bulk": "helpdesk.jobs.tasks.carry_out_bulk",
}
# A job that dies before it takes its flag down blocks new ones no longer than this.
FLAG_LASTS = 10  # seconds


def ring_soon() -> None:
    """Has a worker ring the alarms that are due."""
    ask("ring")


def send_soon() -> None:
    """Has a worker send the letters that wait."""
    ask("send")


def parse_soon() -> None:
    """Has a worker parse the mail that waits."""
    ask("parse")


def recompute_soon() -> None:
    """Has a worker bring deadlines up to date that a changed window or calendar left behind."""
    ask("recompute")


def bulk_soon() -> None:
    """Has a worker carry out what was ordered for many tickets."""
    ask("bulk")


def pass_on_soon() -> None:
    """Has a worker let children take over what was done on their parents."""
    ask("pass_on")


def ask(errand: str, now: datetime | None = None) -> bool:
    """Asks for an errand, unless it waits in its queue already; False where the queue cannot be reached.

    `now` is given by clocks: however many there are, they ask for an errand once a second.
    """
    try:
        connection = queue_connection()
        if now is not None and not connection.set(
            f"{_flag(errand)}:{int(now.timestamp())}", 1, nx=True, ex=FLAG_LASTS
        ):
            return True
        if connection.set(_flag(errand), 1, nx=True, ex=FLAG_LASTS):
            # No time limit: cut off between the mail server's 250 and the commit, a letter would leave twice.
            Queue(QUEUE, connection=connection).enqueue(
                ERRANDS[errand], job_timeout=-1, result_ttl=0, failure_ttl=86400
            )
    except redis.RedisError as fault:
        log.warning("queue unreachable, the clock will do it: %s", fault)
        return False
    return True


def taken_up(errand: str) -> None:
    """An errand begins: whoever asks from now on gets another."""
    try:
        queue_connection().delete(_flag(errand))
    except redis.RedisError:
        log.debug("queue unreachable; its flag goes by itself")


def jobs_queued() -> int | None:
    """How many jobs wait; None where the queue cannot be reached."""
    try:
        return int(queue_connection().llen(Queue(QUEUE, connection=queue_connection()).key))
    except redis.RedisError:
        return None


@dataclass(frozen=True)
class FailedJob:
    """A job that ended with a fault: which errand, when, and the last line of what it said."""

    id: str
    errand: str
    failed_at: datetime | None
    fault: str


def failed_jobs(limit: int) -> list[FailedJob] | None:
    """The jobs that failed last; None where the queue cannot be reached."""
    try:
        found = Job.fetch_many(_failed().get_job_ids(0, limit - 1, desc=True), connection=queue_connection())
        return [_failed_job(job) for job in found if job is not None]
    except redis.RedisError:
        return None


def retry_failed(job_id: str | None) -> int | None:
    """Queues a failed job again (None: each); how many it was, None where the queue cannot be reached."""
    return _each_failed(job_id, lambda registry, each: registry.requeue(each))


def forget_failed(job_id: str) -> int | None:
    """Drops a failed job; 1, or 0 where there is none, None where the queue cannot be reached."""
    return _each_failed(job_id, lambda registry, each: registry.remove(each, delete_job=True))


def _each_failed(job_id: str | None, act: Callable[[FailedJobRegistry, str], object]) -> int | None:
    done = 0
    try:
        registry = _failed()
        known = registry.get_job_ids()
        for each in known if job_id is None else [job_id] if job_id in known else []:
            try:
                act(registry, each)
                done += 1
            except (NoSuchJobError, InvalidJobOperation):
                log.debug("job %s is gone meanwhile", each)
    except redis.RedisError:
        return None
    return done


def _failed() -> FailedJobRegistry:
    return FailedJobRegistry(QUEUE, connection=queue_connection())


def _failed_job(job: Job) -> FailedJob:
    path = (job.description or "").partition("(")[0]  # never unpickled here
    errand = next((errand for errand, known in ERRANDS.items() if known == path), path)
    result = job.latest_result()
    said = (result.exc_string or "" if result is not None else "").strip().splitlines()
    ended = job.ended_at
    return FailedJob(
        job.id,
        errand,
        ended.replace(tzinfo=UTC) if ended and not ended.tzinfo else ended,
        said[-1][:300] if said else "",
    )


def queue_connection() -> redis.Redis:
    """The queue server, with short timeouts: a dead one must not hold up a report."""
    app = current_app
    if "helpdesk.redis" not in app.extensions:
        app.extensions["helpdesk.redis"] = redis.Redis.from_url(
            app.config["SETTINGS"].redis_url, socket_connect_timeout=0.5, socket_timeout=2
        )
    connection: redis.Redis = app.extensions["helpdesk.redis"]
    return connection


def _flag(errand: str) -> str:
    return f"helpdesk:asked:{errand}"

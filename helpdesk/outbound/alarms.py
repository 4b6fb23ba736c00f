"""Wakes the workers: the only importer of rq.Queue. What it asks for is found in the database.

An errand waits at most once in its queue (the job id is its name), so a thousand reports in a second
are one job. Where the queue cannot be reached nothing is lost: the clock's sweep does the work.
"""

import logging

import redis
from flask import current_app

log = logging.getLogger(__name__)

# errand -> the function that does it; jobs/ holds them, strings keep outbound from importing a door
ERRANDS = {
    "ring": "helpdesk.jobs.tasks.ring_alarms",
    "send": "helpdesk.jobs.tasks.send_letters",
    "parse": "helpdesk.jobs.tasks.parse_mail",
    "recompute": "helpdesk.jobs.tasks.recompute",
}


def ring_soon() -> None:
    """Has a worker ring the alarms that are due."""
    _ask("ring")


def send_soon() -> None:
    """Has a worker send the letters that wait."""
    _ask("send")


def parse_soon() -> None:
    """Has a worker parse the mail that waits."""
    _ask("parse")


def recompute_soon() -> None:
    """Has a worker bring deadlines up to date that a changed window or calendar left behind."""
    _ask("recompute")


def queue_connection() -> redis.Redis:
    """The queue server, with short timeouts: a dead one must not hold up a report."""
    app = current_app
    if "helpdesk.redis" not in app.extensions:
        app.extensions["helpdesk.redis"] = redis.Redis.from_url(
            app.config["SETTINGS"].redis_url, socket_connect_timeout=0.5, socket_timeout=2
        )
    connection: redis.Redis = app.extensions["helpdesk.redis"]
    return connection


def _ask(errand: str) -> None:
    from rq import Queue
    from rq.exceptions import DuplicateJobError

    try:
        queue = Queue("errands", connection=queue_connection())
        queue.enqueue(ERRANDS[errand], job_id=errand, unique=True, result_ttl=0, failure_ttl=86400)
    except DuplicateJobError:
        pass  # it waits already, or runs and will look once more
    except redis.RedisError as fault:
        log.warning("queue unreachable, the clock will do it: %s", fault)

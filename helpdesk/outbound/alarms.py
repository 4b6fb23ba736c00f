"""Wakes the workers: the only importer of rq.Queue. What it asks for is found in the database.

A flag in Redis says that an errand waits in its queue, so a thousand reports in a second are one job.
The job takes the flag down before it looks: what is committed later asks anew, what is committed
before is found. Where the queue cannot be reached nothing is lost: the clock does the work.
"""

import logging

import redis
from flask import current_app
from rq import Queue

log = logging.getLogger(__name__)

QUEUE = "errands"
# errand -> the function that does it; jobs/ holds them, strings keep outbound from importing a door
ERRANDS = {
    "ring": "helpdesk.jobs.tasks.ring_alarms",
    "send": "helpdesk.jobs.tasks.send_letters",
    "parse": "helpdesk.jobs.tasks.parse_mail",
    "recompute": "helpdesk.jobs.tasks.recompute_deadlines",
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


def ask(errand: str) -> bool:
    """Asks for an errand, unless it waits in its queue already; False where the queue cannot be reached."""
    try:
        connection = queue_connection()
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

"""An RQ worker: the application is loaded once, jobs run in this process, and a dead queue is outlived."""

import logging
import signal
import time

import redis
from flask import Flask
from rq.worker import SimpleWorker

from helpdesk.jobs import tasks
from helpdesk.outbound.alarms import QUEUE

log = logging.getLogger(__name__)

RETRY_AFTER = 1.0  # seconds


class Worker(SimpleWorker):
    """Comes back to a restarted queue server soon, and remembers that it was told to stop."""

    max_connection_wait_time = 2.0
    is_stopping = False

    def handle_warm_shutdown_request(self) -> None:
        self.is_stopping = True
        super().handle_warm_shutdown_request()


def run(app: Flask) -> None:
    """Works through the errands until SIGTERM or SIGINT."""
    with app.app_context():
        tasks.spare_collector()
        while not _work(app.config["SETTINGS"].redis_url):
            # Between two workers nobody listens: a signal ends the process as it would any other.
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            time.sleep(RETRY_AFTER)


def _work(redis_url: str) -> bool:
    """Runs one worker for as long as the queue server lives; True once it was told to stop."""
    worker = None
    try:
        worker = Worker([QUEUE], connection=redis.Redis.from_url(redis_url))
        worker.log_job_description = False
        worker.work(logging_level="WARNING")
    except redis.RedisError as fault:
        log.warning("queue unreachable: %s", fault)
    return worker is not None and worker.is_stopping

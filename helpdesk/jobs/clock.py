"""`helpdesk clock`: wakes at the nearest alarm, has a worker ring it, and sweeps for what was missed.

Several may run, on several machines: who does a piece of work is settled in the database.
"""

import logging
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from helpdesk import clock
from helpdesk.desk import handovers, mail_watch, maintenance, search, swaps
from helpdesk.jobs import periodic, tasks
from helpdesk.jobs.absences import AbsenceReader
from helpdesk.jobs.heartbeat import Heartbeat
from helpdesk.outbound import alarms
from helpdesk.store.bulk import find_oldest_bulk
from helpdesk.store.escalations import find_next_due
from helpdesk.store.letters import find_oldest_unsent
from helpdesk.store.mail import find_oldest_unparsed
from helpdesk.store.notices import find_next_notice_due
from helpdesk.store.outages import find_oldest_unpassed
from helpdesk.store.stale import find_oldest_stale
from helpdesk.store.window_notices import find_oldest_round

log = logging.getLogger(__name__)

LONGEST_SLEEP = timedelta(seconds=1)  # an alarm committed meanwhile may be due sooner than what we wait for
SHORTEST_SLEEP = timedelta(milliseconds=50)
WORKER_HAS = timedelta(seconds=3)  # to begin; then we do the work ourselves
RINGER_HAS = timedelta(seconds=1)  # it may be busy with a slow mail server
SWEEPS_EVERY = timedelta(seconds=15)
WATCHES_AFTER = timedelta(minutes=5)  # after a start, lest every mailbox counts as silent while we were down
SEARCH_BATCHES = 10  # of tickets of before, a sweep: some thousand, and nothing else waits long for them
RETRY_AFTER = 2.0  # seconds, while the database is away


def run(app: Flask) -> None:
    """Runs until SIGTERM or SIGINT."""
    stop = threading.Event()
    for sent in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sent, lambda *_: stop.set())
    tasks.spare_collector()
    Clock(app).run(stop)


class Clock:
    """The loop of `helpdesk clock`. Sweeping has a thread of its own: a slow mail server delays no alarm."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.swept_at: datetime | None = None
        self.watches_from: datetime | None = None
        self.sweeping: Future[None] | None = None
        self.sweeper = ThreadPoolExecutor(1, "sweep")
        self.heartbeat = Heartbeat(app)
        self.absences = AbsenceReader(app)

    def run(self, stop: threading.Event) -> None:
        """Ticks until told to stop, through outages of database and queue."""
        while not stop.is_set():
            try:
                with self.app.app_context():
                    pause = self.tick(clock.now())
            except (SQLAlchemyError, OSError) as fault:
                log.error("the clock cannot reach the database: %s", fault)
                pause = RETRY_AFTER
            except Exception:
                log.exception("the clock stumbled")
                pause = RETRY_AFTER
            stop.wait(pause)
        self.sweeper.shutdown(wait=False, cancel_futures=True)

    def tick(self, now: datetime) -> float:
        """Has due alarms rung and due letters of notices made, and sweeps when it is time; returns for how
        many seconds nothing is to be done."""
        self.watches_from = self.watches_from or now + WATCHES_AFTER
        self._sweep_beside(now)
        self.heartbeat.beat_beside(now)
        self.absences.read_beside(now)
        rings_at, speaks_at = find_next_due(now), find_next_notice_due(now)
        if speaks_at is not None and speaks_at <= now and not alarms.ask("send", now):
            self.swept_at = None  # no queue: the next tick sweeps, beside the alarms
        if rings_at is not None and rings_at <= now:
            _have_done("ring", tasks.ring_alarms, rings_at, now, RINGER_HAS)
        next_at = min((at for at in (rings_at, speaks_at) if at is not None), default=now + LONGEST_SLEEP)
        # What is due has been asked for, once in this second.
        wait = next_at - now if next_at > now else timedelta(microseconds=1_000_000 - now.microsecond)
        return min(max(wait, SHORTEST_SLEEP), LONGEST_SLEEP).total_seconds()

    def _sweep_beside(self, now: datetime) -> None:
        """Starts a sweep every so often, unless the one before is still busy."""
        if self.sweeping is not None and not self.sweeping.done():
            return
        if self.swept_at is None or now - self.swept_at >= SWEEPS_EVERY:
            self.swept_at = now
            self.sweeping = self.sweeper.submit(self._sweep)

    def watch(self, now: datetime) -> None:
        """Looks after mail, from some minutes after the first tick on."""
        if self.watches_from is not None and now >= self.watches_from:
            mail_watch.sweep(now)

    def _sweep(self) -> None:
        with self.app.app_context():
            try:
                sweep(clock.now())
                self.watch(clock.now())
            except (SQLAlchemyError, OSError) as fault:
                log.error("the sweep cannot reach the database: %s", fault)
            except Exception:
                log.exception("the sweep stumbled")


def sweep(now: datetime) -> None:
    """Starts and ends maintenance windows, ends swaps that have begun, hands over turns, and has done what
    is outstanding: unparsed mail, notices without a letter, news of windows, unsent letters, stale deadlines,
    deeds for many tickets, periodic work."""
    maintenance.sweep(now)
    swaps.lapse_begun(now)
    handovers.sweep(now)
    for errand, find_oldest, work in (
        ("parse", find_oldest_unparsed, tasks.parse_mail),
        ("send", find_next_notice_due, tasks.send_letters),
        ("send", find_oldest_round, tasks.send_letters),
        ("send", find_oldest_unsent, tasks.send_letters),
        ("recompute", find_oldest_stale, tasks.recompute_deadlines),
        ("pass_on", find_oldest_unpassed, tasks.pass_on),
        ("bulk", find_oldest_bulk, tasks.carry_out_bulk),
    ):
        since = find_oldest(now)
        if since is not None and since <= now:
            _have_done(errand, work, since, now)
    periodic.run_due(now)
    for _batch in range(SEARCH_BATCHES):
        if not search.sweep():
            break


def _have_done(
    errand: str, work: Callable[[], None], since: datetime, now: datetime, within: timedelta = WORKER_HAS
) -> None:
    """Has a worker do it; does it here where the queue is away or no worker has begun in time."""
    if not alarms.ask(errand, now) or now - since > within:
        work()

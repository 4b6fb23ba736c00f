"""Workers and clock as processes, with a real Valkey: whatever is killed, each ring happens once."""

import copy
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from flask import Flask

from helpdesk import clock
from helpdesk.desk import tickets
from helpdesk.desk.tickets import Report
from helpdesk.outbound import alarms
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.escalations import Alarm
from helpdesk.store.notices import Notice
from helpdesk.store.policies import list_policies
from helpdesk.store.tickets import Entry
from tests.conftest import House
from tests.servers import get_binary_path

pytestmark = pytest.mark.processes
ROOT = Path(__file__).parents[2]
PATIENCE = 60.0


def wait_until(condition: Callable[[], object]) -> None:
    give_up_at = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up_at, "did not happen"
        time.sleep(0.05)
        db.session.rollback()


@contextmanager
def part(app: Flask, name: str, *code: str, **settings: str) -> Iterator["subprocess.Popen[bytes]"]:
    """One part of the service on the test's database; `code` runs in its process first."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("HELPDESK_")}
    environ |= app.config["SETTINGS"].as_environ() | settings
    script = "\n".join([*code, "import sys", "from helpdesk.cli import main", f"sys.exit(main([{name!r}]))"])
    process = subprocess.Popen([sys.executable, "-c", script], env=environ, cwd=ROOT)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture
def queue(app: Flask) -> redis.Redis:
    connection = alarms.queue_connection()
    connection.flushdb()
    return connection


def report(house: House, count: int = 1) -> None:
    for _ in range(count):
        command = Report(
            "Down", "504", service_id=house.printing.id, works=Works.SMALL_FAULT, affected=Affected.ME
        )
        tickets.report(command, house.ana, now=clock.now(), door="web")


def always_open(house: House) -> None:
    """Minor tickets ring their team at once, on whatever weekday this test runs."""
    version = list_policies()[-1].versions[0]
    definition = copy.deepcopy(version.definition)
    for target in ("response", "resolution", "update"):
        definition["minor"][target]["calendar_id"] = None
    version.definition = definition
    db.session.commit()


def counts() -> tuple[int, int, int]:
    """(rung alarms, escalated entries, people told)."""
    return (
        db.session.query(Alarm).filter_by(state="fired").count(),
        db.session.query(Entry).filter_by(kind="escalated").count(),
        db.session.query(Notice).filter_by(kind="escalated").count(),
    )


def due_now() -> int:
    return db.session.query(Alarm).filter(Alarm.state == "pending", Alarm.due_at <= clock.now()).count()


KILLED_BEFORE_COMMIT = """
import os, signal
from helpdesk.desk import escalations
claim, seen = escalations.claim_due_tickets, []
def dying(now, limit):
    found = claim(now, limit)
    if found:
        os.kill(os.getpid(), signal.SIGKILL)
    return found
escalations.claim_due_tickets = dying
"""


def test_a_worker_killed_between_claim_and_commit_rings_nothing_twice(
    house: House, app: Flask, queue: redis.Redis
) -> None:
    always_open(house)
    with part(app, "worker", KILLED_BEFORE_COMMIT) as doomed:
        report(house, 5)
        wait_until(lambda: doomed.poll() == -signal.SIGKILL)
    assert counts() == (0, 0, 0)
    with part(app, "worker"), part(app, "clock"):
        wait_until(lambda: due_now() == 0)
    assert counts() == (5, 5, 10)  # each to Bo and Chen


def test_two_workers_and_two_clocks_ring_each_alarm_once(
    house: House, app: Flask, queue: redis.Redis
) -> None:
    always_open(house)
    report(house, 40)
    with ExitStack() as stack:
        for name in ("worker", "worker", "clock", "clock"):
            stack.enter_context(part(app, name))
        wait_until(lambda: due_now() == 0)
    assert counts() == (40, 40, 80)


def test_the_clock_does_the_work_where_the_queue_is_dead(house: House, app: Flask) -> None:
    always_open(house)
    report(house, 3)
    with part(app, "clock", HELPDESK_REDIS_URL="unix:///nowhere/valkey.sock"):
        wait_until(lambda: due_now() == 0)
    assert counts() == (3, 3, 6)


def test_work_committed_while_a_job_runs_does_not_wait_for_the_sweep(
    house: House, app: Flask, queue: redis.Redis
) -> None:
    """No clock runs here: every report's alarm must be rung by what its own commit asked for."""
    always_open(house)
    with part(app, "worker"):
        for _ in range(30):
            report(house)
        wait_until(lambda: due_now() == 0)
    assert counts() == (30, 30, 60)


def test_an_errand_asked_for_many_times_is_one_job_until_it_begins(app: Flask, queue: redis.Redis) -> None:
    for _ in range(100):
        alarms.ring_soon()
    assert queue.llen("rq:queue:errands") == 1
    alarms.taken_up("ring")
    alarms.ring_soon()
    assert queue.llen("rq:queue:errands") == 2


def test_a_worker_outlives_a_queue_server_that_is_away(house: House, app: Flask, tmp_path: Path) -> None:
    socket = Path("/tmp") / f"hd-{os.getpid()}.sock"
    server = [
        str(get_binary_path()),
        "--port",
        "0",
        "--unixsocket",
        str(socket),
        "--save",
        "",
        "--dir",
        str(tmp_path),
    ]
    url = f"unix://{socket}"
    always_open(house)
    with part(app, "worker", HELPDESK_REDIS_URL=url) as worker:
        for expected in (1, 2):
            running = subprocess.Popen(server, stdout=subprocess.DEVNULL)
            try:
                wait_until(socket.exists)
                report(house)
                connection = redis.Redis.from_url(url)
                app.extensions["helpdesk.redis"], kept = connection, app.extensions.get("helpdesk.redis")
                wait_until(connection.ping)
                wait_until(lambda: alarms.ask("ring") and due_now() == 0)
                app.extensions["helpdesk.redis"] = kept
            finally:
                running.kill()
                running.wait()
                socket.unlink(missing_ok=True)
            assert counts()[0] == expected
            assert worker.poll() is None


def test_a_quiet_clock_and_worker_stop_when_told(house: House, app: Flask, queue: redis.Redis) -> None:
    with part(app, "worker") as worker, part(app, "clock") as ticking:
        wait_until(lambda: queue.exists("rq:workers"))
        wait_until(lambda: db.session.query(db.metadata.tables["periodic_run"]).count())
        for process in (worker, ticking):
            process.send_signal(signal.SIGTERM)
            assert process.wait(timedelta(seconds=5).total_seconds()) == 0

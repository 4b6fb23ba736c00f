"""The clock's sign of life, heard by a real server: once a minute, and not where something is wrong."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from flask import Flask

from helpdesk.app import create_app
from helpdesk.desk import tickets
from helpdesk.desk.tickets import Report
from helpdesk.jobs.clock import Clock
from helpdesk.jobs.heartbeat import Heartbeat
from helpdesk.rules.severity import Affected, Works
from tests.conftest import MONDAY_9, House

SECOND = timedelta(seconds=1)


class Watcher(ThreadingHTTPServer):
    """Hears signs of life at its `url`; answers `status`, once `open` is set."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Ear)
        self.heard: list[str] = []
        self.status = 200
        self.open = threading.Event()
        self.open.set()
        self.url = f"http://127.0.0.1:{self.server_port}/desk?key=1"


class _Ear(BaseHTTPRequestHandler):
    server: Watcher

    def do_GET(self) -> None:
        self.server.heard.append(self.path)
        self.server.open.wait(20)
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on the tests' output."""


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    server = Watcher()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.open.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def beating(app: Flask, watcher: Watcher) -> Heartbeat:
    return heartbeat_of(app, watcher.url)


def heartbeat_of(app: Flask, url: str | None, **settings: str) -> Heartbeat:
    """A heartbeat of the application's database, to that address."""
    heartbeat = Heartbeat(app)
    heartbeat.url = url
    return heartbeat


def beat(heartbeat: Heartbeat, seconds: float) -> None:
    """So many seconds past nine; returns once it has its answer."""
    heartbeat.beat_beside(MONDAY_9 + seconds * SECOND)
    if heartbeat.beating is not None:
        heartbeat.beating.join(10)


def wait_until(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not happened() and time.monotonic() < until:
        time.sleep(0.01)
    assert happened()


def critical(house: House) -> None:
    command = Report("Down", "504", service_id=house.erp.id, works=Works.NOTHING, affected=Affected.EVERYONE)
    tickets.report(command, house.ana, now=MONDAY_9, door="web")


def test_it_is_heard_once_a_minute(house: House, beating: Heartbeat, watcher: Watcher) -> None:
    for seconds in (0, 1, 59, 60, 90, 119.9, 120):
        beat(beating, seconds)
    assert watcher.heard == ["/desk?key=1"] * 3


def test_without_an_address_nothing_is_sent(app: Flask) -> None:
    heartbeat = heartbeat_of(app, None)
    beat(heartbeat, 0)
    assert heartbeat.beating is None


def test_an_alarm_that_is_a_minute_late_silences_it_until_it_has_rung(
    house: House, beating: Heartbeat, watcher: Watcher, caplog: pytest.LogCaptureFixture
) -> None:
    critical(house)
    beat(beating, 59)
    assert len(watcher.heard) == 1
    beat(beating, 120)
    beat(beating, 180)
    assert len(watcher.heard) == 1
    assert caplog.text.count("no heartbeat, an alarm is") == 1


def test_a_database_that_does_not_answer_silences_it(
    app: Flask, watcher: Watcher, caplog: pytest.LogCaptureFixture
) -> None:
    settings = replace(app.config["SETTINGS"], database_url="sqlite:////nowhere/helpdesk.sqlite3")
    heartbeat = heartbeat_of(create_app(settings), watcher.url)
    beat(heartbeat, 0)
    beat(heartbeat, 60)
    assert watcher.heard == []
    assert caplog.text.count("the database does not answer") == 1


def test_a_watcher_that_refuses_is_logged_once_and_its_return_too(
    house: House, beating: Heartbeat, watcher: Watcher, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "helpdesk.jobs.heartbeat")
    watcher.status = 503
    beat(beating, 0)
    beat(beating, 60)
    assert caplog.text.count("the heartbeat was not heard") == 1
    assert "key=1" not in caplog.text  # whoever has the address can feign life
    watcher.status = 200
    beat(beating, 120)
    assert caplog.text.count("the heartbeat is heard again") == 1


def test_a_watcher_that_is_gone_does_no_harm(
    app: Flask, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    beat(heartbeat_of(app, "http://127.0.0.1:9/"), 0)
    assert "the heartbeat was not heard" in caplog.text


def test_the_clock_does_not_wait_for_a_slow_watcher(app: Flask, house: House, watcher: Watcher) -> None:
    watcher.open.clear()
    clock = Clock(app)
    clock.swept_at = MONDAY_9 + timedelta(days=1)
    clock.heartbeat.url = watcher.url
    began = time.monotonic()
    clock.tick(MONDAY_9)
    wait_until(lambda: len(watcher.heard) == 1)
    clock.tick(MONDAY_9 + 61 * SECOND)
    clock.tick(MONDAY_9 + 122 * SECOND)
    assert time.monotonic() - began < 4
    assert len(watcher.heard) == 1  # one at a time

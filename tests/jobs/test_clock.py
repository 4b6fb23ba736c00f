"""The clock's loop and its daily errands, with literal instants and no processes."""

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from helpdesk.app import create_app
from helpdesk.desk import escalations, outages, runs, tickets
from helpdesk.desk.tickets import Report
from helpdesk.jobs import clock as alarm_clock
from helpdesk.jobs import periodic
from helpdesk.jobs.clock import Clock
from helpdesk.jobs.periodic import Daily
from helpdesk.outbound import alarms, notices
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.escalations import Alarm
from helpdesk.store.mailboxes import Mailbox
from helpdesk.store.tickets import Ticket
from tests.conftest import MONDAY_9, House, read_anew

HOUR = timedelta(hours=1)


@pytest.fixture
def ticking(app: Flask) -> Clock:
    clock = Clock(app)
    clock.swept_at = datetime(2100, 1, 1, tzinfo=UTC)  # these tests sweep by hand
    return clock


def critical(house: House) -> None:
    command = Report("Down", "504", service_id=house.erp.id, works=Works.NOTHING, affected=Affected.EVERYONE)
    tickets.report(command, house.ana, now=MONDAY_9, door="web")


def fired() -> int:
    db.session.rollback()
    return db.session.query(Alarm).filter_by(state="fired").count()


def test_it_sleeps_until_the_nearest_alarm_but_never_long(house: House, ticking: Clock) -> None:
    assert ticking.tick(MONDAY_9) == alarm_clock.LONGEST_SLEEP.total_seconds()
    critical(house)
    assert ticking.tick(MONDAY_9 - timedelta(seconds=0.4)) == pytest.approx(0.4)
    assert ticking.tick(MONDAY_9 - HOUR) == alarm_clock.LONGEST_SLEEP.total_seconds()


def test_it_leaves_the_work_to_a_worker_and_does_it_itself_when_none_begins(
    house: House, ticking: Clock, app: Flask
) -> None:
    alarms.queue_connection().flushdb()
    critical(house)
    ticking.tick(MONDAY_9 + timedelta(seconds=1))
    assert fired() == 0
    assert alarms.queue_connection().llen("rq:queue:errands") == 1
    ticking.tick(MONDAY_9 + timedelta(seconds=4))
    assert fired() > 0


def test_it_lets_children_take_over_what_their_parent_did_when_no_worker_does(house: House) -> None:
    parent, child = (
        tickets.report(Report("Down", "504", service_id=house.erp.id), person, now=MONDAY_9, door="web")
        for person in (house.ana, house.dee)
    )
    outages.adopt(parent.id, [child.id], house.bo, now=MONDAY_9)
    tickets.accept(parent.id, house.bo, now=MONDAY_9)
    alarm_clock.sweep(MONDAY_9 + timedelta(seconds=1))
    db.session.rollback()
    assert child.accepted_at is None
    alarm_clock.sweep(MONDAY_9 + timedelta(seconds=4))
    read_anew()
    assert child.accepted_at == MONDAY_9


def jobs() -> int:
    return alarms.queue_connection().llen("rq:queue:errands")


def test_however_many_clocks_there_are_one_second_has_one_ring_job(
    house: House, ticking: Clock, app: Flask
) -> None:
    critical(house)
    alarms.queue_connection().flushdb()
    half_past = MONDAY_9 + timedelta(seconds=0.5)
    other = Clock(app)
    other.swept_at = ticking.swept_at
    for clock in (ticking, other, ticking):
        assert clock.tick(half_past) == 0.5
        alarms.taken_up("ring")  # a worker has begun
    assert jobs() == 1
    ticking.tick(half_past + timedelta(seconds=0.5))
    assert jobs() == 2


def test_a_queue_server_that_has_forgotten_all_costs_a_second(house: House, ticking: Clock) -> None:
    alarms.queue_connection().flushdb()
    critical(house)
    ticking.tick(MONDAY_9)
    alarms.queue_connection().flushall()
    ticking.tick(MONDAY_9 + timedelta(seconds=1))
    assert jobs() == 1


def test_it_wakes_when_the_next_minutes_letter_may_go(house: House, ticking: Clock) -> None:
    critical(house)
    escalations.ring(MONDAY_9)
    notices.gather(MONDAY_9)
    five_past = MONDAY_9 + timedelta(minutes=5)
    for at in (five_past, five_past + timedelta(seconds=30)):
        escalations.ring(at)
        notices.gather(at)
    critical(house)
    at = five_past + timedelta(seconds=59.25)
    while escalations.ring(at).tickets:
        pass
    alarms.queue_connection().flushdb()
    assert ticking.tick(at) == 0.75
    assert jobs() == 0
    ticking.tick(five_past + timedelta(seconds=60))
    assert alarms.queue_connection().exists("helpdesk:asked:send")


def test_a_mailbox_that_was_not_fetched_while_the_house_was_down_has_time_to_be_heard(
    house: House, ticking: Clock
) -> None:
    server = {"host": "imap.example.org", "port": 993, "user": "desk", "sealed": ""}
    db.session.add(Mailbox(name="Support", address="s@example.org", created_at=MONDAY_9 - 9 * HOUR, **server))
    db.session.commit()
    ticking.tick(MONDAY_9)
    for minutes in (0, 4.9):
        ticking.watch(MONDAY_9 + timedelta(minutes=minutes))
    assert db.session.query(Ticket).count() == 0
    ticking.watch(MONDAY_9 + timedelta(minutes=5))
    assert db.session.query(Ticket).count() == 1


def test_it_outlives_a_database_that_is_away(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    settings = replace(app.config["SETTINGS"], database_url="sqlite:////nowhere/helpdesk.sqlite3")
    stop = threading.Event()
    running = threading.Thread(target=Clock(create_app(settings)).run, args=[stop])
    running.start()
    give_up_at = time.monotonic() + 30
    while caplog.text.count("the clock cannot reach the database") < 2 and time.monotonic() < give_up_at:
        time.sleep(0.05)
    stop.set()
    running.join(10)
    assert caplog.text.count("the clock cannot reach the database") >= 2
    assert not running.is_alive()


def test_a_daily_errand_is_done_once_a_day_from_its_hour_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[datetime] = []
    monkeypatch.setattr(periodic, "DAILY", (Daily("digest", 7, done.append),))
    six, seven = MONDAY_9 - 3 * HOUR, MONDAY_9 - 2 * HOUR
    for now in (six, six + HOUR / 2, seven, seven + HOUR, seven + 12 * HOUR, seven + 24 * HOUR):
        periodic.run_due(now)
    assert done == [six, seven, seven + 24 * HOUR]  # at six Sunday's was still to be done


def test_a_daily_errand_that_failed_is_tried_again_an_hour_later(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[datetime] = []

    def fails_once(now: datetime) -> None:
        tries.append(now)
        if len(tries) == 1:
            raise OSError("disk full")

    monkeypatch.setattr(periodic, "DAILY", (Daily("backup", 2, fails_once),))
    for now in (MONDAY_9, MONDAY_9 + HOUR / 2, MONDAY_9 + HOUR, MONDAY_9 + 3 * HOUR):
        periodic.run_due(now)
    assert tries == [MONDAY_9, MONDAY_9 + HOUR]


def test_of_two_that_claim_an_errand_one_gets_it(house: House) -> None:
    assert runs.claim("digest", "2026-03-02", MONDAY_9)
    assert not runs.claim("digest", "2026-03-02", MONDAY_9)
    runs.finish("digest", "2026-03-02", MONDAY_9)
    assert not runs.claim("digest", "2026-03-02", MONDAY_9 + 2 * HOUR)
    assert runs.claim("digest", "2026-03-03", MONDAY_9)

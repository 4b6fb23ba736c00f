"""Several ring the same alarms at once: each rings once."""

import threading
from collections.abc import Callable

import pytest
from flask import Flask

from helpdesk.desk import escalations, tickets
from helpdesk.desk.tickets import Report
from helpdesk.store import db
from helpdesk.store.channels import Channel, get_channel_for_change
from helpdesk.store.db import transaction
from helpdesk.store.escalations import Alarm
from helpdesk.store.notices import Notice
from helpdesk.store.people import get_person, get_person_for_change
from helpdesk.store.tickets import Entry
from tests.conftest import MONDAY_9, House


def in_threads(app: Flask, count: int, work: Callable[[], None]) -> None:
    faults: list[BaseException] = []

    def run() -> None:
        try:
            with app.app_context():
                start.wait()
                work()
        except BaseException as fault:
            faults.append(fault)

    start = threading.Barrier(count)
    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults


def test_each_alarm_rings_once_however_many_ring(house: House, app: Flask) -> None:
    for _ in range(20):
        tickets.report(Report("Printer", "jam"), house.ana, now=MONDAY_9, door="web")

    def ring() -> None:
        while escalations.ring(MONDAY_9, 3).tickets:
            pass

    in_threads(app, 4, ring)
    while escalations.ring(MONDAY_9).tickets:  # what another had locked when the last looked
        pass
    db.session.rollback()
    assert db.session.query(Alarm).filter_by(state="fired").count() == 20
    assert db.session.query(Entry).filter_by(kind="escalated").count() == 20
    assert db.session.query(Notice).filter_by(kind="escalated").count() == 40


def test_accepting_while_it_rings_waits_for_neither_for_ever(house: House, app: Flask) -> None:
    """Both lock the ticket first, so neither can hold what the other needs."""
    ids = [
        tickets.report(Report("Printer", "jam"), house.ana, now=MONDAY_9, door="web").id for _ in range(15)
    ]
    bo = house.bo.id

    def ring() -> None:
        while escalations.ring(MONDAY_9, 4).tickets:
            pass

    def accept() -> None:
        for ticket_id in ids:
            tickets.accept(ticket_id, get_person(bo), now=MONDAY_9)

    work = iter([ring, accept, ring])
    lock = threading.Lock()

    def next_work() -> None:
        with lock:
            mine = next(work)
        mine()

    in_threads(app, 3, next_work)
    while escalations.ring(MONDAY_9).tickets:
        pass
    db.session.rollback()
    entries = db.session.query(Entry).filter_by(kind="escalated").all()
    assert len(entries) == len({e.detail["alarm"] for e in entries})
    assert db.session.query(Alarm).filter(Alarm.state == "pending", Alarm.due_at <= MONDAY_9).count() == 0
    assert db.session.query(Entry).filter_by(kind="accepted").count() == 15


def test_ringing_does_not_wait_for_whoever_changes_those_it_tells(house: House, app: Flask) -> None:
    """Whoever makes Bo a leaver holds Bo and wants his tickets, which the ring holds while it tells Bo."""
    if db.engine.dialect.name == "sqlite":
        pytest.skip("nobody else writes meanwhile")
    channel = Channel(person_id=house.bo.id, name="My phone", sealed_url="", created_at=MONDAY_9)
    channel.verified_at = MONDAY_9
    db.session.add(channel)
    db.session.commit()
    tickets.report(Report("Printer", "jam"), house.ana, now=MONDAY_9, door="web")
    bo, channel_id = house.bo.id, channel.id

    def ring_all() -> None:
        while escalations.ring(MONDAY_9).tickets:
            pass

    ringing = threading.Thread(target=lambda: in_threads(app, 1, ring_all))
    with transaction():
        get_person_for_change(bo)
        get_channel_for_change(channel_id)
        ringing.start()
        ringing.join(timeout=10)
        assert not ringing.is_alive()
    db.session.rollback()
    assert db.session.query(Notice).filter_by(person_id=bo, channel_id=channel_id).count() == 1

"""A change that moves many deadlines can be watched: how many are computed, how many tickets have moved."""

import threading
from datetime import timedelta

import pytest
from flask import Flask

from helpdesk.desk import tickets
from helpdesk.desk.recompute import recompute
from helpdesk.desk.registration import Report
from helpdesk.desk.stale import after_calendar_change, after_ladder_change
from helpdesk.store import db
from helpdesk.store.db import transaction
from helpdesk.store.stale import StaleTarget, list_recomputations
from helpdesk.store.tickets import Entry, get_ticket_for_change
from tests.at_once import at_once
from tests.conftest import MONDAY_9, House, announced

HOUR = timedelta(hours=1)


def minor(house: House) -> int:
    return tickets.report(Report("Slow", "", service_id=house.erp.id), house.ana, now=MONDAY_9, door="web").id


def announce(house: House) -> None:
    start = MONDAY_9 + HOUR
    announced(house, house.erp, start, start + HOUR)


def latest() -> tuple[str, str, int, int, int, bool]:
    """(cause, subject, total, done, moved, is finished) of the last change."""
    db.session.rollback()
    [row] = list_recomputations(1)
    return row.cause, row.subject, row.total, row.done, row.moved, row.finished_at is not None


def test_its_progress_counts_targets_and_its_end_is_kept(house: House) -> None:
    for _ in range(3):
        minor(house)
    announce(house)
    assert latest() == ("window", "ERP", 6, 0, 0, False)
    last = recompute(MONDAY_9, 0, batch=2)
    assert latest() == ("window", "ERP", 6, 4, 2, False)
    recompute(MONDAY_9, last or 0, batch=2)
    assert latest() == ("window", "ERP", 6, 6, 3, True)


def test_what_moves_nothing_is_finished_without_a_move(house: House) -> None:
    with transaction():
        after_calendar_change(MONDAY_9, MONDAY_9, "Office")
    assert latest() == ("calendar", "Office", 0, 0, 0, True)
    minor(house)
    with transaction():
        after_ladder_change(MONDAY_9)
    recompute(MONDAY_9)
    assert latest() == ("ladder", "", 1, 1, 0, True)


def test_of_two_changes_at_once_each_has_its_own_progress(house: House) -> None:
    minor(house)
    announce(house)
    with transaction():
        after_ladder_change(MONDAY_9)
    recompute(MONDAY_9)
    found = [(row.cause, row.total, row.done, row.finished_at) for row in list_recomputations(2)]
    assert found == [("ladder", 1, 1, MONDAY_9), ("window", 2, 2, MONDAY_9)]


def test_several_workers_share_the_work_and_one_of_them_finishes_it(house: House, app: Flask) -> None:
    for _ in range(30):
        minor(house)
    announce(house)

    def work() -> None:
        last: int | None = 0
        while last is not None:
            last = recompute(MONDAY_9, last, batch=4)

    db.session.rollback()
    assert at_once(app, work, work, work) == [None, None, None]
    work()  # what another had locked when the last looked
    assert latest() == ("window", "ERP", 60, 60, 30, True)
    assert db.session.query(Entry).filter_by(kind="deadline_moved").count() == 30


def test_a_ticket_that_somebody_works_on_is_left_for_the_next_round(house: House, app: Flask) -> None:
    if db.engine.dialect.name == "sqlite":
        pytest.skip("nobody else writes meanwhile")
    held, other = minor(house), minor(house)
    announce(house)
    locked, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with app.app_context(), transaction():
            get_ticket_for_change(held)
            locked.set()
            assert go_on.wait(20)

    db.session.rollback()
    holding = threading.Thread(target=hold)
    holding.start()
    assert locked.wait(10)
    assert recompute(MONDAY_9) == max(held, other)
    go_on.set()
    holding.join()
    assert {mark.ticket_id for mark in db.session.query(StaleTarget)} == {held}
    recompute(MONDAY_9)
    assert latest()[3:] == (4, 2, True)

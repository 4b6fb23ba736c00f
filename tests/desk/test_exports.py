"""The register of tickets: made in pages, by one, for whoever may have it, and again where it was cut off."""

import os
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook

from helpdesk.desk import closing, excuses, exports, tickets, waiting
from helpdesk.desk.changes import By
from helpdesk.rules.access import Role
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.db import transaction
from helpdesk.store.exports import Export, change_claimed, find_oldest_export
from helpdesk.store.security import list_events
from helpdesk.store.tickets import Ticket
from tests.at_once import at_once
from tests.conftest import House

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)
ORDERED = datetime(2026, 3, 31, 10, tzinfo=UTC)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant in March 2026, in Berlin's winter hours."""
    return datetime(2026, 3, day, hour - 1, minute, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _empty_folder(data_folder: Path) -> None:
    """Ids begin anew with each test, files do not."""
    shutil.rmtree(data_folder / "exports", ignore_errors=True)


def report(house: House, when: datetime, subject: str) -> Ticket:
    said: Any = {"works": Works.NOTHING, "affected": Affected.EVERYONE, "service_id": house.erp.id}
    return tickets.report(tickets.Report(subject, "It fails.", **said), house.ana, now=when, door="mail")


def order(house: House, sent_key: str | None = None) -> Export:
    by = By(ORDERED, house.dee.id)
    return exports.order_register(FIRST, LAST, zone="Europe/Berlin", locale="en", by=by, sent_key=sent_key)


def now() -> datetime:
    return ORDERED


def rows_of(path: Path) -> list[dict[str, Any]]:
    lines = [[cell.value for cell in row] for row in load_workbook(path).worksheets[0].iter_rows()]
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


def fetched(export_id: int, house: House, when: datetime = ORDERED) -> Path | None:
    db.session.rollback()
    db.session.expire_all()
    return exports.fetch(db.session.get_one(Export, export_id), By(when, house.dee.id))


def test_a_line_says_all_of_a_ticket_in_the_organisation_s_zone(house: House) -> None:
    ticket = report(house, at(2, 9), "=1+1")
    tickets.accept(ticket.id, house.bo, now=at(2, 10, 30))  # critical: half an hour too late
    asked: Any = {"waiting_for": "reporter", "wake_at": at(9, 9), "question": "Which room?"}
    waiting.wait(ticket.id, house.bo, **asked, now=at(2, 10, 40))
    tickets.reporter_reply(ticket.id, house.ana, "12", now=at(2, 11, 10), door="web")
    closing.resolve(ticket.id, house.bo, "Cable", "Replaced", now=at(2, 11, 20))
    given = {"reason": "Line cut", "evidence": "https://example.org/outage/7"}
    excuses.excuse(ticket.id, house.chen, "response", 1, **given, now=at(2, 12))
    export = order(house)
    assert exports.make_next(now)
    path = fetched(export.id, house)
    assert path is not None
    [row] = rows_of(path)
    known = {
        "Number": ticket.number,
        "Subject": "=1+1",
        "Kind": "Fault",
        "Severity": "Critical",
        "State": "Resolved",
        "Service": "ERP",
        "Team": "ERP",
        "Assignee": "Bo",
        "Reporter": "Ana",
        "Department": None,
        "Way in": "Mail",
        "Reported (Berlin time)": datetime(2026, 3, 2, 9),  # noqa: DTZ001 - as the clock on the wall shows it
        "Accepted (Berlin time)": datetime(2026, 3, 2, 10, 30),  # noqa: DTZ001
        "Answered (Berlin time)": datetime(2026, 3, 2, 10, 30),  # noqa: DTZ001
        "Resolved (Berlin time)": datetime(2026, 3, 2, 11, 20),  # noqa: DTZ001
        "Waited (minutes)": 30,
        "Reopened (times)": 0,
        "Excused": "First answer: Line cut",
        "Cause": "Cable",
        "Web address": f"http://desk.example.org/tickets/{ticket.number}",
        "First answer: outcome": "Broken",
        "First answer: counted (minutes)": 90,
        "First answer: broken (times)": 1,
        "Solution: outcome": "Kept",
        "Solution: counted (minutes)": 110,
        "Solution: broken (times)": 0,
    }
    assert {name: row.get(name) for name in known} == known
    assert path.stat().st_mode & 0o777 == 0o600


def test_every_ticket_of_the_days_stands_in_it_once_however_the_pages_fall(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "PAGE", 2)
    report(house, datetime(2026, 2, 28, 22, 59, 59, tzinfo=UTC), "the day before")
    for n in range(5):
        report(house, at(3, 9) if n < 3 else at(4, 9), f"ticket {n}")  # three at the same instant
    report(house, datetime(2026, 3, 31, 21, 59, 59, tzinfo=UTC), "the last second, in summer")
    report(house, datetime(2026, 3, 31, 22, tzinfo=UTC), "the day after")
    export = order(house)
    assert exports.make_next(lambda: datetime(2026, 4, 1, tzinfo=UTC))
    path = fetched(export.id, house)
    assert path is not None
    subjects = [row["Subject"] for row in rows_of(path)]
    assert subjects == [*(f"ticket {n}" for n in range(5)), "the last second, in summer"]
    assert (export.done_rows, export.all_rows) == (6, 6)
    assert not exports.make_next(now)


def test_the_same_sending_orders_once(house: House) -> None:
    assert order(house, "sent").id == order(house, "sent").id


def dies_at(call: int) -> Callable[[], datetime]:
    """A clock under which the process ends: nothing after it is caught."""
    calls = iter(range(1, 1000))

    def clock() -> datetime:
        if next(calls) == call:
            raise KeyboardInterrupt
        return ORDERED

    return clock


@pytest.mark.parametrize("call", [3, 4, 5])
def test_what_was_cut_off_is_begun_anew_once_its_claim_is_over(house: House, call: int) -> None:
    report(house, at(2, 9), "once")
    export = order(house)
    with pytest.raises(KeyboardInterrupt):
        exports.make_next(dies_at(call))
    assert not exports.make_next(now)  # it may live yet
    later = ORDERED + exports.CLAIMED_FOR
    assert find_oldest_export(later) == later
    assert exports.make_next(lambda: later)
    path = fetched(export.id, house, later)
    assert path is not None
    assert [row["Subject"] for row in rows_of(path)] == ["once"]
    assert os.listdir(path.parent) == [path.name]
    with transaction():
        assert not change_claimed(export.id, 1, {"state": "failed"})  # whoever was slow changes nothing


def test_what_never_ends_is_given_up(house: House) -> None:
    export, later = order(house), ORDERED
    for _attempt in range(exports.MOST_ATTEMPTS):
        with pytest.raises(KeyboardInterrupt):
            exports.make_next(dies_at(3))
        later += exports.CLAIMED_FOR
        with transaction():
            change_claimed(export.id, _attempt + 1, {"claimed_until": ORDERED})
    assert exports.make_next(lambda: later)
    db.session.expire_all()
    assert export.state == "failed"
    assert not exports.make_next(lambda: later)


def test_two_at_once_make_one(app: Flask, house: House) -> None:
    report(house, at(2, 9), "once")
    export = order(house)
    found = at_once(app, *(lambda: exports.make_next(now) for _n in range(2)))
    assert sorted(found) == [False, True]
    assert fetched(export.id, house) is not None
    assert len(list_events(what="exported")) == 1


def test_whoever_may_not_take_figures_out_any_more_gets_no_file(house: House, data_folder: Path) -> None:
    export = order(house)
    house.dee.role = Role.AGENT
    db.session.commit()
    assert exports.make_next(now)
    db.session.expire_all()
    assert (export.state, export.file) == ("failed", "")
    assert list((data_folder / "exports").glob("*")) == []


def test_it_is_kept_for_a_week_and_who_took_it_is_known(house: House) -> None:
    export = order(house)
    exports.make_next(now)
    path = fetched(export.id, house)
    assert path is not None
    assert [event.actor_id for event in list_events(what="export_fetched")] == [house.dee.id]
    [event] = list_events(what="exported")
    assert (event.subject, event.detail) == (
        "register",
        {"first": "2026-03-01", "last": "2026-03-31", "rows": 0},
    )
    over = ORDERED + exports.KEPT
    assert fetched(export.id, house, over) is None
    os.utime(path, (0, 0))
    exports.sweep(over)
    assert not path.exists()
    db.session.expire_all()
    assert export.state == "gone"

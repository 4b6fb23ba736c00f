"""One deed for many tickets: tried out, ordered, carried out once each, whatever is killed."""

from contextlib import suppress
from datetime import datetime, timedelta
from threading import Thread
from time import sleep
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from helpdesk import clock
from helpdesk.desk import bulk, closing, tickets, triage
from helpdesk.desk.check import check
from helpdesk.desk.tickets import Report
from helpdesk.jobs import tasks
from helpdesk.outbound import alarms
from helpdesk.rules.access import Role
from helpdesk.store import db
from helpdesk.store.bulk import BulkAction, BulkItem, find_oldest_bulk
from helpdesk.store.db import Hindered, transaction
from helpdesk.store.letters import Letter
from helpdesk.store.services import Service
from helpdesk.store.teams import Team
from helpdesk.store.tickets import Entry, Ticket, get_ticket_for_change, list_entries
from tests.at_once import at_once
from tests.conftest import MONDAY_9, House, read_anew

TEN = MONDAY_9 + timedelta(hours=1)
ELEVEN = MONDAY_9 + timedelta(hours=2)
SOLVED = {"cause": "switch", "solution": "Restarted it"}


@pytest.fixture
def many(house: House) -> list[Ticket]:
    return [
        tickets.report(Report(f"Printer {n}", "It jams"), house.ana, now=MONDAY_9, door="web")
        for n in range(5)
    ]


def ids(found: list[Ticket]) -> list[int]:
    return [ticket.id for ticket in found]


def states(action_id: int) -> list[tuple[str, str]]:
    read_anew()
    items = db.session.query(BulkItem).filter_by(bulk_id=action_id).order_by(BulkItem.ticket_id)
    return [(item.state, item.fault) for item in items]


def carry_out(now: datetime = ELEVEN) -> None:
    while bulk.carry_out_next(now):
        pass


def everything() -> tuple[int, int, list[tuple[str, str, int | None]]]:
    read_anew()
    tickets_now = db.session.query(Ticket).order_by(Ticket.id)
    return (
        db.session.query(Entry).count(),
        db.session.query(Letter).count(),
        [(t.state, t.severity, t.assignee_id) for t in tickets_now],
    )


DEEDS: list[tuple[str, dict[str, Any], str]] = [
    ("accept", {"seen": 10**6}, "accepted"),
    ("severity", {"severity": "critical", "reason": "All stand still"}, "severity_changed"),
    ("move", {"service_id": None, "team_id": None, "reason": "x"}, "moved"),
    (
        "wait",
        {"waiting_for": "reporter", "wake_at": "2026-03-09T08:00:00+00:00", "question": "Which?"},
        "waiting",
    ),
    ("resolve", SOLVED, "resolved"),
    ("cancel", {"reason": "A test"}, "cancelled"),
]


@pytest.mark.parametrize(("deed", "data", "kind"), DEEDS)
def test_each_deed_does_what_it_does_by_hand_and_what_was_tried_out_is_what_comes(
    house: House, many: list[Ticket], deed: str, data: dict[str, Any], kind: str
) -> None:
    before = everything()
    tried = list(bulk.try_out(house.bo, deed, data, ids(many), now=TEN))
    assert everything() == before, "trying out leaves no trace"
    action = bulk.order(house.bo, deed, data, ids(many), now=TEN)
    carry_out(TEN)
    assert states(action.id) == [(each.state, each.fault) for each in tried] == [("done", "")] * 5
    assert db.session.query(Letter).count() - before[1] == sum(each.letters for each in tried)
    for ticket, each in zip(many, tried, strict=True):
        after = db.session.get_one(Ticket, ticket.id)
        assert each.after is not None
        assert (after.state, after.severity, after.next_due_at) == (
            each.after.state,
            each.after.severity,
            each.after.next_due_at,
        )
        assert list_entries(ticket.id)[-1].kind == kind
        assert list_entries(ticket.id)[-1].actor_id == house.bo.id
    assert [each for batch in check() for each in batch.differences] == []


def test_assigning_gives_each_to_the_person_or_by_a_way_of_dispatch(house: House, many: list[Ticket]) -> None:
    triage.assign(many[0].id, house.bo, house.chen.id, now=TEN)
    to_chen = {"assignee_id": house.chen.id, "way": "person"}
    tried = bulk.try_out(house.bo, "assign", to_chen, ids(many), now=TEN)
    assert [each.state for each in tried] == ["unchanged", *["done"] * 4]
    in_turn = list(
        bulk.try_out(house.bo, "assign", {"assignee_id": None, "way": "in_turn"}, ids(many), now=TEN)
    )
    assert {each.after.assignee_id for each in in_turn if each.after} == {house.bo.id, house.chen.id}


def test_several_are_merged_into_one_of_them(house: House, many: list[Ticket]) -> None:
    data = {"other_id": many[1].id}
    action = bulk.order(house.bo, "merge", data, ids(many), now=TEN)
    carry_out()
    assert len(states(action.id)) == 4, "the one that stays is not merged into itself"
    read_anew()
    assert {t.merged_into_id for t in db.session.query(Ticket) if t.id != many[1].id} == {many[1].id}
    assert db.session.get_one(Ticket, many[1].id).is_open


def test_several_are_linked_with_one_and_stand_under_one(house: House, many: list[Ticket]) -> None:
    for deed, data in (("link", {"how": "caused_by"}), ("adopt", {})):
        action = bulk.order(house.bo, deed, data | {"other_id": many[0].id}, ids(many), now=TEN)
        carry_out()
        assert states(action.id) == [("done", "")] * 4, deed
    read_anew()
    assert [t.parent_id for t in db.session.query(Ticket).order_by(Ticket.id)] == [None, *[many[0].id] * 4]


def test_what_has_ended_is_refused_with_the_reason_and_the_others_go_on(
    house: House, many: list[Ticket]
) -> None:
    closing.cancel(many[2].id, house.bo, "twice", now=MONDAY_9)
    action = bulk.order(house.bo, "resolve", SOLVED, ids(many), now=TEN)
    carry_out()
    assert states(action.id)[2] == ("refused", "resolve cancelled")
    assert [state for state, _fault in states(action.id)].count("done") == 4


def test_rights_are_asked_again_when_it_is_carried_out(house: House, many: list[Ticket]) -> None:
    secret = Service(name="Payroll", team=Team(name="HR"), is_restricted=True)
    db.session.add(secret)
    db.session.commit()
    action = bulk.order(house.bo, "resolve", SOLVED, ids(many), now=TEN)
    assert bulk.carry_out_next(TEN)
    triage.move(many[1].id, house.chen, service_id=secret.id, reason="secret", now=TEN)
    house.bo.role = Role.REPORTER
    db.session.commit()
    assert bulk.carry_out_next(TEN)
    house.bo.role = Role.AGENT
    db.session.commit()
    carry_out()
    assert [fault for _state, fault in states(action.id)] == ["", "no_right", "", "", ""]
    again = bulk.order(house.bo, "cancel", {"reason": "x"}, [many[1].id], now=TEN)
    carry_out()
    assert states(again.id) == [("refused", "unseen")]


def test_nothing_is_done_for_somebody_who_has_left(house: House, many: list[Ticket]) -> None:
    action = bulk.order(house.bo, "resolve", SOLVED, ids(many), now=TEN)
    house.bo.left_at = TEN
    db.session.commit()
    carry_out()
    assert set(states(action.id)) == {("refused", "no_right")}


def test_a_ticket_that_somebody_took_meanwhile_is_not_taken_from_them(
    house: House, many: list[Ticket]
) -> None:
    seen = list_entries(many[-1].id)[-1].id
    tickets.accept(many[0].id, house.chen, now=TEN)
    action = bulk.order(house.bo, "accept", {"seen": seen}, ids(many), now=TEN)
    carry_out()
    assert states(action.id)[0] == ("refused", f"taken {house.chen.id}")
    assert db.session.get_one(Ticket, many[0].id).assignee_id == house.chen.id


def test_a_fault_with_one_ticket_holds_up_no_other(house: House, many: list[Ticket]) -> None:
    broken = many[0].id
    db.session.query(Entry).filter_by(ticket_id=broken).update({"detail": {}})  # in disorder
    db.session.commit()
    action = bulk.order(house.bo, "resolve", SOLVED, ids(many), now=TEN)
    carry_out()
    assert states(action.id) == [("refused", "failed"), *[("done", "")] * 4]
    assert db.session.get_one(Ticket, broken).state == "new", "nothing of it is kept by half"


def test_the_same_sending_orders_once(house: House, many: list[Ticket]) -> None:
    one = bulk.order(house.bo, "resolve", SOLVED, ids(many), now=TEN, sent_key="k")
    again = bulk.order(house.bo, "resolve", SOLVED, ids(many), now=TEN, sent_key="k")
    assert one.id == again.id
    assert db.session.query(BulkItem).count() == 5


def test_more_than_can_be_looked_at_are_not_ordered(house: House) -> None:
    with pytest.raises(ValueError, match="500"):
        bulk.order(house.bo, "resolve", SOLVED, range(1, 502), now=TEN)


def test_several_workers_share_it_and_each_ticket_is_done_once(
    app: Flask, house: House, many: list[Ticket]
) -> None:
    action = bulk.order(house.bo, "resolve", SOLVED, ids(many), now=TEN)
    found = at_once(app, *[carry_out] * 3)
    assert list(found) == [None] * 3
    assert states(action.id) == [("done", "")] * 5
    resolved = db.session.query(Entry).filter_by(kind="resolved").count()
    assert resolved == db.session.query(Letter).filter_by(kind="resolved").count() == 5
    carry_out()
    assert db.session.get_one(BulkAction, action.id).finished_at is not None


class Killed(BaseException):
    """As if the process ended here."""


@pytest.mark.parametrize("kills_after", [0, 1, 3])
def test_what_is_killed_half_way_goes_on_where_it_was_and_does_nothing_twice(
    house: House, many: list[Ticket], monkeypatch: pytest.MonkeyPatch, kills_after: int
) -> None:
    action_id = bulk.order(house.bo, "resolve", SOLVED, ids(many), now=TEN).id
    for _n in range(kills_after):
        bulk.carry_out_next(TEN)
    with monkeypatch.context() as patched:
        # The verb has done its work, and the mark is not kept yet.
        patched.setattr(bulk, "find_last_entry_id", _kill_at_second())
        with pytest.raises(Killed):
            bulk.carry_out_next(TEN)
    assert [state for state, _fault in states(action_id)].count("done") == kills_after
    assert find_oldest_bulk(TEN) == TEN, "the clock's sweep finds it"
    tasks.carry_out_bulk()
    assert states(action_id) == [("done", "")] * 5
    assert db.session.query(Entry).filter_by(kind="resolved").count() == 5
    assert db.session.query(Letter).filter_by(kind="resolved").count() == 5
    assert find_oldest_bulk(clock.now()) is None


def _kill_at_second() -> Any:
    calls: list[int] = []

    def at(_ticket_id: int) -> int:
        calls.append(1)
        if len(calls) == 2:
            raise Killed
        return 0

    return at


def test_an_order_wakes_a_worker(house: House, many: list[Ticket]) -> None:
    alarms.queue_connection().flushdb()
    bulk.order(house.bo, "resolve", SOLVED, ids(many), now=TEN)
    assert alarms.queue_connection().exists("helpdesk:asked:bulk")


def test_a_ticket_that_two_wait_for_at_once_is_done_all_the_same(
    app: Flask, house: House, many: list[Ticket]
) -> None:
    one, other = ids(many)[:2]
    action = bulk.order(house.bo, "link", {"other_id": other, "how": "relates_to"}, [one], now=TEN)
    with suppress(Hindered), transaction():  # on a slow machine it is us whom the database ends
        get_ticket_for_change(other)
        worker = Thread(target=_carry_out_elsewhere, args=(app,))
        worker.start()
        while db.engine.dialect.name == "postgresql" and not db.session.scalar(text(SOMEBODY_WAITS)):
            sleep(0.01)
        get_ticket_for_change(one)  # which the worker holds: the database ends its waiting for the other
    worker.join()
    assert states(action.id) == [("done", "")]


SOMEBODY_WAITS = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


def _carry_out_elsewhere(app: Flask) -> None:
    with app.app_context():
        carry_out()

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from helpdesk import clock
from helpdesk.desk import closing, maintenance, targets, tickets, triage
from helpdesk.desk.grounds import Grounds
from helpdesk.desk.maintenance import WindowRefused
from helpdesk.desk.recompute import recompute as recompute_some
from helpdesk.desk.stale import after_calendar_change
from helpdesk.desk.tickets import Report
from helpdesk.jobs.clock import sweep
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.db import transaction
from helpdesk.store.escalations import Alarm
from helpdesk.store.maintenance import Window, WindowVersion, list_windows_ahead
from helpdesk.store.security import SecurityEvent
from helpdesk.store.stale import StaleTarget, list_stale_tickets
from helpdesk.store.tickets import Entry, Ticket
from tests.conftest import MONDAY_9, House

# Monday 2 March 2026 in Berlin (UTC+1): office hours are 08:00 to 11:00 and 12:00 to 17:00 UTC.
TEN, ELEVEN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC), datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
ONE, TWO, THREE = (datetime(2026, 3, 2, hour, 0, tzinfo=UTC) for hour in (12, 13, 14))


def minor(house: House, now: datetime = MONDAY_9) -> Ticket:
    """Answered within four working hours: by 14:00 in Berlin, where nothing comes between."""
    return tickets.report(Report("List is slow", "", service_id=house.erp.id), house.ana, now=now, door="web")


def critical(house: House) -> Ticket:
    command = Report(
        "All stands", "", service_id=house.erp.id, works=Works.NOTHING, affected=Affected.EVERYONE
    )
    return tickets.report(command, house.ana, now=MONDAY_9, door="web")


def announce(house: House, start: datetime = TEN, end: datetime = ELEVEN, now: datetime = MONDAY_9) -> Window:
    return maintenance.announce(house.erp.id, start, end, "Update", now=now, actor_id=house.chen.id)


def due(ticket: Ticket, name: str = "response") -> datetime | None:
    return next(t.due_at for t in ticket.targets if t.target == name)


def moves(ticket: Ticket) -> list[dict[str, Any]]:
    query = select(Entry).where(Entry.ticket_id == ticket.id, Entry.kind == "deadline_moved")
    return [entry.detail for entry in db.session.scalars(query.order_by(Entry.id))]


def recompute(now: datetime, batch: int = 25) -> int:
    """Recomputes all that is left, as the errand does; answers how many tickets were waiting."""
    waiting, last = len(list_stale_tickets(0, 1000)), 0
    while (last := recompute_some(now, last, batch) or 0) > 0:
        pass
    return waiting


def marks() -> int:
    return db.session.query(StaleTarget).count()


def test_a_window_moves_the_deadline_of_an_open_ticket_and_says_so(house: House) -> None:
    ticket = minor(house)
    assert due(ticket) == TWO
    window = announce(house)
    assert due(ticket) == TWO, "the verb itself touches no ticket"
    assert recompute(MONDAY_9) == 1
    assert due(ticket) == THREE == ticket.next_due_at
    [detail] = moves(ticket)
    assert (detail["from"], detail["to"]) == (TWO.isoformat(), THREE.isoformat())
    assert (detail["window"], detail["reason"]) == (window.id, "Update")
    assert [change["target"] for change in detail["targets"]] == ["response", "resolution"]
    assert marks() == 0
    assert recompute(MONDAY_9) == 0


def test_a_cancelled_window_gives_the_deadline_back(house: House) -> None:
    ticket = minor(house)
    window = announce(house)
    recompute(MONDAY_9)
    maintenance.cancel(window.id, now=MONDAY_9 + timedelta(minutes=5), actor_id=house.chen.id)
    recompute(MONDAY_9 + timedelta(minutes=5))
    assert due(ticket) == TWO
    assert [(m["from"], m["to"]) for m in moves(ticket)] == [
        (TWO.isoformat(), THREE.isoformat()),
        (THREE.isoformat(), TWO.isoformat()),
    ]
    assert list_windows_ahead(MONDAY_9 + timedelta(minutes=6), THREE) == []


def test_a_running_window_that_is_called_off_keeps_what_it_paused(house: House) -> None:
    ticket = minor(house)
    window = announce(house)
    recompute(MONDAY_9)
    half_past = TEN + timedelta(minutes=30, seconds=7, microseconds=9)
    maintenance.cancel(window.id, now=half_past, actor_id=house.chen.id)
    recompute(half_past)
    assert (window.ends_at, window.cancelled_at) == (half_past.replace(microsecond=0), None)
    assert due(ticket) == TWO + timedelta(minutes=30, seconds=7)
    with pytest.raises(WindowRefused, match="over"):
        maintenance.cancel(window.id, now=half_past, actor_id=house.chen.id)


def test_a_window_that_is_extended_moves_the_deadline_on(house: House) -> None:
    ticket = minor(house)
    window = announce(house)
    recompute(MONDAY_9)
    later, end = TEN + timedelta(minutes=50), ELEVEN + timedelta(minutes=30)
    changed = maintenance.change(window.id, THREE, end, "Longer", now=later, actor_id=house.chen.id)
    recompute(later)
    assert (changed.starts_at, changed.ends_at) == (TEN, end), "the start of one that runs stays"
    assert due(ticket) == THREE + timedelta(minutes=30)


def test_a_window_pauses_no_severity_whose_policy_does_not_say_so(house: House) -> None:
    ticket = critical(house)
    announce(house, MONDAY_9 + timedelta(minutes=10), TEN)
    recompute(MONDAY_9)
    assert due(ticket) == TEN
    assert moves(ticket) == []


def test_tickets_of_other_services_and_deadlines_before_the_window_stay(house: House) -> None:
    other = tickets.report(
        Report("Jam", "", service_id=house.printing.id), house.ana, now=MONDAY_9, door="web"
    )
    ticket = minor(house)
    announce(house, THREE, THREE + timedelta(hours=1))
    assert recompute(MONDAY_9) == 1
    assert due(ticket) == TWO
    [detail] = moves(ticket)
    assert [change["target"] for change in detail["targets"]] == ["resolution"]
    assert moves(other) == []


def test_a_ticket_that_was_moved_away_keeps_the_window_of_its_time_there(house: House) -> None:
    ticket = minor(house)
    window = announce(house)
    recompute(MONDAY_9)
    half_past = TEN + timedelta(minutes=30)
    triage.move(ticket.id, house.bo, service_id=house.printing.id, now=half_past)
    assert due(ticket) == TWO + timedelta(minutes=30)
    maintenance.cancel(window.id, now=half_past - timedelta(minutes=10), actor_id=house.chen.id)
    recompute(half_past)
    assert due(ticket) == TWO + timedelta(minutes=20)


def test_a_ticket_reported_after_the_announcement_needs_no_recompute(house: House) -> None:
    announce(house)
    ticket = minor(house)
    assert due(ticket) == THREE
    assert recompute(MONDAY_9) == 0


def test_a_deadline_refreshed_by_another_verb_in_between_is_still_told(house: House) -> None:
    ticket = minor(house)
    announce(house)
    tickets.note(ticket.id, house.bo, "Have a look", now=MONDAY_9)
    with transaction():
        targets.refresh(ticket, MONDAY_9)
    recompute(MONDAY_9)
    assert [m["from"] for m in moves(ticket)] == [TWO.isoformat()]


def test_announced_and_called_off_before_anybody_computed_it_moves_nothing(house: House) -> None:
    ticket = minor(house)
    window = announce(house)
    maintenance.cancel(window.id, now=MONDAY_9, actor_id=house.chen.id)
    recompute(MONDAY_9)
    assert due(ticket) == TWO
    assert moves(ticket) == []
    assert marks() == 0


def test_a_resolved_ticket_keeps_its_verdict_and_gets_no_entry(house: House) -> None:
    ticket = minor(house)
    closing.resolve(ticket.id, house.bo, cause="Index", solution="Rebuilt", now=MONDAY_9)
    announce(house)
    recompute(MONDAY_9)
    assert {t.target: t.state for t in ticket.targets} == {"response": "met", "resolution": "met"}
    assert moves(ticket) == []
    assert [c.due_at for c in targets.explain(ticket, MONDAY_9)] == [t.due_at for t in ticket.targets]


class Killed(BaseException):
    pass


@contextmanager
def dies_at_commit(number: int) -> Iterator[None]:
    """The process is killed just before its n-th transaction with deadlines commits."""
    seen = 0

    def kill(_session: object) -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            raise Killed

    event.listen(db.session, "before_commit", kill)
    try:
        yield
    finally:
        event.remove(db.session, "before_commit", kill)


def test_a_recompute_that_is_killed_in_the_middle_goes_on_later(house: House) -> None:
    found = [minor(house) for _ in range(5)]
    announce(house)
    # Each batch's savepoint is a commit to the session too: the fourth is that of the second batch.
    with pytest.raises(Killed), dies_at_commit(4):
        recompute(MONDAY_9, batch=2)
    db.session.expire_all()
    assert [due(ticket) for ticket in found] == [THREE, THREE, TWO, TWO, TWO]
    assert recompute(MONDAY_9, batch=2) == 3
    assert [due(ticket) for ticket in found] == [THREE] * 5
    assert [len(moves(ticket)) for ticket in found] == [1] * 5


def test_a_ticket_in_disorder_does_not_hold_up_the_others(house: House) -> None:
    bad, good = minor(house), minor(house)
    bad_first = db.session.query(Entry).filter_by(ticket_id=bad.id, kind="reported").one()
    bad_first.kind = "lost"
    db.session.commit()
    announce(house)
    recompute(MONDAY_9)
    assert due(good) == THREE
    assert marks() == 2, "the disordered one keeps its marks"


def test_a_changed_calendar_marks_every_open_deadline_ahead(house: House) -> None:
    ticket = minor(house)
    with transaction():
        after_calendar_change(MONDAY_9, MONDAY_9)
    assert recompute(MONDAY_9) == 1
    assert (due(ticket), moves(ticket), marks()) == (TWO, [], 0)


def test_a_report_that_is_being_written_does_not_miss_the_window(house: House, app: Flask) -> None:
    written, go = threading.Event(), threading.Event()

    def report() -> int:
        with app.app_context(), transaction():
            ticket_id = minor(house).id
            written.set()
            assert go.wait(10)
        return ticket_id

    def announce_it() -> None:
        with app.app_context():
            announce(house)

    db.session.rollback()
    with ThreadPoolExecutor(2) as pool:
        reporting = pool.submit(report)
        assert written.wait(10)
        announcing = pool.submit(announce_it)
        wait([announcing], 0.5)  # it waits for the report; if it did not, it would be through by now
        go.set()
        announcing.result(20)
        ticket_id = reporting.result(20)
    recompute(MONDAY_9)
    ticket = db.session.get(Ticket, ticket_id)
    assert ticket is not None
    assert due(ticket) == THREE


def test_the_sweep_computes_deadlines_where_no_worker_does(house: House) -> None:
    ticket = minor(house, clock.now())
    before = due(ticket)
    assert before is not None
    maintenance.announce(
        house.erp.id,
        before - timedelta(minutes=1),
        before + timedelta(days=1),
        "Update",
        now=clock.now() - timedelta(minutes=1),
        actor_id=house.chen.id,
    )
    sweep(clock.now())
    db.session.rollback()
    db.session.expire_all()
    after = due(ticket)
    assert after is not None
    assert after > before
    assert marks() == 0


def test_a_window_never_begins_in_the_past(house: House) -> None:
    window = announce(house, MONDAY_9 - timedelta(hours=3), TEN, now=MONDAY_9 + timedelta(microseconds=5))
    assert window.starts_at == MONDAY_9


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        (TEN, TEN, "empty"),
        (ELEVEN, TEN, "empty"),
        (MONDAY_9 - timedelta(hours=2), MONDAY_9, "past"),
        (TEN, TEN + timedelta(days=32), "too_long"),
    ],
)
def test_impossible_times_are_refused(house: House, start: datetime, end: datetime, code: str) -> None:
    with pytest.raises(WindowRefused, match=code):
        announce(house, start, end)
    assert db.session.query(Window).count() == 0


def known(house: House, at: datetime) -> list[tuple[datetime, datetime]]:
    found = Grounds(MONDAY_9).windows_known(house.erp.id, at)
    return [(each.starts_at, each.ends_at) for each in found]


def test_what_was_known_of_a_window_at_an_earlier_instant_stays_known(house: House) -> None:
    minute = timedelta(minutes=1)
    window = announce(house, TWO, THREE)
    tomorrow = announce(house, TWO + timedelta(days=1), THREE + timedelta(days=1), now=MONDAY_9 + minute)
    actor = house.chen.id
    maintenance.change(window.id, ONE, THREE, "Longer", now=MONDAY_9 + 2 * minute, actor_id=actor)
    maintenance.cancel(tomorrow.id, now=MONDAY_9 + 3 * minute, actor_id=actor)
    maintenance.cancel(window.id, now=ONE + 5 * minute, actor_id=actor)
    day = timedelta(days=1)
    assert known(house, MONDAY_9 - minute) == []
    assert known(house, MONDAY_9) == [(TWO, THREE)]
    assert known(house, MONDAY_9 + minute) == [(TWO, THREE), (TWO + day, THREE + day)]
    assert known(house, MONDAY_9 + 2 * minute) == [(ONE, THREE), (TWO + day, THREE + day)]
    assert known(house, MONDAY_9 + 3 * minute) == [(ONE, THREE)]
    assert known(house, ONE + 5 * minute) == [(ONE, ONE + 5 * minute)], "what ran stays"
    assert Grounds(MONDAY_9).windows_known(house.printing.id, THREE) == []


def test_another_reason_is_no_other_window(house: House) -> None:
    window = announce(house, TWO, THREE)
    maintenance.change(window.id, TWO, THREE, "Typo mended", now=MONDAY_9, actor_id=house.chen.id)
    assert db.session.query(WindowVersion).filter_by(window_id=window.id).count() == 1


def test_ahead_is_what_runs_and_what_starts_by_then(house: House) -> None:
    running = announce(house, MONDAY_9, ELEVEN)
    near = announce(house, MONDAY_9 + timedelta(hours=47), MONDAY_9 + timedelta(hours=50))
    announce(house, MONDAY_9 + timedelta(hours=49), MONDAY_9 + timedelta(hours=50))
    two_days = timedelta(days=2)
    assert list_windows_ahead(TEN, TEN + two_days) == [running, near]
    over = MONDAY_9 + timedelta(hours=50)
    assert list_windows_ahead(over, over + two_days) == []


def test_each_step_is_in_the_security_log(house: House) -> None:
    window = announce(house)
    maintenance.change(window.id, TEN, THREE, "Longer", now=MONDAY_9, actor_id=house.chen.id)
    maintenance.cancel(window.id, now=MONDAY_9, actor_id=house.eli.id)
    log = db.session.query(SecurityEvent).order_by(SecurityEvent.id).all()
    assert [(e.what, e.subject, e.actor_id) for e in log] == [
        ("maintenance_announced", "service:ERP", house.chen.id),
        ("maintenance_changed", "service:ERP", house.chen.id),
        ("maintenance_cancelled", "service:ERP", house.eli.id),
    ]


def test_the_triage_alarm_waits_for_maintenance_to_end(house: House) -> None:
    announce(house, MONDAY_9, TEN)
    command = Report("List is slow", "", service_id=house.erp.id)
    ticket = tickets.report(command, house.ana, now=MONDAY_9, door="mail")
    [alarm] = db.session.query(Alarm).filter_by(ticket_id=ticket.id, kind="triage")
    assert alarm.due_at == TEN + timedelta(minutes=15)
    tickets.accept(ticket.id, house.bo, now=MONDAY_9)  # answered, but still nobody has judged it
    assert (alarm.state, alarm.due_at) == ("pending", TEN + timedelta(minutes=15))

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
from helpdesk.desk.changes import By
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
from helpdesk.store.maintenance import Window, list_windows_ahead
from helpdesk.store.policies import Policy, PolicyVersion
from helpdesk.store.services import Dependency
from helpdesk.store.stale import StaleTarget, list_stale_tickets
from helpdesk.store.tickets import Entry, Ticket
from tests.conftest import MONDAY_9, House, announced

# Monday 2 March 2026 in Berlin (UTC+1): office hours are 08:00 to 11:00 and 12:00 to 17:00 UTC.
TEN, ELEVEN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC), datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
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
    return announced(house, house.erp, start, end, now=now)


def chen(house: House, now: datetime = MONDAY_9) -> By:
    return By(now, house.chen.id)


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
    maintenance.cancel(window.id, chen(house, MONDAY_9 + timedelta(minutes=5)))
    recompute(MONDAY_9 + timedelta(minutes=5))
    assert due(ticket) == TWO
    assert [(m["from"], m["to"]) for m in moves(ticket)] == [
        (TWO.isoformat(), THREE.isoformat()),
        (THREE.isoformat(), TWO.isoformat()),
    ]
    assert list_windows_ahead(MONDAY_9 + timedelta(minutes=6), THREE) == []


def test_a_window_that_ends_early_keeps_what_it_paused_and_gives_the_rest_back(house: House) -> None:
    ticket = minor(house)
    window = announce(house)
    recompute(MONDAY_9)
    half_past = TEN + timedelta(minutes=30, seconds=7, microseconds=9)
    maintenance.finish(window.id, chen(house, half_past), "All is well")
    recompute(half_past)
    assert (window.ends_at, window.ended_at) == (ELEVEN, half_past.replace(microsecond=0))
    assert due(ticket) == TWO + timedelta(minutes=30, seconds=7)
    assert (moves(ticket)[-1]["step"], moves(ticket)[-1]["why"]) == ("finished", "All is well")
    with pytest.raises(WindowRefused, match="over"):
        maintenance.finish(window.id, chen(house, half_past))


def test_a_window_that_is_extended_moves_the_deadline_on(house: House) -> None:
    ticket = minor(house)
    window = announce(house)
    recompute(MONDAY_9)
    later, end = TEN + timedelta(minutes=50), ELEVEN + timedelta(minutes=30)
    maintenance.extend(window.id, end, chen(house, later), "The index is slow")
    recompute(later)
    assert (window.state, window.starts_at, window.ends_at) == ("extended", TEN, end)
    assert due(ticket) == THREE + timedelta(minutes=30)
    last = moves(ticket)[-1]
    assert (last["step"], last["why"], last["reason"]) == ("extended", "The index is slow", "Update")


def test_a_window_that_moves_moves_the_deadline(house: House) -> None:
    ticket = minor(house)
    window = announce(house)
    recompute(MONDAY_9)
    maintenance.move(window.id, ELEVEN + 3 * HOUR, ELEVEN + 5 * HOUR, chen(house))
    recompute(MONDAY_9)
    assert due(ticket) == TWO
    assert [m["step"] for m in moves(ticket)] == ["announced", "moved"]


@pytest.mark.parametrize(("ahead", "counts"), [(60 * 60, True), (60 * 60 - 1, False)])
def test_a_window_announced_later_than_the_lead_time_pauses_nothing(
    house: House, ahead: int, counts: bool
) -> None:
    ticket = minor(house)
    told = TEN - timedelta(seconds=ahead)
    announce(house, now=told)
    recompute(told)
    assert due(ticket) == (THREE if counts else TWO)
    assert len(moves(ticket)) == counts


def test_a_window_brought_forward_too_late_pauses_nothing(house: House) -> None:
    ticket = minor(house)
    window = announce(house)
    recompute(MONDAY_9)
    maintenance.move(window.id, TEN - timedelta(minutes=1), ELEVEN, chen(house))
    recompute(MONDAY_9)
    assert due(ticket) == TWO


def test_a_start_put_off_within_what_was_announced_is_no_late_news(house: House) -> None:
    ticket = minor(house)
    window = announce(house)
    recompute(MONDAY_9)
    just_before, quarter_past = TEN - timedelta(minutes=1), TEN + timedelta(minutes=15)
    maintenance.move(window.id, quarter_past, ELEVEN, chen(house, just_before))
    recompute(just_before)
    assert due(ticket) == TWO + timedelta(minutes=45)


@pytest.mark.parametrize(
    ("counts", "paused"),
    [("actual_within_planned", 40), ("planned", 60), ("actual", 60)],
)
def test_planned_and_actual_times_count_as_the_policy_says(house: House, counts: str, paused: int) -> None:
    version = db.session.query(PolicyVersion).join(Policy).filter(Policy.name == "Standard").one()
    version.definition = {**version.definition, "maintenance_counts": counts}
    db.session.commit()
    ticket = minor(house)
    window = announce(house)
    recompute(MONDAY_9)
    maintenance.start(window.id, chen(house, TEN - timedelta(minutes=20)))
    maintenance.finish(window.id, chen(house, TEN + timedelta(minutes=40)))
    recompute(TEN + timedelta(minutes=40))
    assert due(ticket) == TWO + timedelta(minutes=paused)


def test_what_the_clock_starts_and_ends_as_planned_moves_nothing(house: House) -> None:
    ticket = minor(house)
    window = announce(house)
    recompute(MONDAY_9)
    maintenance.sweep(TEN + timedelta(minutes=7))
    maintenance.sweep(ELEVEN + timedelta(minutes=7))
    assert (window.state, marks(), due(ticket)) == ("finished", 0, THREE)
    assert [c.due_at for c in targets.explain(ticket, ELEVEN)] == [t.due_at for t in ticket.targets]


def test_a_window_covers_tickets_of_services_that_need_its_own(house: House) -> None:
    db.session.add(Dependency(service_id=house.erp.id, needs_id=house.printing.id))
    db.session.commit()
    ticket = minor(house)
    announced(house, house.printing, TEN, ELEVEN)
    recompute(MONDAY_9)
    assert due(ticket) == THREE


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
    maintenance.finish(window.id, chen(house, half_past - timedelta(minutes=10)))
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
    maintenance.cancel(window.id, chen(house))
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
    announced(
        house,
        house.erp,
        before - timedelta(minutes=1),
        before + timedelta(days=1),
        now=clock.now() - timedelta(minutes=1),
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


def known(house: House, at: datetime) -> list[tuple[datetime, datetime]]:
    grounds = Grounds(MONDAY_9)
    terms = grounds.terms_of(
        db.session.query(PolicyVersion.id).join(Policy).filter_by(name="Standard").scalar()
    )
    return sorted((w.starts_at, w.ends_at) for w in grounds.windows_known(house.erp.id, terms, at))


def test_what_was_known_of_a_window_at_an_earlier_instant_stays_known(house: House) -> None:
    minute, day = timedelta(minutes=1), timedelta(days=1)
    window = announce(house, TWO, THREE)
    tomorrow = announce(house, TWO + day, THREE + day, now=MONDAY_9 + minute)
    maintenance.move(window.id, ONE, THREE, chen(house, MONDAY_9 + 2 * minute))
    maintenance.cancel(tomorrow.id, chen(house, MONDAY_9 + 3 * minute))
    maintenance.finish(window.id, chen(house, ONE + 5 * minute))
    assert known(house, MONDAY_9 - minute) == []
    assert known(house, MONDAY_9) == [(TWO, THREE)]
    assert known(house, MONDAY_9 + minute) == [(TWO, THREE), (TWO + day, THREE + day)]
    assert known(house, MONDAY_9 + 2 * minute) == [(ONE, THREE), (TWO + day, THREE + day)]
    assert known(house, MONDAY_9 + 3 * minute) == [(ONE, THREE)]
    assert known(house, ONE + 5 * minute) == [(ONE, ONE + 5 * minute)], "what ran stays"


def test_ahead_is_what_runs_and_what_starts_by_then(house: House) -> None:
    running = announce(house, MONDAY_9, ELEVEN)
    near = announce(house, MONDAY_9 + timedelta(hours=47), MONDAY_9 + timedelta(hours=50))
    announce(house, MONDAY_9 + timedelta(hours=49), MONDAY_9 + timedelta(hours=50))
    two_days = timedelta(days=2)
    assert list_windows_ahead(TEN, TEN + two_days) == [running, near]
    over = MONDAY_9 + timedelta(hours=50)
    assert list_windows_ahead(over, over + two_days) == []


def test_the_triage_alarm_waits_for_maintenance_to_end(house: House) -> None:
    announce(house, MONDAY_9, TEN, now=MONDAY_9 - HOUR)
    command = Report("List is slow", "", service_id=house.erp.id)
    ticket = tickets.report(command, house.ana, now=MONDAY_9, door="mail")
    [alarm] = db.session.query(Alarm).filter_by(ticket_id=ticket.id, kind="triage")
    assert alarm.due_at == TEN + timedelta(minutes=15)
    tickets.accept(ticket.id, house.bo, now=MONDAY_9)  # answered, but still nobody has judged it
    assert (alarm.state, alarm.due_at) == ("pending", TEN + timedelta(minutes=15))

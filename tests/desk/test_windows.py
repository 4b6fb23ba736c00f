"""The life of a maintenance window, step by step."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from helpdesk import clock
from helpdesk.desk import maintenance
from helpdesk.desk.changes import By, ChangedMeanwhile, marker_of
from helpdesk.desk.maintenance import WindowRefused
from helpdesk.jobs.clock import sweep
from helpdesk.store import db
from helpdesk.store.maintenance import (
    Window,
    WindowEntry,
    WindowNotice,
    WindowVersion,
    list_running_windows,
    list_windows_over,
)
from helpdesk.store.security import SecurityEvent
from helpdesk.store.services import Dependency, Service
from tests.at_once import at_once
from tests.conftest import MONDAY_9, House, announced, read_anew

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
START, END = MONDAY_9 + 10 * HOUR, MONDAY_9 + 12 * HOUR


def chen(house: House, now: datetime = MONDAY_9) -> By:
    return By(now, house.chen.id)


def dee(house: House, now: datetime = MONDAY_9) -> By:
    return By(now, house.dee.id)


def values(house: House, **more: Any) -> dict[str, Any]:
    times = {"starts_at": START, "ends_at": END}
    return {"service_ids": [house.erp.id], "reason": "New version", **times, **more}


def kinds(window: Window) -> list[tuple[str, int | None]]:
    query = db.session.query(WindowEntry).filter_by(window_id=window.id).order_by(WindowEntry.id)
    return [(entry.kind, entry.actor_id) for entry in query]


def notices(window: Window) -> list[tuple[str, datetime]]:
    query = db.session.query(WindowNotice).filter_by(window_id=window.id).order_by(WindowNotice.id)
    return [(notice.kind, notice.due_at) for notice in query]


def test_each_step_stands_in_the_timeline_and_in_the_security_log(house: House) -> None:
    window = announced(house, house.erp, START, END)
    assert (window.state, window.owner_id, window.approved_by_id) == (
        "announced",
        house.chen.id,
        house.dee.id,
    )
    maintenance.move(window.id, START + HOUR, END + HOUR, chen(house, MONDAY_9 + MINUTE), "Release is late")
    maintenance.sweep(START + HOUR + MINUTE)
    maintenance.extend(window.id, END + 2 * HOUR, chen(house, END), "Index is slow")
    maintenance.finish(window.id, dee(house, END + 90 * MINUTE))
    db.session.refresh(window)
    assert kinds(window) == [
        ("drafted", house.chen.id),
        ("approved", house.dee.id),
        ("announced", house.chen.id),
        ("moved", house.chen.id),
        ("started", None),
        ("extended", house.chen.id),
        ("finished", house.dee.id),
    ]
    assert (window.started_at, window.ended_at) == (START + HOUR, END + 90 * MINUTE)
    log = db.session.query(SecurityEvent).order_by(SecurityEvent.id)
    assert [event.what for event in log] == [
        f"maintenance_{kind}" for kind, actor in kinds(window) if actor is not None
    ]
    entry = db.session.query(WindowEntry).filter_by(window_id=window.id, kind="moved").one()
    assert entry.detail == {
        "starts_at": (START + HOUR).isoformat(),
        "ends_at": (END + HOUR).isoformat(),
        "was_starts_at": START.isoformat(),
        "was_ends_at": END.isoformat(),
        "why": "Release is late",
    }


def test_nobody_approves_what_they_wrote_themselves(house: House) -> None:
    window = maintenance.draft(values(house), chen(house))
    with pytest.raises(WindowRefused, match="own"):
        maintenance.approve(window.id, chen(house))
    maintenance.change(window.id, {"reason": "Another version"}, dee(house))
    with pytest.raises(WindowRefused, match="own"):
        maintenance.approve(window.id, dee(house))
    maintenance.approve(window.id, By(MONDAY_9, house.eli.id))
    assert window.state == "approved"


def test_a_change_takes_the_approval_away_and_no_change_does_not(house: House) -> None:
    window = maintenance.draft(values(house), chen(house))
    maintenance.approve(window.id, dee(house))
    maintenance.change(window.id, values(house), chen(house))
    assert window.state == "approved"
    maintenance.change(window.id, {"ends_at": END + HOUR}, chen(house))
    assert (window.state, window.approved_by_id, window.approved_at) == ("draft", None, None)
    with pytest.raises(WindowRefused, match="not_now"):
        maintenance.announce(window.id, chen(house))


def test_nothing_is_announced_without_approval(house: House) -> None:
    window = maintenance.draft(values(house), chen(house))
    with pytest.raises(WindowRefused, match="not_now"):
        maintenance.announce(window.id, chen(house))
    assert notices(window) == []
    assert db.session.query(WindowVersion).count() == 0


def test_what_is_announced_covers_all_that_need_its_services(house: House) -> None:
    shop = Service(name="Shop", team_id=house.team.id)
    till = Service(name="Till", team_id=house.team.id)
    db.session.add_all([shop, till])
    db.session.flush()
    db.session.add_all(
        [
            Dependency(service_id=shop.id, needs_id=house.erp.id),
            Dependency(service_id=till.id, needs_id=shop.id),
            Dependency(service_id=shop.id, needs_id=till.id),
        ]
    )
    db.session.commit()
    window = announced(house, house.erp, START, END)
    assert [(each.service.name, each.is_named) for each in window.covered] == [
        ("ERP", True),
        ("Shop", False),
        ("Till", False),
    ]
    db.session.query(Dependency).delete()
    db.session.commit()
    maintenance.change(window.id, {"reason": "Typo mended"}, chen(house))
    assert [service.name for service in window.services] == ["ERP", "Shop", "Till"], "they are fixed"


def test_once_announced_only_words_change_and_no_new_version_is_known(house: House) -> None:
    window = announced(house, house.erp, START, END)
    maintenance.change(window.id, {"reason": "Typo mended", "rollback_plan": "Restore"}, chen(house))
    assert (window.reason, window.state) == ("Typo mended", "announced")
    for changed in ({"ends_at": END + HOUR}, {"service_ids": [house.printing.id]}):
        with pytest.raises(WindowRefused, match="not_now"):
            maintenance.change(window.id, changed, chen(house))
    assert db.session.query(WindowVersion).filter_by(window_id=window.id).count() == 1


def test_who_has_seen_another_draft_overwrites_nothing(house: House) -> None:
    window = maintenance.draft(values(house), chen(house))
    seen = marker_of(maintenance.state_of(window))
    maintenance.change(window.id, {"reason": "Another"}, chen(house), seen)
    with pytest.raises(ChangedMeanwhile):
        maintenance.change(window.id, {"reason": "A third"}, chen(house), seen)


def test_people_are_told_of_each_step_from_the_announcement_on(house: House) -> None:
    window = maintenance.draft(values(house), chen(house))
    maintenance.approve(window.id, dee(house))
    assert notices(window) == []
    maintenance.announce(window.id, chen(house))
    assert notices(window)[0] == ("announced", MONDAY_9)
    maintenance.cancel(window.id, chen(house, MONDAY_9 + MINUTE))
    assert notices(window)[-1] == ("cancelled", MONDAY_9 + MINUTE)
    other = maintenance.draft(values(house), chen(house))
    maintenance.cancel(other.id, chen(house))
    assert notices(other) == [], "nobody knew of it"


def test_the_clock_starts_and_ends_it_at_the_planned_instants_however_late_it_comes(house: House) -> None:
    window = announced(house, house.erp, START, END)
    maintenance.sweep(START - MINUTE)
    assert window.state == "announced"
    maintenance.sweep(END + 5 * HOUR)
    maintenance.sweep(END + 5 * HOUR)
    db.session.refresh(window)
    assert (window.state, window.started_at, window.ended_at) == ("finished", START, END)
    assert [kind for kind, _ in kinds(window)][-2:] == ["started", "finished"]
    assert window in list_windows_over(END)


def test_several_clocks_start_it_once(house: House, app: Flask) -> None:
    window = announced(house, house.erp, START, END)
    db.session.rollback()
    assert at_once(app, *[lambda: maintenance.sweep(START)] * 3) == [None] * 3
    read_anew()
    assert [kind for kind, _ in kinds(window)].count("started") == 1
    assert [kind for kind, _ in notices(window)].count("started") == 1


def test_the_sweep_starts_windows(house: House) -> None:
    window = announced(house, house.erp, clock.now() - HOUR, clock.now() + HOUR, now=clock.now() - 3 * HOUR)
    sweep(clock.now())
    read_anew()
    assert window.state == "running"


def test_a_step_finds_the_window_as_time_has_made_of_it_even_where_no_clock_came(house: House) -> None:
    window = announced(house, house.erp, START, END)
    with pytest.raises(WindowRefused, match="not_now"):
        maintenance.cancel(window.id, chen(house, START))
    maintenance.finish(window.id, chen(house, START + MINUTE))
    assert (window.started_at, window.ended_at) == (START, START + MINUTE)
    other = announced(house, house.erp, START, END)
    with pytest.raises(WindowRefused, match="over"):
        maintenance.extend(other.id, END + HOUR, chen(house, END))


def test_one_that_begins_early_runs_from_then_on(house: House) -> None:
    window = announced(house, house.erp, START, END)
    early = START - HOUR
    maintenance.start(window.id, chen(house, early))
    assert (window.state, window.started_at, window.is_running(early)) == ("running", early, True)
    assert list_running_windows(early) == [window]
    maintenance.sweep(START)
    assert [kind for kind, _ in kinds(window)].count("started") == 1
    maintenance.finish(window.id, chen(house, START + MINUTE))
    assert list_running_windows(START + MINUTE) == []


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        (START, START, "empty"),
        (END, START, "empty"),
        (MONDAY_9 - 2 * HOUR, MONDAY_9, "past"),
        (START, START + timedelta(days=32), "too_long"),
    ],
)
def test_impossible_times_are_refused(house: House, start: datetime, end: datetime, code: str) -> None:
    with pytest.raises(WindowRefused, match=code):
        maintenance.draft(values(house, starts_at=start, ends_at=end), chen(house))
    assert db.session.query(Window).count() == 0
    window = announced(house, house.erp, START, END)
    with pytest.raises(WindowRefused, match=code):
        maintenance.move(window.id, start, end, chen(house))


def test_an_extension_makes_it_longer_and_a_window_needs_a_service(house: House) -> None:
    window = announced(house, house.erp, START, END)
    with pytest.raises(WindowRefused, match="not_now"):
        maintenance.extend(window.id, END + HOUR, chen(house))
    for end in (END, START + HOUR):
        with pytest.raises(WindowRefused, match="not_longer"):
            maintenance.extend(window.id, end, chen(house, START))
    with pytest.raises(WindowRefused, match="no_service"):
        maintenance.draft(values(house, service_ids=[]), chen(house))


def test_what_is_announced_after_its_start_begins_now(house: House) -> None:
    window = maintenance.draft(values(house), chen(house))
    maintenance.approve(window.id, dee(house))
    late = START + MINUTE + timedelta(microseconds=5)
    maintenance.announce(window.id, chen(house, late))
    assert window.starts_at == START + MINUTE
    too_late = maintenance.draft(values(house), chen(house))
    with pytest.raises(WindowRefused, match="past"):
        maintenance.approve(too_late.id, dee(house, END))

"""Windows that recur are made once each, weeks ahead, by whom they were planned and approved."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from helpdesk.desk import window_audience, window_notices, window_series
from helpdesk.desk.changes import By, ChangedMeanwhile, Refused, marker_of
from helpdesk.store import db
from helpdesk.store.maintenance import Window, WindowNotice, WindowSeries
from tests.conftest import MONDAY_9, House

DAY = timedelta(days=1)


def values(house: House, **other: Any) -> dict[str, Any]:
    known: dict[str, Any] = {
        "rule": "FREQ=WEEKLY;BYDAY=TU",
        "zone": "Europe/Berlin",
        "starts_at": "2026-03-03T20:00",
    }
    known |= {"minutes": 120, "exceptions": [], "service_ids": [house.erp.id], "reason": "Updates"}
    return {**known, "effect": "down", "rollback_plan": "", "owner_id": house.bo.id, **other}


def chen(house: House, now: datetime = MONDAY_9) -> By:
    return By(now, house.chen.id)


def dee(house: House, now: datetime = MONDAY_9) -> By:
    return By(now, house.dee.id)


def approved(house: House, **other: Any) -> WindowSeries:
    series = window_series.draft(values(house, **other), chen(house))
    return window_series.approve(series.id, dee(house))


def starts() -> list[datetime]:
    return [window.starts_at for window in db.session.query(Window).order_by(Window.starts_at)]


def test_an_approved_series_announces_the_windows_of_sixty_days(house: House) -> None:
    approved(house)
    found = db.session.query(Window).order_by(Window.starts_at).all()
    assert found[0].starts_at == datetime(2026, 3, 3, 19, 0, tzinfo=UTC)
    assert found[-1].starts_at == datetime(2026, 4, 28, 18, 0, tzinfo=UTC), "summer time: still 20:00"
    assert len(found) == 9
    first = found[0]
    assert (first.state, first.announced_at) == ("announced", MONDAY_9)
    assert (first.created_by_id, first.approved_by_id, first.owner_id) == (
        house.chen.id,
        house.dee.id,
        house.bo.id,
    )


def test_people_hear_of_each_window_by_its_reminders_and_not_of_all_at_once(house: House) -> None:
    approved(house)
    kinds = Counter(notice.kind for notice in db.session.query(WindowNotice))
    assert kinds["before"] == 2 + 8 * 3, "the first is nearer than a week"
    assert kinds["announced"] == 0


def test_each_day_makes_what_has_come_near_and_nothing_twice(house: House) -> None:
    approved(house)
    window_series.make_due(MONDAY_9)
    assert len(starts()) == 9
    for day in range(1, 30):
        window_series.make_due(MONDAY_9 + day * DAY)
    assert len(starts()) == 13
    assert len(set(starts())) == 13


def test_a_window_that_was_moved_is_not_made_again(house: House) -> None:
    approved(house)
    moved = db.session.query(Window).order_by(Window.starts_at).first()
    assert moved is not None
    moved.starts_at += DAY
    moved.ends_at += DAY
    db.session.commit()
    window_series.make_due(MONDAY_9 + DAY)
    assert len(starts()) == 9


def test_a_long_outage_makes_no_windows_that_are_over(house: House) -> None:
    approved(house)
    later = MONDAY_9 + timedelta(days=100)
    window_series.make_due(later)
    made = [at for at in starts() if at > MONDAY_9 + timedelta(days=60)]
    assert min(made) > later


class Killed(BaseException):
    pass


@contextmanager
def dies_at_commit() -> Iterator[None]:
    def kill(_session: object) -> None:
        raise Killed

    event.listen(db.session, "before_commit", kill)
    try:
        yield
    finally:
        event.remove(db.session, "before_commit", kill)


def test_whoever_is_killed_in_the_middle_leaves_nothing_half_made(house: House) -> None:
    approved(house)
    later = MONDAY_9 + timedelta(days=21)
    with pytest.raises(Killed), dies_at_commit():
        window_series.make_due(later)
    db.session.rollback()
    assert len(starts()) == 9
    window_series.make_due(later)
    assert len(starts()) == 12


def test_nobody_approves_what_they_planned_or_changed(house: House) -> None:
    series = window_series.draft(values(house), chen(house))
    with pytest.raises(Refused, match="own"):
        window_series.approve(series.id, chen(house))
    window_series.change(series.id, values(house, reason="More updates"), dee(house))
    with pytest.raises(Refused, match="own"):
        window_series.approve(series.id, dee(house))
    with pytest.raises(Refused, match="own"):
        window_series.approve(series.id, chen(house))  # what another has mended is still their plan
    window_series.approve(series.id, By(MONDAY_9, house.eli.id))
    with pytest.raises(Refused, match="approved"):
        window_series.change(series.id, values(house), chen(house))
    assert starts() != []


def test_nobody_overwrites_what_another_has_changed(house: House) -> None:
    series = window_series.draft(values(house), chen(house))
    seen = marker_of(window_series.state_of(series))
    window_series.change(series.id, values(house, minutes=60), chen(house), seen)
    with pytest.raises(ChangedMeanwhile):
        window_series.change(series.id, values(house, minutes=90), chen(house), seen)


def test_exceptions_make_no_window_and_can_be_added_until_one_is_made(house: House) -> None:
    series = approved(house, exceptions=["2026-03-10T20:00"])
    assert datetime(2026, 3, 10, 19, 0, tzinfo=UTC) not in starts()
    with pytest.raises(Refused, match="made"):
        window_series.leave_out(series.id, "2026-03-17T20:00", chen(house))
    with pytest.raises(Refused, match="not_then"):
        window_series.leave_out(series.id, "2026-05-06T20:00", chen(house))
    window_series.leave_out(series.id, "2026-05-05T20:00", chen(house))
    window_series.make_due(MONDAY_9 + 14 * DAY)
    assert datetime(2026, 5, 5, 18, 0, tzinfo=UTC) not in starts()
    assert datetime(2026, 5, 12, 18, 0, tzinfo=UTC) in starts()


@pytest.mark.parametrize("with_coming", [True, False])
def test_a_series_that_is_stopped_makes_no_more(house: House, with_coming: bool) -> None:
    series = approved(house)
    running = datetime(2026, 3, 3, 20, 0, tzinfo=UTC)
    window_series.stop(series.id, chen(house, running), with_coming=with_coming)
    window_series.make_due(MONDAY_9 + 30 * DAY)
    states = [window.state for window in db.session.query(Window).order_by(Window.starts_at)]
    rest = "cancelled" if with_coming else "announced"
    assert states[1:] == [rest] * 8
    assert states[0] in ("announced", "running"), "what runs goes on"
    with pytest.raises(Refused, match="stopped"):
        window_series.stop(series.id, chen(house), with_coming=True)


def test_only_what_people_have_heard_of_is_called_off_by_letter(house: House) -> None:
    series = approved(house)
    evening = MONDAY_9 + timedelta(hours=12)
    while window_notices.write_due(evening):  # the first is tomorrow; of the others nobody has read yet
        pass
    first, second, *_rest = db.session.query(Window).order_by(Window.starts_at).all()
    window_notices.follow(second.id, house.ana.id, evening)
    window_series.stop(series.id, chen(house, evening), with_coming=True)
    told = db.session.query(WindowNotice).filter_by(kind="cancelled")
    assert {notice.window_id for notice in told} == {first.id, second.id}
    steps = window_audience.steps_for(house.ana, MONDAY_9 - DAY)
    assert {(entry.kind, entry.window_id) for entry, _heard in steps} == {
        ("cancelled", first.id),
        ("cancelled", second.id),
    }, "nor does the bell list weeks of windows"
    assert db.session.query(WindowNotice).filter_by(kind="before", done_at=None).count() == 0


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"rule": "FREQ=WEEKLY;BYDAY=TU;UNTIL=20260301T000000Z"}, "never"),
        ({"minutes": 60 * 24 * 7 + 1}, "overlaps_itself"),
        ({"minutes": 60 * 24 * 32, "rule": "FREQ=YEARLY"}, "too_long"),
        ({"exceptions": ["2026-03-04T20:00"]}, "not_then"),
    ],
)
def test_what_cannot_recur_is_refused(house: House, other: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused, match=code):
        window_series.draft(values(house, **other), chen(house))

"""A roster's settings and its holidays, through their pages."""

import re
from collections.abc import Callable
from datetime import UTC, timedelta

import pytest

from helpdesk import clock
from helpdesk.desk import calendars, roster_plans
from helpdesk.desk.changes import By
from helpdesk.store import db
from helpdesk.store.rosters import HolidayArrangement, Layer, Roster
from tests.conftest import Browser, House, a_roster, read_anew

Browsers = Callable[[], Browser]


@pytest.fixture
def roster(house: House) -> Roster:
    """Bo is on call but on two holidays in ten days, which nobody has yet."""
    now = clock.now()
    first = now.astimezone(UTC).date() + timedelta(days=10)
    dates = {(first + timedelta(days=n)).isoformat(): [] for n in range(2)}
    public = calendars.create("Public", "Europe/Berlin", {}, dates, By(now, house.eli.id))
    days = {"name": "days", "people": [house.bo.id], "starts_at": "2026-01-01T09:00"}
    found = a_roster("First line", Layer(position=0, every=1, unit="days", **days))
    db.session.add(found)
    db.session.flush()
    house.team.roster_id = found.id
    db.session.commit()
    values = {"holiday_calendar_id": public.id}
    return roster_plans.change(found.id, values, now=now, actor_id=house.eli.id)


def arrangement() -> HolidayArrangement:
    read_anew()
    return db.session.query(HolidayArrangement).one()


def test_a_lead_fills_holidays_after_a_look_at_the_result(
    house: House, roster: Roster, browser: Browsers
) -> None:
    chen = browser().known_as(house.chen)
    assert "nobody yet" in chen.get("/on-call/holidays").text
    path = f"/on-call/holidays/{arrangement().id}"
    assert chen.get(path).status_code == 200
    form = {"people": [str(house.chen.id), str(house.eli.id)], "name": "National Day"}
    page = chen.post(path, data={**form, "do": "preview"}).text.partition("nothing is saved yet")[2]
    assert re.findall(r"<span>(\w+)</span></li>", page) == ["Bo", "Chen", "Eli", "Bo"]
    assert arrangement().people == []
    assert chen.post(path, data={**form, "do": "save"}).status_code == 303
    assert (arrangement().people, arrangement().name) == ([house.chen.id, house.eli.id], "National Day")
    page = chen.get("/on-call/holidays").text
    assert "National Day" in page
    assert "nobody yet" not in page


def test_a_holiday_left_out_is_said(house: House, roster: Roster, browser: Browsers) -> None:
    answer = (
        browser()
        .known_as(house.chen)
        .post(
            f"/on-call/holidays/{arrangement().id}", data={"people": [str(house.chen.id), ""], "do": "save"}
        )
    )
    assert answer.status_code == 422
    assert "Choose somebody for each day, or nobody for all of them." in answer.text
    assert arrangement().people == []


def test_who_may_not_change_the_roster_sees_the_holidays_only(
    house: House, roster: Roster, browser: Browsers
) -> None:
    for person in (house.bo, house.dee, house.fay):
        door = browser().known_as(person)
        assert "Say who takes them" not in door.get("/on-call/holidays").text
        assert door.get(f"/on-call/holidays/{arrangement().id}").status_code == 404
        assert door.post(f"/on-call/holidays/{arrangement().id}").status_code == 404
    assert browser().known_as(house.eli).get("/on-call/holidays/999").status_code == 404


def test_the_settings_of_a_roster_are_set(house: House, roster: Roster, browser: Browsers) -> None:
    chen = browser().known_as(house.chen)
    form = {"name": "First line", "zone": "Europe/Berlin", "remind_hours": "48", "swaps_need_lead": "1"}
    wrong = chen.post(f"/on-call/{roster.id}/edit", data={**form, "holiday_calendar_id": "999"})
    assert wrong.status_code == 422
    assert "Choose a calendar from the list." in wrong.text
    answer = chen.post(f"/on-call/{roster.id}/edit", data=form)
    assert answer.status_code == 303
    read_anew()
    saved = db.session.get(Roster, roster.id)
    assert (saved.remind_hours, saved.swaps_need_lead, saved.holiday_calendar_id) == (48, True, None)
    assert db.session.query(HolidayArrangement).count() == 0, "nobody had filled it: the layers hold"

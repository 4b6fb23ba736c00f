"""Holiday arrangements: proposed from a calendar, filled by a lead; the past stays."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from helpdesk.desk import calendars, holidays, roster_plans, rosters
from helpdesk.desk.changes import By, Refused
from helpdesk.store import db
from helpdesk.store.policies import Calendar
from helpdesk.store.rosters import HolidayArrangement, Layer, Roster
from tests.conftest import MONDAY_9, House, a_roster

DAY = timedelta(days=1)
WEEK = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
EASTER = {"2026-04-03": [], "2026-04-04": [], "2026-04-05": [], "2026-04-06": []}
MAY = {"2026-05-01": []}  # 60 days after MONDAY_9


def closed(*days: str) -> dict[str, Any]:
    return {day: [] for day in days}


@pytest.fixture
def by(house: House) -> By:
    return By(MONDAY_9, house.chen.id)


@pytest.fixture
def calendar(by: By) -> Calendar:
    made_up = {"2026-04-11": [["10:00", "12:00"]]}
    return calendars.create("Public", "Europe/Berlin", WEEK, {**EASTER, **MAY, **made_up}, by)


@pytest.fixture
def roster(house: House, calendar: Calendar) -> Roster:
    """Bo is on call day and night, but for holidays."""
    layer = Layer(
        position=0, name="days", people=[house.bo.id], starts_at="2026-01-01T09:00", every=1, unit="days"
    )
    found = a_roster("First line", layer)
    db.session.add(found)
    db.session.commit()
    change(house, found, MONDAY_9, holiday_calendar_id=calendar.id)
    return found


def change(house: House, roster: Roster, now: datetime, **values: Any) -> None:
    roster_plans.change(roster.id, values, now=now, actor_id=house.chen.id)


def known() -> list[tuple[date, date]]:
    rows = db.session.query(HolidayArrangement).order_by(HolidayArrangement.first_on)
    return [(row.first_on, row.last_on) for row in rows]


def easter() -> HolidayArrangement:
    return db.session.query(HolidayArrangement).order_by(HolidayArrangement.first_on).first()  # type: ignore[return-value]


def who(roster: Roster, day: str) -> str | None:
    at = datetime.fromisoformat(day).replace(tzinfo=UTC)
    found = rosters.turns_of(roster, at, at + timedelta(seconds=1))[0].person
    return found and found.name


def test_holidays_in_a_row_are_proposed_as_one_eight_weeks_ahead(house: House, roster: Roster) -> None:
    assert known() == [(date(2026, 4, 3), date(2026, 4, 6))]
    holidays.propose_all(MONDAY_9 + 4 * DAY)
    holidays.propose_all(MONDAY_9 + 4 * DAY)
    assert known() == [(date(2026, 4, 3), date(2026, 4, 6)), (date(2026, 5, 1), date(2026, 5, 1))]
    assert who(roster, "2026-04-05T12:00") is None, "a gap until it is filled"
    assert who(roster, "2026-04-07T12:00") == "Bo"


def test_a_lead_says_who_takes_each_day(house: House, roster: Roster, by: By) -> None:
    people = [house.bo.id, house.chen.id, house.eli.id, house.bo.id]
    seen = [turn.person and turn.person.name for turn in holidays.foreseen(easter(), people, MONDAY_9)]
    assert seen == ["Bo", "Bo", "Chen", "Eli", "Bo", "Bo"]
    assert who(roster, "2026-04-04T12:00") is None, "a look changes nothing"
    holidays.fill(easter().id, people, "Easter", by)
    assert [who(roster, f"2026-04-0{n}T12:00") for n in range(2, 8)] == [
        "Bo",
        "Bo",
        "Chen",
        "Eli",
        "Bo",
        "Bo",
    ]
    holidays.propose_all(MONDAY_9 + DAY)
    assert known() == [(date(2026, 4, 3), date(2026, 4, 6))]


def test_a_calendar_published_anew_changes_what_is_empty_and_leaves_what_is_filled(
    house: House, roster: Roster, calendar: Calendar, by: By
) -> None:
    longer = closed("2026-04-02", "2026-04-03", "2026-04-04", "2026-04-20", "2026-04-21")
    calendars.publish(calendar.id, WEEK, longer, date(2026, 3, 3), "", by)
    holidays.propose_all(MONDAY_9)
    assert known() == [(date(2026, 4, 2), date(2026, 4, 4)), (date(2026, 4, 20), date(2026, 4, 21))]
    holidays.fill(easter().id, [house.bo.id] * 3, "", by)
    shorter = closed("2026-04-03", "2026-04-04", "2026-04-05")
    calendars.publish(calendar.id, WEEK, shorter, date(2026, 3, 3), "", by)
    holidays.propose_all(MONDAY_9)
    assert known() == [(date(2026, 4, 2), date(2026, 4, 4)), (date(2026, 4, 5), date(2026, 4, 5))]


def test_days_that_have_begun_stay_as_they_were(house: House, roster: Roster, by: By) -> None:
    friday = By(datetime(2026, 4, 3, 12, 0, tzinfo=UTC), house.chen.id)
    holidays.fill(easter().id, [house.bo.id] * 4, "", friday)
    assert who(roster, "2026-04-03T11:00") is None, "nobody was there"
    assert who(roster, "2026-04-03T13:00") == "Bo"
    saturday = By(datetime(2026, 4, 4, 12, 0, tzinfo=UTC), house.chen.id)
    holidays.fill(easter().id, [house.eli.id] * 4, "", saturday)
    assert [who(roster, f"2026-04-0{n}T11:00") for n in (3, 4, 5, 6)] == [None, "Bo", "Eli", "Eli"]
    with pytest.raises(Refused, match="begun"):
        holidays.fill(easter().id, [], "", saturday)
    with pytest.raises(Refused, match="over"):
        holidays.fill(easter().id, [house.bo.id] * 4, "", By(saturday.now + 10 * DAY, house.chen.id))


def test_each_day_needs_somebody_who_is_known(house: House, roster: Roster, by: By) -> None:
    for people, code in (([house.bo.id], "count"), ([999] * 4, "unknown")):
        with pytest.raises(Refused, match=code):
            holidays.fill(easter().id, people, "", by)
    assert easter().people == []


def test_without_a_holiday_calendar_what_nobody_has_filled_goes_back_to_the_layers(
    house: House, roster: Roster, by: By
) -> None:
    holidays.propose_all(MONDAY_9 + 5 * DAY)
    holidays.fill(easter().id, [house.eli.id] * 4, "", by)
    change(house, roster, MONDAY_9 + 6 * DAY, holiday_calendar_id=None)
    assert known() == [(date(2026, 4, 3), date(2026, 4, 6))], "what people stand in stays"
    assert (who(roster, "2026-04-04T12:00"), who(roster, "2026-05-01T12:00")) == ("Eli", "Bo")
    holidays.fill(easter().id, [], "", By(MONDAY_9 + 7 * DAY, house.chen.id))
    assert (known(), who(roster, "2026-04-04T12:00")) == ([], "Bo")

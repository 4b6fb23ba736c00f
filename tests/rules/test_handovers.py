"""When turns go over to somebody else and when people are reminded. Berlin is UTC+1 in March."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from helpdesk.rules.handovers import Change, Reminder, changes, reminders
from helpdesk.rules.oncall import Shift

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)  # 09:00 in Berlin
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BO, CHEN = 2, 3


def shifts(*who: int | None, long: timedelta = DAY) -> list[Shift]:
    """One after another from Monday 09:00 on."""
    return [
        Shift(MONDAY + n * long, MONDAY + (n + 1) * long, person, None, None) for n, person in enumerate(who)
    ]


def test_a_turn_goes_over_where_another_person_comes_next_even_after_a_gap() -> None:
    found = changes(shifts(BO, BO, None, CHEN, BO), {}, MONDAY + 5 * DAY)
    assert found == [Change(MONDAY + 2 * DAY, BO, CHEN), Change(MONDAY + 4 * DAY, CHEN, BO)]


def test_whoever_comes_back_after_a_gap_hands_nothing_over() -> None:
    assert changes(shifts(BO, None, BO), {}, MONDAY + 3 * DAY) == []


def test_a_turn_after_which_nobody_comes_is_handed_to_nobody() -> None:
    assert changes(shifts(BO, None), {}, MONDAY + 2 * DAY) == [Change(MONDAY + DAY, BO, None)]
    assert changes(shifts(None, BO), {}, MONDAY + 2 * DAY) == [], "the end of what was asked for is no end"


def test_whoever_has_left_hands_over_when_they_left() -> None:
    found = changes(shifts(BO, CHEN), {BO: MONDAY + HOUR}, MONDAY + 2 * DAY)
    assert found == [Change(MONDAY + HOUR, BO, CHEN)]


def test_people_are_reminded_once_of_turns_less_than_a_day_apart() -> None:
    nights = shifts(None, BO, CHEN, BO, CHEN, None, None, BO, long=12 * HOUR)
    found = reminders(nights, BERLIN, {}, 24, MONDAY)
    starts, again = MONDAY + 12 * HOUR, MONDAY + 84 * HOUR
    assert found == [
        Reminder(starts - DAY, starts, MONDAY + 48 * HOUR, BO),
        Reminder(MONDAY, MONDAY + DAY, MONDAY + 60 * HOUR, CHEN),
        Reminder(again - DAY, again, again + 12 * HOUR, BO),
    ]


def test_nobody_is_reminded_of_a_turn_that_has_begun_or_where_nobody_is_to_be() -> None:
    assert reminders(shifts(BO), BERLIN, {}, 24, MONDAY) == []
    assert reminders(shifts(None, BO), BERLIN, {}, 0, MONDAY) == []

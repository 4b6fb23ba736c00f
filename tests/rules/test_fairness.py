"""What being on call weighs, counted by hand."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.rules.fairness import Burden, burden_of, total
from helpdesk.rules.hours import Calendar, parse_calendar

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3600
GERMAN = parse_calendar(
    {"timezone": "Europe/Berlin", "dates": {"2026-05-01": [], "2026-12-24": [["09:00", "12:00"]]}}, ""
)


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def test_a_week_has_its_nights_and_one_weekend() -> None:
    week = burden_of(berlin("2026-03-02T09:00"), berlin("2026-03-09T09:00"), BERLIN, None)
    assert (week.seconds, week.night_seconds, week.weekend_seconds) == (168 * HOUR, 56 * HOUR, 48 * HOUR)
    assert (len(week.nights), week.weekends) == (7, {date(2026, 3, 7)})
    assert (week.holiday_seconds, week.holidays) == (0, frozenset())


def test_the_hours_after_midnight_are_the_night_of_the_day_before() -> None:
    early = burden_of(berlin("2026-03-03T03:00"), berlin("2026-03-03T09:00"), BERLIN, None)
    assert (early.night_seconds, early.nights) == (3 * HOUR, {date(2026, 3, 2)})
    late = burden_of(berlin("2026-03-03T18:00"), berlin("2026-03-03T23:00"), BERLIN, None)
    assert (late.night_seconds, late.nights) == (HOUR, {date(2026, 3, 3)})


@pytest.mark.parametrize(("day", "hours"), [("2026-03-28", 7), ("2026-10-24", 9)])
def test_a_night_in_which_clocks_change_has_the_hours_that_pass(day: str, hours: int) -> None:
    start = berlin(f"{day}T22:00")
    night = burden_of(start, start + timedelta(hours=hours), BERLIN, None)
    assert (night.night_seconds, len(night.nights)) == (hours * HOUR, 1)


def test_a_holiday_is_a_date_that_the_calendar_closes_by_name() -> None:
    may = burden_of(berlin("2026-04-30T20:00"), berlin("2026-05-01T06:00"), BERLIN, GERMAN)
    assert (may.holiday_seconds, may.holidays) == (6 * HOUR, {date(2026, 5, 1)})
    assert burden_of(berlin("2026-12-24T00:00"), berlin("2026-12-25T00:00"), BERLIN, GERMAN).holidays == set()


def test_a_made_up_working_day_is_no_weekend() -> None:
    dates = {"2026-10-10": [["09:00", "18:00"]], "2026-10-01": []}
    china = parse_calendar({"timezone": "Asia/Shanghai", "dates": dates}, "")
    zone = ZoneInfo("Asia/Shanghai")
    start = datetime(2026, 10, 9, 16, tzinfo=UTC)  # Saturday begins in Shanghai
    weekend = burden_of(start, start + timedelta(days=2), zone, china)
    assert weekend.weekend_seconds == 24 * HOUR  # its Sunday
    assert weekend.weekends == {date(2026, 10, 10)}


def test_a_holiday_counts_as_the_version_said_that_held_on_its_day() -> None:
    later = Calendar(BERLIN, ((),) * 7, {date(2026, 5, 4): ()}, since=date(2026, 5, 3), before=GERMAN)
    burden = burden_of(berlin("2026-05-01T00:00"), berlin("2026-05-05T00:00"), BERLIN, later)
    assert burden.holidays == {date(2026, 5, 1), date(2026, 5, 4)}


def test_a_skipped_date_is_no_day() -> None:
    apia = ZoneInfo("Pacific/Apia")  # went from Thursday 29 to Saturday 31 December 2011
    start = datetime(2011, 12, 29, 22, tzinfo=UTC)
    burden = burden_of(start, start + timedelta(hours=36), apia, None)
    assert burden.weekends == {date(2011, 12, 31)}


def test_the_same_night_in_two_rosters_is_one_night_of_twice_the_hours() -> None:
    night = burden_of(berlin("2026-03-03T22:00"), berlin("2026-03-04T06:00"), BERLIN, None)
    both = total([night, night])
    assert (both.night_seconds, both.nights) == (16 * HOUR, night.nights)
    assert total([]) == Burden()


@given(
    zone=st.sampled_from(["Europe/Berlin", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe"]),
    hours_on=st.integers(0, 3 * 8766),
    parts=st.lists(st.integers(1, 400), min_size=1, max_size=6),
)
def test_a_turn_cut_in_pieces_weighs_the_same(zone: str, hours_on: int, parts: list[int]) -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=hours_on, minutes=17)
    cuts = [start + timedelta(hours=sum(parts[:n])) for n in range(len(parts) + 1)]
    whole = burden_of(cuts[0], cuts[-1], ZoneInfo(zone), GERMAN)
    pieces = (burden_of(a, b, ZoneInfo(zone), GERMAN) for a, b in pairwise(cuts))
    assert total(pieces) == whole

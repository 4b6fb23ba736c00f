"""What preflight finds in shifts, hours and people. Berlin is UTC+1 in March until Sunday the 29th."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.rules.handovers import runs
from helpdesk.rules.hours import parse_calendar
from helpdesk.rules.missing_holidays import holidays_missing, make_up_days_missing
from helpdesk.rules.oncall import Shift
from helpdesk.rules.preflight import (
    Finding,
    Watched,
    of_pair,
    of_roster,
    of_team,
    told_days,
)
from helpdesk.rules.spans import joined

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)  # 09:00 in Berlin
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BO, CHEN = 2, 3


def shift(start: datetime, end: datetime, person: int | None, **other: Any) -> Shift:
    source = None if person is None else other.get("source", "layer:weeks")
    return Shift(start, end, person, source, other.get("flag"))


def look(*shifts: Shift, now: datetime = MONDAY, **other: Any) -> list[Finding]:
    always = ((shifts[0].from_at, shifts[-1].to_at),)
    return of_roster(Watched(1, BERLIN, shifts, **{"paged": always, **other}), now)


def codes(found: list[Finding]) -> list[str]:
    return [finding.code for finding in found]


def test_nobody_there_is_a_gap_only_while_a_ladder_may_page_the_roster() -> None:
    turns = shift(MONDAY, MONDAY + DAY, BO), shift(MONDAY + DAY, MONDAY + 2 * DAY, None)
    opens = ((MONDAY, MONDAY + 9 * HOUR), (MONDAY + DAY, MONDAY + DAY + 9 * HOUR))
    [gap] = look(*turns, paged=opens)
    assert (gap.code, gap.from_at, gap.to_at) == ("gap", *opens[1])
    assert gap.params == {"times": 1, "seconds": 9 * 3600}
    assert look(*turns, paged=opens[:1]) == []
    assert look(*turns, paged=()) == []


def test_a_gap_each_night_is_one_finding_and_one_a_week_later_another() -> None:
    nights = [shift(MONDAY + n * DAY + 9 * HOUR, MONDAY + (n + 1) * DAY, None) for n in (0, 1, 2, 9)]
    first, second = look(*nights)
    assert (first.from_at, first.to_at) == (MONDAY + 9 * HOUR, MONDAY + 3 * DAY)
    assert first.params == {"times": 3, "seconds": 3 * 15 * 3600}
    assert second.params["times"] == 1
    assert first.key != second.key


def test_what_is_over_is_not_found() -> None:
    assert look(shift(MONDAY, MONDAY + DAY, None), now=MONDAY + DAY) == []
    assert codes(look(shift(MONDAY, MONDAY + DAY, None), now=MONDAY + DAY - HOUR)) == ["gap"]


def test_an_unfilled_holiday_is_said_once_and_not_as_a_gap_too() -> None:
    holiday = (MONDAY, MONDAY + DAY)
    found = look(shift(MONDAY, MONDAY + 2 * DAY, None), unfilled=(("New Year", holiday),))
    assert [(f.code, f.from_at, f.to_at) for f in found] == [
        ("gap", MONDAY + DAY, MONDAY + 2 * DAY),
        ("holiday_unfilled", *holiday),
    ]


def test_the_turns_of_whoever_has_left_are_found_from_then_on() -> None:
    [found] = look(shift(MONDAY, MONDAY + DAY, BO), left={BO: MONDAY + HOUR})
    assert (found.code, found.from_at, found.people) == ("left", MONDAY + HOUR, (BO,))


def test_who_is_away_in_their_turn_is_found_with_who_covers() -> None:
    owners = (shift(MONDAY, MONDAY + DAY, BO),)
    found = look(
        shift(MONDAY, MONDAY + HOUR, BO),
        shift(MONDAY + HOUR, MONDAY + 2 * HOUR, CHEN, source="cover:weeks"),
        shift(MONDAY + 2 * HOUR, MONDAY + DAY, BO),
        owners=owners,
    )
    assert [(f.code, f.from_at, f.to_at, f.people) for f in found] == [
        ("absent", MONDAY + HOUR, MONDAY + 2 * HOUR, (BO, CHEN))
    ]


def test_an_override_of_somebody_who_is_away_is_found() -> None:
    [found] = look(shift(MONDAY, MONDAY + DAY, BO, source="override", flag="absent"))
    assert (found.code, found.people) == ("absent_override", (BO,))


def test_all_who_have_no_channel_are_found_together_from_their_first_turn_on() -> None:
    turns = [shift(MONDAY + n * DAY, MONDAY + (n + 1) * DAY, (BO, CHEN)[n % 2]) for n in range(6)]
    [found] = look(*turns, silent=frozenset({CHEN}))
    assert (found.code, found.people, found.from_at) == ("no_channel", (CHEN,), MONDAY + DAY)
    [found] = look(*turns, silent=frozenset({CHEN, BO}))
    assert (found.people, found.from_at, found.to_at) == ((BO, CHEN), MONDAY, MONDAY + 6 * DAY)


def test_a_week_is_not_too_long_even_where_clocks_are_put_back_and_two_weeks_are() -> None:
    october = datetime(2026, 10, 19, 7, 0, tzinfo=UTC)  # 09:00; put back on Sunday the 25th
    week = shift(october, datetime(2026, 10, 26, 8, 0, tzinfo=UTC), BO)
    assert codes(look(week, now=october)) == ["clock_change"]
    long = shift(october, week.to_at + 7 * DAY, BO)
    assert [f.params.get("days") for f in look(long, now=october) if f.code == "too_long"] == [14]


def test_nights_without_a_day_off_between_them_are_one_run_and_a_weekend_ends_it() -> None:
    nights = [shift(MONDAY + n * DAY, MONDAY + n * DAY + 12 * HOUR, BO) for n in range(5)]
    again = [shift(s.from_at + 7 * DAY, s.to_at + 7 * DAY, BO) for s in nights]
    assert runs([*nights, *again], BERLIN) == [
        (MONDAY, MONDAY + 4 * DAY + 12 * HOUR, BO),
        (MONDAY + 7 * DAY, MONDAY + 11 * DAY + 12 * HOUR, BO),
    ]
    every_night = [shift(MONDAY + n * DAY, MONDAY + n * DAY + 12 * HOUR, BO) for n in range(9)]
    assert codes(look(*every_night)) == ["too_long"]


def test_a_clock_change_between_two_turns_is_in_none() -> None:
    at = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert look(shift(at - DAY, at, CHEN), shift(at, at + DAY, BO), now=at - DAY) == []


def test_a_clock_change_says_when_and_which_way() -> None:
    at = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    [found] = look(shift(at - DAY, at + DAY, CHEN), now=at - DAY)
    assert (found.code, found.params["at"], found.params["minutes"]) == ("clock_change", at, 60)


def test_one_person_first_in_line_and_backup_is_found() -> None:
    first = Watched(1, BERLIN, (shift(MONDAY, MONDAY + DAY, BO), shift(MONDAY + DAY, MONDAY + 2 * DAY, CHEN)))
    backup = Watched(2, BERLIN, (shift(MONDAY, MONDAY + 2 * DAY, CHEN),))
    [found] = of_pair(first, backup, MONDAY)
    assert (found.roster, found.from_at, found.people) == (1, MONDAY + DAY, (CHEN,))
    assert found.params["other"] == 2


@pytest.mark.parametrize(("agents", "wrong"), [(2, True), (3, False), (5, False), (6, True)])
def test_a_team_has_three_to_five_agents(agents: int, wrong: bool) -> None:
    assert bool(of_team(7, "ERP", agents, 1, MONDAY)) == wrong


OFFICE = {"timezone": "Europe/Berlin", "week": {"fri": [["09:00", "18:00"]], "mon": [["09:00", "18:00"]]}}
THIS_YEAR = {date(2026, 5, 1): "Labour Day", date(2026, 4, 3): "Good Friday"}  # Fridays
NEXT_YEAR = {date(2027, 3, 26): "Good Friday", date(2027, 5, 1): "Labour Day", date(2027, 1, 1): "New Year"}
OCTOBER = date(2026, 10, 1)


def office(*closed: str) -> Any:
    return parse_calendar({**OFFICE, "dates": {day: [] for day in closed}}, "calendar")


def test_next_years_holidays_are_missed_from_october_on_where_this_years_are_kept() -> None:
    kept = office("2026-05-01", "2026-04-03")
    missing = [date(2027, 1, 1), date(2027, 3, 26)]  # 1 May is a Saturday: closed as it is
    assert holidays_missing(kept, THIS_YEAR, NEXT_YEAR, OCTOBER, False) == missing
    assert holidays_missing(kept, THIS_YEAR, NEXT_YEAR, date(2026, 9, 30), False) == []
    filled = office("2026-05-01", "2026-04-03", "2027-01-01", "2027-03-26")
    assert holidays_missing(filled, THIS_YEAR, NEXT_YEAR, OCTOBER, False) == []


def test_a_holiday_that_is_worked_on_purpose_is_not_missed() -> None:
    worked = office("2026-05-01")  # Good Friday is not kept
    assert holidays_missing(worked, THIS_YEAR, NEXT_YEAR, OCTOBER, False) == [date(2027, 1, 1)]


def test_a_calendar_that_keeps_no_holidays_misses_them_only_if_it_is_the_offices() -> None:
    assert holidays_missing(office(), THIS_YEAR, NEXT_YEAR, OCTOBER, False) == []
    assert len(holidays_missing(office(), THIS_YEAR, NEXT_YEAR, OCTOBER, True)) == 2


def test_days_worked_for_holidays_are_missed_until_they_are_published_or_typed_in() -> None:
    this, following = [date(2026, 10, 10)], [date(2027, 2, 20)]
    assert make_up_days_missing(office(), this, [], OCTOBER)
    assert not make_up_days_missing(office(), this, following, OCTOBER)
    assert not make_up_days_missing(office(), [], [], OCTOBER)
    typed = {**OFFICE, "dates": {"2027-02-20": [["09:00", "18:00"]]}}  # a Saturday
    assert not make_up_days_missing(parse_calendar(typed, "calendar"), this, [], OCTOBER)


@pytest.mark.parametrize(
    ("ahead", "days"),
    [
        (15 * DAY, None),
        (14 * DAY + 14 * HOUR, 14),  # 23:00
        (14 * DAY + 15 * HOUR, None),
        (14 * DAY, 14),
        (8 * DAY, 14),
        (7 * DAY, 7),
        (2 * DAY, 2),
        (HOUR, 2),
        (timedelta(), 0),
        (-23 * HOUR, 0),
        (-25 * HOUR, None),
    ],
)
def test_a_letter_goes_fourteen_seven_and_two_days_before(ahead: timedelta, days: int | None) -> None:
    assert told_days(Finding("gap", 1, MONDAY + ahead, MONDAY + 20 * DAY), MONDAY, BERLIN) == days


hours = st.integers(0, 100).map(lambda n: MONDAY + n * HOUR)
spans = st.tuples(hours, hours).map(lambda pair: (min(pair), max(pair)))


@given(
    people=st.lists(st.sampled_from([None, BO, CHEN]), min_size=100, max_size=100),
    paged=st.lists(spans, max_size=5),
    unfilled=st.lists(spans, max_size=2),
)
def test_gaps_are_exactly_the_hours_with_nobody_that_are_paged_and_no_holiday(
    people: list[int | None], paged: list[Any], unfilled: list[Any]
) -> None:
    turns = [shift(MONDAY + n * HOUR, MONDAY + (n + 1) * HOUR, person) for n, person in enumerate(people)]
    holidays = tuple(("Holiday", span) for span in unfilled if span[0] < span[1])
    found = look(*turns, paged=tuple(joined(sorted(paged))), unfilled=holidays)
    expected = sum(
        turn.person is None
        and any(start <= turn.from_at < end for start, end in paged)
        and not any(start <= turn.from_at < end for start, end in unfilled)
        for turn in turns
    )
    gaps = [finding for finding in found if finding.code == "gap"]
    assert sum(gap.params["seconds"] for gap in gaps) == expected * 3600
    for gap, following in pairwise(gaps):
        assert following.from_at - gap.to_at >= DAY

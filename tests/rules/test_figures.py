"""Periods and shares."""

from datetime import date

import pytest

from helpdesk.rules.figures import (
    MOST_PARTS,
    Grain,
    Period,
    Tally,
    days_beside,
    days_of,
    goal_on,
    grain_of,
    grains_for,
    parts_of,
    tally_by,
)

SUNDAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        (Period.TODAY, SUNDAY, SUNDAY),
        (Period.WEEK, date(2026, 11, 16), SUNDAY),
        (Period.LAST_WEEK, date(2026, 11, 9), date(2026, 11, 15)),
        (Period.DAYS_30, date(2026, 10, 24), SUNDAY),
        (Period.MONTH, date(2026, 11, 1), SUNDAY),
        (Period.LAST_MONTH, date(2026, 10, 1), date(2026, 10, 31)),
        (Period.QUARTER, date(2026, 10, 1), SUNDAY),
        (Period.LAST_QUARTER, date(2026, 7, 1), date(2026, 9, 30)),
        (Period.YEAR, date(2026, 1, 1), SUNDAY),
        (Period.LAST_YEAR, date(2025, 1, 1), date(2025, 12, 31)),
    ],
)
def test_a_named_period_has_its_days(period: Period, first: date, last: date) -> None:
    assert days_of(period, SUNDAY) == (first, last)


def test_what_is_excused_counts_as_neither_kept_nor_broken_in_the_adjusted_share_alone() -> None:
    tally = Tally(met=5, breached=4, running=2, excused=1)
    assert (tally.tenths, tally.adjusted_tenths) == (555, 625)  # 5 of 9, 5 of 8
    assert Tally(breached=2, excused=2).tenths == 0
    assert Tally(breached=2, excused=2).adjusted_tenths is None
    assert Tally(met=3, breached=1).adjusted_tenths == Tally(met=3, breached=1).tenths
    assert tally + Tally(breached=1, excused=1) == Tally(met=5, breached=5, running=2, excused=2)


def test_last_month_and_last_quarter_reach_over_new_year() -> None:
    assert days_of(Period.LAST_MONTH, date(2026, 1, 5)) == (date(2025, 12, 1), date(2025, 12, 31))
    assert days_of(Period.LAST_QUARTER, date(2026, 2, 5)) == (date(2025, 10, 1), date(2025, 12, 31))


def test_a_share_is_rounded_down_so_that_one_broken_promise_is_never_all_kept() -> None:
    assert Tally(met=9999, breached=1).tenths == 999
    assert Tally(met=3, breached=0, running=2).tenths == 1000
    assert Tally(running=2).tenths is None


def test_a_chart_begins_at_the_first_day_and_goes_on_by_monday_or_by_month() -> None:
    first, last = date(2026, 10, 29), date(2026, 11, 10)
    assert parts_of(first, last, grain_of(first, last)) == [first, date(2026, 11, 2), date(2026, 11, 9)]
    first, last = date(2026, 1, 15), date(2026, 5, 1)
    months = [first, date(2026, 2, 1), date(2026, 3, 1), date(2026, 4, 1), last]
    assert parts_of(first, last, grain_of(first, last)) == months
    assert parts_of(first, last, Grain.QUARTER) == [first, date(2026, 4, 1)]
    assert parts_of(first, last, Grain.YEAR) == [first]


def test_a_chart_has_no_more_points_than_one_can_read() -> None:
    first, last = date(2017, 1, 1), date(2026, 11, 22)
    assert grains_for(first, last) == [Grain.QUARTER, Grain.YEAR]
    assert grain_of(first, last, Grain.DAY) is Grain.QUARTER
    for grain in grains_for(first, last):
        assert len(parts_of(first, last, grain)) <= MOST_PARTS + 1
    assert grain_of(date(2026, 11, 16), SUNDAY) is Grain.DAY
    assert grain_of(date(2026, 11, 16), SUNDAY, Grain.MONTH) is Grain.MONTH


@pytest.mark.parametrize(
    ("first", "last", "before", "after"),
    [
        # A month that has begun, a whole one, a whole quarter, and days of one's own.
        (date(2026, 11, 1), SUNDAY, (date(2026, 10, 1), date(2026, 10, 31)), None),
        (
            date(2026, 10, 1),
            date(2026, 10, 31),
            (date(2026, 9, 1), date(2026, 9, 30)),
            (date(2026, 11, 1), SUNDAY),
        ),
        (
            date(2026, 4, 1),
            date(2026, 6, 30),
            (date(2026, 1, 1), date(2026, 3, 31)),
            (date(2026, 7, 1), date(2026, 9, 30)),
        ),
        (
            date(2026, 11, 3),
            date(2026, 11, 4),
            (date(2026, 11, 1), date(2026, 11, 2)),
            (date(2026, 11, 5), date(2026, 11, 6)),
        ),
    ],
)
def test_beside_a_period_lies_its_like(
    first: date, last: date, before: tuple[date, date], after: tuple[date, date] | None
) -> None:
    assert days_beside(first, last, SUNDAY, forth=False) == before
    assert days_beside(first, last, SUNDAY, forth=True) == after


def test_a_goal_holds_from_its_quarter_until_the_next_goal() -> None:
    goals = [(date(2026, 7, 1), 950), (date(2026, 1, 1), 900)]
    days = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1), date(2027, 1, 1))
    assert [goal_on(goals, day) for day in days] == [None, 900, 900, 950, 950]


def test_any_partition_adds_up_to_the_same_total() -> None:
    rows = [("a", 1, Tally(1, 2, 3)), ("b", 1, Tally(4, 0, 1)), ("a", 2, Tally(0, 5, 0))]
    by_letter = tally_by(rows, lambda row: row[0], lambda row: row[2])
    by_number = tally_by(rows, lambda row: row[1], lambda row: row[2])
    assert by_letter == {"a": Tally(1, 7, 3), "b": Tally(4, 0, 1)}
    assert sum(by_letter.values(), Tally()) == sum(by_number.values(), Tally()) == Tally(5, 7, 4)

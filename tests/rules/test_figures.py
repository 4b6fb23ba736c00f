"""Periods and shares."""

from datetime import date

import pytest

from helpdesk.rules.figures import Period, Tally, days_of, parts_of, tally_by

SUNDAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
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
    assert parts_of(date(2026, 10, 29), date(2026, 11, 10)) == [
        date(2026, 10, 29),
        date(2026, 11, 2),
        date(2026, 11, 9),
    ]
    assert parts_of(date(2026, 1, 15), date(2026, 5, 1)) == [
        date(2026, 1, 15),
        date(2026, 2, 1),
        date(2026, 3, 1),
        date(2026, 4, 1),
        date(2026, 5, 1),
    ]


def test_any_partition_adds_up_to_the_same_total() -> None:
    rows = [("a", 1, Tally(1, 2, 3)), ("b", 1, Tally(4, 0, 1)), ("a", 2, Tally(0, 5, 0))]
    by_letter = tally_by(rows, lambda row: row[0], lambda row: row[2])
    by_number = tally_by(rows, lambda row: row[1], lambda row: row[2])
    assert by_letter == {"a": Tally(1, 7, 3), "b": Tally(4, 0, 1)}
    assert sum(by_letter.values(), Tally()) == sum(by_number.values(), Tally()) == Tally(5, 7, 4)

"""The straight way of a key figure, and who keeps to it."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from helpdesk.rules.kpis import Standing, Way, standing_of

JANUARY, DECEMBER = date(2026, 1, 1), date(2026, 12, 31)
# Automation from 30 to 75 percent; days of approval from 8 to 4.
UP = Way(Decimal(30), JANUARY, Decimal(75), DECEMBER)
DOWN = Way(Decimal(8), JANUARY, Decimal(4), DECEMBER)
JULY = date(2026, 7, 2)  # half of the 364 days


def test_the_way_is_straight_and_ends_where_it_should() -> None:
    assert UP.at(JULY) == Decimal("52.5")
    assert DOWN.at(JULY) == Decimal(6)
    assert UP.at(JANUARY - timedelta(days=1)) == 30
    assert UP.at(DECEMBER) == UP.at(DECEMBER + timedelta(days=400)) == 75


@pytest.mark.parametrize(
    ("way", "value", "standing"),
    [
        (UP, "52.5", Standing.ON_COURSE),
        (UP, "52.4999", Standing.BEHIND),
        (UP, "75", Standing.REACHED),
        (UP, "20", Standing.BEHIND),
        (DOWN, "6", Standing.ON_COURSE),
        (DOWN, "6.0001", Standing.BEHIND),
        (DOWN, "3.5", Standing.REACHED),
    ],
)
def test_a_value_is_held_against_the_way_on_its_own_day(way: Way, value: str, standing: Standing) -> None:
    assert standing_of(way, (JULY, Decimal(value)), JULY + timedelta(days=30)) is standing


def test_who_no_longer_measures_is_not_on_course() -> None:
    measured = (JULY, Decimal(60))
    assert standing_of(UP, measured, JULY + timedelta(days=100)) is Standing.ON_COURSE
    assert standing_of(UP, measured, JULY + timedelta(days=101)) is Standing.STALE
    assert standing_of(UP, (JULY, Decimal(80)), DECEMBER) is Standing.REACHED


def test_the_days_own_end_still_counts_and_then_it_is_missed() -> None:
    measured = (DECEMBER - timedelta(days=1), Decimal("74.9"))
    assert standing_of(UP, measured, DECEMBER) is Standing.ON_COURSE
    assert standing_of(UP, measured, DECEMBER + timedelta(days=1)) is Standing.MISSED
    assert standing_of(UP, None, DECEMBER) is Standing.NEW
    assert standing_of(UP, None, DECEMBER + timedelta(days=1)) is Standing.MISSED


def test_how_much_of_the_way_is_gone_can_be_less_than_nothing() -> None:
    assert [UP.percent_gone(Decimal(value)) for value in (30, 52, 75, 21, 84)] == [0, 48, 100, -20, 120]
    assert DOWN.percent_gone(Decimal(6)) == 50

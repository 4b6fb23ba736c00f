"""How work is spread, counted by hand and against plain counting."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from helpdesk.rules.distribution import (
    AGES,
    Liked,
    Load,
    Spread,
    Stay,
    backlog,
    bounds_of,
    by_cell,
    cell_of,
    covered,
    loads,
    open_spells,
    quarters_of,
    spread,
    tenths,
)

BERLIN, KATHMANDU = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kathmandu")
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def quarter(at: datetime) -> int:
    return int(at.timestamp()) // 900


def test_a_spread_is_told_in_whole_seconds_a_half_up() -> None:
    assert spread(3, 10, 2.5, 3.4999) == Spread(3, median=3, ninety=3, mean=3)
    assert spread(0, 0, 0.0, 0.0) == Spread()
    # What a database in floating point makes of 432417.5.
    assert spread(2, 3, 1.0, 432417.49999999994).ninety == 432418


def test_shares_are_rounded_down_and_none_of_nothing() -> None:
    assert (tenths(2, 3), tenths(3, 3), tenths(0, 0)) == (666, 1000, None)


def test_the_mean_of_stars_is_told_in_hundredths() -> None:
    assert Liked(9, 1, (1, 0, 0, 0, 2)).hundredths == 367  # 11 / 3
    assert Liked().hundredths is None
    assert Liked(1, 0, (1, 0, 0, 0, 0)) + Liked(2, 1, (0, 0, 0, 1, 0)) == Liked(3, 1, (1, 0, 0, 1, 0))


def test_an_hour_of_the_week_is_that_of_the_clock_on_the_wall() -> None:
    assert cell_of(quarter(MONDAY + 23 * HOUR), BERLIN) == (1, 0)  # Tuesday, midnight
    assert cell_of(quarter(MONDAY + 18 * HOUR), KATHMANDU) == (0, 23)  # five hours and three quarters ahead
    assert cell_of(quarter(MONDAY + 18 * HOUR + 15 * MINUTE), KATHMANDU) == (1, 0)
    summer = datetime(2026, 6, 1, 7, tzinfo=UTC)
    assert by_cell([(quarter(MONDAY + 8 * HOUR), 2), (quarter(summer), 3)], BERLIN) == {(0, 9): 5}


def test_the_quarters_of_a_cell_are_found_in_each_week_across_a_change_of_clocks() -> None:
    since, until = datetime(2026, 3, 22, 23, tzinfo=UTC), datetime(2026, 4, 5, 22, tzinfo=UTC)
    found = quarters_of(0, 9, since, until, BERLIN)
    first, second = datetime(2026, 3, 23, 8, tzinfo=UTC), datetime(2026, 3, 30, 7, tzinfo=UTC)
    assert found == [*range(quarter(first), quarter(first) + 4), *range(quarter(second), quarter(second) + 4)]
    assert len(quarters_of(6, None, since, until, BERLIN)) == 4 * (23 + 24)  # the clocks go forward on one


def test_cover_adds_up_to_the_length_of_the_turns_also_within_a_quarter() -> None:
    at = MONDAY + 8 * HOUR
    turns = [("Bo", at + 5 * MINUTE, at + 65 * MINUTE), ("Bo", at, at + HOUR), ("Chen", at, at)]
    found = covered(turns, BERLIN)
    assert found["Bo"] == {(0, 9): 115 * 60, (0, 10): 5 * 60}
    assert found["Chen"].total() == 0


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_every_second_on_call_is_in_one_cell(offset: int, length: int) -> None:
    start = MONDAY + timedelta(days=25, seconds=offset)  # some weeks around the change of clocks
    found = covered([(1, start, start + timedelta(seconds=length))], BERLIN)
    assert sum(counter.total() for counter in found.values()) == length


def test_a_ticket_is_open_between_its_turns() -> None:
    turns = [("resolved", MONDAY + HOUR), ("reopened", MONDAY + 2 * HOUR), ("resolved", MONDAY + 3 * HOUR)]
    assert list(open_spells(MONDAY, turns, None)) == [
        (MONDAY, MONDAY + HOUR),
        (MONDAY + 2 * HOUR, MONDAY + 3 * HOUR),
    ]
    assert list(open_spells(MONDAY, turns[:2], MONDAY + 4 * HOUR))[-1] == (
        MONDAY + 2 * HOUR,
        MONDAY + 4 * HOUR,
    )
    assert list(open_spells(MONDAY, [], None)) == [(MONDAY, None)]


def naive(lives: list[tuple[datetime, datetime | None]], at: datetime) -> tuple[int, ...]:
    ages = [(at - since) for since, until in lives if since < at and (until is None or until >= at)]
    bands = [0, 0, 0, 0]
    for age in ages:
        bands[sum(age > timedelta(days=days) for days in AGES)] += 1
    return tuple(bands)


hours = st.integers(0, 24 * 60)
lives_of = st.lists(st.tuples(hours, st.none() | st.integers(0, 24 * 40)), max_size=20)


@given(lives_of, st.lists(hours, min_size=1, max_size=5, unique=True))
def test_a_backlog_in_parts_is_the_backlog_counted_one_by_one(
    drawn: list[tuple[int, int | None]], asked: list[int]
) -> None:
    lives = [
        (MONDAY + since * HOUR, None if length is None else MONDAY + (since + length) * HOUR)
        for since, length in drawn
    ]
    instants = [MONDAY + at * HOUR for at in asked]
    bounds = bounds_of(instants)

    def part(at: datetime | None) -> int:
        return len(bounds) + 1 if at is None else sum(bound <= at for bound in bounds)

    stays = [Stay(part(since), part(since), part(until), 1) for since, until in lives]
    assert backlog(stays, bounds, instants) == [naive(lives, at) for at in instants]


def test_whoever_is_in_one_of_the_counts_has_a_load() -> None:
    assert loads({1: 2}, {2: 1}, {1: 3}) == {1: Load(2, 0, 3), 2: Load(0, 1, 0)}

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.rules.follow_ups import After, Course, Loop, Outcome, loop_of, missing

DUE = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
COUNTS = ("in_time", "late", "overdue", "running", "better", "not_better", "opened", "decided")


@pytest.mark.parametrize(
    ("done", "left"),
    [
        ((None, "", "", None), ["reached", "cause", "action", "told"]),
        ((DUE, "", "Train", DUE), ["cause"]),
        ((DUE, "Nobody knew", "Train", None), ["told"]),
        ((DUE, "Nobody knew", "Train", DUE), []),
    ],
)
def test_it_may_be_closed_once_nothing_is_missing(done: tuple, left: list[str]) -> None:
    assert missing(*done) == left


@pytest.mark.parametrize(
    ("closed_at", "now", "outcome"),
    [
        (DUE, DUE + HOUR, Outcome.IN_TIME),
        (DUE + HOUR, DUE + HOUR, Outcome.LATE),
        (None, DUE, Outcome.OVERDUE),
        (None, DUE - HOUR, Outcome.RUNNING),
    ],
)
def test_what_is_open_past_its_deadline_counts_as_not_in_time(
    closed_at: datetime | None, now: datetime, outcome: Outcome
) -> None:
    assert Course(DUE, closed_at).outcome(now) is outcome


def test_the_next_rating_is_compared_with_the_one_that_it_was_about() -> None:
    assert Course(DUE, DUE, 1, stars=2, next_stars=4).after is After.BETTER
    assert Course(DUE, DUE, 1, stars=2, next_stars=2).after is After.NOT_BETTER
    assert Course(DUE, DUE, 1, stars=2).after is None
    assert Course(DUE, DUE, 1, next_stars=5).after is None  # it was about a reopening


def test_the_figures_by_hand() -> None:
    """Ten closed after 1 to 10 hours, the last two late; one overdue, one running."""
    closed = [
        Course(
            DUE, DUE - HOUR if hours < 9 else DUE + HOUR, hours * 3600, stars=1, next_stars=hours % 3 or None
        )
        for hours in range(1, 11)
    ]
    found = loop_of([*closed, Course(DUE, None), Course(DUE + 2 * HOUR, None)], DUE + HOUR)
    assert found == Loop(
        in_time=8, late=2, overdue=1, running=1,
        better=3, not_better=4,
        median_seconds=19_800, p90_seconds=9 * 3600, mean_seconds=19_800,
    )  # fmt: skip
    assert (found.opened, found.decided, found.tenths, found.better_tenths) == (12, 11, 727, 428)
    assert (loop_of([], DUE).tenths, loop_of([], DUE).median_seconds) == (None, None)


courses = st.builds(
    Course,
    due_at=st.sampled_from([DUE, DUE + HOUR]),
    closed_at=st.sampled_from([None, DUE, DUE + 2 * HOUR]),
    seconds=st.none() | st.integers(0, 10**6),
    stars=st.none() | st.integers(1, 2),
    next_stars=st.none() | st.integers(1, 5),
)


@given(st.lists(st.tuples(courses, st.integers(0, 3))), st.sampled_from([DUE, DUE + 3 * HOUR]))
def test_the_sums_over_any_partition_are_the_whole(parted: list[tuple[Course, int]], now: datetime) -> None:
    whole = loop_of([course for course, _part in parted], now)
    parts = [loop_of([c for c, part in parted if part == each], now) for each in range(4)]
    assert [getattr(whole, name) for name in COUNTS] == [
        sum(getattr(p, name) for p in parts) for name in COUNTS
    ]

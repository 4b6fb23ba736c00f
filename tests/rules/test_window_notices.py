"""Who hears of a maintenance window, and when."""

from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.rules.window_notices import (
    Reader,
    Round,
    Served,
    departments_below,
    heard_of,
    rounds,
    still_says,
)

START = datetime(2026, 3, 20, 17, 0, tzinfo=UTC)
END = START + timedelta(hours=3)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ERP = Served(1, False, frozenset(), frozenset({7}))
PAY = Served(2, False, frozenset({20, 21}), frozenset({8}))
BOARD = Served(3, True, frozenset(), frozenset({9}))


def test_an_announcement_weeks_ahead_is_followed_by_a_reminder_a_week_a_day_and_an_hour_before() -> None:
    now = START - 20 * DAY
    assert rounds("announced", START, now) == [
        Round("announced", 0, now),
        Round("before", 10_080, START - 7 * DAY),
        Round("before", 1440, START - DAY),
        Round("before", 60, START - HOUR),
    ]


def test_reminders_whose_time_has_passed_are_not_made_up() -> None:
    found = rounds("announced", START, START - 2 * DAY)
    assert [each.minutes for each in found] == [0, 1440, 60]


def test_nobody_is_reminded_right_after_the_announcement() -> None:
    assert [each.kind for each in rounds("announced", START, START - timedelta(minutes=119))] == ["announced"]
    assert [each.kind for each in rounds("announced", START, START - 2 * HOUR)] == ["announced", "before"]


def test_a_move_is_reminded_of_anew_and_other_steps_are_not() -> None:
    now = START - 2 * DAY
    assert [each.minutes for each in rounds("moved", START, now, (120,))] == [0, 120]
    for kind in ("started", "extended", "finished", "cancelled"):
        assert rounds(kind, START, now) == [Round(kind, 0, now)]


@pytest.mark.parametrize(
    ("kind", "state", "now", "said"),
    [
        ("announced", "announced", START - DAY, True),
        ("announced", "running", START + HOUR, True),
        ("announced", "running", END, False),
        ("announced", "cancelled", START - DAY, False),
        ("before", "announced", START - timedelta(seconds=1), True),
        ("before", "running", START, False),
        ("before", "cancelled", START - DAY, False),
        ("started", "running", START, True),
        ("started", "finished", START + HOUR, False),
        ("extended", "extended", END - HOUR, True),
        ("finished", "finished", END + HOUR, True),
        ("finished", "finished", END + 2 * DAY, False),
        ("cancelled", "cancelled", START - HOUR, True),
        ("cancelled", "cancelled", END + 2 * DAY, False),
    ],
)
def test_after_an_outage_nobody_is_told_what_is_no_news(
    kind: str, state: str, now: datetime, said: bool
) -> None:
    assert still_says(kind, state, START, END, now) is said


@pytest.mark.parametrize(
    ("reader", "asked", "heard"),
    [
        (Reader(1), False, (1,)),
        (Reader(1, 20), False, (1, 2)),
        (Reader(1, 22), False, (1,)),
        (Reader(1, 22), True, (1, 2)),  # a follower of the window
        (Reader(8), False, (1, 2)),  # of the team, whatever the department
        (Reader(9, 21), False, (1, 2, 3)),
        (Reader(None), False, (1,)),  # without an account
    ],
)
def test_everybody_hears_unless_the_service_is_for_some_and_a_restricted_one_is_for_its_team(
    reader: Reader, asked: bool, heard: tuple[int, ...]
) -> None:
    assert heard_of([ERP, PAY, BOARD], reader, asked) == heard


def test_nobody_who_asks_hears_of_a_restricted_service() -> None:
    assert heard_of([BOARD], Reader(1), asked=True) == ()


def test_departments_below_stand_for_those_above_them() -> None:
    parents = {1: None, 2: 1, 3: 2, 4: None, 5: 4}
    assert departments_below({2}, parents) == {2, 3}
    assert departments_below({1}, parents) == {1, 2, 3}
    assert departments_below(set(), parents) == set()

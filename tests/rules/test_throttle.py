from datetime import UTC, datetime, timedelta

from helpdesk.desk.sign_in import ACCOUNT
from helpdesk.rules.throttle import Limit, allowed_at

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LIMIT = Limit(free=3, window=timedelta(hours=1), first_wait=MINUTE, longest_wait=5 * MINUTE)


def test_the_first_tries_are_free() -> None:
    assert allowed_at([], LIMIT, NOON) is None
    assert allowed_at([NOON, NOON], LIMIT, NOON) is None


def test_each_further_try_doubles_the_wait_up_to_a_limit() -> None:
    waits = [allowed_at([NOON] * n, LIMIT, NOON) for n in (3, 4, 5, 6, 7, 5000)]
    assert waits == [NOON + k * MINUTE for k in (1, 2, 4, 5, 5, 5)]


def test_a_wait_ends_at_its_instant() -> None:
    assert allowed_at([NOON] * 3, LIMIT, NOON + MINUTE) is None
    assert allowed_at([NOON] * 3, LIMIT, NOON + MINUTE - timedelta.resolution) == NOON + MINUTE


def test_what_lies_before_the_window_is_forgotten() -> None:
    assert allowed_at([NOON] * 9, LIMIT, NOON + LIMIT.window) is None


def test_an_account_takes_about_a_hundred_guesses_a_day() -> None:
    made, now = [], NOON
    while now < NOON + timedelta(days=1):
        if (wait := allowed_at(made, ACCOUNT, now)) is None:
            made.append(now)
        else:
            now = wait
    assert 90 <= len(made) <= 105

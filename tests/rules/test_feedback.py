from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.rules.feedback import contradicts, fitting, is_occasion, may_rate, sounds_unsolved


@pytest.mark.parametrize(
    "words",
    [
        "It is still broken.",
        "STILL NOT working",
        "still can't print",
        "It doesn't work",
        "That did not help at all",
        "not solved",
        "same problem as before",
        "还是不行",
        "问题没有解决",
        "問題沒有解決",
        "仍然不能登录",
        "打印机又坏了",
    ],
)
def test_words_that_say_it_is_not_solved(words: str) -> None:
    assert sounds_unsolved(words)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "Works again, thank you",
        "Quick and friendly",
        "It still works, great",
        "谢谢，已经好了",
        "解决了，很快",
    ],
)
def test_words_that_do_not(words: str) -> None:
    assert not sounds_unsolved(words)


CLOSED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_a_reason_that_was_ticked_can_contradict_the_button_as_words_can() -> None:
    assert contradicts("", ["not_solved"])
    assert contradicts("still broken", [])
    assert not contradicts("thank you", ["slow"])


@pytest.mark.parametrize(
    ("stars", "left"),
    [(5, ["quick", "clear"]), (4, ["quick", "clear"]), (3, ["slow"]), (1, ["slow"])],
)
def test_only_reasons_that_fit_the_stars_count_each_once(stars: int, left: list[str]) -> None:
    assert fitting(stars, ["slow", "clear", "quick", "slow", "made_up"]) == left


@pytest.mark.parametrize(
    ("state", "closed_at", "now", "may"),
    [
        ("resolved", None, CLOSED, True),
        ("closed", CLOSED, CLOSED, True),
        ("closed", CLOSED, CLOSED + timedelta(days=7, seconds=-1), True),
        ("closed", CLOSED, CLOSED + timedelta(days=7), False),
        ("cancelled", CLOSED, CLOSED, False),
        ("in_work", None, CLOSED, False),
    ],
)
def test_a_rating_can_be_changed_until_a_week_after_closing(
    state: str, closed_at: datetime | None, now: datetime, may: bool
) -> None:
    assert may_rate(state, closed_at, now) is may


@pytest.mark.parametrize(
    ("stars", "before", "is_solved_anew", "is_one"),
    [
        (2, None, False, True),
        (3, None, False, False),
        (1, 3, False, True),  # it got worse
        (1, 2, False, False),  # the same once more
        (2, 2, True, True),  # but of another solution
        (5, 1, True, False),
    ],
)
def test_a_bad_rating_is_followed_up_once_for_each_solution(
    stars: int, before: int | None, is_solved_anew: bool, is_one: bool
) -> None:
    assert is_occasion(stars, before, is_solved_anew) is is_one

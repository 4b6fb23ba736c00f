from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from helpdesk.rules.spans import Span, joined
from helpdesk.rules.turn_news import News, turn_news

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def span(start: int, end: int) -> Span:
    """Hours from NOW on."""
    return NOW + timedelta(hours=start), NOW + timedelta(hours=end)


def codes(before: list[Span], after: list[Span]) -> list[str]:
    return [news.code for news in turn_news(before, after, NOW)]


def test_a_turn_that_stays_is_no_news() -> None:
    assert codes([span(1, 5), span(9, 12)], [span(1, 5), span(9, 12)]) == []
    assert codes([], []) == []


def test_turns_come_and_go_by_themselves() -> None:
    assert turn_news([span(1, 5)], [span(5, 7)], NOW) == [
        News("gone", (span(1, 5),), ()),
        News("new", (), (span(5, 7),)),
    ]


def test_the_turn_that_runs_now_is_stopped() -> None:
    assert codes([span(0, 5)], []) == ["stopped"]


def test_one_end_or_both_may_move() -> None:
    assert codes([span(1, 5)], [span(1, 4)]) == ["ends"]
    assert codes([span(1, 5)], [span(1, 6)]) == ["ends"]
    assert codes([span(1, 5)], [span(2, 5)]) == ["starts"]
    assert codes([span(1, 5)], [span(2, 9)]) == ["moved"]


def test_a_turn_in_pieces_and_turns_made_one_are_told_together() -> None:
    [cut] = turn_news([span(1, 9)], [span(1, 3), span(5, 9)], NOW)
    assert (cut.code, cut.after) == ("instead", (span(1, 3), span(5, 9)))
    [one] = turn_news([span(1, 3), span(5, 9)], [span(1, 9)], NOW)
    assert (one.code, one.before) == ("instead", (span(1, 3), span(5, 9)))


hours = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), max_size=6)


@given(hours, hours)
def test_what_is_told_makes_of_the_old_turns_the_new(
    old: list[tuple[int, int]], new: list[tuple[int, int]]
) -> None:
    before, after = ([*joined(sorted(span(a, a + n) for a, n in each))] for each in (old, new))
    turns = set(before)
    for news in turn_news(before, after, NOW):
        assert news.before != news.after
        assert turns.issuperset(news.before)
        turns = (turns - set(news.before)) | set(news.after)
    assert turns == set(after)

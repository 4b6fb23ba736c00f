"""What counts as a game, how late a severity was lowered, and what a review wants."""

from datetime import UTC, datetime, timedelta

from helpdesk.rules import breaches, sla
from helpdesk.rules.games import Played, is_late, lowerings, used_up
from helpdesk.rules.sla import Event, SeverityTargets, Target

AT_9 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
# Day and night: an hour to answer, four to solve.
POLICY = {"critical": SeverityTargets(Target(3600, None), Target(14400, None))}


def used(minutes: int, *events: Event) -> int | None:
    now = AT_9 + timedelta(minutes=minutes)
    return used_up(sla.explain(POLICY, [], [Event(AT_9, "reported", "critical"), *events], now))


def test_only_what_gives_more_time_is_lowering() -> None:
    assert set(lowerings()) == {("critical", "major"), ("critical", "minor"), ("major", "minor")}


def test_a_share_is_rounded_down_and_there_is_none_of_nothing() -> None:
    assert Played(1, 3).tenths == 333
    assert Played(0, 3).tenths == 0
    assert Played().tenths is None
    assert sum([Played(1, 3), Played(1, 5)], Played()) == Played(2, 8)


def test_what_is_used_up_is_that_of_the_tightest_open_promise() -> None:
    assert used(48) == 80
    assert used(59) == 98
    assert used(48, Event(AT_9 + timedelta(minutes=10), "responded", None)) == 20  # of the solution's time


def test_a_broken_promise_cannot_be_lowered_late() -> None:
    assert used(90) == 37  # the answer is late already; a third of the solution's time is gone
    assert used(300) is None


def test_lowered_late_is_from_four_fifths_on() -> None:
    assert [is_late(percent) for percent in (None, 79, 80, 100)] == [False, False, True, True]


def test_a_review_wants_cause_owner_and_action() -> None:
    assert breaches.missing(None, None, "") == ["cause_id", "owner_id", "action"]
    assert breaches.missing(1, None, "Call them") == ["owner_id"]
    assert breaches.missing(1, 2, "Call them") == []

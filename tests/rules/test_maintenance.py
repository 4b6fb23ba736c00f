"""What the clock takes of a maintenance window, and what may be done to one in each state."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.rules import sla
from helpdesk.rules.maintenance import (
    COUNTS,
    FINAL,
    Counts,
    State,
    announced_at,
    counted,
    is_late,
    is_planned,
    pauses,
    steps,
)
from helpdesk.rules.sla import Event, SeverityTargets, Target
from helpdesk.rules.spans import Span

T = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NO_LEAD, LEAD = timedelta(0), HOUR


@dataclass(frozen=True)
class Known:
    """A window [T, T + 2 h), announced two hours ahead."""

    starts_at: datetime = T
    ends_at: datetime = T + 2 * HOUR
    announced_at: datetime | None = T - 2 * HOUR
    started_at: datetime | None = None
    ended_at: datetime | None = None
    is_cancelled: bool = False
    known_at: datetime = T - 2 * HOUR


def minutes(span: Span | None) -> tuple[float, float] | None:
    """A span as minutes after T."""
    return None if span is None else ((span[0] - T) / MINUTE, (span[1] - T) / MINUTE)


@pytest.mark.parametrize("counts", COUNTS)
def test_what_has_not_begun_is_taken_to_begin_and_end_as_planned(counts: Counts) -> None:
    assert minutes(counted(Known(), LEAD, counts)) == (0, 120)


@pytest.mark.parametrize(
    ("counts", "began", "ended", "takes"),
    [
        ("actual_within_planned", -20, 90, (0, 90)),
        ("actual_within_planned", 10, 130, (10, 120)),
        ("planned", -20, 90, (0, 120)),
        ("actual", -20, 90, (-20, 90)),
        ("actual", 10, 130, (10, 130)),
        ("actual_within_planned", -20, None, (0, 120)),
        ("actual", -20, None, (-20, 120)),
        ("actual_within_planned", -20, -10, None),
        ("actual", -20, -10, (-20, -10)),
        ("actual", 10, 10, None),
    ],
)
def test_planned_and_actual_times(
    counts: Counts, began: int, ended: int | None, takes: tuple[int, int] | None
) -> None:
    window = Known(started_at=T + began * MINUTE, ended_at=None if ended is None else T + ended * MINUTE)
    assert minutes(counted(window, LEAD, counts)) == takes


def test_a_cancelled_window_takes_nothing() -> None:
    assert counted(replace(Known(), is_cancelled=True), NO_LEAD, "planned") is None


@pytest.mark.parametrize(
    ("ahead", "lead", "late"),
    [
        (HOUR, HOUR, False),
        (HOUR - timedelta(seconds=1), HOUR, True),
        (HOUR - timedelta(microseconds=999_999), HOUR, False),
        (NO_LEAD, NO_LEAD, False),
        (-timedelta(microseconds=999_999), NO_LEAD, False),
        (-timedelta(seconds=1), NO_LEAD, True),
    ],
)
def test_announced_too_late_it_pauses_nothing_to_the_second(
    ahead: timedelta, lead: timedelta, late: bool
) -> None:
    window = replace(Known(), announced_at=T - ahead)
    assert is_late(window, lead) is late
    assert (counted(window, lead, "planned") is None) is late


def test_a_window_that_nobody_announced_takes_nothing() -> None:
    assert counted(replace(Known(), announced_at=None), NO_LEAD, "planned") is None


def test_fractions_of_a_second_are_cut_off() -> None:
    tick = timedelta(microseconds=999_999)
    window = replace(Known(), starts_at=T + tick, ends_at=T + HOUR + tick)
    assert minutes(counted(window, LEAD, "planned")) == (0, 60)


def test_an_extension_counts_from_its_announcement_on() -> None:
    first = replace(Known(), ends_at=T + HOUR)
    at_the_end = replace(first, ends_at=T + 3 * HOUR, known_at=T + HOUR)
    assert [minutes(s) for s in pauses([first, at_the_end], LEAD, "planned")] == [(0, 180)]
    too_late_to_close_the_gap = replace(at_the_end, known_at=T + 90 * MINUTE)
    assert [minutes(s) for s in pauses([first, too_late_to_close_the_gap], LEAD, "planned")] == [
        (0, 60),
        (90, 180),
    ]


def test_an_extension_of_what_was_announced_too_late_counts_no_more_than_that() -> None:
    late = replace(Known(), announced_at=T - MINUTE, known_at=T - MINUTE)
    extended = replace(late, ends_at=T + 5 * HOUR, known_at=T + HOUR)
    assert pauses([late, extended], LEAD, "planned") == []


def test_called_off_later_gives_back_only_what_is_still_to_come() -> None:
    off = replace(Known(), is_cancelled=True, known_at=T - HOUR)
    assert pauses([Known(), off], LEAD, "planned") == []
    in_the_middle = replace(off, known_at=T + HOUR)
    assert [minutes(s) for s in pauses([Known(), in_the_middle], LEAD, "planned")] == [(0, 60)]


def test_nothing_known_takes_nothing() -> None:
    assert pauses([], LEAD, "planned") == []


@pytest.mark.parametrize(
    ("starts_at", "when"),
    [
        (T, T - 2 * HOUR),
        (T + 119 * MINUTE, T - 2 * HOUR),
        (T + 2 * HOUR, T - MINUTE),
        (T - MINUTE, T - MINUTE),
    ],
)
def test_a_start_within_the_announced_plan_is_no_news(starts_at: datetime, when: datetime) -> None:
    assert announced_at(Known(), starts_at, T - MINUTE) == when
    assert announced_at(None, starts_at, T - MINUTE) == T - MINUTE


at = st.integers(-240, 240).map(lambda n: T + timedelta(seconds=45 * n))


@st.composite
def histories(draw: st.DrawFn) -> list[Known]:
    """All that is known of a window, in the order written: its times, its end and its being called off change
    at will, and once in a while a later change bears an earlier instant."""
    found = []
    instants = draw(st.lists(at, min_size=1, max_size=5))
    for known_at in instants if draw(st.integers(0, 4)) == 0 else sorted(instants):
        starts_at, ends_at = sorted(draw(st.lists(at, min_size=2, max_size=2, unique=True)))
        found.append(
            Known(
                starts_at,
                ends_at,
                draw(st.sampled_from([known_at, T - 10 * HOUR])),
                draw(st.none() | at),
                draw(st.none() | at),
                draw(st.booleans()),
                known_at,
            )
        )
    return found


leads = st.sampled_from([NO_LEAD, 20 * MINUTE, LEAD])


def _holds(spans: list[Span], instant: datetime) -> bool:
    return any(start <= instant < end for start, end in spans)


@settings(max_examples=150, deadline=None)
@given(histories(), leads, st.sampled_from(COUNTS))
def test_no_change_of_a_window_alters_what_had_passed_when_it_was_known(
    known: list[Known], lead: timedelta, counts: Counts
) -> None:
    for number in range(1, len(known)):
        before, after = pauses(known[:number], lead, counts), pauses(known[: number + 1], lead, counts)
        since = known[number].known_at
        for instant in (T + timedelta(seconds=45 * n) for n in range(-250, 250)):
            if instant < since:
                assert _holds(before, instant) == _holds(after, instant)


@settings(max_examples=150, deadline=None)
@given(histories(), leads, st.sampled_from(COUNTS))
def test_each_instant_counts_by_what_was_known_then(
    known: list[Known], lead: timedelta, counts: Counts
) -> None:
    found = pauses(known, lead, counts)
    for start, end in found:
        assert start < end
    for (_, end), (start, _) in pairwise(found):
        assert end < start, "joined and in order"
    for instant in (T + timedelta(seconds=45 * n) for n in range(-250, 250)):
        latest = [each for each in known if each.known_at <= instant]
        span = counted(latest[-1], lead, counts) if latest else None
        assert _holds(found, instant) == (span is not None and span[0] <= instant < span[1])


POLICY = {"minor": SeverityTargets(Target(3 * 3600, None), Target(5 * 3600, None), None, True)}


@settings(max_examples=60, deadline=None)
@given(histories(), leads, st.sampled_from(COUNTS), st.integers(-200, 200))
def test_a_window_alters_no_counted_time_before_it_was_known(
    known: list[Known], lead: timedelta, counts: Counts, reported: int
) -> None:
    begun = T + timedelta(seconds=45 * reported)
    events = [Event(begun, "reported", "minor")]
    for number in range(len(known)):
        then = max(begun, known[number].known_at)
        took = [
            sla.explain(POLICY, [sla.Window(*s) for s in pauses(versions, lead, counts)], events, then)
            for versions in (known[:number], known[: number + 1])
        ]
        assert [c.elapsed_seconds for c in took[0]] == [c.elapsed_seconds for c in took[1]]
        assert [c.segments for c in took[0]] == [c.segments for c in took[1]]


def test_the_steps_of_each_state() -> None:
    assert {state.value: sorted(steps(state)) for state in State} == {
        "draft": ["approve", "cancel", "change"],
        "approved": ["announce", "cancel", "change"],
        "announced": ["cancel", "change", "move", "start"],
        "running": ["change", "extend", "finish"],
        "extended": ["change", "extend", "finish"],
        "finished": [],
        "cancelled": [],
    }
    assert {state for state in State if not steps(state)} == FINAL
    assert [state.value for state in State if is_planned(state)] == ["draft", "approved"]
    with pytest.raises(ValueError, match="lost"):
        steps("lost")

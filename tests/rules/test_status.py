"""What the public status page says of each day."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.rules.status import days, fault_spans

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)


def at(day: int, hour: int = 0, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("steps", "spans"),
    [
        ([], [(2, 8)]),
        ([(4, "resolved")], [(2, 4)]),
        ([(4, "resolved"), (6, "reopened")], [(2, 4), (6, 8)]),
        ([(4, "resolved"), (5, "closed"), (6, "reopened"), (7, "resolved")], [(2, 4), (6, 7)]),
        ([(3, "reopened"), (4, "resolved"), (5, "resolved")], [(2, 4)]),
        ([(2, "resolved")], []),
    ],
)
def test_a_fault_is_open_but_from_each_solution_to_the_next_reopening(
    steps: list[tuple[int, str]], spans: list[tuple[int, int]]
) -> None:
    found = fault_spans(at(2), [(at(day), kind) for day, kind in steps], at(8))
    assert found == tuple((at(a), at(b)) for a, b in spans)


def test_days_are_those_of_the_zone_and_the_last_ends_now() -> None:
    now = datetime(2026, 3, 30, 10, 0, tzinfo=UTC)
    found = days(BERLIN, now, 3, [], [])
    assert [day.on for day in found] == [date(2026, 3, 28), date(2026, 3, 29), date(2026, 3, 30)]
    assert found[1].to_at - found[1].from_at == 23 * HOUR  # clocks are put forward
    assert found[2].to_at == now


def test_a_day_counts_each_moment_once_and_is_as_bad_as_its_worst() -> None:
    now = at(5, 12)
    faults = [(at(3, 22), at(4, 2)), (at(4, 1), at(4, 3))]
    windows = [(at(4, 10), at(4, 12)), (at(5, 6), at(6, 6))]
    found = {day.on.day: day for day in days(BERLIN, now, 4, faults, windows)}
    assert [found[n].fault_time for n in (2, 3, 4, 5)] == [
        0 * HOUR,
        HOUR,
        4 * HOUR,
        0 * HOUR,
    ]  # midnight is 23:00 UTC
    assert [found[n].maintenance_time for n in (2, 3, 4, 5)] == [0 * HOUR, 0 * HOUR, 2 * HOUR, 6 * HOUR]
    assert [found[n].standing for n in (2, 3, 4, 5)] == ["fine", "fault", "fault", "maintenance"]


hours = st.integers(0, 40 * 24)
spans = st.lists(st.tuples(hours, hours).map(sorted), max_size=8)


@given(spans, st.sampled_from(["Europe/Berlin", "Asia/Shanghai", "America/Sao_Paulo", "Australia/Lord_Howe"]))
def test_the_days_together_hold_what_the_spans_hold(drawn: list[list[int]], zone: str) -> None:
    start = at(10)
    held = [(start + HOUR * a, start + HOUR * b) for a, b in drawn]
    now = start + HOUR * 40 * 24
    found = days(ZoneInfo(zone), now, 60, held, [])
    covered = {start + HOUR * n for a, b in drawn for n in range(a, b)}
    assert sum((day.fault_time for day in found), timedelta()) == HOUR * len(covered)
    assert all(a.to_at == b.from_at for a, b in pairwise(found))

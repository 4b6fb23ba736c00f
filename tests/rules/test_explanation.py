"""Explanations say what the clock says: over every example case of the clock's specification."""

import json
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from helpdesk.rules import explanation
from helpdesk.rules.hours import Calendar, parse_calendar
from helpdesk.rules.sla import Event, SeverityTargets, Target, explain
from helpdesk.rules.sla_scenario import Scenario, explain_scenario, parse_scenario

CASES = [json.loads(line) for line in (Path(__file__).parent / "sla_cases.jsonl").read_text().splitlines()]
GOOD = [case for case in CASES if case["expected"] != {"error": True}]
GOOD_ONES = pytest.mark.parametrize("case", GOOD, ids=[case["name"] for case in GOOD])


def calendars_of(asked: Scenario) -> dict[str, Calendar]:
    """The policy's calendars under names of their own."""
    found: list[Calendar] = []
    for targets in asked.policy.values():
        for name in explanation.TARGET_NAMES:
            target = targets.get(name)
            if target and target.calendar and all(target.calendar is not each for each in found):
                found.append(target.calendar)
    return {f"calendar {number}": calendar for number, calendar in enumerate(found)}


@GOOD_ONES
def test_a_scenario_written_down_explains_the_same(case: dict) -> None:
    asked = parse_scenario(case["scenario"])
    written = explanation.scenario_as_json(asked, calendars_of(asked), "erp")
    assert explain_scenario(written) == case["expected"]
    assert json.loads(json.dumps(written)) == written


@GOOD_ONES
def test_stretches_cover_each_cycle_and_add_up_to_what_counted(case: dict) -> None:
    asked = parse_scenario(case["scenario"])
    for cycle in explain(asked.policy, asked.windows, asked.events, asked.now):
        days = [cycle.started_at + timedelta(days=n) for n in range(40)]
        parts = explanation.stretches(cycle, None, asked.now, days)
        assert sum(part.seconds for part in parts if part.counted) == cycle.elapsed_seconds
        assert all(a.to_at == b.from_at for a, b in pairwise(parts))
        if parts:
            assert parts[-1].total == cycle.elapsed_seconds


@GOOD_ONES
def test_what_is_ahead_counts_the_rest_of_the_allowance(case: dict) -> None:
    asked = parse_scenario(case["scenario"])
    for cycle in explain(asked.policy, asked.windows, asked.events, asked.now):
        ahead = explanation.ahead_of(asked, cycle)
        if ahead is not None:
            parts = explanation.stretches(cycle, ahead, asked.now)
            assert parts[-1].total == cycle.allowance_seconds
            assert parts[-1].to_at == cycle.due_at
            assert (
                sum(part.seconds for part in parts if part.counted and part.is_ahead)
                == cycle.remaining_seconds
            )


def test_a_holiday_is_named_and_a_weekend_is_none() -> None:
    week = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    dates = {"2026-05-01": [], "2026-05-02": [], "2026-05-04": [["10:00", "12:00"]]}
    calendar = parse_calendar({"timezone": "Europe/Berlin", "week": week, "dates": dates}, "c")
    start, end = datetime(2026, 4, 30, 15, tzinfo=UTC), datetime(2026, 5, 4, 8, tzinfo=UTC)
    assert explanation.holidays_in(calendar, start, end) == [date(2026, 5, 1)]


def test_a_target_is_in_force_from_the_start_of_its_cycle_whatever_the_fraction_of_its_second() -> None:
    reported = datetime(2026, 3, 2, 9, 0, 0, 345678, tzinfo=UTC)
    minor = SeverityTargets(Target(3600, None), Target(7200, None))
    events = (Event(reported, "reported", "minor"),)
    asked = Scenario({"minor": minor}, (), events, reported)
    [response, _resolution] = explain(asked.policy, (), events, reported)
    assert explanation.target_at(asked, "response", response.started_at) == minor.response

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.rules.outages import Limits, crowd, parent_of

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Fault:
    id: int
    reporter_id: int
    reported_at: datetime
    severity: str = "minor"


def at(minutes: float, reporter: int, severity: str = "minor") -> Fault:
    return Fault(100 + int(minutes), reporter, NINE + timedelta(minutes=minutes), severity)


@pytest.mark.parametrize(
    ("faults", "found"),
    [
        ([], []),
        ([at(0, 1), at(5, 2)], []),
        ([at(0, 1), at(5, 2), at(14, 3)], [100, 105, 114]),
        # Half-open: a quarter of an hour later is another time.
        ([at(0, 1), at(5, 2), at(15, 3)], []),
        # One person again and again is one person.
        ([at(0, 1), at(1, 1), at(2, 1), at(3, 2)], []),
        ([at(0, 1), at(1, 1), at(2, 2), at(3, 3)], [100, 101, 102, 103]),
        # What came in long before or after is something else; what links two crowds is in both.
        ([at(0, 9), at(30, 1), at(35, 2), at(40, 3), at(90, 4)], [130, 135, 140]),
        ([at(0, 1), at(10, 2), at(12, 3), at(20, 4), at(24, 5)], [100, 110, 112, 120, 124]),
    ],
)
def test_three_people_within_a_quarter_of_an_hour_are_a_crowd(faults: list[Fault], found: list[int]) -> None:
    assert crowd(reversed(faults), Limits()) == found


def test_an_organisation_may_ask_for_more_people_in_less_time() -> None:
    faults = [at(0, 1), at(2, 2), at(4, 3), at(6, 4)]
    assert crowd(faults, Limits(4, timedelta(minutes=7))) == [100, 102, 104, 106]
    assert crowd(faults, Limits(4, timedelta(minutes=6))) == []


def test_the_gravest_stands_for_all_and_of_those_the_earliest() -> None:
    assert parent_of([at(1, 1), at(2, 2, "major"), at(3, 3, "critical"), at(4, 4, "critical")]) == 103
    assert parent_of([at(5, 1), at(2, 2)]) == 102

"""Percentiles of lateness, by nearest rank."""

import pytest

from helpdesk.rules.lateness import Lateness, lateness_of


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ([], Lateness(0)),
        ([2.5], Lateness(1, 2.5, 2.5, 2.5)),
        ([-0.2, -0.1], Lateness(2, 0.0, 0.0, 0.0)),  # two machines' clocks differ
        ([4, 1, 3, 2], Lateness(4, 2, 4, 4)),
        (range(100, 0, -1), Lateness(100, 50, 95, 99)),
        (range(1, 201), Lateness(200, 100, 190, 198)),
    ],
)
def test_how_late_half_and_nearly_all_are(seconds: list[float], expected: Lateness) -> None:
    assert lateness_of(seconds) == expected

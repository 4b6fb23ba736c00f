"""Key figures: the straight way from a baseline to a target, and whether what was measured keeps to it."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

PLACES = Decimal("0.0001")  # as exact as a key figure is kept
LARGEST = Decimal(10) ** 14  # no number is as large as this
MEASURED_WITHIN = timedelta(days=100)  # a quarter, and the days it takes to count


class Standing(StrEnum):
    """How a key figure stands: `new` is not measured yet, `stale` not lately, `missed` past its day."""

    NEW = "new"
    STALE = "stale"
    ON_COURSE = "on_course"
    BEHIND = "behind"
    REACHED = "reached"
    MISSED = "missed"


@dataclass(frozen=True)
class Way:
    """From the baseline to the target, straight; the two numbers differ, the target's day is the later."""

    baseline: Decimal
    baseline_on: date
    target: Decimal
    target_on: date

    def at(self, day: date) -> Decimal:
        """Where the figure should be on a day: before the way the baseline, after it the target."""
        if day <= self.baseline_on:
            return self.baseline
        if day >= self.target_on:
            return self.target
        gone, whole = (day - self.baseline_on).days, (self.target_on - self.baseline_on).days
        return self.baseline + (self.target - self.baseline) * gone / whole

    def is_kept(self, value: Decimal, asked: Decimal) -> bool:
        """Whether the value is as good as what is asked, or better: more where the target lies above the
        baseline, less where it lies below."""
        return value >= asked if self.target > self.baseline else value <= asked

    def percent_gone(self, value: Decimal) -> int:
        """How much of the way the value is, in whole percent towards zero; below 0 it went back, above 100
        it is past the target."""
        return int((value - self.baseline) * 100 / (self.target - self.baseline))


def standing_of(way: Way, measured: tuple[date, Decimal] | None, today: date) -> Standing:
    """How the figure stands by what was measured last (day and value; None: nothing yet).

    A value is held against the way on the day of its measuring, but only for MEASURED_WITHIN: who no longer
    measures is not on course. The target's own day still counts.
    """
    if measured is None:
        return Standing.MISSED if today > way.target_on else Standing.NEW
    on, value = measured
    if way.is_kept(value, way.target):
        return Standing.REACHED
    if today > way.target_on:
        return Standing.MISSED
    if today - on > MEASURED_WITHIN:
        return Standing.STALE
    return Standing.ON_COURSE if way.is_kept(value, way.at(on)) else Standing.BEHIND

"""Games: what can make figures look better than the work was. Shown beside them, never in place of them.

None of it is wrong by itself: reporters are really waited for, and severities are corrected. What counts is
that everybody sees how often, of how much, and the tickets behind it.
Source: "Closed loop", games made visible beside the figures.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from helpdesk.rules.attention import is_raised
from helpdesk.rules.severity import Severity
from helpdesk.rules.sla_cycles import Cycle

LATE_SHARE = 80  # percent of a promise used up: what is lowered from here on is lowered late


class Game(StrEnum):
    """What is looked for.

    waiting    counted time that waiting has spared solutions, of all time they took with it (seconds)
    lowered    tickets whose severity somebody lowered while a promise was open and not yet broken
    silent     tickets accepted, and then no word for as long as rules/attention calls silence (critical and
               major alone)
    reopened   tickets that came back after they were resolved
    excused    broken promises that a lead has excused
    cancelled  broken promises, still open, that ended with their ticket cancelled or merged: they count as
               broken
    """

    WAITING = "waiting"
    LOWERED = "lowered"
    SILENT = "silent"
    REOPENED = "reopened"
    EXCUSED = "excused"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Played:
    """How often, of how many: tickets, promises, or seconds (waiting)."""

    count: int = 0
    of: int = 0

    def __add__(self, other: "Played") -> "Played":
        return Played(self.count + other.count, self.of + other.of)

    @property
    def tenths(self) -> int | None:
        """The share in tenths of a percent, rounded down; None of nothing."""
        return self.count * 1000 // self.of if self.of else None


def lowerings() -> list[tuple[str, str]]:
    """Every change of severity that gives more time: (from, to)."""
    return [(a.value, b.value) for a in Severity for b in Severity if is_raised(b, a)]


def used_up(cycles: Iterable[Cycle]) -> int | None:
    """How much of the tightest open promise was used up, in percent rounded down; None where none was open.

    `cycles`: a ticket's as they stood the moment before its severity was lowered.
    """
    open_ones = [each for each in cycles if each.stopped_at is None and each.state in ("running", "paused")]
    return max((each.elapsed_seconds * 100 // each.allowance_seconds for each in open_ones), default=None)


def is_late(percent: int | None) -> bool:
    """Whether a severity was lowered when most of the time was gone (`used_up`)."""
    return percent is not None and percent >= LATE_SHARE

"""Several reports of one fault: which of them look like one, and which should stand for all.

Pure. Nothing is ever put together by itself: what is found here is proposed, and a person decides.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from helpdesk.rules.severity import Severity

PEOPLE = 3
MINUTES = 15
LOOKS_BACK = timedelta(hours=4)
"""What is older and still nobody's child has been looked at by people, or will be by its own deadlines."""

PASSED_ON = frozenset({"accepted", "replied", "waiting", "resumed", "update_promised"})
PASSED_ON |= {"resolved", "cancelled", "merged"}
"""The kinds of a parent's entries that its children take over, each in its way (desk/children)."""

_RANK = {Severity.CRITICAL: 0, Severity.MAJOR: 1, Severity.MINOR: 2}


class Fault(Protocol):
    """An open report of a fault that belongs to no other: see store/outages."""

    @property
    def id(self) -> int: ...
    @property
    def reporter_id(self) -> int: ...
    @property
    def severity(self) -> str: ...
    @property
    def reported_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """How many people (two or more) have to report one service within what time."""

    people: int = PEOPLE
    within: timedelta = timedelta(minutes=MINUTES)


def crowd(faults: Iterable[Fault], limits: Limits) -> list[int]:
    """The ids of those of one service's faults that came in close together, by the time of their report.

    A fault is one of them where `people` different reporters reported within some [t, t + within) that it
    lies in. [] where so many never did; the same person reporting again and again is one person.
    """
    ordered = sorted(faults, key=lambda each: (each.reported_at, each.id))
    found: dict[int, None] = {}
    first = 0
    for last, fault in enumerate(ordered):
        while fault.reported_at - ordered[first].reported_at >= limits.within:
            first += 1
        near = ordered[first : last + 1]
        if len({each.reporter_id for each in near}) >= limits.people:
            found.update((each.id, None) for each in near)
    return list(found)


def parent_of(faults: Sequence[Fault]) -> int:
    """Which of these should stand for all: the gravest, then the earliest. ValueError where there is none."""
    return min(faults, key=lambda each: (_RANK[Severity(each.severity)], each.reported_at, each.id)).id

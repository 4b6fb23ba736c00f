"""Who hears of a maintenance window, when, and which letters still make sense.

Pure. Source: the issue's "notices at set times before, at start, on extension and at the end, to everyone by
default, narrower where people are mapped to services".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from helpdesk.rules.maintenance import RUNNING, State

BEFORE = (10_080, 1440, 60)  # minutes before the start: a week, a day, an hour
CHOICES = (20_160, 10_080, 4320, 1440, 240, 60, 15)
FRESH = timedelta(hours=1)  # so soon after an announcement nobody has to be reminded of it
LATE = timedelta(days=1)  # an end that was missed that long is no news any more
# People know of it, and it is not over.
AHEAD = frozenset({State.ANNOUNCED, *RUNNING})
# Before its start people hear of its new times; those who are reminded are reminded of these.
PLANS = frozenset({"announced", "moved"})
# The steps that everybody concerned is told.
TOLD = frozenset({*PLANS, "started", "extended", "finished", "cancelled"})


class Round(NamedTuple):
    """A round of letters; `minutes` before the start where `kind` is "before", else 0."""

    kind: str
    minutes: int
    due_at: datetime


def rounds(kind: str, starts_at: datetime, now: datetime, before: Iterable[int] = BEFORE) -> list[Round]:
    """The rounds that follow a step of a window: its own at once, after a plan the reminders before the start
    (`before`, in minutes), the earliest first. None is planned that would be due within FRESH."""
    reminders = [
        Round("before", minutes, starts_at - timedelta(minutes=minutes))
        for minutes in sorted(set(before), reverse=True)
        if kind in PLANS
    ]
    return [Round(kind, 0, now), *(each for each in reminders if each.due_at >= now + FRESH)]


def still_says(kind: str, state: str, starts_at: datetime, ends_at: datetime, now: datetime) -> bool:
    """Whether a round is still news of a window in that state (`ends_at`: when it really ended, once it has):
    after an outage nobody is told that something begins which is over."""
    if kind == "before":
        return state == "announced" and now < starts_at
    if kind in PLANS:
        return state in AHEAD and now < ends_at
    if kind in ("started", "extended"):
        return state in RUNNING and now < ends_at
    return now < ends_at + LATE


@dataclass(frozen=True, slots=True)
class Served:
    """A service and whom it serves: people of `departments` (empty: everybody). Those of its `team` (person
    ids) hear of it in any case, of a restricted one nobody else does."""

    id: int
    is_restricted: bool
    departments: frozenset[int]
    team: frozenset[int]


@dataclass(frozen=True, slots=True)
class Reader:
    """Whoever may be concerned; `id` None: somebody without an account, who looks at a page."""

    id: int | None
    department_id: int | None = None


def heard_of(services: Sequence[Served], reader: Reader, asked: bool = False) -> tuple[int, ...]:
    """The ids of those services whose maintenance the reader hears of, in their order; () where none.

    `asked`: they follow the window, or it is theirs; then they hear of all that are not restricted.
    """
    return tuple(each.id for each in services if _hears(each, reader, asked))


def _hears(service: Served, reader: Reader, asked: bool) -> bool:
    if reader.id is not None and reader.id in service.team:
        return True
    if service.is_restricted:
        return False
    return asked or not service.departments or reader.department_id in service.departments


def departments_below(roots: Iterable[int], parents: Mapping[int, int | None]) -> frozenset[int]:
    """These departments and all below them; `parents` says of each what it stands below."""
    found = frozenset(roots)
    while more := {id for id, parent in parents.items() if parent in found} - found:
        found |= more
    return found

"""How work is spread over time and people: how long it takes, when it comes, how much of it lies about.

Times are told by their median and by what nine in ten stay below; the mean, which few long ones carry away,
comes last.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

QUARTER = 900  # seconds; no zone's clock is off UTC by a part of it
WEEKDAYS, HOURS = range(7), range(24)
AGES = (1, 7, 28)  # days: a backlog's bands end there, the last one is open
UNHAPPY = 2  # stars, and fewer

Cell: TypeAlias = tuple[int, int]
"""Weekday (Monday 0) and hour of a local clock."""
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Spread:
    """How so many lengths of time, in seconds, are spread: None where there is none."""

    count: int = 0
    median: int | None = None
    ninety: int | None = None
    mean: int | None = None


def spread(count: int, total: int | None, median: float | None, ninety: float | None) -> Spread:
    """A spread of what a database has added up, in whole seconds, a half up; without a count there is nothing
    (None)."""
    if not count or total is None or median is None or ninety is None:
        return Spread()
    return Spread(count, _whole(median), _whole(ninety), _whole(total / count))


def _whole(seconds: float) -> int:
    # What a database adds up in floating point may lie a hair below the half that it is.
    return int(round(seconds, 6) + 0.5)


@dataclass(frozen=True)
class Liked:
    """How many tickets were solved at least once, of them reopened, and how many rated with so many stars:
    `stars[0]` one star."""

    solved: int = 0
    reopened: int = 0
    stars: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)

    def __add__(self, other: "Liked") -> "Liked":
        one, two, three, four, five = (a + b for a, b in zip(self.stars, other.stars, strict=True))
        return Liked(
            self.solved + other.solved, self.reopened + other.reopened, (one, two, three, four, five)
        )

    @property
    def rated(self) -> int:
        """How many have been rated."""
        return sum(self.stars)

    @property
    def hundredths(self) -> int | None:
        """The mean of the stars in hundredths, a half up; None where nobody has rated."""
        total = sum(n * count for n, count in enumerate(self.stars, 1))
        return (200 * total + self.rated) // (2 * self.rated) if self.rated else None


def tenths(part: int, whole: int) -> int | None:
    """A share in tenths of a percent, rounded down; None of nothing."""
    return part * 1000 // whole if whole else None


def cell_of(quarter: int, zone: ZoneInfo) -> Cell:
    """The cell of a quarter of an hour, counted from 1970 in UTC, by the clock of `zone`."""
    local = datetime.fromtimestamp(quarter * QUARTER, zone)
    return local.weekday(), local.hour


def by_cell(counts: Iterable[tuple[int, int]], zone: ZoneInfo) -> Counter[Cell]:
    """Counts by quarter of an hour (counted from 1970 in UTC) as counts by weekday and hour."""
    found: Counter[Cell] = Counter()
    for quarter, count in counts:
        found[cell_of(quarter, zone)] += count
    return found


def quarters_of(
    weekday: int, hour: int | None, since: datetime, until: datetime, zone: ZoneInfo
) -> list[int]:
    """The quarters of an hour that [since, until) touches and that lie in that cell; in all cells of the
    weekday where no hour is asked for."""
    hours = HOURS if hour is None else (hour,)
    wanted = {(weekday, each) for each in hours}
    return [quarter for quarter in _quarters(since, until) if cell_of(quarter, zone) in wanted]


def covered(turns: Iterable[tuple[K, datetime, datetime]], zone: ZoneInfo) -> dict[K, Counter[Cell]]:
    """The seconds that each has in each cell, of turns (who, from, to). Two turns at once count twice."""
    cells: dict[int, Cell] = {}
    found: dict[K, Counter[Cell]] = {}
    for who, from_at, to_at in turns:
        theirs, first, last = found.setdefault(who, Counter()), from_at.timestamp(), to_at.timestamp()
        for quarter in _quarters(from_at, to_at):
            cell = cells.get(quarter) or cells.setdefault(quarter, cell_of(quarter, zone))
            theirs[cell] += int(min(last, (quarter + 1) * QUARTER) - max(first, quarter * QUARTER))
    return found


def _quarters(from_at: datetime, to_at: datetime) -> range:
    return range(int(from_at.timestamp() // QUARTER), int(-(-to_at.timestamp() // QUARTER)))


class Stay(NamedTuple):
    """So many tickets that were reported, and then open, from one part of time to another: the parts that
    `bounds_of` cuts, each told by how many of its instants lie at or before it. One that is open still ends
    beyond the last part."""

    reported: int
    opened: int
    ended: int
    tickets: int


def bounds_of(instants: Iterable[datetime]) -> list[datetime]:
    """The instants that a backlog at each of these is told by, with those at which its bands begin; in
    order."""
    return sorted({at - timedelta(days=days) for at in instants for days in (0, *AGES)})


def backlog(
    stays: Iterable[Stay], bounds: Sequence[datetime], instants: Iterable[datetime]
) -> list[tuple[int, ...]]:
    """How many tickets are open at each of the instants, by how long ago they were reported: up to each of
    AGES in days, and longer. What is reported at an instant itself comes after it.

    `bounds`: of `bounds_of`; `stays` in their parts.
    """
    known, place = list(stays), {at: number for number, at in enumerate(bounds)}
    found = []
    for at in instants:
        here = place[at]
        limits = [place[at - timedelta(days=days)] for days in AGES]
        bands = [0] * (len(AGES) + 1)
        for stay in known:
            if stay.opened <= here < stay.ended:
                bands[sum(stay.reported <= limit for limit in limits)] += stay.tickets
        found.append(tuple(bands))
    return found


def open_spells(
    reported_at: datetime, turns: Iterable[tuple[str, datetime]], ended_at: datetime | None
) -> Iterator[tuple[datetime, datetime | None]]:
    """From when to when (None: still) a ticket was open, by its entries "resolved" and "reopened" in the
    order written; `ended_at`: when it was cancelled or closed, where it was."""
    opened_at: datetime | None = reported_at
    for kind, at in turns:
        if kind == "resolved" and opened_at is not None:
            yield opened_at, at
            opened_at = None
        elif kind == "reopened" and opened_at is None:
            opened_at = at
    if opened_at is not None:
        yield opened_at, ended_at


@dataclass(frozen=True)
class Load:
    """What one person has open now, and has taken and resolved in a period, in tickets."""

    open: int = 0
    taken: int = 0
    resolved: int = 0


def loads(opened: Mapping[K, int], taken: Mapping[K, int], resolved: Mapping[K, int]) -> dict[K, Load]:
    """The load of everybody who is in one of the counts."""
    return {
        who: Load(opened.get(who, 0), taken.get(who, 0), resolved.get(who, 0))
        for who in {*opened, *taken, *resolved}
    }

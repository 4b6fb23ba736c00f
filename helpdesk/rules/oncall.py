"""Who is on call: the shifts of a roster as they really fall, gaps included (design: on-call.md).

A roster is answered by cutting the range at every instant where anything can change (turns, hours,
absences, overrides) and asking, for each piece between two cuts, who it belongs to.
"""

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import groupby, pairwise
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from helpdesk.rules.hours import Calendar, is_open, local_to_instant, open_spans
from helpdesk.rules.spans import Span, joined

Person = Hashable
UNITS = ("hours", "days", "weeks")

Who = tuple[Person | None, str | None, str | None]
V = TypeVar("V")
Handover = Callable[[int], datetime]

NEVER = datetime.max.replace(tzinfo=UTC)  # a bound beyond the last instant that can be written


@dataclass(frozen=True, slots=True)
class Layer:
    """People who take turns. `starts_at` and `ends_at` are naive local times in the roster's zone.

    A turn is `every` (> 0) `unit` (one of UNITS) long. `ends_at` None: no end; `hours` None: all day.
    A layer without people puts nobody.
    """

    name: str
    people: tuple[Person, ...]
    starts_at: datetime
    every: int
    unit: str
    ends_at: datetime | None = None
    hours: Calendar | None = None


@dataclass(frozen=True, slots=True)
class Absence:
    """`person` is away in [from_at, to_at)."""

    person: Person
    from_at: datetime
    to_at: datetime


@dataclass(frozen=True, slots=True)
class Override:
    """`person` takes [from_at, to_at) whatever the layers say."""

    person: Person
    from_at: datetime
    to_at: datetime


S = TypeVar("S", Absence, Override)


@dataclass(frozen=True, slots=True)
class Roster:
    """A later layer lies on top of an earlier one; of overlapping overrides the later in the list wins."""

    zone: ZoneInfo
    layers: tuple[Layer, ...] = ()
    absences: tuple[Absence, ...] = ()
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True)
class Shift:
    """[from_at, to_at) belongs to `person`; None: nobody, a gap.

    `source` is `layer:NAME`, `cover:NAME`, `override`, or None for a gap; `flag` is `absent` where an
    override's person is away, else None.
    """

    from_at: datetime
    to_at: datetime
    person: Person | None
    source: str | None
    flag: str | None


def shifts(roster: Roster, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """The shifts that cover [start, end) without holes or overlaps, in order; none if end <= start.

    Instants are aware UTC. Neighbours differ in person, source or flag. Rules: on-call.md.
    """
    if end <= start:
        return ()
    board = _Board(roster, start, end)
    found = []
    for who, group in groupby(pairwise(board.cuts), key=lambda piece: board.who(piece[0])):
        pieces = list(group)
        found.append(Shift(pieces[0][0], pieces[-1][1], *who))
    return tuple(found)


def who_is_on_call(roster: Roster, at: datetime) -> Shift:
    """Who is on call at the instant `at` (aware UTC); `person` is None in a gap.

    The answer spans that instant alone (one microsecond): how long it lasts and what comes next
    is asked with `shifts(roster, at, horizon)`. It is what that says, without laying out the roster.
    """
    moment = at + timedelta.resolution
    away = {absence.person for absence in roster.absences if absence.from_at <= at < absence.to_at}
    for override in reversed(roster.overrides):
        if override.from_at <= at < override.to_at:
            flag = "absent" if override.person in away else None
            return Shift(at, moment, override.person, "override", flag)
    for layer in reversed(roster.layers):
        if not is_open(layer.hours, at):
            continue
        for from_at, to_at, turn in _turns(layer, roster.zone, at, moment):
            if from_at <= at < to_at and (put := _put(layer, turn, away.__contains__)):
                return Shift(at, moment, *put)
    return Shift(at, moment, None, None, None)


class _Track(Generic[V]):
    """Disjoint spans in order, each holding a value."""

    def __init__(self, spans: Iterable[tuple[datetime, datetime, V]]) -> None:
        self.spans = list(spans)
        self._starts = [from_at for from_at, _to_at, _value in self.spans]

    def at(self, instant: datetime) -> V | None:
        """The value of the span that holds `instant`, or None."""
        index = bisect_right(self._starts, instant) - 1
        if index < 0 or self.spans[index][1] <= instant:
            return None
        return self.spans[index][2]


class _Board:
    """Everything about a roster within [start, end), laid out to be asked instant by instant.

    `cuts` are all instants at which the answer may change, both ends of the range included.
    """

    def __init__(self, roster: Roster, start: datetime, end: datetime) -> None:
        self.overrides = _Track(_topmost(roster.overrides, start, end))
        self.away = {person: _marked(spans) for person, spans in _absent_spans(roster.absences, start, end)}
        self.layers = [
            (
                layer,
                _Track(_turns(layer, roster.zone, start, end)),
                _marked(open_spans(layer.hours, start, end)),
            )
            for layer in reversed(roster.layers)
        ]
        tracks: list[_Track[Any]] = [self.overrides, *self.away.values()]
        for _layer, turns, hours in self.layers:
            tracks += [turns, hours]
        bounds = {bound for track in tracks for span in track.spans for bound in span[:2]}
        self.cuts = [start, *sorted(bound for bound in bounds if start < bound < end), end]

    def who(self, at: datetime) -> Who:
        """Person, source and flag at an instant."""
        person = self.overrides.at(at)
        if person is not None:
            return person, "override", "absent" if self._is_away(person, at) else None
        for layer, turns, hours in self.layers:
            turn = turns.at(at)
            if turn is None or not hours.at(at):
                continue
            if put := _put(layer, turn, lambda person: self._is_away(person, at)):
                return put
        return None, None, None

    def _is_away(self, person: Person, at: datetime) -> bool:
        return person in self.away and self.away[person].at(at) is not None


def _put(layer: Layer, turn: int, is_away: Callable[[Person], bool]) -> Who | None:
    """Whose turn it is in the layer, or who covers it; None where all are away."""
    for step in range(len(layer.people)):
        person = layer.people[(turn + step) % len(layer.people)]
        if not is_away(person):
            return person, f"{'cover' if step else 'layer'}:{layer.name}", None
    return None


def _turns(
    layer: Layer, zone: ZoneInfo, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime, int]]:
    """The turns that touch [start, end), each with its number k; perhaps a few that end before it.

    A turn that a skipped date empties is an empty span.
    """
    stop = end if layer.ends_at is None else min(end, local_to_instant(zone, layer.ends_at))
    handover = _handovers(layer, zone)
    turn = _turn_before(layer, zone, start, handover)
    from_at = handover(turn)
    while from_at < stop:
        to_at = handover(turn + 1)
        yield from_at, min(to_at, stop), turn
        turn, from_at = turn + 1, to_at


def _turn_before(layer: Layer, zone: ZoneInfo, at: datetime, handover: Handover) -> int:
    """The number of the turn that holds `at`, or of one shortly before it; 0 before the first.

    It is never one too late: once the wall shows a handover's local time or a later one, the handover
    is past. It may be one too early where clocks have just been put back.
    """
    if layer.unit == "hours":
        gone = (at - handover(0)) // timedelta(hours=1)
    else:
        gone = (at.astimezone(zone).replace(tzinfo=None) - layer.starts_at).days
    return max(0, gone // _length(layer))


def _handovers(layer: Layer, zone: ZoneInfo) -> Handover:
    """Answers the instant at which a turn starts: counted in elapsed hours, or in days on the local wall
    clock."""
    length = _length(layer)
    first = local_to_instant(zone, layer.starts_at) if layer.unit == "hours" else None

    def handover(turn: int) -> datetime:
        try:
            if first is not None:
                return first + timedelta(hours=turn * length)
            return local_to_instant(zone, layer.starts_at + timedelta(days=turn * length))
        except OverflowError:
            return NEVER

    return handover


def _length(layer: Layer) -> int:
    """A turn's length, in hours or in days."""
    return layer.every * 7 if layer.unit == "weeks" else layer.every


def _marked(spans: Iterable[Span]) -> "_Track[bool]":
    """Spans that hold nothing but the fact."""
    return _Track((from_at, to_at, True) for from_at, to_at in spans)


def _absent_spans(
    absences: Iterable[Absence], start: datetime, end: datetime
) -> Iterator[tuple[Person, Iterator[Span]]]:
    """Per person the absences that touch [start, end), joined where they overlap."""
    found: dict[Person, list[Span]] = {}
    for absence in _within(absences, start, end):
        found.setdefault(absence.person, []).append((absence.from_at, absence.to_at))
    return ((person, joined(sorted(spans))) for person, spans in found.items())


def _topmost(
    overrides: Iterable[Override], start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime, Person]]:
    """The overrides that touch [start, end), cut so that the last in the list shows where they overlap."""
    listed = list(_within(overrides, start, end))
    waiting = sorted(range(len(listed)), key=lambda index: listed[index].from_at, reverse=True)
    bounds = sorted({bound for override in listed for bound in (override.from_at, override.to_at)})
    begun: list[int] = []  # a heap of negated indexes: the last in the list comes first
    for from_at, to_at in pairwise(bounds):
        while waiting and listed[waiting[-1]].from_at <= from_at:
            heappush(begun, -waiting.pop())
        while begun and listed[-begun[0]].to_at <= from_at:
            heappop(begun)
        if begun:
            yield from_at, to_at, listed[-begun[0]].person


def _within(spans: Iterable[S], start: datetime, end: datetime) -> Iterator[S]:
    """Those that hold an instant of [start, end)."""
    return (s for s in spans if s.from_at < end and start < s.to_at and s.from_at < s.to_at)

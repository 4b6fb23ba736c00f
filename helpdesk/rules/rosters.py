"""A roster over time: its dated versions and holiday arrangements, pieced together so that the past stays.

Between two cuts one version's layers hold, or one arrangement, and rules/oncall says who is on call; as its
answer for an instant does not depend on the range asked for, the pieces fit.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import NamedTuple, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from helpdesk.rules import oncall
from helpdesk.rules.hours import local_to_instant
from helpdesk.rules.oncall import Absence, Layer, Override, Person, Shift
from helpdesk.rules.spans import Span

P = TypeVar("P")
Held: TypeAlias = tuple[datetime, datetime, P | None]

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Version:
    """`layers`, the lowest first, hold in `zone` from `effective_at` on."""

    effective_at: datetime
    zone: ZoneInfo
    layers: tuple[Layer, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The local dates [first_on, last_on], both included, are taken out of all layers.

    `people` take them, one a day in order, from `filled_at` on; before it, and while there are none,
    nobody does.
    """

    name: str
    first_on: date
    last_on: date
    people: tuple[Person, ...] = ()
    filled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything about a roster. Of `versions` in force at an instant the last in the list holds; of
    overlapping overrides the last in the list wins."""

    versions: tuple[Version, ...] = ()
    arrangements: tuple[Arrangement, ...] = ()
    absences: tuple[Absence, ...] = ()
    overrides: tuple[Override, ...] = ()


class Piece(NamedTuple):
    """Within [from_at, to_at) one version and nothing else, or one arrangement in its place, puts people."""

    from_at: datetime
    to_at: datetime
    zone: ZoneInfo
    layers: tuple[Layer, ...]


def shifts(plan: Plan, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """The shifts that cover [start, end) without holes or overlaps, as rules/oncall.shifts says; before the
    first version there are only overrides. Instants are aware UTC; none if end <= start."""
    return _joined(
        shift
        for at in pieces(plan, start, end)
        for shift in oncall.shifts(
            oncall.Roster(at.zone, at.layers, plan.absences, plan.overrides), at.from_at, at.to_at
        )
    )


def who_is_on_call(plan: Plan, at: datetime) -> Shift:
    """Who is on call at the instant: `shifts` of that instant alone, as rules/oncall says."""
    here = next(pieces(plan, at, at + timedelta.resolution))
    return oncall.who_is_on_call(oncall.Roster(here.zone, here.layers, plan.absences, plan.overrides), at)


def lanes(plan: Plan, start: datetime, end: datetime) -> list[tuple[str, tuple[Shift, ...]]]:
    """What each layer alone would make of [start, end), by its name, topmost first: the shifts where it puts
    somebody. Layers of one name in several versions are one; those that came later lie on top."""
    cut = list(pieces(plan, start, end))
    found: dict[str, list[Shift]] = {
        layer.name: [] for piece in reversed(cut) for layer in reversed(piece.layers)
    }
    for piece in cut:
        for layer in piece.layers:
            alone = oncall.Roster(piece.zone, (layer,), plan.absences)
            found[layer.name] += oncall.shifts(alone, piece.from_at, piece.to_at)
    return [(name, tuple(s for s in _joined(put) if s.source is not None)) for name, put in found.items()]


def pieces(plan: Plan, start: datetime, end: datetime) -> Iterator[Piece]:
    """[start, end) cut where another version or an arrangement begins or ends to hold, in order."""
    arrangements = sorted(plan.arrangements, key=lambda a: a.first_on)
    bounds = {v.effective_at for v in plan.versions if start < v.effective_at < end}
    for from_at, to_at in pairwise([start, *sorted(bounds), end] if start < end else ()):
        version = in_force(plan, from_at)
        if version is None:
            yield Piece(from_at, to_at, ZoneInfo("UTC"), ())
        else:
            yield from _arranged(version, arrangements, from_at, to_at)


def in_force(plan: Plan, at: datetime) -> Version | None:
    """The version that holds at the instant; None before the first."""
    return next((version for version in reversed(plan.versions) if version.effective_at <= at), None)


def people_of(plan: Plan) -> set[Person]:
    """Everybody who takes turns in it: in a layer, in arranged holidays or by an override."""
    named = [layer.people for version in plan.versions for layer in version.layers]
    named += [arrangement.people for arrangement in plan.arrangements]
    return {person for people in named for person in people} | {o.person for o in plan.overrides}


def dates_span(zone: ZoneInfo, first_on: date, last_on: date) -> Span:
    """The instants whose local date is one of [first_on, last_on], both included."""
    return (
        local_to_instant(zone, datetime.combine(first_on, time())),
        local_to_instant(zone, datetime.combine(last_on + _DAY, time())),
    )


def both(one: Iterable[Held[P]], other: Iterable[Held[P]]) -> list[Held[P]]:
    """Where two rosters have the same person at the same time, joined, in order.

    Each is [from_at, to_at) and whose it is (None: nobody's), in order and without overlaps.
    """
    left, right = list(one), list(other)
    found: list[Held[P]] = []
    n = m = 0
    while n < len(left) and m < len(right):
        (a, b, person), (c, d, theirs) = left[n], right[m]
        from_at, to_at = max(a, c), min(b, d)
        if person is not None and person == theirs and from_at < to_at:
            if found and found[-1][1:] == (from_at, person):
                from_at = found.pop()[0]
            found.append((from_at, to_at, person))
        if b <= d:
            n += 1
        else:
            m += 1
    return found


def _arranged(
    version: Version, arrangements: Iterable[Arrangement], start: datetime, end: datetime
) -> Iterator[Piece]:
    """The pieces of [start, end), in which this version holds, with the arrangements in its place."""
    at = start
    for arrangement in arrangements:
        first, last = dates_span(version.zone, arrangement.first_on, arrangement.last_on)
        first, last = max(first, at), min(last, end)
        if first >= last:
            continue
        filled_at = min(max(arrangement.filled_at or first, first), last) if arrangement.people else last
        for piece in (
            Piece(at, first, version.zone, version.layers),
            Piece(first, filled_at, version.zone, ()),
            Piece(filled_at, last, version.zone, (_layer_of(arrangement),)),
        ):
            if piece.from_at < piece.to_at:
                yield piece
        at = last
    if at < end:
        yield Piece(at, end, version.zone, version.layers)


def _layer_of(arrangement: Arrangement) -> Layer:
    starts_at = datetime.combine(arrangement.first_on, time())
    return Layer(arrangement.name, arrangement.people, starts_at, 1, "days")


def _joined(found: Iterable[Shift]) -> tuple[Shift, ...]:
    """Those that touch and are equal in person, source and flag are one shift."""
    joined: list[Shift] = []
    for shift in found:
        last = joined[-1] if joined else None
        if last is not None and _follows(shift, last):
            shift = replace(last, to_at=shift.to_at)
            joined.pop()
        joined.append(shift)
    return tuple(joined)


def _follows(shift: Shift, last: Shift) -> bool:
    return (
        last.to_at == shift.from_at
        and last.person == shift.person
        and last.source == shift.source
        and last.flag == shift.flag
    )

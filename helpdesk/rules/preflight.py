"""Preflight: what is wrong with who is on call in the days to come, before an alarm finds out.

Pure: shifts, hours and people (ids) in, findings out; what they say in words stands in outbound/findings.
Source: the preflight paragraph of the roster section.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Literal, TypeAlias
from zoneinfo import ZoneInfo

from helpdesk.rules.handovers import runs, theirs
from helpdesk.rules.hours import clock_changes
from helpdesk.rules.oncall import Shift
from helpdesk.rules.rosters import both
from helpdesk.rules.spans import Span, clipped, joined, outside

Code: TypeAlias = Literal[
    "gap",
    "left",
    "holiday_unfilled",
    "absent_override",
    "same_person",
    "no_channel",
    "too_long",
    "team_size",
    "holidays_missing",
    "make_up_days",
    "absent",
    "clock_change",
]
# The gravest first. The last two mend themselves: they are for knowing.
CODES: tuple[Code, ...] = Code.__args__  # type: ignore[attr-defined]
TO_KNOW: frozenset[Code] = frozenset({"absent", "clock_change"})

# They are the same whichever turn is next.
LASTING: frozenset[Code] = frozenset({"no_channel", "team_size"})

AHEAD = timedelta(days=60)
BACK = timedelta(days=8)  # how far back turns are read, so that what has begun has its true beginning
TOLD_AHEAD = (14, 7, 2)  # days
LONGEST = timedelta(days=7)  # on call without a day off
SIZE = (3, 5)  # agents of a team
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at in [from_at, to_at). `roster`: its id, None where it is of none (a calendar).

    `people`: whom it is about (ids). `params` by code: gap, left, absent, absent_override, same_person
    {"times", "seconds"}: so many pieces, less than a day apart, and how much time they are together;
    absent: `people` are who is away and who covers; same_person {"other": roster id};
    holiday_unfilled {"name"}; too_long {"days"}; clock_change {"of", "at", "minutes"}: when clocks are put
    forward, or (negative) back; team_size {"team", "of", "count", "least", "most"};
    holidays_missing {"calendar", "of", "year", "dates"}, make_up_days {"calendar", "of", "year"}.
    """

    code: Code
    roster: int | None
    from_at: datetime
    to_at: datetime
    people: tuple[int, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What makes it this very finding, from one day to the next."""
        people = ",".join(map(str, self.people))
        about = self.params.get("of", self.params.get("other", ""))
        since = self.params.get("count", "") if self.code in LASTING else self.from_at.isoformat()
        return f"{self.code}:{self.roster or ''}:{people}:{about}:{since}"


@dataclass(frozen=True, slots=True)
class Watched:
    """A roster as preflight reads it. `shifts` cover the time read, `owners` are what they would be if nobody
    were away; `paged`: when a ladder may page it (joined, in order); `unfilled`: holiday arrangements that
    nobody has filled; `left`: when those of its people who have left did; `silent`: who has no verified
    channel."""

    id: int
    zone: ZoneInfo
    shifts: tuple[Shift, ...]
    owners: tuple[Shift, ...] = ()
    paged: tuple[Span, ...] = ()
    unfilled: tuple[tuple[str, Span], ...] = ()
    left: Mapping[int, datetime] = field(default_factory=dict)
    silent: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a finding."""

    from_at: datetime
    to_at: datetime
    people: tuple[int, ...] = ()


def of_roster(roster: Watched, now: datetime) -> list[Finding]:
    """What is wrong with one roster from now on, by kind and then by time."""
    found = [
        *_in_runs("gap", roster, _gaps(roster)),
        *_in_runs("left", roster, _left(roster)),
        *(
            Finding("holiday_unfilled", roster.id, *span, params={"name": name})
            for name, span in roster.unfilled
        ),
        *_in_runs("absent_override", roster, _chosen_though_away(roster)),
        *_without_channel(roster, now),
        *_without_rest(roster),
        *_in_runs("absent", roster, _covered(roster)),
        *_across_clock_changes(roster),
    ]
    return [finding for finding in found if finding.to_at > now]


def of_pair(first: Watched, backup: Watched, now: datetime) -> list[Finding]:
    """When a team's first in line and its backup are the same person, from now on."""
    pieces = [
        Piece(from_at, to_at, (person,))
        for from_at, to_at, person in both(_held(first), _held(backup))
        if person is not None
    ]
    found = _in_runs("same_person", first, pieces, {"other": backup.id})
    return [finding for finding in found if finding.to_at > now]


def of_team(team_id: int, name: str, agents: int, roster_id: int, now: datetime) -> list[Finding]:
    """Whether a team that takes turns has too few agents, or too many."""
    least, most = SIZE
    if least <= agents <= most:
        return []
    params = {"team": name, "of": team_id, "count": agents, "least": least, "most": most}
    return [Finding("team_size", roster_id, now, now + AHEAD, params=params)]


def told_days(finding: Finding, now: datetime, zone: ZoneInfo) -> int | None:
    """With which of TOLD_AHEAD a letter says it now: the nearest that it has come to, counted in local dates
    of `zone`, so that what begins in the evening is told as early as what begins in the morning; 0 when it
    has begun within a day; None: it is too far off, or long known."""
    if finding.from_at <= now:
        return 0 if now - finding.from_at < _DAY or finding.code == "team_size" else None
    left = _local(zone, finding.from_at).date() - _local(zone, now).date()
    return min((days for days in TOLD_AHEAD if left <= _DAY * days), default=None)


def _held(roster: Watched) -> list[tuple[datetime, datetime, int | None]]:
    return list(theirs(roster.shifts, roster.left))


def _gaps(roster: Watched) -> Iterator[Piece]:
    """Nobody is there while a ladder may page the roster; holidays to be filled are said by themselves."""
    unfilled = list(joined(sorted(span for _name, span in roster.unfilled)))
    for shift in roster.shifts:
        if shift.person is None:
            for start, end in outside(unfilled, shift.from_at, shift.to_at):
                yield from (Piece(*span) for span in clipped(roster.paged, start, end))


def _left(roster: Watched) -> Iterator[Piece]:
    for shift in roster.shifts:
        if isinstance(shift.person, int) and shift.person in roster.left:
            from_at = max(shift.from_at, roster.left[shift.person])
            if from_at < shift.to_at:
                yield Piece(from_at, shift.to_at, (shift.person,))


def _chosen_though_away(roster: Watched) -> Iterator[Piece]:
    for shift in roster.shifts:
        if shift.flag == "absent" and isinstance(shift.person, int):
            yield Piece(shift.from_at, shift.to_at, (shift.person,))


def _covered(roster: Watched) -> Iterator[Piece]:
    """Somebody is away in a turn of theirs, and somebody else covers: both."""
    for shift in roster.shifts:
        if not (shift.source or "").startswith("cover:") or not isinstance(shift.person, int):
            continue
        for owner in roster.owners:
            from_at, to_at = max(shift.from_at, owner.from_at), min(shift.to_at, owner.to_at)
            if from_at < to_at and isinstance(owner.person, int) and owner.person != shift.person:
                yield Piece(from_at, to_at, (owner.person, shift.person))


def _without_channel(roster: Watched, now: datetime) -> Iterator[Finding]:
    """All who have turns to come and would hear of nothing but by mail, from the first such turn on."""
    found = [
        run
        for run in runs(roster.shifts, roster.zone, roster.left)
        if run[1] > now and run[2] in roster.silent
    ]
    if found:
        people = tuple(sorted({person for _from_at, _to_at, person in found}))
        yield Finding("no_channel", roster.id, found[0][0], max(run[1] for run in found), people)


def _without_rest(roster: Watched) -> Iterator[Finding]:
    for from_at, to_at, person in runs(roster.shifts, roster.zone, roster.left):
        long = _local(roster.zone, to_at) - _local(roster.zone, from_at)
        if long > LONGEST:
            yield Finding("too_long", roster.id, from_at, to_at, (person,), {"days": -(-long // _DAY)})


def _across_clock_changes(roster: Watched) -> Iterator[Finding]:
    """Turns in which the clocks are put forward or back: they are shorter or longer than others, or end at
    another local time."""
    for shift in roster.shifts:
        if isinstance(shift.person, int) and shift.person not in roster.left:
            for at, by in clock_changes(roster.zone, shift.from_at, shift.to_at):
                params = {"of": at.isoformat(), "at": at, "minutes": by // timedelta(minutes=1)}
                yield Finding("clock_change", roster.id, shift.from_at, shift.to_at, (shift.person,), params)


def _in_runs(
    code: Code, roster: Watched, pieces: Iterable[Piece], params: Mapping[str, Any] | None = None
) -> Iterator[Finding]:
    """One finding for pieces about the same people that are less than a day apart: what happens each night is
    said once."""
    ordered = sorted(pieces, key=lambda piece: (piece.people, piece.from_at))
    for people, group in groupby(ordered, key=lambda piece: piece.people):
        run: list[Piece] = []
        for piece in group:
            if run and _local(roster.zone, piece.from_at) - _local(roster.zone, run[-1].to_at) >= _DAY:
                yield _finding(code, roster.id, run, people, params or {})
                run = []
            run.append(piece)
        yield _finding(code, roster.id, run, people, params or {})


def _finding(
    code: Code, roster_id: int, run: list[Piece], people: tuple[int, ...], params: Mapping[str, Any]
) -> Finding:
    spans = list(joined((piece.from_at, piece.to_at) for piece in run))
    seconds = round(sum((end - start).total_seconds() for start, end in spans))
    said = {**params, "times": len(spans), "seconds": seconds}
    return Finding(code, roster_id, run[0].from_at, run[-1].to_at, people, said)


def _local(zone: ZoneInfo, instant: datetime) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)

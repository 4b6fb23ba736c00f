"""Figures of promises kept: what was asked, counted, and what the lists behind the figures say."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from helpdesk.desk import facts, targets
from helpdesk.desk.grounds import Grounds
from helpdesk.rules.access import Asker
from helpdesk.rules.figures import (
    TARGETS,
    Grain,
    Period,
    Tally,
    Verdict,
    days_of,
    goal_on,
    grain_of,
    parts_of,
    tally_by,
)
from helpdesk.rules.hours import local_to_instant
from helpdesk.rules.severity import Severity
from helpdesk.store.facts import Counted, Listed, Question, count, walk_promises
from helpdesk.store.goals import list_goals
from helpdesk.store.organisation import list_departments
from helpdesk.store.people import get_names
from helpdesk.store.services import list_services
from helpdesk.store.targets import list_facts, list_rows
from helpdesk.store.teams import list_teams

Key = str | int

Tallies = Mapping[str, Tally]  # by target


@dataclass(frozen=True)
class Asked:
    """A question with its days, [first, last] in `zone`, in which they begin, and how it is parted: over time
    by `grain`, else `by` a dimension."""

    question: Question
    first: date
    last: date
    zone: str
    grain: Grain
    by: str

    @property
    def parts(self) -> list[date]:
        """The first day of each part."""
        return parts_of(self.first, self.last, self.grain)

    @property
    def seen_at(self) -> datetime:
        """As of which instant it is answered."""
        return self.question.at


@dataclass(frozen=True)
class Compliance:
    """What the figures are: `totals` by target; of each part of the period its first day, tallies and goals
    (tenths of a percent by target, None: none in force on its last day); the rows of the dimension by key
    (0 or "": none), named in `names`, in the order in which they are shown; `goals` of the period's last day.
    """

    totals: Tallies
    parts: Sequence[tuple[date, Tallies, Mapping[str, int | None]]]
    rows: Mapping[Key, Tallies]
    names: Mapping[Key, str]
    goals: Mapping[str, int | None]


def ask(data: Mapping[str, Any], zone: str, now: datetime) -> Asked:
    """The question in what a schema has read (schemas/figures): a named period is that of the instant as of
    which is asked, so that the same question gives the same figures for ever."""
    as_of = data["as_of"]
    if as_of is not None:
        as_of = local_to_instant(ZoneInfo(zone), as_of) if as_of.tzinfo is None else as_of.astimezone(UTC)
    if data["since"]:
        first, last = data["since"], data["until"]
    else:
        first, last = days_of(Period(data["period"]), (as_of or now).astimezone(ZoneInfo(zone)).date())
    narrowed = {f"{name}_id": data[name] for name in ("service", "team", "person", "department")}
    same = {name: data[name] for name in ("kind", "target", "verdict", "excused", "severity", "door")}
    question = Question(
        since=begins(first, zone),
        until=begins(last + timedelta(days=1), zone),
        now=now,
        as_of=as_of,
        is_alone=bool(data.get("alone")),
        **same,
        **narrowed,
    )
    grain = Grain(data["grain"]) if data["grain"] else None
    return Asked(question, first, last, zone, grain_of(first, last, grain), data["by"])


def begins(day: date, zone: str) -> datetime:
    """The instant at which a day of the zone begins."""
    return local_to_instant(ZoneInfo(zone), datetime.combine(day, time()))


def compliance(asker: Asker, asked: Asked) -> Compliance:
    """The shares kept of first answer, solution and further answers, of what the asker may see."""
    starts = asked.parts
    counted = count(asker, asked.question, (), [begins(day, asked.zone) for day in starts])
    by_part = tally_by(counted, lambda row: (row.part, row.target), _tally)
    rows = _rows(asker, asked)
    names = names_of(asked.by, rows)
    gravest = {severity.value: rank for rank, severity in enumerate(Severity)}
    order = sorted(rows, key=lambda key: (not key, gravest.get(str(key), 0), names[key].casefold(), str(key)))
    goals = _Goals(asked.question.kind)
    ends = [*(day - timedelta(days=1) for day in starts[1:]), asked.last]
    return Compliance(
        totals=_tallies(tally_by(counted, lambda row: row.target, _tally)),
        parts=[
            (day, {t: by_part.get((part, t), Tally()) for t in TARGETS}, goals.on(end))
            for part, (day, end) in enumerate(zip(starts, ends, strict=True))
        ],
        rows={key: rows[key] for key in order},
        names=names,
        goals=goals.on(asked.last),
    )


class _Goals:
    """The goals of a kind."""

    def __init__(self, kind: str) -> None:
        found = list_goals(kind)
        self._by_target = {t: [(g.first_on, g.tenths) for g in found if g.target == t] for t in TARGETS}

    def on(self, day: date) -> dict[str, int | None]:
        return {target: goal_on(goals, day) for target, goals in self._by_target.items()}


def _rows(asker: Asker, asked: Asked) -> dict[Key, Tallies]:
    """By the dimension's keys; departments by those right below the one that is asked for (none: the top)."""
    counted = count(asker, asked.question, (asked.by,))
    branch = _branches(asked.question.department_id) if asked.by == "department" else {}
    cells = tally_by(counted, lambda row: (_branch(branch, row.keys[0]), row.target), _tally)
    keys = {key for key, _target in cells}
    return {key: _tallies({t: cells[key, t] for t in TARGETS if (key, t) in cells}) for key in keys}


def _branch(branches: Mapping[Key, Key], key: Key | None) -> Key:
    return branches.get(key or 0, key or 0)


def _branches(top: int | None) -> dict[Key, Key]:
    """Each department's branch: that below `top` in which it lies; `top` itself is its own."""
    parents = {department.id: department.parent_id for department in list_departments()}

    def branch(department: int) -> int:
        seen = {department}
        while (above := parents.get(department)) not in (None, top or None) and above not in seen:
            seen.add(above)
            department = above
        return department

    return {each: top if each == top else branch(each) for each in parents}


def names_of(by: str, keys: Sequence[Key] | Mapping[Key, Any]) -> dict[Key, str]:
    """What a dimension's keys are called; doors say codes (severities, ways in) and what is none."""
    ids = {int(key) for key in keys if key} if by in _NAMED else set()
    found = _NAMED[by](ids) if ids else {}
    return {key: found.get(key, str(key)) if key else "" for key in keys}


_NAMED: dict[str, Any] = {
    "service": lambda ids: {each.id: each.name for each in list_services(active_only=False)},
    "team": lambda ids: {each.id: each.name for each in list_teams(active_only=False)},
    "person": get_names,
    "department": lambda ids: {each.id: each.name for each in list_departments()},
}


def _tally(row: Counted) -> Tally:
    return row.tally


def _tallies(found: Mapping[str, Tally]) -> Tallies:
    return {target: found.get(target, Tally()) for target in TARGETS}


def settled(asked: Asked) -> Asked:
    """The question made ready to be asked, several times if need be (desk/facts.settled)."""
    return replace(asked, question=facts.settled(asked.question))


def late_seconds(rows: Sequence[Listed], asked: Asked) -> list[int | None]:
    """How late each broken promise is, in seconds that count (hours, maintenance, waiting as for its
    deadline); None for one that is not broken."""
    elapsed: dict[tuple[int, str, int], int] = {}
    if (
        asked.question.as_of is None
    ):  # what was counted of those open at an earlier instant they say themselves
        still_open = {row.ticket_id for row in rows if row.verdict == Verdict.BREACHED and not row.stopped_at}
        elapsed = _elapsed(sorted(still_open), asked.question.now)
    return [_late(row, elapsed) if row.verdict == Verdict.BREACHED else None for row in rows]


def _late(row: Listed, elapsed: dict[tuple[int, str, int], int]) -> int:
    counted = elapsed.get((row.ticket_id, row.target, row.cycle), row.elapsed_seconds)
    return max(0, counted - row.allowance_seconds)


def _elapsed(ticket_ids: list[int], now: datetime) -> dict[tuple[int, str, int], int]:
    """What has been counted by now of the open targets of these tickets."""
    found = list_facts(list_rows(ticket_ids))
    grounds = Grounds(min((each.ticket.reported_at for each in found), default=now))
    return {
        (each.ticket.id, cycle.target, cycle.cycle): cycle.elapsed_seconds
        for each in found
        for cycle in targets.cycles_of(each.ticket, targets.happenings_of(each), grounds, now)
    }


def walk(asker: Asker, asked: Asked) -> Iterator[tuple[Listed, int | None]]:
    """Every promise behind the figures, the latest given first, with how late it is; in memory by batches."""
    question = asked.question
    starts = [begins(day, asked.zone) for day in parts_of(asked.first, asked.last, Grain.MONTH)]
    given = {row.part for row in count(asker, question, (), starts)}
    for part in sorted(given, reverse=True):  # a day of no promise is as much work as one of many
        until = starts[part + 1] if part + 1 < len(starts) else question.until
        for rows in walk_promises(asker, replace(question, since=starts[part], until=until)):
            yield from zip(rows, late_seconds(rows, asked), strict=True)

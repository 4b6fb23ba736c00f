"""Why a deadline is when it is: its stretches up to the due instant, what each event did to it, and all
that the clock was asked with, as a scenario file from which anybody can compute the same.

Every number comes from rules/sla; here it is only cut, named and written down.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from helpdesk.rules.hours import DAYS, Calendar, Intervals
from helpdesk.rules.scenario import instant_text
from helpdesk.rules.sla import Cycle, Event, Policy, SeverityTargets, Target, Window, explain
from helpdesk.rules.sla_cycles import Reason, TargetName
from helpdesk.rules.sla_scenario import Scenario
from helpdesk.rules.spans import seconds_between, whole_second

_DAY = timedelta(days=1)
# What can change an allowance or a due instant while a cycle is open.
_MOVING = frozenset({"severity_changed", "waiting", "resumed", "reopened"})
TARGET_NAMES: tuple[TargetName, ...] = ("response", "resolution", "update")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part [from_at, to_at) of a cycle; `total`: the seconds counted up to its end.

    `is_over`: past the due instant. `is_ahead`: still to come, as things stand.
    """

    from_at: datetime
    to_at: datetime
    reason: Reason
    total: int
    is_over: bool = False
    is_ahead: bool = False

    @property
    def counted(self) -> bool:
        """Whether it counts."""
        return self.reason == "working"

    @property
    def seconds(self) -> int:
        """How long it is."""
        return seconds_between(self.from_at, self.to_at)


@dataclass(frozen=True, slots=True)
class Change:
    """What an event did to an open cycle: its allowance and due instant (None: paused) before and after.

    `length`: what the severity in force promises. `elapsed`: the seconds counted at that instant. Instants
    are aware UTC, amounts seconds.
    """

    at: datetime
    event: str
    target: TargetName
    cycle: int
    elapsed: int
    length_before: int
    length_after: int
    allowance_before: int
    allowance_after: int
    due_before: datetime | None
    due_after: datetime | None


def ahead_of(asked: Scenario, cycle: Cycle) -> Cycle | None:
    """The cycle as it will stand at its due instant if nothing more happens; None if it does not run, or
    is due already."""
    if cycle.stopped_at is not None or cycle.due_at is None or cycle.due_at <= asked.now:
        return None
    then = explain(asked.policy, asked.windows, asked.events, cycle.due_at)
    return next(each for each in then if (each.target, each.cycle) == (cycle.target, cycle.cycle))


def stretches(
    cycle: Cycle, ahead: Cycle | None, now: datetime, cuts: Iterable[datetime] = ()
) -> list[Stretch]:
    """The cycle's segments, and those up to its due instant (`ahead`), cut at now, at the breach and at
    `cuts` (local midnights, say), in order."""
    segments = (ahead or cycle).segments
    own = [at for at in (now.replace(microsecond=0), cycle.breached_at) if at is not None]
    marks = sorted({*own, *cuts})
    found: list[Stretch] = []
    total = 0
    for segment in segments:
        for start, end in _cut(segment.from_at, segment.to_at, marks):
            total += seconds_between(start, end) if segment.counted else 0
            over = cycle.breached_at is not None and start >= cycle.breached_at
            is_ahead = ahead is not None and start >= own[0]
            found.append(Stretch(start, end, segment.reason, total, over, is_ahead))
    return found


def _cut(start: datetime, end: datetime, marks: Sequence[datetime]) -> Iterator[tuple[datetime, datetime]]:
    for at in marks[bisect_right(marks, start) :]:
        if at >= end:
            break
        yield start, at
        start = at
    yield start, end


def changes(asked: Scenario, known: Callable[[datetime], Iterable[Window]]) -> list[Change]:
    """What severity changes, waiting and reopening did to each cycle, in order, with the windows of which
    one knew at that instant."""
    events = sorted(asked.events, key=lambda event: event.at)
    found: list[Change] = []
    for number, event in enumerate(events):
        if event.type not in _MOVING:
            continue
        windows = tuple(known(event.at))
        before = explain(asked.policy, windows, events[:number], event.at)
        after = explain(asked.policy, windows, events[: number + 1], event.at)
        now = {(cycle.target, cycle.cycle): cycle for cycle in after}
        for was in before:
            became = now[was.target, was.cycle]
            moved = (was.allowance_seconds, was.due_at) != (became.allowance_seconds, became.due_at)
            if moved and became.stopped_at is None:
                found.append(_change(event, was, became, _lengths(asked, was.target, event.at)))
    return found


def _lengths(asked: Scenario, name: TargetName, at: datetime) -> tuple[int, int]:
    """What was promised before an instant and from then on, in seconds; alike where the severity stays."""
    known = [(since, target.seconds) for since, target in targets_in_force(asked, name) if target]
    after = [seconds for since, seconds in known if since <= at]
    before = [seconds for since, seconds in known if since < at] or after
    return before[-1], after[-1]


def _change(event: Event, was: Cycle, became: Cycle, lengths: tuple[int, int]) -> Change:
    return Change(
        event.at,
        event.type,
        was.target,
        was.cycle,
        was.elapsed_seconds,
        *lengths,
        was.allowance_seconds,
        became.allowance_seconds,
        was.due_at,
        became.due_at,
    )


def targets_in_force(asked: Scenario, name: TargetName) -> list[tuple[datetime, Target | None]]:
    """From when on which target of that name was in force, in order; a change of severity while the ticket
    is resolved takes effect at the reopening."""
    found: list[tuple[datetime, Target | None]] = []
    pending: str | None = None
    is_resolved = False
    for event in sorted(asked.events, key=lambda event: event.at):
        if event.type == "resolved":
            is_resolved = True
        elif event.type == "reopened":
            is_resolved = False
            if pending is not None:
                found.append((event.at, asked.policy[pending].get(name)))
            pending = None
        elif event.severity is not None and is_resolved:
            pending = event.severity
        elif event.severity is not None:
            found.append((event.at, asked.policy[event.severity].get(name)))
    return found


def target_at(asked: Scenario, name: TargetName, instant: datetime) -> Target | None:
    """The target of that name in force at an instant; None where its severity has none."""
    found = [target for since, target in targets_in_force(asked, name) if whole_second(since) <= instant]
    return found[-1] if found else None


def holidays_in(calendar: Calendar, start: datetime, end: datetime) -> list[date]:
    """The local dates that [start, end) touches and the calendar closes beside its week."""
    first, last = start.astimezone(calendar.zone).date(), end.astimezone(calendar.zone).date()
    days = (first + _DAY * number for number in range((last - first).days + 1))
    return [day for day in days if _is_holiday(calendar, day)]


def _is_holiday(calendar: Calendar, day: date) -> bool:
    while calendar.before is not None and calendar.since is not None and day < calendar.since:
        calendar = calendar.before
    return calendar.dates.get(day) == () and calendar.week[day.weekday()] != ()


def scenario_as_json(asked: Scenario, calendars: Mapping[str, Calendar], service: str) -> dict[str, Any]:
    """The scenario file (sla-clock.md) of which `helpdesk sla explain` prints the same cycles.

    `calendars` by name; one that has changed over time is written down as it held on each date since the
    report. Windows stand under the name of the ticket's service.
    """
    since = min(event.at for event in asked.events)
    used = _named(asked.policy, calendars)
    whole = ((w.starts_at.replace(microsecond=0), w.ends_at.replace(microsecond=0)) for w in asked.windows)
    return {
        "now": instant_text(asked.now),
        "calendars": {name: _calendar_as_json(calendar, since) for name, calendar in used.items()},
        "policy": {severity: _severity_as_json(targets, used) for severity, targets in asked.policy.items()},
        "service": service,
        "maintenance": [
            {"service": service, "starts_at": instant_text(start), "ends_at": instant_text(end)}
            for start, end in whole
            if start < end
        ],
        "events": [_event_as_json(event) for event in sorted(asked.events, key=lambda event: event.at)],
    }


def _named(policy: Policy, calendars: Mapping[str, Calendar]) -> dict[str, Calendar]:
    """The calendars that the policy uses, by name."""
    used = [
        target.calendar
        for targets in policy.values()
        for target in map(targets.get, TARGET_NAMES)
        if target is not None and target.calendar is not None
    ]
    return {name: calendar for name, calendar in calendars.items() if any(calendar is each for each in used)}


def _severity_as_json(targets: SeverityTargets, calendars: Mapping[str, Calendar]) -> dict[str, Any]:
    names = {id(calendar): name for name, calendar in calendars.items()}
    found: dict[str, Any] = {}
    for name in TARGET_NAMES:
        target = targets.get(name)
        if target is not None:
            minutes = target.seconds // 60 if target.seconds % 60 == 0 else target.seconds / 60
            calendar = None if target.calendar is None else names[id(target.calendar)]
            found[name] = {"minutes": minutes, "calendar": calendar}
    return found | {"maintenance_pauses": targets.maintenance_pauses}


def _calendar_as_json(calendar: Calendar, since: datetime) -> dict[str, Any]:
    """A calendar without versions: the dates before the latest one say what held on them."""
    first = since.astimezone(calendar.zone).date() - _DAY
    begins = calendar.since or first
    dates: dict[date, Intervals] = {
        day: intervals for day, intervals in calendar.dates.items() if day >= begins
    }
    for number in range((begins - first).days):
        day = first + _DAY * number
        if calendar.intervals_on(day) != calendar.week[day.weekday()]:
            dates[day] = calendar.intervals_on(day)
    return {
        "timezone": calendar.zone.key,
        "week": {name: _intervals(day) for name, day in zip(DAYS, calendar.week, strict=True) if day},
        "dates": {day.isoformat(): _intervals(dates[day]) for day in sorted(dates)},
    }


def _intervals(intervals: Intervals) -> list[list[str]]:
    return [[f"{a // 60:02}:{a % 60:02}", f"{b // 60:02}:{b % 60:02}"] for a, b in intervals]


def _event_as_json(event: Event) -> dict[str, str]:
    found = {"at": instant_text(event.at), "type": event.type}
    return found if event.severity is None else found | {"severity": event.severity}

"""The ladder: who is told, and when, while nobody meets a target.

Pure: steps and cycles in, firings out. Sources: the defaults and the wording of the escalation section;
the instants are those of rules/sla, so a ladder never counts time of its own.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from helpdesk.rules.sla_cycles import Cycle

To: TypeAlias = Literal["on_call", "backup", "team", "assignee", "lead", "manager", "administrators"]
Why: TypeAlias = Literal["nobody", "absent", "off_duty", "same_as_on_call"]

# Whom to tell at once where a step finds nobody; the administrators are the last.
NEXT: Mapping[To, To] = {
    "team": "on_call",
    "assignee": "on_call",
    "on_call": "backup",
    "backup": "lead",
    "lead": "manager",
    "manager": "administrators",
}


@dataclass(frozen=True, slots=True)
class Step:
    """At `percent` of the allowance, or once `minutes` are counted: exactly one is set.

    `repeat_minutes` None: once; else again after so much wall time until the target is met, `repeat_most`
    times at most (0: without end). `number` names the step in its alarms' keys, so that it stays the same
    step when others are put before it; None: its place in the ladder, from 0.
    """

    to: To
    percent: int | None = None
    minutes: int | None = None
    repeat_minutes: int | None = None
    repeat_most: int = 0
    number: int | None = None


Ladder: TypeAlias = Sequence[Step]

LONGEST = 12  # steps
LATEST = 10_080  # minutes: a week

Fault: TypeAlias = Literal["empty", "too_long", "when", "percent", "minutes", "repeat_minutes", "repeat_most"]


def faults_of(ladder: Ladder, target: str) -> list[tuple[int, Fault]]:
    """What is wrong with a ladder for that target, each with the step's place; [] where nothing is.

    The response may not be left without any step: somebody must hear of a report.
    """
    if target == "response" and not ladder:
        return [(0, "empty")]
    faults: list[tuple[int, Fault]] = [(LONGEST, "too_long")] if len(ladder) > LONGEST else []
    for place, step in enumerate(ladder):
        if (step.percent is None) == (step.minutes is None):
            faults.append((place, "when"))
        if step.percent is not None and not 0 <= step.percent <= 100:
            faults.append((place, "percent"))
        if step.minutes is not None and not 0 <= step.minutes <= LATEST:
            faults.append((place, "minutes"))
        if step.repeat_minutes is not None and not 1 <= step.repeat_minutes <= LATEST:
            faults.append((place, "repeat_minutes"))
        if not 0 <= step.repeat_most <= 1000:
            faults.append((place, "repeat_most"))
    return faults


# Working days: after how many of silence the reporter is asked again, and when their silence decides.
NUDGED_AFTER = (1, 3)
RESOLVED_AFTER = 5
CONFIRM_REMINDED_AFTER = 2
CLOSED_AFTER = 3

# (severity, target) -> its steps, as installed at first set-up.
DEFAULT_LADDERS: Mapping[tuple[str, str], Ladder] = {
    ("critical", "response"): (
        Step("on_call", minutes=0, repeat_minutes=5),
        Step("backup", minutes=15),
        Step("lead", minutes=30),
        Step("manager", minutes=45),
        Step("manager", percent=100),
    ),
    ("major", "response"): (
        Step("team", minutes=0),
        Step("on_call", minutes=0),
        Step("on_call", percent=50),
        Step("backup", percent=75),
        Step("lead", percent=75),
        Step("manager", percent=100),
    ),
    ("minor", "response"): (
        Step("team", minutes=0),
        Step("assignee", percent=50),
        Step("lead", percent=80),
    ),
} | {
    # A minor one reaches the manager in the daily digest only.
    (severity, target): (
        Step("assignee", percent=50),
        Step("lead", percent=80),
        *((Step("manager", percent=100),) if severity != "minor" else ()),
    )
    for severity in ("critical", "major", "minor")
    for target in ("resolution", "update")
}


@dataclass(frozen=True, slots=True)
class Firing:
    """One ring of a step: `key` names it within its ticket, `due_at` is when.

    `step` is the step's number, `occurrence` counts its repeats from 0.
    """

    key: str
    due_at: datetime
    target: str
    cycle: int
    step: int
    occurrence: int
    to: To
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Rung:
    """A step's last ring: which occurrence it was, and when it really came."""

    occurrence: int
    fired_at: datetime


def step_key(cycle: Cycle, severity: str, step: int) -> str:
    """Names a step's rings; with ":OCCURRENCE" behind it, one of them. Another severity is another ladder."""
    return f"{cycle.target}:{cycle.cycle}:{severity}:{step}"


def firings(ladder: Ladder, cycle: Cycle, severity: str, rung: Mapping[str, Rung]) -> Iterator[Firing]:
    """The rings to come of a cycle, one a step: its next occurrence. None once the cycle has stopped.

    `rung` has the last ring of each step that has rung, by `step_key`. Instants may lie in the past
    (a back-dated report): then they ring now. Nothing rings in time that does not count: it moves to
    the next counted instant, and is left out while the ticket waits.
    """
    if cycle.stopped_at is not None:
        return
    raised = _first_later_step(ladder) if cycle.target == "response" and cycle.cycle > 1 else None
    for place, step in enumerate(ladder):
        number = place if step.number is None else step.number
        key = step_key(cycle, severity, number)
        first = cycle.targets_since if place == raised else _first_at(step, cycle)
        if first is None:
            continue
        occurrence = _next_occurrence(step, first, rung.get(key))
        if occurrence is None:
            continue
        due_at = cycle.counts_at(first + occurrence * timedelta(minutes=step.repeat_minutes or 0))
        if due_at is not None:
            yield Firing(
                key=f"{key}:{occurrence}",
                due_at=due_at,
                target=cycle.target,
                cycle=cycle.cycle,
                step=number,
                occurrence=occurrence,
                to=step.to,
                repeats=step.repeat_minutes is not None,
            )


def _first_later_step(ladder: Ladder) -> int | None:
    """The step that a reopened ticket is escalated to at once: the first that would have waited."""
    return next((n for n, step in enumerate(ladder) if step.minutes != 0), None)


def _first_at(step: Step, cycle: Cycle) -> datetime | None:
    """When a step is first due; None where its share of the allowance is not reached as things stand.

    A ladder begins where its severity does: what a lower one has used up does not ring all of it at once.
    Minutes are counted as the target is, so that a night does not bring every step at the same opening.
    """
    if step.minutes is not None:
        counted = cycle.counted_before + step.minutes * 60
        return cycle.reaches_at(counted) if step.minutes else cycle.targets_since
    seconds = -(-cycle.allowance_seconds * (step.percent or 0) // 100)
    reached = cycle.reaches_at(seconds) if seconds else cycle.started_at
    return reached and max(reached, cycle.targets_since)


def _next_occurrence(step: Step, first: datetime, last: Rung | None) -> int | None:
    """The number of the next ring; None if there is none. Rings missed while nothing ran are not made up."""
    if last is None:
        return 0
    if step.repeat_minutes is None:
        return None
    by_the_clock = (last.fired_at - first) // timedelta(minutes=step.repeat_minutes) + 1
    following = max(last.occurrence + 1, by_the_clock)
    return None if step.repeat_most and following > step.repeat_most else following


@dataclass(frozen=True, slots=True)
class Around:
    """Who could be told at an instant: ids of people, those who have left taken out.

    `on_call` and `backup` answer for the team's rosters; `away` are absent; `is_open`: in office hours.
    """

    team: tuple[int, ...] = ()
    leads: tuple[int, ...] = ()
    manager: int | None = None
    administrators: tuple[int, ...] = ()
    on_call: int | None = None
    backup: int | None = None
    away: frozenset[int] = frozenset()
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Told:
    """Whom a ring tells, as what, and whom it passed over: (what they were to be, why)."""

    people: tuple[int, ...]
    to: To
    passed_over: tuple[tuple[To, Why], ...]


def whom(to: To, around: Around, assignee: int | None) -> Told:
    """Who is told where a step says `to`: the first on the way up (NEXT) with anybody there.

    An absent or off-duty assignee (outside office hours and not on call) is passed over; so is a backup
    who is the very person on call. Empty `people` only where even no administrator is left.
    """
    passed: list[tuple[To, Why]] = []
    at: To | None = to
    while at is not None:
        people, why = _there(at, around, assignee)
        if people:
            return Told(people, at, tuple(passed))
        passed.append((at, why))
        at = NEXT.get(at)
    return Told((), to, tuple(passed))


def _there(to: To, around: Around, assignee: int | None) -> tuple[tuple[int, ...], Why]:
    if to == "on_call":
        return _one(around.on_call), "nobody"
    if to == "backup":
        same = around.backup is not None and around.backup == around.on_call
        return () if same else _one(around.backup), "same_as_on_call" if same else "nobody"
    if to == "assignee":
        if assignee is None:
            return (), "nobody"
        on_duty = around.is_open or assignee in (around.on_call, around.backup)
        return _present((assignee,), around) if on_duty else (), (
            "absent" if assignee in around.away else "off_duty"
        )
    if to == "administrators":
        return around.administrators, "nobody"
    named = {"team": around.team, "lead": around.leads, "manager": _one(around.manager)}[to]
    return _present(named, around), "absent" if named else "nobody"


def _present(people: Iterable[int], around: Around) -> tuple[int, ...]:
    return tuple(person for person in people if person not in around.away)


def _one(person: int | None) -> tuple[int, ...]:
    return () if person is None else (person,)

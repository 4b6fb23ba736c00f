"""The ladder: who is told, and when, while nobody meets a target.

Pure: steps and cycles in, firings out; whom a firing tells stands in recipients. Sources: the defaults and
the wording of the escalation section; the instants are those of rules/sla, so a ladder never counts time of
its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, TypeAlias

from helpdesk.rules.recipients import OF_A_ROSTER, Around, Channel, To, Told, whom
from helpdesk.rules.sla_cycles import Cycle

__all__ = [
    "DEFAULT_LADDERS",
    "Anchor",
    "Around",
    "Channel",
    "Firing",
    "Ladder",
    "Rung",
    "Step",
    "To",
    "Told",
    "faults_of",
    "firings",
    "step_key",
    "still_asks",
    "whom",
]

Anchor: TypeAlias = Literal["start", "before_due", "after_due"]


@dataclass(frozen=True, slots=True)
class Step:
    """At `percent` of the allowance, or `minutes` from `anchor`: exactly one of both is set.

    Minutes are counted as the target counts. With `is_wall_clock` they pass on the wall instead, and where
    that ends in time that does not count, the step rings at the next instant that does: a target in office
    hours tells nobody outside them. `person_id` is whom "person" names, `roster_id` a roster in place of the
    team's. `repeat_minutes` None: once; else again after so much wall time until somebody accepts,
    `repeat_most` times at most (0: without end). `number` names the step in its alarms' keys, so that it
    stays the same step when others are put before it; None: its place in the ladder, from 0.
    """

    to: To
    percent: int | None = None
    minutes: int | None = None
    repeat_minutes: int | None = None
    repeat_most: int = 0
    number: int | None = None
    anchor: Anchor = "start"
    is_wall_clock: bool = False
    person_id: int | None = None
    roster_id: int | None = None
    channel: Channel = "all"


Ladder: TypeAlias = Sequence[Step]

LONGEST = 12  # steps
LATEST = 10_080  # minutes: a week
MOST_REPEATS = 1000

Fault: TypeAlias = Literal[
    "empty",
    "too_long",
    "when",
    "percent",
    "minutes",
    "wall_clock",
    "person",
    "roster",
    "repeat_minutes",
    "repeat_most",
]


def faults_of(ladder: Ladder, target: str) -> list[tuple[int, Fault]]:
    """What is wrong with a ladder for that target, each with the step's place; [] where nothing is.

    The response may not be left without any step: somebody must hear of a report.
    """
    if target == "response" and not ladder:
        return [(0, "empty")]
    faults: list[tuple[int, Fault]] = [(LONGEST, "too_long")] if len(ladder) > LONGEST else []
    return faults + [(place, fault) for place, step in enumerate(ladder) for fault in _faults_of_step(step)]


def _faults_of_step(step: Step) -> Iterator[Fault]:
    if (step.percent is None) == (step.minutes is None):
        yield "when"
    if step.percent is not None and not 0 <= step.percent <= 100:
        yield "percent"
    if step.percent is not None and (step.is_wall_clock or step.anchor != "start"):
        yield "wall_clock"
    if step.minutes is not None and not 0 <= step.minutes <= LATEST:
        yield "minutes"
    if (step.person_id is None) == (step.to == "person"):
        yield "person"
    if step.roster_id is not None and step.to not in OF_A_ROSTER:
        yield "roster"
    if step.repeat_minutes is not None and not 1 <= step.repeat_minutes <= LATEST:
        yield "repeat_minutes"
    if not 0 <= step.repeat_most <= MOST_REPEATS:
        yield "repeat_most"


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


class Firing(NamedTuple):
    """One ring of a step: `key` names it within its ticket, `due_at` is when.

    `number` is the step's, `occurrence` counts its repeats from 0.
    """

    key: str
    due_at: datetime
    target: str
    cycle: int
    number: int
    occurrence: int
    step: Step

    @property
    def detail(self) -> dict[str, Any]:
        """What its alarm keeps; "person", "roster" and "channel" only where the step says so."""
        step = self.step
        narrowed = {"person": step.person_id, "roster": step.roster_id}
        return {
            "target": self.target,
            "cycle": self.cycle,
            "step": self.number,
            "occurrence": self.occurrence,
            "to": step.to,
            "repeats": step.repeat_minutes is not None,
            **{name: value for name, value in narrowed.items() if value is not None},
            **({"channel": step.channel} if step.channel != "all" else {}),
        }


@dataclass(frozen=True, slots=True)
class Rung:
    """A step's last ring: which occurrence it was, and when it really came."""

    occurrence: int
    fired_at: datetime


def step_key(cycle: Cycle, severity: str, step: int) -> str:
    """Names a step's rings; with ":OCCURRENCE" behind it, one of them. Another severity is another ladder,
    and so is the same one that the ticket was raised to again (attention.ladder_name)."""
    return f"{cycle.target}:{cycle.cycle}:{severity}:{step}"


def firings(
    ladder: Ladder,
    cycle: Cycle,
    severity: str,
    rung: Mapping[str, Rung],
    accepted_at: datetime | None = None,
) -> Iterator[Firing]:
    """The rings to come of a cycle, one a step: its next occurrence. None once the cycle has stopped.

    `rung` has the last ring of each step that has rung, by `step_key`. `accepted_at`: when somebody last
    accepted the ticket (None: nobody has it); that ends the repeats of what rang before. Instants may lie
    in the past (a back-dated report): then they ring now. Nothing rings in time that does not count: it moves
    to the next counted instant, and is left out while the ticket waits.
    """
    if cycle.stopped_at is not None:
        return
    raised = _first_later_step(ladder) if cycle.target == "response" and cycle.cycle > 1 else None
    for place, step in enumerate(ladder):
        number = place if step.number is None else step.number
        key = step_key(cycle, severity, number)
        last = rung.get(key)
        if last is not None and step.repeat_minutes is None:
            continue
        first = cycle.targets_since if place == raised else first_at(step, cycle)
        if first is None:
            continue
        following = _next_ring(step, first, last, accepted_at)
        if following is None:
            continue
        occurrence, at = following
        due_at = cycle.counts_at(at)
        if due_at is not None:
            yield Firing(f"{key}:{occurrence}", due_at, cycle.target, cycle.cycle, number, occurrence, step)


def still_asks(repeats: bool, rang_at: datetime | None, accepted_at: datetime | None) -> bool:
    """Whether an alarm asks somebody to accept: nobody has, or it repeats and nobody has since it rang."""
    if accepted_at is None:
        return True
    return repeats and rang_at is not None and accepted_at < rang_at


def _first_later_step(ladder: Ladder) -> int | None:
    """The step that a reopened ticket is escalated to at once: the first that would have waited."""
    return next((n for n, step in enumerate(ladder) if step.minutes != 0 or step.anchor != "start"), None)


def first_at(step: Step, cycle: Cycle) -> datetime | None:
    """When a step is first due; None where that is not reached as things stand.

    A ladder begins where its severity does: what a lower one has used up does not ring all of it at once.
    Minutes are counted as the target is, so that a night does not bring every step at the same opening.
    """
    if step.is_wall_clock:
        return _first_on_the_wall(step, cycle)
    if step.minutes is not None and step.anchor == "start":
        counted = cycle.counted_before + step.minutes * 60
        return cycle.reaches_at(counted) if step.minutes else cycle.targets_since
    if step.minutes is not None:
        seconds = cycle.allowance_seconds + _signed(step) * 60
    else:
        seconds = -(-cycle.allowance_seconds * (step.percent or 0) // 100)
    reached = cycle.reaches_at(seconds) if seconds > 0 else cycle.started_at
    return reached and max(reached, cycle.targets_since)


def _first_on_the_wall(step: Step, cycle: Cycle) -> datetime | None:
    """Elapsed minutes from the start of the severity, or around the due instant: open while it waits."""
    anchor = cycle.targets_since if step.anchor == "start" else cycle.due_at
    return anchor and max(anchor + timedelta(minutes=_signed(step)), cycle.targets_since)


def _signed(step: Step) -> int:
    """The minutes from the anchor on: negative before it."""
    return (step.minutes or 0) * (-1 if step.anchor == "before_due" else 1)


def _next_ring(
    step: Step, first: datetime, last: Rung | None, accepted_at: datetime | None
) -> tuple[int, datetime] | None:
    """The number of the next ring and its instant on the grid that begins at `first`; None if there is none.

    Rings missed while nothing ran are not made up, nor do they use up the times allowed.
    """
    if last is None:
        return 0, first
    if step.repeat_minutes is None or not still_asks(True, last.fired_at, accepted_at):
        return None
    occurrence = last.occurrence + 1
    if step.repeat_most and occurrence > step.repeat_most:
        return None
    pace = timedelta(minutes=step.repeat_minutes)
    return occurrence, first + max(1, (last.fired_at - first) // pace + 1) * pace

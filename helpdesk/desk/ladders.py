"""Escalation ladders as they are kept, and as rules/escalation takes them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from helpdesk.desk import changes
from helpdesk.desk.changes import By, State
from helpdesk.desk.stale import after_ladder_change
from helpdesk.rules import escalation
from helpdesk.store.db import db, transaction
from helpdesk.store.escalations import EscalationPolicy, Step, find_ladder, list_steps
from helpdesk.store.names import get_row_for_change
from helpdesk.store.rosters import list_people_by_id, list_rosters_by_id


class LadderRefused(Exception):
    """`faults` as rules/escalation.faults_of found them."""

    def __init__(self, faults: list[tuple[int, escalation.Fault]]) -> None:
        super().__init__(str(faults))
        self.faults = faults


def ladders_of(severity: str) -> Mapping[str, escalation.Ladder]:
    """The ladder of each target at that severity; a target without one is left out."""
    found: dict[str, list[escalation.Step]] = {}
    for target, step in list_steps(severity):
        found.setdefault(target, []).append(_as_ruled(step))
    return found


def ladder_of(severity: str, target: str) -> list[escalation.Step]:
    """The steps for that severity and target in their order; [] where there are none."""
    ladder = find_ladder(severity, target)
    return [_as_ruled(step) for step in ladder.steps] if ladder is not None else []


def state_of(ladder: Sequence[escalation.Step]) -> State:
    """What its form shows, a short line for each step."""
    return {"steps": [_said(step) for step in ladder]}


def save_ladder(
    severity: str, target: str, steps: Sequence[escalation.Step], by: By, seen: str | None = None
) -> None:
    """These steps in place of those there were; one that keeps its number is the same step as before.

    Alarms of open tickets follow: steps that are gone ring no more, new ones whose time has passed ring
    now. Raises LadderRefused, ChangedMeanwhile.
    """
    faults = escalation.faults_of(steps, target) or _gone(steps)
    if faults:
        raise LadderRefused(faults)
    with transaction():
        policy = _ladder_for_change(severity, target)
        before = [_as_ruled(step) for step in policy.steps]
        changes.require_unchanged(state_of(before), seen)
        known = {step.number: step for step in policy.steps}
        kept: list[Step] = []
        for position, wanted in enumerate(steps):
            step = known.pop(wanted.number, None) if wanted.number is not None else None
            if step is None:
                step = Step(number=policy.steps_made)
                policy.steps_made += 1
            _write(step, position, wanted)
            kept.append(step)
        policy.steps = kept
        after = [_as_ruled(step) for step in kept]
        if after != before:
            changes.log_change(f"ladder:{severity}:{target}", state_of(before), state_of(after), by)
            after_ladder_change(by.now)


def _gone(steps: Sequence[escalation.Step]) -> list[tuple[int, escalation.Fault]]:
    """Named people who have left, and rosters that are not there."""
    people = list_people_by_id(_named(steps, "person_id"))
    rosters = list_rosters_by_id(_named(steps, "roster_id"))
    faults: list[tuple[int, escalation.Fault]] = []
    for place, step in enumerate(steps):
        if step.person_id is not None and not (step.person_id in people and people[step.person_id].is_active):
            faults.append((place, "person"))
        if step.roster_id is not None and step.roster_id not in rosters:
            faults.append((place, "roster"))
    return faults


def _named(steps: Iterable[escalation.Step], what: str) -> set[int]:
    return {named for step in steps if (named := getattr(step, what)) is not None}


def names_in(steps: Iterable[escalation.Step]) -> tuple[dict[int, str], dict[int, str]]:
    """The names of the people and of the rosters that these steps name, by id."""
    ladder = list(steps)
    people = list_people_by_id(_named(ladder, "person_id"))
    rosters = list_rosters_by_id(_named(ladder, "roster_id"))
    return {i: person.name for i, person in people.items()}, {i: roster.name for i, roster in rosters.items()}


def install_default_ladders() -> None:
    """Creates the default ladders, once, at the first set-up."""
    with transaction():
        for (severity, target), ladder in escalation.DEFAULT_LADDERS.items():
            policy = EscalationPolicy(severity=severity, target=target, steps_made=len(ladder))
            for position, step in enumerate(ladder):
                policy.steps.append(_write(Step(number=position), position, step))
            db.session.add(policy)


def _ladder_for_change(severity: str, target: str) -> EscalationPolicy:
    found = find_ladder(severity, target)
    if found is not None:
        return get_row_for_change(EscalationPolicy, found.id)
    policy = EscalationPolicy(severity=severity, target=target, steps_made=0)
    db.session.add(policy)
    return policy


def _as_ruled(step: Step) -> escalation.Step:
    return escalation.Step(
        to=cast(escalation.To, step.to),
        anchor=cast(escalation.Anchor, step.anchor),
        channel=cast(escalation.Channel, step.channel),
        number=step.number,
        **{name: getattr(step, name) for name in _KEPT},
    )


def _write(row: Step, position: int, step: escalation.Step) -> Step:
    row.position, row.to, row.anchor, row.channel = position, step.to, step.anchor, step.channel
    for name in _KEPT:
        setattr(row, name, getattr(step, name))
    return row


_KEPT = ("percent", "minutes", "is_wall_clock", "person_id", "roster_id", "repeat_minutes", "repeat_most")


def _said(step: escalation.Step) -> str:
    when = f"{step.percent}%" if step.percent is not None else f"{step.minutes} min"
    anchor = f" {step.anchor}" if step.anchor != "start" else ""
    wall = " wall clock" if step.is_wall_clock else ""
    named = step.person_id or step.roster_id
    which = f" {named}" if named is not None else ""
    over = f" by {step.channel}" if step.channel != "all" else ""
    again = f", every {step.repeat_minutes} min" if step.repeat_minutes else ""
    most = f", {step.repeat_most} times" if step.repeat_minutes and step.repeat_most else ""
    return f"{when}{anchor}{wall} {step.to}{which}{over}{again}{most}"

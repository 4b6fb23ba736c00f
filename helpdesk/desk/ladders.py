"""Escalation ladders as they are kept, and as rules/escalation takes them."""

from collections.abc import Mapping
from typing import cast

from helpdesk.rules import escalation
from helpdesk.store.db import db, transaction
from helpdesk.store.escalations import EscalationPolicy, Step, list_steps


def ladders_of(severity: str) -> Mapping[str, escalation.Ladder]:
    """The ladder of each target at that severity; a target without one is left out."""
    found: dict[str, list[escalation.Step]] = {}
    for target, step in list_steps(severity):
        found.setdefault(target, []).append(
            escalation.Step(
                cast(escalation.To, step.to),
                step.percent,
                step.minutes,
                step.repeat_minutes,
                step.repeat_most,
            )
        )
    return found


def install_default_ladders() -> None:
    """Creates the default ladders, once, at the first set-up."""
    with transaction():
        for (severity, target), ladder in escalation.DEFAULT_LADDERS.items():
            policy = EscalationPolicy(severity=severity, target=target)
            policy.steps = [
                Step(
                    position=position,
                    to=step.to,
                    percent=step.percent,
                    minutes=step.minutes,
                    repeat_minutes=step.repeat_minutes,
                    repeat_most=step.repeat_most,
                )
                for position, step in enumerate(ladder)
            ]
            db.session.add(policy)

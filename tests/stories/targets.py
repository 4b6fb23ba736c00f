"""Targets short enough for a test to live through: written by hand, since pages take no seconds."""

import copy

from helpdesk.store.db import transaction
from helpdesk.store.escalations import list_steps
from helpdesk.store.policies import list_policies

RESPONSE_MINUTES = 5
ON_CALL_PERCENT = 2  # of them: six seconds after the report


def shorten_targets() -> None:
    """Minor tickets are answered round the clock within RESPONSE_MINUTES; the team is told at once, whoever
    is on call at ON_CALL_PERCENT, the lead at 80 percent. Inside an application context."""
    with transaction():
        version = list_policies()[-1].versions[-1]
        definition = copy.deepcopy(version.definition)
        definition["minor"]["response"] = {"minutes": RESPONSE_MINUTES, "calendar_id": None}
        version.definition = definition
        first, second, third = (step for target, step in list_steps("minor") if target == "response")
        assert (first.to, first.minutes, third.to, third.percent) == ("team", 0, "lead", 80)
        second.to, second.percent = "on_call", ON_CALL_PERCENT

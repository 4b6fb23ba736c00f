"""The SLA clock against its specification told a second time, through the command that prints it."""

import io
import json
import sys
from random import Random
from types import SimpleNamespace

import pytest

from helpdesk.cli.scenario import run_scenarios
from helpdesk.rules.scenario import ScenarioError
from helpdesk.rules.sla_scenario import explain_scenario
from tests.rules.plain_clock import FAR, Plain, instant
from tests.rules.scenario_makers import SPOILERS, Maker

SCENARIOS = 200


def expected(made, scenario):
    return Plain(scenario, *made.looked_at).explain()


def without_far(found, plain, scenario, made):
    """Takes a due date that lies further than the plain reading looks from the rule, if it does lie there."""
    for ours, theirs in zip(found["cycles"], plain["cycles"], strict=False):
        if theirs["due_at"] == FAR:
            looked_to = instant(ours["stopped_at"] or scenario["now"]) + made.looked_at[1] * made.tick
            if ours["due_at"] is None or instant(ours["due_at"]) >= looked_to:
                theirs["due_at"] = ours["due_at"]
    return plain


def explained_line_by_line(lines, monkeypatch, capsys):
    given = SimpleNamespace(buffer=io.BytesIO("\n".join(lines).encode()))
    monkeypatch.setattr(sys, "stdin", given)
    assert run_scenarios("-", True, explain_scenario) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    return [json.loads(line) for line in printed.out.splitlines()]


def test_random_scenarios_agree_with_the_plain_reading_and_malformed_ones_are_refused(monkeypatch, capsys):
    chance = Random(20260302)
    told = []
    for seed in range(SCENARIOS):
        made = Maker(Random(seed))
        scenario = made.scenario()
        spoil = chance.choice(SPOILERS) if chance.random() < 0.08 else None
        plain = None if spoil else expected(made, scenario)
        if spoil:
            spoil(scenario)
        told.append((seed, made, scenario, plain))
    found = explained_line_by_line([json.dumps(t[2]) for t in told], monkeypatch, capsys)
    for (seed, made, scenario, plain), ours in zip(told, found, strict=True):
        if plain is None:
            assert list(ours) == ["error"], seed
            assert "\n" not in ours["error"]
        else:
            assert ours == without_far(ours, plain, scenario, made), seed


@pytest.mark.parametrize("spoil", SPOILERS, ids=range(len(SPOILERS)))
def test_every_way_to_be_malformed_is_refused_in_one_line(spoil):
    scenario = Maker(Random(7)).scenario()
    explain_scenario(scenario)
    spoil(scenario)
    with pytest.raises(ScenarioError) as refused:
        explain_scenario(json.loads(json.dumps(scenario)))
    assert len(str(refused.value).splitlines()) == 1

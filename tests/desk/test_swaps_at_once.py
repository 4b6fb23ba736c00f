"""Two people do something about the same swap at the same moment: one of them has it."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask

from helpdesk.desk import roster_plans, swaps
from helpdesk.desk.changes import By, Refused
from helpdesk.rules.access import Role
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.rosters import Layer, Override, Swap
from helpdesk.store.teams import Member
from tests.at_once import at_once
from tests.conftest import MONDAY_9, House, a_roster, read_anew

DAY = timedelta(days=1)
TUESDAY = (MONDAY_9 + DAY, MONDAY_9 + 2 * DAY)


@pytest.fixture
def swap(house: House) -> Swap:
    """Bo offers the Tuesday to whoever of Chen and Gao comes first."""
    gao = house.person("Gao", Role.AGENT)
    db.session.flush()
    db.session.add(Member(team_id=house.team.id, person_id=gao.id))
    layer = Layer(
        name="days", position=0, people=[house.bo.id], starts_at="2026-03-02T09:00", every=1, unit="days"
    )
    roster = a_roster("First line", layer)
    db.session.add(roster)
    db.session.flush()
    house.team.roster_id = roster.id
    db.session.commit()
    return swaps.offer(roster.id, TUESDAY, None, None, "", By(MONDAY_9, house.bo.id))


def codes(found: Sequence[Any]) -> list[str]:
    return sorted(each.code if isinstance(each, Refused) else str(each) for each in found)


@pytest.mark.parametrize("round_", range(3))
def test_of_two_who_take_a_turn_one_has_it(app: Flask, house: House, swap: Swap, round_: int) -> None:
    swap_id, bo = swap.id, house.bo.id
    takers = [member.person_id for member in house.team.members if member.person_id != bo]
    accepts = [partial(swaps.accept, swap_id, By(MONDAY_9, person_id)) for person_id in takers]
    done, refused = sorted(at_once(app, *accepts), key=lambda each: isinstance(each, Refused))
    assert isinstance(done, Swap)
    assert codes([refused]) == ["over"]
    read_anew()
    assert db.session.query(Override).count() == 1
    told = db.session.query(Letter).filter_by(kind="turns_changed")
    assert [letter.to_address for letter in told] == ["bo@example.org"]


@pytest.mark.parametrize("round_", range(3))
def test_a_turn_that_is_taken_while_it_is_covered_or_withdrawn_is_swapped_or_not(
    app: Flask, house: House, swap: Swap, round_: int
) -> None:
    swap_id, roster_id, bo, chen, eli = swap.id, swap.roster_id, house.bo.id, house.chen.id, house.eli.id
    accept, withdraw, _covered = at_once(
        app,
        lambda: swaps.accept(swap_id, By(MONDAY_9, chen)).state,
        lambda: swaps.withdraw(swap_id, By(MONDAY_9, bo)).state,
        lambda: roster_plans.add_override(roster_id, eli, *TUESDAY, now=MONDAY_9, actor_id=eli).id,
    )
    assert codes([accept, withdraw]) in (["done", "over"], ["over", "withdrawn"], ["not_yours", "withdrawn"])
    read_anew()
    made = sorted(override.made_by for override in db.session.query(Override))
    assert made == (["hand", "swap"] if accept == "done" else ["hand"])

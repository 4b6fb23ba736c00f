"""Letters about swaps and turns, as they are read: golden texts beside this file."""

from datetime import timedelta

import pytest

from helpdesk.desk import absences, swaps
from helpdesk.desk.changes import By
from helpdesk.rules.access import Role
from helpdesk.store import db
from helpdesk.store.people import Person
from helpdesk.store.rosters import Layer, Roster
from helpdesk.store.teams import Member
from tests.conftest import MONDAY_9, House, a_roster
from tests.outbound.test_letters import letter, reads_as

DAY = timedelta(days=1)
THURSDAY = (MONDAY_9 + 3 * DAY, MONDAY_9 + 4 * DAY)
SATURDAY = (MONDAY_9 + 5 * DAY, MONDAY_9 + 6 * DAY)


@pytest.fixture
def gao(house: House) -> Person:
    found = house.person("Gao", Role.AGENT)
    db.session.flush()
    db.session.add(Member(team_id=house.team.id, person_id=found.id))
    db.session.commit()
    return found


@pytest.fixture
def roster(house: House, gao: Person) -> Roster:
    """Bo, Chen and Gao take daily turns, Bo on Monday and Thursday; a lead agrees to swaps."""
    people = [house.bo.id, house.chen.id, gao.id]
    layer = Layer(name="days", position=0, people=people, starts_at="2026-03-02T09:00", every=1, unit="days")
    found = a_roster("First line", layer)
    found.swaps_need_lead = True
    db.session.add(found)
    db.session.flush()
    house.team.roster_id = found.id
    db.session.commit()
    return found


def test_each_step_of_a_swap_has_its_letter(house: House, roster: Roster, gao: Person) -> None:
    bo, by_gao, chen = (By(MONDAY_9, person.id) for person in (house.bo, gao, house.chen))
    swap = swaps.offer(roster.id, THURSDAY, gao.id, SATURDAY, "I am at the theatre.", bo)
    reads_as("swap_offered", letter("swap_offered"))
    swaps.accept(swap.id, by_gao)
    reads_as("swap_accepted", letter("swap_accepted"))
    swaps.approve(swap.id, chen)
    reads_as("turns_changed_by_a_swap", letter("turns_changed"))


def test_a_swap_that_does_not_take_place_says_why(house: House, roster: Roster, gao: Person) -> None:
    bo = By(MONDAY_9, house.bo.id)
    swaps.decline(swaps.offer(roster.id, THURSDAY, gao.id, None, "", bo).id, By(MONDAY_9, gao.id))
    reads_as("swap_declined", letter("swap_over"))


def test_what_an_absence_makes_of_somebodys_turns(house: House, roster: Roster) -> None:
    away = (MONDAY_9 + 3 * DAY + timedelta(hours=12), MONDAY_9 + 7 * DAY)
    absences.add_absence(house.bo.id, *away, now=MONDAY_9, actor_id=house.bo.id)
    reads_as("turns_changed", letter("turns_changed"))

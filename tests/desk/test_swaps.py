"""Swaps, step by step: who may do what, who hears of it, and what stands in the roster afterwards."""

from datetime import datetime, timedelta

import pytest

from helpdesk.desk import absences, leavers, roster_plans, rosters, swaps
from helpdesk.desk.changes import By, Refused
from helpdesk.desk.swap_people import may_see, pool
from helpdesk.rules.access import Role
from helpdesk.rules.spans import Span
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.people import Person
from helpdesk.store.rosters import Layer, Override, Roster, Swap
from helpdesk.store.security import SecurityEvent
from helpdesk.store.teams import Member
from tests.conftest import MONDAY_9, House, a_roster, read_anew

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Daily turns change at 09:00 in Berlin: Bo has Monday, Chen Tuesday, Gao Wednesday, Bo Thursday ...
THURSDAY = (MONDAY_9 + 3 * DAY, MONDAY_9 + 4 * DAY)
FRIDAY = (MONDAY_9 + 4 * DAY, MONDAY_9 + 5 * DAY)
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
    people = [house.bo.id, house.chen.id, gao.id]
    layer = Layer(name="days", position=0, people=people, starts_at="2026-03-02T09:00", every=1, unit="days")
    found = a_roster("First line", layer)
    db.session.add(found)
    db.session.flush()
    house.team.roster_id = found.id
    db.session.commit()
    return found


def by(person: Person, now: datetime = MONDAY_9) -> By:
    return By(now, person.id)


def offered(roster: Roster, asker: Person, to: Person | None = None, returned: Span | None = None) -> Swap:
    return swaps.offer(roster.id, THURSDAY, to.id if to else None, returned, "The theatre", by(asker))


def heard(kind: str) -> set[str]:
    read_anew()
    return {letter.to_address for letter in db.session.query(Letter).filter_by(kind=kind)}


def on_call(roster: Roster, span: Span) -> list[str | None]:
    read_anew()
    found = db.session.get(Roster, roster.id)
    assert found is not None
    return [turn.person and turn.person.name for turn in rosters.turns_of(found, *span)]


def refusal(error: pytest.ExceptionInfo[Refused]) -> tuple[str, str]:
    return error.value.field, error.value.code


def test_what_is_offered_to_one_and_taken_stands_in_the_roster(
    house: House, roster: Roster, gao: Person
) -> None:
    swap = offered(roster, house.bo, gao, SATURDAY)
    assert heard("swap_offered") == {"gao@example.org"}
    assert on_call(roster, THURSDAY) == ["Bo"]
    assert swaps.accept(swap.id, by(gao)).state == "done"
    assert on_call(roster, THURSDAY) == ["Gao"]
    assert on_call(roster, SATURDAY) == ["Bo"]
    assert heard("turns_changed") == {"bo@example.org"}, "Gao has just seen it"
    made = db.session.query(Override).order_by(Override.id)
    assert {(o.made_by, o.swap_id, o.created_by_id) for o in made} == {("swap", swap.id, gao.id)}
    events = db.session.query(SecurityEvent).order_by(SecurityEvent.id)
    assert [each.what for each in events][-2:] == ["swap_offered", "swap_done"]


def test_what_is_offered_to_all_goes_to_whoever_comes_first(
    house: House, roster: Roster, gao: Person
) -> None:
    swap = offered(roster, house.bo)
    assert heard("swap_offered") == {"gao@example.org", "chen@example.org"}
    swaps.accept(swap.id, by(gao))
    with pytest.raises(Refused) as error:
        swaps.accept(swap.id, by(house.chen))
    assert refusal(error) == ("swap_id", "over")
    assert on_call(roster, THURSDAY) == ["Gao"]


def test_where_the_roster_wants_it_a_lead_agrees_or_not(house: House, roster: Roster, gao: Person) -> None:
    roster.swaps_need_lead = True
    db.session.commit()
    first = offered(roster, house.bo, gao)
    assert swaps.accept(first.id, by(gao)).state == "accepted"
    assert heard("swap_accepted") == {"bo@example.org", "chen@example.org"}
    assert on_call(roster, THURSDAY) == ["Bo"], "it is only agreed among the two"
    assert swaps.refuse(first.id, by(house.chen)).state == "refused"
    assert heard("swap_over") == {"bo@example.org", "gao@example.org"}
    second = offered(roster, house.bo, gao)
    swaps.accept(second.id, by(gao))
    swaps.approve(second.id, by(house.chen))
    assert on_call(roster, THURSDAY) == ["Gao"]
    assert heard("turns_changed") == {"bo@example.org", "gao@example.org"}


def test_a_lead_who_takes_it_has_agreed_to_it(house: House, roster: Roster) -> None:
    roster.swaps_need_lead = True
    db.session.commit()
    assert swaps.accept(offered(roster, house.bo, house.chen).id, by(house.chen)).state == "done"


def test_who_was_asked_may_decline_and_who_asked_may_withdraw(
    house: House, roster: Roster, gao: Person
) -> None:
    swap = offered(roster, house.bo, gao)
    with pytest.raises(LookupError):
        swaps.decline(swap.id, by(house.chen))
    assert swaps.decline(swap.id, by(gao)).state == "declined"
    assert heard("swap_over") == {"bo@example.org"}
    other = offered(roster, house.bo)
    with pytest.raises(LookupError):
        swaps.decline(other.id, by(gao))
    with pytest.raises(LookupError):
        swaps.withdraw(other.id, by(gao))
    assert swaps.withdraw(other.id, by(house.bo)).state == "withdrawn"
    assert heard("swap_over") == {"bo@example.org", "gao@example.org", "chen@example.org"}


def test_only_what_is_ones_own_and_to_come_can_be_offered(house: House, roster: Roster, gao: Person) -> None:
    wrong: list[tuple[Span, int | None, Span | None, tuple[str, str]]] = [
        (FRIDAY, gao.id, None, ("starts_at", "not_yours")),
        ((THURSDAY[0], FRIDAY[1]), gao.id, None, ("starts_at", "not_yours")),
        ((MONDAY_9, MONDAY_9 + DAY), gao.id, None, ("starts_at", "begun")),
        (THURSDAY, house.bo.id, None, ("offered_to_id", "unknown")),
        (THURSDAY, house.dee.id, None, ("offered_to_id", "unknown")),
        (THURSDAY, gao.id, FRIDAY, ("returned", "not_theirs")),
        (THURSDAY, None, SATURDAY, ("returned", "of_nobody")),
    ]
    for span, to, returned, expected in wrong:
        with pytest.raises(Refused) as error:
            swaps.offer(roster.id, span, to, returned, "", by(house.bo))
        assert refusal(error) == expected
    offered(roster, house.bo)
    with pytest.raises(Refused) as error:
        offered(roster, house.bo, gao)
    assert refusal(error) == ("starts_at", "asked_already")
    assert db.session.query(Swap).count() == 1


def test_a_part_of_a_turn_can_be_given_away(house: House, roster: Roster, gao: Person) -> None:
    evening = (THURSDAY[0] + 10 * HOUR, THURSDAY[0] + 12 * HOUR)
    swap = swaps.offer(roster.id, evening, gao.id, None, "", by(house.bo))
    swaps.accept(swap.id, by(gao))
    assert on_call(roster, THURSDAY) == ["Bo", "Gao", "Bo"]


def test_nobody_takes_a_turn_while_away_or_one_that_has_changed_hands(
    house: House, roster: Roster, gao: Person
) -> None:
    swap = offered(roster, house.bo, gao)
    away = absences.add_absence(gao.id, *THURSDAY, now=MONDAY_9, actor_id=gao.id)
    with pytest.raises(Refused) as error:
        swaps.accept(swap.id, by(gao))
    assert refusal(error) == ("swap_id", "away")
    absences.remove_absence(away.id, now=MONDAY_9, actor_id=gao.id)
    roster_plans.add_override(roster.id, house.chen.id, *THURSDAY, now=MONDAY_9, actor_id=house.chen.id)
    with pytest.raises(Refused) as error:
        swaps.accept(swap.id, by(gao))
    assert refusal(error) == ("swap_id", "not_yours")


def test_who_has_gone_away_meanwhile_takes_no_turn(house: House, roster: Roster, gao: Person) -> None:
    roster.swaps_need_lead = True
    db.session.commit()
    swap = offered(roster, house.bo, gao, SATURDAY)
    theirs = absences.add_absence(house.bo.id, *SATURDAY, now=MONDAY_9, actor_id=house.bo.id)
    with pytest.raises(Refused) as error:
        swaps.accept(swap.id, by(gao))
    assert refusal(error) == ("swap_id", "one_away"), "Bo could not take the Saturday"
    absences.remove_absence(theirs.id, now=MONDAY_9, actor_id=house.bo.id)
    swaps.accept(swap.id, by(gao))
    absences.add_absence(gao.id, *THURSDAY, now=MONDAY_9, actor_id=gao.id)
    with pytest.raises(Refused) as error:
        swaps.approve(swap.id, by(house.chen))
    assert refusal(error) == ("swap_id", "one_away"), "Gao could not take the Thursday"
    assert on_call(roster, THURSDAY) == ["Bo"]


def test_nobody_asks_for_a_turn_in_return_while_away_or_gives_theirs_to_who_has_left(
    house: House, roster: Roster, gao: Person
) -> None:
    away = absences.add_absence(house.bo.id, *SATURDAY, now=MONDAY_9, actor_id=house.bo.id)
    with pytest.raises(Refused) as error:
        offered(roster, house.bo, gao, SATURDAY)
    assert refusal(error) == ("returned", "away")
    absences.remove_absence(away.id, now=MONDAY_9, actor_id=house.bo.id)
    roster.swaps_need_lead = True
    db.session.commit()
    swap = offered(roster, house.bo, gao)
    swaps.accept(swap.id, by(gao))
    leavers.leave(gao.id, by(house.eli))
    with pytest.raises(Refused) as error:
        swaps.approve(swap.id, by(house.chen))
    assert refusal(error) == ("swap_id", "one_away")


def test_what_nobody_takes_lapses_once_when_it_begins(house: House, roster: Roster, gao: Person) -> None:
    swap = offered(roster, house.bo, gao, SATURDAY)
    swaps.lapse_begun(THURSDAY[0] - HOUR)
    read_anew()
    assert db.session.get(Swap, swap.id).state == "offered"
    with pytest.raises(Refused):
        swaps.accept(swap.id, by(gao, THURSDAY[0]))
    for _clock in range(2):
        swaps.lapse_begun(THURSDAY[0])
    read_anew()
    assert db.session.get(Swap, swap.id).state == "lapsed"
    assert heard("swap_over") == {"bo@example.org"}


def test_a_swap_is_seen_by_those_it_concerns(house: House, roster: Roster, gao: Person) -> None:
    swap = offered(roster, house.bo, gao)
    seen = {p.name for p in (house.bo, gao, house.chen, house.eli) if may_see(p.asker, swap)}
    assert seen == {"Bo", "Gao", "Chen", "Eli"}
    hal = house.person("Hal", Role.AGENT)
    db.session.commit()
    assert not any(may_see(p.asker, swap) for p in (hal, house.ana, house.dee))
    assert [p.name for p in pool(roster, house.bo.id)] == ["Chen", "Gao"]

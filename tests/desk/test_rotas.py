from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from helpdesk.desk import rosters, rotas
from helpdesk.desk.changes import By
from helpdesk.desk.rotas import NotTaken
from helpdesk.store import db
from helpdesk.store.rosters import Absence, Layer, Override, Roster
from tests.conftest import MONDAY_9, House, a_roster

# Monday 2 March 2026, 09:00 in Berlin (UTC+1); clocks go forward there on Sunday 29 March at 01:00 UTC.
NINE, DAY, MONDAY = time(9), timedelta(days=1), date(2026, 3, 2)
HEAD = ["Date", "Duty lead", "Person"]


@pytest.fixture
def by(house: House) -> By:
    return By(MONDAY_9, house.chen.id)


@pytest.fixture
def roster(house: House) -> Roster:
    """Bo, week after week; behind him Chen."""
    first, backup = (
        a_roster(
            name,
            Layer(
                position=0, name="weeks", people=[who.id], starts_at="2026-01-05T09:00", every=1, unit="weeks"
            ),
        )
        for name, who in (("First line", house.bo), ("Backup", house.chen))
    )
    db.session.add_all([first, backup])
    db.session.flush()
    house.team.roster_id, house.team.backup_roster_id = first.id, backup.id
    db.session.commit()
    return first


def table(*lines: tuple[str, str, str]) -> list[list[Any]]:
    return [HEAD, *map(list, lines)]


def test_a_rota_becomes_overrides_from_handover_to_handover(house: House, roster: Roster, by: By) -> None:
    found = rotas.take_in(roster.id, table(("2026-03-29", "Dee", "Eli")), NINE, by)
    assert [line.day for line in found.coming] == [date(2026, 3, 29)]
    # Sunday 09:00 comes after the clocks went forward; Monday's too.
    start = datetime(2026, 3, 29, 7, tzinfo=UTC)
    for one, person in ((roster.id, house.eli), (house.team.backup_roster_id, house.dee)):
        [override] = db.session.query(Override).filter_by(roster_id=one)
        assert (override.starts_at, override.ends_at) == (start, start + DAY)
        assert (override.person_id, override.made_by) == (person.id, "rota")
        assert rosters.who_is_on_call(one, start) == person


def test_a_day_across_the_clock_change_is_an_hour_shorter(house: House, roster: Roster, by: By) -> None:
    rotas.take_in(roster.id, table(("2026-03-28", "", "Eli")), NINE, by)
    [override] = db.session.query(Override)
    assert override.ends_at - override.starts_at == timedelta(hours=23)


def test_with_one_fault_nothing_at_all_is_written(house: House, roster: Roster, by: By) -> None:
    lines = table(("2026-03-03", "Chen", "Eli"), ("2026-03-04", "Chen", "Gia"))
    with pytest.raises(NotTaken) as refused:
        rotas.take_in(roster.id, lines, NINE, by)
    assert [(fault.row, fault.code, fault.typed) for fault in refused.value.plan.faults] == [
        (3, "unknown", "Gia")
    ]
    assert db.session.query(Override).count() == 0


def test_the_past_stays_and_a_day_that_has_begun_is_taken_from_now(
    house: House, roster: Roster, by: By
) -> None:
    later = By(MONDAY_9 + timedelta(hours=5), house.chen.id)
    lines = table(("2026-03-01", "", "Eli"), ("2026-03-02", "", "Dee"))
    found = rotas.take_in(roster.id, lines, NINE, later)
    assert [line.is_over for line in found.lines] == [True, False]
    [override] = db.session.query(Override)
    assert (override.starts_at, override.ends_at) == (later.now, MONDAY_9 + DAY)
    with pytest.raises(NotTaken):
        rotas.take_in(roster.id, table(("2026-03-01", "", "Eli")), NINE, later)


def test_a_rota_read_again_takes_the_place_of_its_earlier_days_alone(
    house: House, roster: Roster, by: By
) -> None:
    rotas.take_in(roster.id, table(("2026-03-03", "", "Eli"), ("2026-03-04", "", "Eli")), NINE, by)
    by_hand = Override(
        roster_id=roster.id,
        person_id=house.dee.id,
        starts_at=MONDAY_9 + 9 * DAY,
        ends_at=MONDAY_9 + 10 * DAY,
        created_at=by.now,
    )
    db.session.add(by_hand)
    db.session.commit()
    rotas.take_in(roster.id, table(("2026-03-04", "", "Chen")), NINE, by)
    kept = [
        (o.starts_at.day, o.person_id, o.made_by)
        for o in db.session.query(Override).order_by(Override.starts_at)
    ]
    assert kept == [(3, house.eli.id, "rota"), (4, house.chen.id, "rota"), (11, house.dee.id, "hand")]


def test_a_rota_is_taken_back_from_now_on_in_both_rosters_and_nothing_else(
    house: House, roster: Roster, by: By
) -> None:
    rotas.take_in(roster.id, table(("2026-03-02", "Dee", "Eli"), ("2026-03-03", "Dee", "Eli")), NINE, by)
    by_hand = Override(
        roster_id=roster.id,
        person_id=house.dee.id,
        starts_at=MONDAY_9 + 9 * DAY,
        ends_at=MONDAY_9 + 10 * DAY,
        created_at=by.now,
    )
    db.session.add(by_hand)
    db.session.commit()
    later = By(MONDAY_9 + timedelta(hours=2), house.chen.id)
    assert rotas.take_back(roster.id, later) == 4
    kept = [
        (o.made_by, o.starts_at, o.ends_at)
        for o in db.session.query(Override).order_by(Override.starts_at, Override.id)
    ]
    begun = ("rota", MONDAY_9, later.now)
    assert kept == [begun, begun, ("hand", by_hand.starts_at, by_hand.ends_at)]
    assert rotas.take_back(roster.id, later) == 0


def test_the_plan_says_whose_turn_it_was_who_is_away_and_who_would_stand_behind_themselves(
    house: House, roster: Roster, by: By
) -> None:
    away = Absence(person_id=house.eli.id, starts_at=MONDAY_9 + DAY, ends_at=MONDAY_9 + 2 * DAY)
    db.session.add(away)
    db.session.commit()
    lines = table(("2026-03-03", "Chen", "Eli"), ("2026-03-04", "Eli", "Eli"))
    first, second = rotas.plan(roster, lines, NINE, by.now).lines
    assert first.post is not None
    assert first.post.before == (house.bo,)
    assert (first.post.is_away, first.is_same_person) == (True, False)
    assert second.post is not None
    assert (second.post.is_away, second.is_same_person) == (False, True)


def test_without_a_backup_roster_the_duty_leads_are_left_out_and_that_is_said(
    house: House, roster: Roster, by: By
) -> None:
    house.team.backup_roster_id = None
    db.session.commit()
    found = rotas.plan(roster, table(("2026-03-03", "Chen", "Bo")), NINE, by.now)
    assert found.leaves_out_leads
    assert found.lines[0].lead is None


def test_what_is_written_as_a_rota_can_be_read_again(house: House, roster: Roster, by: By) -> None:
    rotas.take_in(roster.id, table(("2026-03-03", "", "Eli")), NINE, by)
    days = rotas.days_of(roster, MONDAY, MONDAY + 2 * DAY, NINE)
    assert [(d.people, d.leads) for d in days] == [
        ((house.bo,), (house.chen,)),
        ((house.eli,), (house.chen,)),
        ((house.bo,), (house.chen,)),
    ]
    rows = [HEAD, *([d.day, d.leads[0].name, d.people[0].name] for d in days)]  # type: ignore[union-attr]
    assert rotas.plan(roster, rows, NINE, by.now).faults == ()


def test_a_day_of_several_names_each_in_order_and_gaps_too(house: House, roster: Roster, by: By) -> None:
    noon = MONDAY_9 + timedelta(hours=3)
    db.session.add(
        Override(
            roster_id=roster.id,
            person_id=house.eli.id,
            starts_at=noon,
            ends_at=noon + timedelta(hours=1),
            created_at=by.now,
        )
    )
    house.team.backup_roster_id = None
    db.session.commit()
    [day] = rotas.days_of(roster, MONDAY, MONDAY, NINE)
    assert (day.people, day.leads) == ((house.bo, house.eli, house.bo), ())
    assert rotas.days_of(roster, date(2025, 1, 1), date(2025, 1, 1), NINE)[0].people == (None,)

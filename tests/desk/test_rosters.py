from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from helpdesk.desk import absences, roster_plans, rosters
from helpdesk.desk.roster_plans import NameTaken, NothingLeft, SlotTaken
from helpdesk.desk.rosters import LayerDraft
from helpdesk.rules.scenario import ScenarioError
from helpdesk.store import db
from helpdesk.store.rosters import Absence, Override, Roster
from helpdesk.store.security import SecurityEvent
from helpdesk.store.teams import Member, Team
from tests.conftest import MONDAY_9, House

# Monday 2 March 2026, 09:00 in Berlin (UTC+1); clocks go forward there on Sunday 29 March at 01:00 UTC.
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def draft(people: list[int], **other: Any) -> LayerDraft:
    layer: Any = {
        "name": "weeks",
        "people": people,
        "starts_at": "2026-03-02T09:00",
        "ends_at": None,
        "every": 1,
        "unit": "weeks",
        "hours": None,
    }
    return {**layer, **other}


@pytest.fixture
def by(house: House) -> dict[str, Any]:
    return {"now": MONDAY_9, "actor_id": house.chen.id}


@pytest.fixture
def roster(house: House, by: dict[str, Any]) -> Roster:
    """Bo and Chen take weekly turns, Bo first."""
    found = roster_plans.create_roster("First line", "Europe/Berlin", team_id=house.team.id, **by)
    return roster_plans.save_layers(found.id, [draft([house.bo.id, house.chen.id])], **by)


def names(roster: Roster, start: datetime, end: datetime) -> list[tuple[str | None, datetime]]:
    return [(t.person and t.person.name, t.to_at) for t in rosters.turns_of(roster, start, end)]


def test_turns_change_at_the_same_local_time_across_a_clock_change(house: House, roster: Roster) -> None:
    before, after = datetime(2026, 3, 23, 8, 0, tzinfo=UTC), datetime(2026, 3, 30, 7, 0, tzinfo=UTC)
    assert names(roster, before, after + 7 * DAY) == [("Chen", after), ("Bo", after + 7 * DAY)]
    assert rosters.who_is_on_call(roster.id, after - timedelta(seconds=1)) == house.chen
    assert rosters.who_is_on_call(roster.id, after) == house.bo


def test_nobody_is_on_call_before_the_first_turn_or_without_a_roster(house: House, roster: Roster) -> None:
    assert rosters.who_is_on_call(roster.id, MONDAY_9 - timedelta(seconds=1)) is None
    assert rosters.who_is_on_call(roster.id, MONDAY_9) == house.bo
    assert rosters.who_is_on_call(None, MONDAY_9) is None
    assert rosters.who_is_on_call(roster.id + 1, MONDAY_9) is None


def test_an_absence_is_covered_by_the_next_in_order(house: House, roster: Roster, by: dict[str, Any]) -> None:
    absences.add_absence(house.bo.id, MONDAY_9 + HOUR, MONDAY_9 + 2 * HOUR, **by)
    found = rosters.turns_of(roster, MONDAY_9, MONDAY_9 + DAY)
    assert [(t.person and t.person.name, t.source) for t in found] == [
        ("Bo", "layer:weeks"),
        ("Chen", "cover:weeks"),
        ("Bo", "layer:weeks"),
    ]


def test_an_override_stands_over_the_layers_even_if_its_person_is_away(
    house: House, roster: Roster, by: dict[str, Any]
) -> None:
    roster_plans.add_override(roster.id, house.eli.id, MONDAY_9 + HOUR, MONDAY_9 + 3 * HOUR, **by)
    absences.add_absence(house.eli.id, MONDAY_9 + 2 * HOUR, MONDAY_9 + 4 * HOUR, **by)
    found = rosters.turns_of(roster, MONDAY_9, MONDAY_9 + 4 * HOUR)
    assert [(t.person and t.person.name, t.source, t.flag) for t in found] == [
        ("Bo", "layer:weeks", None),
        ("Eli", "override", None),
        ("Eli", "override", "absent"),
        ("Bo", "layer:weeks", None),
    ]


def test_the_turns_of_somebody_who_has_left_are_gaps(house: House, roster: Roster) -> None:
    house.bo.left_at = MONDAY_9 + HOUR
    db.session.commit()
    assert names(roster, MONDAY_9, MONDAY_9 + 8 * DAY) == [
        ("Bo", MONDAY_9 + HOUR),
        (None, MONDAY_9 + 7 * DAY),
        ("Chen", MONDAY_9 + 8 * DAY),
    ]
    assert rosters.turns_of(roster, MONDAY_9 + HOUR, MONDAY_9 + DAY)[0].flag == "left"
    assert rosters.who_is_on_call(roster.id, MONDAY_9 + HOUR) is None


def test_the_line_joins_turns_of_one_person_and_names_the_next(
    house: House, roster: Roster, by: dict[str, Any]
) -> None:
    roster_plans.add_override(roster.id, house.bo.id, MONDAY_9 + 6 * DAY, MONDAY_9 + 8 * DAY, **by)
    line = rosters.on_call_for(house.bo.asker.team_ids, MONDAY_9 + HOUR)
    assert line is not None
    assert (line.person, line.until, line.next) == (house.bo, MONDAY_9 + 8 * DAY, house.chen)


def test_the_line_of_those_without_a_team_is_the_default_teams(house: House, roster: Roster) -> None:
    line = rosters.on_call_for(house.dee.asker.team_ids, MONDAY_9)
    assert line is not None
    assert line.person == house.bo


def test_the_line_has_no_end_where_no_change_is_in_sight(
    house: House, roster: Roster, by: dict[str, Any]
) -> None:
    roster_plans.save_layers(roster.id, [draft([house.bo.id])], **by)
    [line] = rosters.on_call_now([roster], MONDAY_9)
    assert (line.person, line.until, line.next) == (house.bo, None, None)


def test_lanes_show_the_result_then_the_topmost_layer(
    house: House, roster: Roster, by: dict[str, Any]
) -> None:
    nights = draft(
        [house.eli.id],
        name="nights",
        every=1,
        unit="days",
        hours={"week": {"mon": [["18:00", "24:00"]]}, "dates": {}},
    )
    drafts = [draft([house.bo.id]), nights]
    lanes = rosters.lanes_of(roster, MONDAY_9, MONDAY_9 + DAY, drafts)
    assert [(lane.name, [t.person and t.person.name for t in lane.turns]) for lane in lanes] == [
        (None, ["Bo", "Eli", "Bo"]),
        ("nights", ["Eli"]),
        ("weeks", ["Bo"]),
    ]
    assert [layer.name for layer in roster.layers] == ["weeks"], "a preview changes nothing"


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"people": []}, r"roster\.layers\[1\]\.people"),
        ({"every": 0}, r"roster\.layers\[1\]\.every"),
        ({"ends_at": "2026-03-02T09:00"}, r"roster\.layers\[1\]\.ends_at"),
        ({"starts_at": "2026-02-30T09:00"}, r"roster\.layers\[1\]\.starts_at"),
        ({"name": "weeks"}, r"roster\.layers\[1\]\.name"),
        ({"hours": {"week": {"mon": [["10:00", "09:00"]]}}}, r"roster\.layers\[1\]\.hours\.week\.mon"),
    ],
)
def test_layers_that_the_rule_refuses_change_nothing(
    house: House, roster: Roster, by: dict[str, Any], wrong: dict[str, Any], place: str
) -> None:
    drafts = [draft([house.eli.id]), draft(**{"people": [house.eli.id], "name": "other", **wrong})]
    with pytest.raises(ScenarioError, match=place):
        roster_plans.save_layers(roster.id, drafts, **by)
    assert rosters.who_is_on_call(roster.id, MONDAY_9) == house.bo


def test_a_layer_can_keep_its_name_and_nobody_unknown_takes_turns(
    house: House, roster: Roster, by: dict[str, Any]
) -> None:
    roster_plans.save_layers(roster.id, [draft([house.chen.id])], **by)
    assert rosters.who_is_on_call(roster.id, MONDAY_9) == house.chen
    with pytest.raises(LookupError):
        roster_plans.save_layers(roster.id, [draft([999])], **by)


def test_an_override_that_has_begun_is_cut_and_one_to_come_is_taken_away(
    house: House, roster: Roster, by: dict[str, Any]
) -> None:
    running = roster_plans.add_override(roster.id, house.eli.id, MONDAY_9 - DAY, MONDAY_9 + DAY, **by)
    coming = roster_plans.add_override(roster.id, house.dee.id, MONDAY_9 + 2 * DAY, MONDAY_9 + 3 * DAY, **by)
    assert running.starts_at == MONDAY_9, "the past stays as it was"
    later = {**by, "now": MONDAY_9 + HOUR}
    for override in (running, coming):
        roster_plans.remove_override(roster.id, override.id, **later)
    assert [o.ends_at for o in db.session.query(Override)] == [MONDAY_9 + HOUR]
    with pytest.raises(NothingLeft):
        roster_plans.remove_override(roster.id, running.id, **later)
    with pytest.raises(NothingLeft):
        roster_plans.add_override(roster.id, house.eli.id, MONDAY_9 - DAY, MONDAY_9, **by)


def test_an_absence_taken_back_after_it_began_ends_now(
    house: House, roster: Roster, by: dict[str, Any]
) -> None:
    absence = absences.add_absence(house.bo.id, MONDAY_9, MONDAY_9 + DAY, **by)
    absences.remove_absence(absence.id, **{**by, "now": MONDAY_9 + HOUR})
    assert [a.ends_at for a in db.session.query(Absence)] == [MONDAY_9 + HOUR]
    assert rosters.who_is_on_call(roster.id, MONDAY_9 + HOUR) == house.bo


def test_a_roster_needs_a_name_and_a_place_of_its_own(
    house: House, roster: Roster, by: dict[str, Any]
) -> None:
    with pytest.raises(NameTaken):
        roster_plans.create_roster("First line", "UTC", **by)
    with pytest.raises(SlotTaken):
        roster_plans.create_roster("Second", "UTC", team_id=house.team.id, **by)
    backup = roster_plans.create_roster("Second", "UTC", team_id=house.team.id, as_backup=True, **by)
    assert (house.team.roster_id, house.team.backup_roster_id) == (roster.id, backup.id)
    with pytest.raises(NameTaken):
        roster_plans.change(backup.id, {"name": "First line"}, **by)


def test_a_lead_plans_rosters_and_absences_of_their_own_teams_only(house: House, roster: Roster) -> None:
    other = Team(name="Network")
    gia = house.person("Gia", house.chen.asker.role)
    db.session.add(other)
    db.session.flush()
    db.session.add(Member(team_id=other.id, person_id=gia.id, is_lead=True))
    db.session.commit()
    may = {
        p.name: rosters.may_edit(p.asker, roster) for p in (house.bo, house.chen, gia, house.dee, house.eli)
    }
    assert may == {"Bo": False, "Chen": True, "Gia": False, "Dee": False, "Eli": True}
    about_bo = {p.name: absences.may_edit(p.asker, house.bo) for p in (house.bo, house.chen, gia, house.eli)}
    assert about_bo == {"Bo": True, "Chen": True, "Gia": False, "Eli": True}
    assert not absences.may_edit(house.bo.asker, house.chen)


def test_each_change_is_in_the_security_log(house: House, roster: Roster, by: dict[str, Any]) -> None:
    roster_plans.change(roster.id, {"name": "ERP", "zone": "UTC"}, **by)
    override = roster_plans.add_override(roster.id, house.eli.id, MONDAY_9, MONDAY_9 + DAY, "Swap", **by)
    roster_plans.remove_override(roster.id, override.id, **by)
    absence = absences.add_absence(house.bo.id, MONDAY_9, MONDAY_9 + DAY, **by)
    absences.remove_absence(absence.id, **by)
    assert [event.what for event in db.session.query(SecurityEvent).order_by(SecurityEvent.id)] == [
        "roster_added",
        "roster_layers_changed",
        "roster_changed",
        "override_added",
        "override_removed",
        "absence_added",
        "absence_removed",
    ]

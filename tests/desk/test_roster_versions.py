"""Dated versions of rosters: pieced together, so that the past never changes."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from helpdesk.desk import calendars, leavers, roster_plans, rosters
from helpdesk.desk.changes import By
from helpdesk.desk.rosters import LayerDraft
from helpdesk.rules.recipients import Turns
from helpdesk.store import db
from helpdesk.store.rosters import Roster
from tests.conftest import MONDAY_9, House

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def draft(people: list[int], **other: Any) -> LayerDraft:
    layer: Any = {"name": "days", "people": people, "starts_at": "2026-03-02T09:00", "ends_at": None}
    return {**layer, "every": 1, "unit": "days", "hours": None, **other}


@pytest.fixture
def roster(house: House) -> Roster:
    """Bo and Chen take daily turns since Monday, Bo first."""
    found = roster_plans.create_roster("First", "Europe/Berlin", team_id=house.team.id, **by(house))
    return roster_plans.save_layers(found.id, [draft([house.bo.id, house.chen.id])], **by(house))


def by(house: House, now: datetime = MONDAY_9) -> dict[str, Any]:
    return {"now": now, "actor_id": house.eli.id}


def told(roster: Roster, days: int = 14) -> list[tuple[str, str | None, str | None]]:
    turns = rosters.turns_of(roster, MONDAY_9, MONDAY_9 + days * DAY)
    return [(f"{t.from_at:%d %H:%M}", t.person and t.person.name, t.flag) for t in turns]


def test_saved_layers_leave_the_past_alone(house: House, roster: Roster) -> None:
    before = told(roster, days=2)
    roster_plans.save_layers(roster.id, [draft([house.eli.id])], **by(house, MONDAY_9 + 2 * DAY))
    assert told(roster) == [*before, ("04 08:00", "Eli", None)]


def test_layers_hold_from_the_instant_that_was_chosen(house: House, roster: Roster) -> None:
    since = MONDAY_9 + DAY + 3 * HOUR
    lanes = rosters.lanes_of(roster, MONDAY_9, MONDAY_9 + 3 * DAY, [draft([house.eli.id])], since)
    roster_plans.save_layers(roster.id, [draft([house.eli.id])], effective_at=since, **by(house))
    assert told(roster) == [("02 08:00", "Bo", None), ("03 08:00", "Chen", None), ("03 11:00", "Eli", None)]
    assert lanes == rosters.lanes_of(roster, MONDAY_9, MONDAY_9 + 3 * DAY), "as the preview said"
    assert rosters.turns_at([roster.id], since - HOUR) == {roster.id: Turns(house.chen.id, house.eli.id)}
    assert rosters.turns_at([roster.id], since, with_next=False) == {roster.id: Turns(house.eli.id)}


def test_what_holds_sooner_drops_what_was_planned_for_later(house: House, roster: Roster) -> None:
    planned, sooner = draft([house.dee.id]), draft([house.eli.id])
    roster_plans.save_layers(roster.id, [planned], effective_at=MONDAY_9 + 9 * DAY, **by(house))
    assert told(roster)[-1] == ("11 08:00", "Dee", None)
    roster_plans.save_layers(roster.id, [sooner], effective_at=MONDAY_9 + 4 * DAY, **by(house))
    assert told(roster)[-1] == ("06 08:00", "Eli", None)


def test_another_zone_holds_from_now_on_for_planned_layers_too(house: House, roster: Roster) -> None:
    planned = draft([house.eli.id])
    roster_plans.save_layers(roster.id, [planned], effective_at=MONDAY_9 + 3 * DAY, **by(house))
    # 09:00 in Shanghai is 01:00 UTC; what is changed at 09:00 in Berlin leaves Bo's turn until then.
    roster_plans.change(roster.id, {"zone": "Asia/Shanghai"}, **by(house, MONDAY_9 + HOUR))
    assert told(roster) == [
        ("02 08:00", "Bo", None),
        ("03 01:00", "Chen", None),
        ("04 01:00", "Bo", None),
        ("05 01:00", "Chen", None),
        ("05 08:00", "Eli", None),
    ]
    assert [version.zone for version in roster.versions] == ["Europe/Berlin"] * 2 + ["Asia/Shanghai"] * 2


def test_another_name_makes_no_version(house: House, roster: Roster) -> None:
    roster_plans.change(roster.id, {"name": "Other", "remind_hours": 4}, **by(house))
    assert (roster.name, roster.remind_hours, len(roster.versions)) == ("Other", 4, 1)


def test_a_layer_follows_its_calendar_whose_past_stays(house: House, roster: Roster) -> None:
    me = By(MONDAY_9, house.eli.id)
    week = {"mon": [["09:00", "18:00"]], "tue": [["09:00", "18:00"]]}
    office = calendars.create("Desk", "Asia/Shanghai", week, {}, me)
    roster_plans.save_layers(roster.id, [draft([house.bo.id], calendar_id=office.id)], **by(house))
    assert told(roster, days=8) == [
        ("02 08:00", "Bo", None),
        ("02 10:00", None, None),
        ("03 01:00", "Bo", None),
        ("03 10:00", None, None),
        ("09 01:00", "Bo", None),
        ("09 10:00", None, None),
        ("10 01:00", "Bo", None),
    ]
    calendars.publish(office.id, {}, {"2026-03-10": [["10:00", "11:00"]]}, date(2026, 3, 4), "", me)
    assert told(roster, days=9)[3:] == [
        ("03 10:00", None, None),
        ("10 02:00", "Bo", None),
        ("10 03:00", None, None),
    ]
    with pytest.raises(LookupError, match="no calendar 999"):
        roster_plans.save_layers(roster.id, [draft([house.bo.id], calendar_id=999)], **by(house))


def test_the_same_person_first_and_backup_is_found(house: House, roster: Roster) -> None:
    backup = roster_plans.create_roster("Second", "UTC", team_id=house.team.id, as_backup=True, **by(house))
    layer = draft([house.chen.id, house.eli.id], starts_at="2026-03-02T12:00", every=2)
    roster_plans.save_layers(backup.id, [layer], **by(house))
    end = MONDAY_9 + 4 * DAY
    for one, other in ((roster, backup), (backup, roster)):
        [found] = rosters.doubled(one, MONDAY_9, end)
        assert (found.person, found.other) == (house.chen, other)
        assert (found.from_at, found.to_at) == (MONDAY_9 + DAY, MONDAY_9 + 2 * DAY)


def test_who_comes_back_fills_no_gap_that_was(house: House, roster: Roster) -> None:
    leavers.leave(house.bo.id, By(MONDAY_9 + HOUR, house.eli.id))
    back_at = MONDAY_9 + 2 * DAY + HOUR
    leavers.come_back(house.bo.id, By(back_at, house.eli.id))
    db.session.expire_all()
    assert told(roster, days=3) == [
        ("02 08:00", "Bo", None),
        ("02 09:00", None, "left"),
        ("03 08:00", "Chen", None),
        ("04 08:00", None, "left"),
        ("04 09:00", "Bo", None),
    ]
    assert rosters.who_is_on_call(roster.id, back_at - HOUR) is None
    assert rosters.who_is_on_call(roster.id, back_at) == house.bo
    assert datetime(2026, 3, 4, 9, 0, tzinfo=UTC) == back_at

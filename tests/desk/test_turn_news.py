"""Whoever's turns change hears of it, in their own zone and once."""

from datetime import date, timedelta
from typing import Any

import pytest

from helpdesk.desk import absences, calendars, leavers
from helpdesk.desk.changes import By
from helpdesk.desk.turn_news import told
from helpdesk.store import db
from helpdesk.store.db import transaction
from helpdesk.store.letters import Letter
from helpdesk.store.rosters import Layer, Override, Roster
from tests.conftest import MONDAY_9, House, a_roster

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def by(house: House) -> dict[str, Any]:
    return {"now": MONDAY_9, "actor_id": house.chen.id}


@pytest.fixture
def roster(house: House) -> Roster:
    """Bo and Chen take weekly turns from this Monday 09:00 in Berlin on, Bo first."""
    people = [house.bo.id, house.chen.id]
    layer = Layer(
        name="weeks", position=0, people=people, starts_at="2026-03-02T09:00", every=1, unit="weeks"
    )
    found = a_roster("First line", layer)
    db.session.add(found)
    db.session.flush()
    house.team.roster_id = found.id
    db.session.commit()
    return found


def letters() -> list[tuple[str, str]]:
    db.session.rollback()
    found = db.session.query(Letter).filter_by(kind="turns_changed").order_by(Letter.id)
    return [(letter.to_address, letter.text) for letter in found]


def test_an_absence_tells_whoever_covers_and_whoever_is_away_but_not_who_noted_it(
    house: House, roster: Roster, by: dict[str, Any]
) -> None:
    absences.add_absence(house.bo.id, MONDAY_9 + 4 * DAY, MONDAY_9 + 5 * DAY, **by)
    [(address, text)] = letters()
    assert address == "bo@example.org"
    assert (
        "In place of Mon 2 Mar, 09:00 to Mon 9 Mar, 09:00 your turns are now: "
        "Mon 2 Mar, 09:00 to Fri 6 Mar, 09:00, Sat 7 Mar, 09:00 to Mon 9 Mar, 09:00." in text
    )
    by["actor_id"] = house.bo.id
    absences.add_absence(house.chen.id, MONDAY_9 + 10 * DAY, MONDAY_9 + 15 * DAY, **by)
    address, text = letters()[-1]
    assert address == "chen@example.org"
    assert "Your turn that begins Mon 9 Mar, 09:00 now ends Thu 12 Mar, 09:00, not Mon 16 Mar, 09:00." in text
    assert len(letters()) == 2


def test_an_absence_outside_ones_turns_is_no_news(house: House, roster: Roster, by: dict[str, Any]) -> None:
    absences.add_absence(house.bo.id, MONDAY_9 + 8 * DAY, MONDAY_9 + 9 * DAY, **by)
    absences.add_absence(house.eli.id, MONDAY_9, MONDAY_9 + 9 * DAY, **by)
    assert letters() == []


def test_taking_an_absence_back_tells_that_the_turn_is_theirs_again(
    house: House, roster: Roster, by: dict[str, Any]
) -> None:
    absence = absences.add_absence(house.bo.id, MONDAY_9 + 7 * DAY, MONDAY_9 + 28 * DAY, **by)
    absences.remove_absence(absence.id, **by)
    (_gone, text) = letters()[-1]
    assert "You have a new turn: Mon 16 Mar, 09:00 to Mon 23 Mar, 09:00." in text


def test_what_several_verbs_change_together_is_one_letter_and_nothing_where_they_fail(
    house: House, roster: Roster, by: dict[str, Any]
) -> None:
    with transaction(), told([roster.id], **by):
        absences.add_absence(house.bo.id, MONDAY_9 + DAY, MONDAY_9 + 2 * DAY, **by)
        absences.add_absence(house.bo.id, MONDAY_9 + 3 * DAY, MONDAY_9 + 4 * DAY, **by)
    assert len(letters()) == 1
    with pytest.raises(ZeroDivisionError):
        fail_after_an_absence(house, roster, by)
    assert len(letters()) == 1


def fail_after_an_absence(house: House, roster: Roster, by: dict[str, Any]) -> None:
    with transaction(), told([roster.id], **by):
        absences.add_absence(house.bo.id, MONDAY_9 + 5 * DAY, MONDAY_9 + 6 * DAY, **by)
        raise ZeroDivisionError


def test_the_letter_is_in_the_readers_zone_and_names_the_turn_in_its_subject(
    house: House, roster: Roster, by: dict[str, Any]
) -> None:
    house.bo.zone = "Asia/Shanghai"
    db.session.commit()
    with transaction(), told([roster.id], **by):
        span = {"starts_at": MONDAY_9 + 7 * DAY - 12 * HOUR, "ends_at": MONDAY_9 + 7 * DAY}
        db.session.add(Override(roster_id=roster.id, person_id=house.chen.id, created_at=MONDAY_9, **span))
    [(address, text)] = letters()
    assert address == "bo@example.org"
    assert "Your turn of now ends Mon 9 Mar, 04:00, not Mon 9 Mar, 16:00." in text
    assert "Times are Shanghai time." in text


def test_a_calendar_published_anew_tells_those_whose_turns_follow_it(house: House, roster: Roster) -> None:
    by = By(MONDAY_9, house.eli.id)
    desk = calendars.create("Desk", "Europe/Berlin", {"fri": [["09:00", "18:00"]]}, {}, by)
    roster.versions[0].layers[0].calendar_id = desk.id
    db.session.commit()
    calendars.publish(desk.id, {"fri": [["09:00", "21:00"]]}, {}, date(2026, 3, 9), "Longer", by)
    assert [address for address, _text in letters()] == ["bo@example.org", "chen@example.org"]
    assert "Your turn that begins Fri 13 Mar, 09:00 now ends Fri 13 Mar, 21:00" in letters()[1][1]
    assert "6 Mar" not in letters()[0][1], "days before it stay"


def test_who_comes_back_hears_which_turns_are_theirs_again(house: House, roster: Roster) -> None:
    leavers.leave(house.bo.id, By(MONDAY_9, house.eli.id))
    assert letters() == [], "nobody else's turns are others"
    leavers.come_back(house.bo.id, By(MONDAY_9 + DAY, house.eli.id))
    [(address, text)] = letters()
    assert address == "bo@example.org"
    assert "You have a new turn: Mon 16 Mar, 09:00 to Mon 23 Mar, 09:00." in text

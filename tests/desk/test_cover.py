"""A promise beyond office hours wants somebody on call; Berlin is UTC+1 until 29 March 2026."""

from datetime import timedelta
from typing import Any

from helpdesk.desk import calendars, policy_plans
from helpdesk.desk.changes import By
from helpdesk.store import db
from helpdesk.store.organisation import get_organisation
from helpdesk.store.policies import Policy
from helpdesk.store.rosters import Layer
from tests.conftest import MONDAY_9, House, a_roster

SATURDAYS = {"mon": [["09:00", "12:00"]], "sat": [["10:00", "14:00"]]}
HOUR = 3600


def promised(calendar_id: int) -> dict[str, Any]:
    """What the standard policy promises, with critical in that calendar."""
    now = db.session.query(Policy).filter_by(name="Standard").one().versions[-1].definition
    critical = {name: {"minutes": 60, "calendar_id": calendar_id} for name in ("response", "resolution")}
    return {**now, "critical": {**critical, "maintenance_pauses": False}}


def missing(calendar_id: int) -> list[int | None]:
    policy = db.session.query(Policy).filter_by(name="Standard").one()
    return [each.seconds for each in policy_plans.uncovered(policy, promised(calendar_id), MONDAY_9)]


def saturdays(house: House) -> int:
    return calendars.create("Saturdays", "Europe/Berlin", SATURDAYS, {}, By(MONDAY_9, house.eli.id)).id


def on_call(house: House, hours: dict[str, Any]) -> None:
    roster = a_roster(
        "ERP",
        Layer(
            position=0,
            name="weeks",
            people=[house.bo.id],
            starts_at="2026-03-02T00:00",
            every=1,
            unit="weeks",
            hours=hours,
        ),
    )
    db.session.add(roster)
    db.session.flush()
    house.team.roster_id = roster.id
    db.session.commit()


def test_a_calendar_within_office_hours_needs_nobody_on_call(house: House) -> None:
    assert missing(get_organisation().calendar_id) == []


def test_hours_beyond_the_office_s_need_somebody_on_call(house: House) -> None:
    calendar_id = saturdays(house)
    assert missing(calendar_id) == [None]  # no roster at all
    on_call(house, {"week": {"sun": [["10:00", "14:00"]]}})
    assert missing(calendar_id) == [2 * 4 * HOUR]


def test_those_on_call_cover_such_hours(house: House) -> None:
    calendar_id = saturdays(house)
    on_call(house, {"week": {"sat": [["10:00", "14:00"]]}})
    assert missing(calendar_id) == []
    house.bo.left_at = MONDAY_9 + timedelta(days=7)
    db.session.commit()
    assert missing(calendar_id) == [4 * HOUR]

"""Fairness through its page and its exports, counted by hand."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from helpdesk import clock
from helpdesk.desk import fairness, roster_plans, tickets
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.escalations import Alarm
from helpdesk.store.notices import Notice, count_told
from helpdesk.store.rosters import Layer, Override, Roster, RosterVersion
from helpdesk.store.security import SecurityEvent
from helpdesk.store.tickets import list_entries
from tests.conftest import Browser, House, a_roster, read_anew

Browsers = Callable[[], Browser]
MARCH = "since=2026-03-02&until=2026-03-15"


@pytest.fixture
def roster(house: House) -> Roster:
    """Bo and Chen take weeks from Monday 2 March on; Eli takes one night of Bo's."""
    people = [house.bo.id, house.chen.id]
    layer = Layer(
        position=0, name="Weeks", people=people, starts_at="2026-03-02T00:00", every=1, unit="weeks"
    )
    found = a_roster("First line", layer)
    db.session.add(found)
    db.session.flush()
    start = datetime(2026, 3, 3, 21, tzinfo=UTC)
    night = Override(roster_id=found.id, person_id=house.eli.id, starts_at=start, created_at=start)
    night.ends_at = start + timedelta(hours=8)
    db.session.add(night)
    house.team.roster_id = found.id
    house.bo.staff_number = "=7"
    db.session.commit()
    return found


def exported(answer: object) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))  # type: ignore[attr-defined]


def test_everybodys_hours_nights_and_weekends_add_up(house: House, roster: Roster, browser: Browsers) -> None:
    dee = browser().known_as(house.dee)
    head, *lines = exported(dee.get(f"/on-call/fairness/people.csv?{MARCH}"))
    assert head[5:8] == ["Hours on call", "Hours at night", "Nights"]
    got = {line[0]: [float(each) for each in line[5:13]] for line in lines}
    # hours, at night, nights, at weekends, weekends, on holidays, holidays, alarms
    # (Chen's week begins at midnight, in the night of Bo's Sunday)
    assert got == {
        "Bo": [160, 48, 7, 48, 1, 0, 0, 0],
        "Chen": [168, 56, 8, 48, 1, 0, 0, 0],
        "Eli": [8, 8, 1, 0, 0, 0, 0, 0],
    }
    page = dee.get(f"/on-call/fairness?{MARCH}").text
    assert "160 h" in page
    assert "2 Mar 2026 to 15 Mar 2026" in page


def test_a_line_for_each_turn_says_local_times_and_its_zone(
    house: House, roster: Roster, browser: Browsers
) -> None:
    dee = browser().known_as(house.dee)
    _head, *lines = exported(dee.get(f"/on-call/fairness/turns.csv?{MARCH}"))
    assert lines[1] == [
        *("Eli", "", "First line", "Europe/Berlin", "2026-03-03 22:00:00", "2026-03-04 06:00:00"),
        *("8.0", "8.0", "0.0", "0.0"),
    ]
    assert lines[0][1] == "'=7"
    sheet = load_workbook(io.BytesIO(dee.get(f"/on-call/fairness/turns.xlsx?{MARCH}").get_data())).worksheets[
        0
    ]
    cells = [cell.value for cell in list(sheet.iter_rows())[2]]
    assert cells[4:7] == [datetime(2026, 3, 3, 22), datetime(2026, 3, 4, 6), 8]  # noqa: DTZ001


def test_what_is_past_stays_as_it_was_when_layers_and_zone_change(
    house: House, roster: Roster, browser: Browsers
) -> None:
    dee = browser().known_as(house.dee)
    path = f"/on-call/fairness/turns.csv?{MARCH}"
    before = exported(dee.get(path))
    by = {"now": clock.now(), "actor_id": house.chen.id}
    layer = {"name": "Days", "people": [house.eli.id], "starts_at": "2026-03-02T09:00", "ends_at": None}
    layer |= {"every": 1, "unit": "days", "hours": None}
    roster_plans.save_layers(roster.id, [layer], **by)
    roster_plans.change(roster.id, {"zone": "Asia/Shanghai"}, **by)
    assert exported(dee.get(path)) == before


def test_a_turn_during_which_the_roster_moved_is_counted_by_both_clocks(house: House) -> None:
    layer = {"position": 0, "name": "Bo", "people": [house.bo.id], "starts_at": "2026-03-02T00:00"}
    layer |= {"every": 1, "unit": "weeks"}
    roster = a_roster("First line", Layer(**layer))
    moved = datetime(2026, 3, 4, 21, tzinfo=UTC)  # 22:00 in Berlin, 05:00 in Shanghai
    second = RosterVersion(number=2, zone="Asia/Shanghai", effective_at=moved, published_at=moved)
    second.layers.append(Layer(**layer))
    roster.versions.append(second)
    roster.zone = "Asia/Shanghai"
    db.session.add(roster)
    db.session.commit()
    turns = fairness.carried([roster], moved - timedelta(hours=2), moved + timedelta(hours=2))
    assert [(each.zone, each.burden.night_seconds // 3600) for each in turns] == [
        ("Europe/Berlin", 0),
        ("Asia/Shanghai", 1),
    ]


def test_an_export_is_for_those_who_may_take_figures_out_and_is_logged(
    house: House, roster: Roster, browser: Browsers
) -> None:
    for person in (house.chen, house.fay, house.bo, house.ana):
        assert browser().known_as(person).get("/on-call/fairness/people.csv").status_code == 404
    assert browser().known_as(house.dee).get(f"/on-call/fairness/people.xlsx?{MARCH}").status_code == 200
    read_anew()
    event = db.session.scalar(select(SecurityEvent).where(SecurityEvent.what == "exported"))
    assert event is not None
    assert (event.actor_id, event.subject) == (house.dee.id, "fairness:people")
    assert event.detail == {"from": "2026-03-02", "to": "2026-03-15", "rows": 3}


def test_a_lead_sees_the_rosters_of_the_teams_they_lead(
    house: House, roster: Roster, browser: Browsers
) -> None:
    other = a_roster("Network line")
    db.session.add(other)
    db.session.commit()
    chen, dee = browser().known_as(house.chen), browser().known_as(house.dee)
    assert chen.get(f"/on-call/fairness?roster={roster.id}").status_code == 200
    assert chen.get(f"/on-call/fairness?roster={other.id}").status_code == 404
    assert dee.get(f"/on-call/fairness?roster={other.id}").status_code == 200
    assert browser().known_as(house.bo).get("/on-call/fairness").status_code == 404


def test_days_that_cannot_be_are_said(house: House, roster: Roster, browser: Browsers) -> None:
    answer = browser().known_as(house.dee).get("/on-call/fairness?since=2026-03-15&until=2026-03-02")
    assert answer.status_code == 422
    assert "This day is before the first one." in answer.text
    assert browser().known_as(house.dee).get("/on-call/fairness?roster=x").status_code == 422


def test_an_alarm_that_tells_over_two_channels_is_one(house: House) -> None:
    command = tickets.Report("Stuck", "", works=Works.NOTHING, affected=Affected.EVERYONE)
    ticket = tickets.report(command, house.ana, now=house.now, door="web")
    entry, *_others = list_entries(ticket.id)
    alarm = db.session.scalar(select(Alarm))
    assert alarm is not None
    told = {"alarm_id": alarm.id, "entry_id": entry.id, "ticket_id": ticket.id}
    for person, kind in ((house.bo, "escalated"), (house.bo, "escalated"), (house.chen, "uncovered")):
        db.session.add(Notice(person_id=person.id, kind=kind, created_at=house.now, **told))
    db.session.commit()
    people = [house.bo.id, house.chen.id]
    assert count_told(people, house.now, house.now + timedelta(minutes=1)) == {house.bo.id: 1}
    assert count_told(people, house.now - timedelta(minutes=1), house.now) == {}

"""Urgent business during maintenance: who hears of it, what its clock counts, what is decided."""

from datetime import timedelta

import pytest

from helpdesk.desk import emergencies, escalations, maintenance, tickets
from helpdesk.desk.changes import By
from helpdesk.desk.emergencies import NotRunning
from helpdesk.desk.registration import Report
from helpdesk.outbound import notices
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.emergencies import find_emergency_of
from helpdesk.store.escalations import Alarm
from helpdesk.store.letters import Letter
from helpdesk.store.maintenance import Window, WindowEntry
from helpdesk.store.organisation import get_organisation
from helpdesk.store.policies import Policy, PolicyVersion
from helpdesk.store.rosters import Layer
from helpdesk.store.targets import Target
from helpdesk.store.tickets import Entry, Ticket
from tests.conftest import MONDAY_9, House, a_roster, read_anew

HOUR = timedelta(hours=1)
START, END = MONDAY_9 + 5 * HOUR, MONDAY_9 + 8 * HOUR


def always(person_id: int) -> Layer:
    """The person is always on call."""
    return Layer(
        name="All", position=0, people=[person_id], starts_at="2020-01-06T09:00", every=1, unit="weeks"
    )


@pytest.fixture
def window(house: House) -> Window:
    """ERP is down this afternoon; Eli owns the window, Bo is on call."""
    roster = a_roster("ERP", always(house.bo.id))
    db.session.add(roster)
    db.session.flush()
    house.team.roster_id = roster.id
    db.session.commit()
    values = {"service_ids": [house.erp.id], "starts_at": START, "ends_at": END, "owner_id": house.eli.id}
    drafted = maintenance.draft(values, By(MONDAY_9, house.chen.id))
    maintenance.approve(drafted.id, By(MONDAY_9, house.dee.id))
    announced = maintenance.announce(drafted.id, By(MONDAY_9, house.chen.id))
    maintenance.sweep(START)
    return announced


def asked(house: House, window: Window, at: object = START + HOUR) -> Ticket:
    command = Report("Wages must go out today", "The bank closes at five.", service_id=house.erp.id)
    return emergencies.ask(window.id, command, house.ana, now=at, door="web", sent_key="once")  # type: ignore[arg-type]


def rung(at: object) -> dict[str, list[str]]:
    while escalations.ring(at).tickets:  # type: ignore[arg-type]
        pass
    notices.gather(at)  # type: ignore[arg-type]
    read_anew()
    found: dict[str, list[str]] = {}
    for letter in db.session.query(Letter).filter(Letter.kind.in_(("escalated", "escalated_many"))):
        found.setdefault(letter.to_address, []).append(letter.text)
    return found


def test_the_owner_of_the_window_and_whoever_is_on_call_hear_of_it_at_once(
    house: House, window: Window
) -> None:
    ticket = asked(house, window)
    told = rung(START + HOUR)
    assert set(told) == {"eli@example.org", "bo@example.org"}
    assert "cannot wait for the maintenance to end" in told["eli@example.org"][0]
    assert ticket.severity == "critical"


def test_who_is_on_call_is_told_once_where_the_ladder_begins_with_them(house: House, window: Window) -> None:
    asked(house, window)
    keys = {alarm.key for alarm in db.session.query(Alarm)}
    assert {key for key in keys if key.startswith("emergency")} == {"emergency:owner"}
    assert len(rung(START + HOUR)["bo@example.org"]) == 1


def test_it_is_told_at_once_by_night_too_where_critical_reports_are_answered_in_office_hours(
    house: House, window: Window
) -> None:
    version = db.session.query(PolicyVersion).join(Policy).filter(Policy.name == "Standard").one()
    critical = version.definition["critical"]
    in_office_hours = {**critical["response"], "calendar_id": get_organisation().calendar_id}
    version.definition = {**version.definition, "critical": {**critical, "response": in_office_hours}}
    db.session.commit()
    maintenance.extend(window.id, END + 4 * HOUR, By(START + HOUR, house.eli.id))
    asked(house, window, END + 2 * HOUR)
    assert set(rung(END + 2 * HOUR)) == {"eli@example.org", "bo@example.org"}


def test_no_window_pauses_it(house: House, window: Window) -> None:
    paused = tickets.report(
        Report("Down", "", service_id=house.erp.id, works=Works.NOTHING, affected=Affected.EVERYONE),
        house.ana,
        now=START + HOUR,
        door="web",
    )
    urgent = asked(house, window)
    due = {
        ticket.id: db.session.query(Target).filter_by(ticket_id=ticket.id, target="response").one().due_at
        for ticket in (paused, urgent)
    }
    assert due[urgent.id] < END
    assert paused.severity == urgent.severity == "critical"


def test_the_same_sending_is_one_ticket_and_pages_once(house: House, window: Window) -> None:
    first = asked(house, window)
    assert asked(house, window).id == first.id
    assert db.session.query(WindowEntry).filter_by(kind="emergency").count() == 1


@pytest.mark.parametrize("at", [START - HOUR, END])
def test_outside_the_window_it_is_a_report_as_any_other(house: House, window: Window, at: object) -> None:
    with pytest.raises(NotRunning):
        asked(house, window, at)
    assert db.session.query(Ticket).count() == 0


def test_the_outcome_stands_in_both_timelines_and_the_asker_is_told(house: House, window: Window) -> None:
    ticket = asked(house, window)
    request = find_emergency_of(ticket.id)
    assert request is not None
    by = By(START + 2 * HOUR, house.eli.id)
    emergencies.decide(request.id, "work_around", "Bo posts them by hand in the old system.", by)
    read_anew()
    entry = db.session.query(Entry).filter_by(ticket_id=ticket.id, kind="emergency_decided").one()
    assert (entry.detail["outcome"], entry.is_public, entry.actor_id) == ("work_around", True, house.eli.id)
    kept = db.session.query(WindowEntry).filter_by(window_id=window.id, kind="outcome").one()
    assert kept.detail["outcome"] == "work_around"
    letter = db.session.query(Letter).filter_by(kind="emergency_decided").one()
    assert letter.to_address == "ana@example.org"
    assert "It is done another way." in letter.text
    assert "Bo posts them by hand" in letter.text
    emergencies.decide(request.id, "interrupt", "The old system is down too.", by)
    assert db.session.query(WindowEntry).filter_by(kind="outcome").count() == 2

"""Letters about being on call as they are read: golden texts beside this file."""

from datetime import timedelta

import pytest

from helpdesk.desk import handovers, preflight, tickets
from helpdesk.desk.changes import By
from helpdesk.desk.tickets import Report
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.rosters import Absence, Layer, Roster
from tests.conftest import MONDAY_9, House, a_roster
from tests.outbound.test_letters import letter, reads_as

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def roster(house: House) -> Roster:
    """Bo and Chen take turns of a day, Bo on Monday."""
    layer = Layer(position=0, name="days", people=[house.bo.id, house.chen.id], every=1, unit="days")
    layer.starts_at = "2026-03-02T09:00"
    found = a_roster("First line", layer)
    db.session.add(found)
    db.session.flush()
    house.team.roster_id = found.id
    db.session.commit()
    return found


def test_a_handover_names_what_is_open_and_what_was_written(house: House, roster: Roster) -> None:
    command = Report("Down", "504", service_id=house.erp.id, works=Works.NOTHING, affected=Affected.EVERYONE)
    tickets.report(command, house.ana, now=MONDAY_9, door="web")
    handovers.write_words(
        roster.id, "The supplier calls back at ten.\nAsk for Ana.", By(MONDAY_9, house.bo.id)
    )
    handovers.sweep(MONDAY_9)
    handovers.sweep(MONDAY_9 + DAY)
    reads_as("handover", letter("handover"))


def test_a_handover_says_that_nothing_is_open(house: House, roster: Roster) -> None:
    handovers.sweep(MONDAY_9)
    handovers.sweep(MONDAY_9 + DAY)
    reads_as("handover_of_nothing", letter("handover"))


def test_a_reminder_says_from_when_until_when(house: House, roster: Roster) -> None:
    handovers.sweep(MONDAY_9)
    reads_as("turn_reminder", letter("turn_reminder"))


def test_preflight_says_what_and_when_and_what_to_do(house: House, roster: Roster) -> None:
    for person in (house.bo, house.chen):
        start = MONDAY_9 + 6 * DAY
        db.session.add(Absence(person_id=person.id, starts_at=start, ends_at=start + 12 * HOUR))
    db.session.commit()
    preflight.write_letters(MONDAY_9)
    reads_as("preflight", letter("preflight"))

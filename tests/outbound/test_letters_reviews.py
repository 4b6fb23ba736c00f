"""Letters about broken promises as they are read: golden texts beside this file."""

from datetime import timedelta

import pytest

from helpdesk.desk import breaches, tickets
from helpdesk.desk.tickets import Report
from helpdesk.rules.severity import Affected, Works
from tests.conftest import MONDAY_9, House
from tests.outbound.test_letters import letter, reads_as

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def late(house: House) -> House:
    """Two critical tickets, answered on Monday at eleven instead of ten."""
    breaches.begin(MONDAY_9)
    for subject in ("Down", "Labels <b>fail</b>"):
        said = {"works": Works.NOTHING, "affected": Affected.EVERYONE, "service_id": house.erp.id}
        report = Report(subject, "", **said)  # type: ignore[arg-type]
        ticket = tickets.report(report, house.ana, now=MONDAY_9, door="web")
        tickets.accept(ticket.id, house.bo, now=MONDAY_9 + 2 * HOUR)
    return house


def test_an_owner_reads_which_promises_were_broken_and_by_when_to_explain_them(late: House) -> None:
    breaches.write_reminders(MONDAY_9 + DAY)
    reads_as("reviews", letter("reviews"))


def test_a_manager_reads_what_was_not_explained_in_time_and_who_owns_it(late: House) -> None:
    breaches.sweep(MONDAY_9 + 8 * DAY)
    reads_as("reviews_overdue", letter("reviews_overdue"))

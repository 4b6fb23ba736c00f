"""What the tests of mail share: a ticket of Ana's, and a mail exchanger of our own."""

import pytest

from helpdesk.desk import tickets
from helpdesk.desk.tickets import Report
from helpdesk.store.tickets import Ticket
from tests.conftest import MONDAY_9, House
from tests.mail.taking import switch


@pytest.fixture
def ticket(house: House) -> Ticket:
    return tickets.report(Report("Printer", "It jams"), house.ana, now=MONDAY_9, door="web")


@pytest.fixture
def own_mx(house: House) -> None:
    """Our own mail exchanger says whether a sender is genuine."""
    switch(mail_authserv="mx.example.org")

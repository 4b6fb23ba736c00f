"""The letter about a message that became a ticket, as it is read (golden texts as in test_letters)."""

from datetime import timedelta

from helpdesk.desk import splitting, tickets
from helpdesk.store.tickets import Ticket
from tests.conftest import MONDAY_9, House
from tests.outbound.test_letters import REPORT, letter, reads_as


def test_whoever_wrote_a_message_is_told_that_it_goes_on_by_itself(house: House) -> None:
    ticket: Ticket = tickets.report(REPORT, house.ana, now=MONDAY_9, door="web")
    written, later = MONDAY_9 + timedelta(minutes=5), MONDAY_9 + timedelta(minutes=9)
    said = "The scanner beside it is broken, too."
    message = tickets.reporter_reply(ticket.id, house.ana, said, now=written, door="web")
    splitting.split(ticket.id, house.bo, message.id, "Scanner is broken", now=later)
    reads_as("split", letter("split"))

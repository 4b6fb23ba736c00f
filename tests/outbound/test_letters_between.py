"""Letters about what must not fall between people, as they are read (golden texts as in test_letters)."""

from datetime import timedelta

import pytest

from helpdesk.desk import closing, reopenings, tickets, triage
from helpdesk.desk.registration import Report
from helpdesk.rules.severity import Affected, Works
from helpdesk.store.tickets import Ticket
from tests.conftest import MONDAY_9, House
from tests.outbound.test_letters import letter, reads_as, ring

MINUTE = timedelta(minutes=1)


@pytest.fixture
def critical(house: House) -> Ticket:
    command = Report(
        "ERP is down",
        "It says 504.",
        service_id=house.erp.id,
        works=Works.NOTHING,
        affected=Affected.EVERYONE,
    )
    return tickets.report(command, house.ana, now=MONDAY_9, door="web")


def test_whoever_accepts_a_critical_ticket_promises_news(critical: Ticket, house: House) -> None:
    tickets.accept(critical.id, house.bo, now=MONDAY_9)
    reads_as("accepted_with_news", letter("accepted"))


def test_an_answer_says_by_when_the_next_one_comes(critical: Ticket, house: House) -> None:
    tickets.reply(critical.id, house.bo, "On it", update_by=MONDAY_9 + 80 * MINUTE, now=MONDAY_9)
    reads_as("replied_with_news", letter("replied"))


def test_what_was_passed_on_waits_for_somebody_to_accept_it(critical: Ticket, house: House) -> None:
    tickets.accept(critical.id, house.bo, now=MONDAY_9)
    triage.assign(critical.id, house.bo, house.chen.id, now=MONDAY_9 + 20 * MINUTE)
    ring(MONDAY_9 + 20 * MINUTE)
    reads_as("escalated_to_be_accepted", letter("escalated"))


def test_whoever_went_silent_is_told(critical: Ticket, house: House) -> None:
    tickets.accept(critical.id, house.bo, now=MONDAY_9)
    ring(MONDAY_9 + 30 * MINUTE)
    reads_as("escalated_for_silence", letter("escalated"))


def test_whoever_promised_news_is_told_when_it_is_due(critical: Ticket, house: House) -> None:
    tickets.accept(critical.id, house.bo, now=MONDAY_9)
    tickets.reply(critical.id, house.bo, "On it", update_by=MONDAY_9 + 20 * MINUTE, now=MONDAY_9)
    ring(MONDAY_9 + 20 * MINUTE)
    reads_as("escalated_for_news", letter("escalated"))


def test_a_reopening_that_was_none_is_a_new_report(critical: Ticket, house: House) -> None:
    closing.resolve(critical.id, house.bo, "disk", "A new disk", now=MONDAY_9)
    closing.reopen(critical.id, house.ana, "Now the printer jams.", now=MONDAY_9 + 5 * MINUTE)
    reopenings.not_a_reopening(
        critical.id, house.bo, "the printer is another device", now=MONDAY_9 + 9 * MINUTE
    )
    reads_as("not_reopened", letter("not_reopened"))

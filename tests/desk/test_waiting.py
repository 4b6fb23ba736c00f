from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.desk import tickets, waiting
from helpdesk.desk.tickets import Report
from helpdesk.rules.lifecycle import NotAllowed
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.tickets import Ticket, list_entries
from tests.conftest import MONDAY_9, House

# Mondays and later, Berlin is UTC+1: office hours are 08:00 to 11:00 and 12:00 to 17:00 UTC.
TEN, ELEVEN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC), datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
TUESDAY_9 = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
FRIDAY_9 = datetime(2026, 3, 6, 8, 0, tzinfo=UTC)


@pytest.fixture
def ticket(house: House) -> Ticket:
    return tickets.report(Report("Printer", "jam"), house.ana, now=MONDAY_9, door="web")


def ask(house: House, ticket: Ticket, now: datetime = TEN) -> None:
    waiting.wait(
        ticket.id, house.bo, waiting_for="reporter", wake_at=FRIDAY_9, question="Which floor?", now=now
    )


def states(ticket: Ticket) -> dict[str, str]:
    return {t.target: t.state for t in ticket.targets}


def letters_to(address: str) -> list[str]:
    return [letter.kind for letter in db.session.query(Letter).filter_by(to_address=address).order_by("id")]


def test_a_question_is_the_response_and_pauses_the_resolution(house: House, ticket: Ticket) -> None:
    ask(house, ticket)
    assert (ticket.state, ticket.waiting_for, ticket.wake_at) == ("waiting", "reporter", FRIDAY_9)
    assert states(ticket) == {"response": "met", "resolution": "paused"}
    assert ticket.next_due_at is None
    assert letters_to("ana@example.org") == ["received", "asked"]


def test_waiting_does_not_stop_the_response_clock_for_a_supplier(house: House, ticket: Ticket) -> None:
    waiting.wait(ticket.id, house.bo, waiting_for="supplier", wake_at=FRIDAY_9, now=TEN)
    assert states(ticket) == {"response": "running", "resolution": "running"}
    assert ticket.next_due_at == datetime(2026, 3, 2, 13, 0, tzinfo=UTC)


def test_an_answer_of_the_reporter_ends_the_waiting_and_moves_the_deadline(
    house: House, ticket: Ticket
) -> None:
    ask(house, ticket)
    tickets.reporter_reply(ticket.id, house.ana, "The third", now=ELEVEN, door="web")
    # Bo has asked, but nobody has accepted it.
    assert (ticket.state, ticket.waiting_for, ticket.wake_at) == ("new", None, None)
    # 24 working hours from Monday 09:00 are Wednesday 18:00; one hour did not count.
    due = next(t.due_at for t in ticket.targets if t.target == "resolution")
    assert due == datetime(2026, 3, 5, 9, 0, tzinfo=UTC)


def test_waking_tells_whoever_has_the_ticket(house: House, ticket: Ticket) -> None:
    tickets.accept(ticket.id, house.bo, now=MONDAY_9)
    ask(house, ticket)
    assert waiting.wake(ticket.id, now=FRIDAY_9 - timedelta(seconds=1)) is None
    assert waiting.wake(ticket.id, now=FRIDAY_9) is not None
    assert ticket.state == "in_work"
    assert letters_to("bo@example.org") == ["woken"]
    assert waiting.wake(ticket.id, now=FRIDAY_9) is None


def test_a_nudge_asks_again_only_while_we_wait_for_the_reporter(house: House, ticket: Ticket) -> None:
    assert waiting.nudge(ticket.id, 1, now=TEN) is None
    ask(house, ticket)
    assert waiting.nudge(ticket.id, 1, now=TUESDAY_9) is not None
    assert letters_to("ana@example.org")[-1] == "nudged"
    assert "> Which floor?" in db.session.query(Letter).filter_by(kind="nudged").one().text
    # By Friday we look again, before five working days are over: silence decides nothing.
    assert "five working days" not in db.session.query(Letter).filter_by(kind="nudged").one().text
    waiting.resume(ticket.id, house.bo, now=TUESDAY_9)
    assert waiting.nudge(ticket.id, 2, now=FRIDAY_9) is None


def test_only_what_waits_can_be_resumed(house: House, ticket: Ticket) -> None:
    with pytest.raises(NotAllowed):
        waiting.resume(ticket.id, house.bo, now=TEN)
    assert [e.kind for e in list_entries(ticket.id)] == ["reported"]


def test_waiting_can_pass_from_the_supplier_to_the_reporter(house: House, ticket: Ticket) -> None:
    waiting.wait(ticket.id, house.bo, waiting_for="supplier", wake_at=FRIDAY_9, now=TEN)
    ask(house, ticket, ELEVEN)
    assert ticket.waiting_for == "reporter"
    assert states(ticket) == {"response": "met", "resolution": "paused"}

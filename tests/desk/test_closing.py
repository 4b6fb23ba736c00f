from datetime import UTC, datetime

import pytest

from helpdesk.desk import closing, participants, tickets, waiting
from helpdesk.desk.tickets import Report
from helpdesk.rules.lifecycle import NotAllowed
from helpdesk.store import db
from helpdesk.store.feedback import find_rating
from helpdesk.store.letters import Letter
from helpdesk.store.tickets import Ticket, find_ticket, list_entries
from tests.conftest import MONDAY_9, House

TEN, ELEVEN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC), datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
TUESDAY_9 = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)


@pytest.fixture
def ticket(house: House) -> Ticket:
    return tickets.report(Report("Printer", "jam"), house.ana, now=MONDAY_9, door="web")


def resolve(house: House, ticket: Ticket, now: datetime = TEN) -> None:
    closing.resolve(ticket.id, house.bo, "paper dust", "cleaned it", now=now)


def cycles(ticket: Ticket) -> list[tuple[str, int, str]]:
    return [(t.target, t.cycle, t.state) for t in ticket.targets]


def letters_to(address: str) -> list[str]:
    return [letter.kind for letter in db.session.query(Letter).filter_by(to_address=address).order_by("id")]


def last_letter(kind: str) -> Letter:
    return db.session.query(Letter).filter_by(kind=kind).order_by(Letter.id.desc()).first()


def test_resolving_stops_every_clock_and_asks_whether_it_holds(house: House, ticket: Ticket) -> None:
    resolve(house, ticket)
    assert (ticket.state, ticket.is_open, ticket.resolved_at) == ("resolved", False, TEN)
    assert cycles(ticket) == [("response", 1, "met"), ("resolution", 1, "met")]
    assert (ticket.cause, ticket.solution) == ("paper dust", "cleaned it")
    assert "http://desk.example.org/confirm/" in last_letter("resolved").text
    assert "cleaned it" in last_letter("resolved").text


def test_reopening_starts_a_fresh_response_clock_and_tells_assignee_and_lead(
    house: House, ticket: Ticket
) -> None:
    tickets.accept(ticket.id, house.bo, now=MONDAY_9)
    resolve(house, ticket)
    closing.reopen(ticket.id, house.ana, "Still jams", now=ELEVEN)
    assert (ticket.state, ticket.is_open, ticket.reopen_count) == ("new", True, 1)  # to be accepted
    assert cycles(ticket) == [
        ("response", 1, "met"),
        ("resolution", 1, "running"),
        ("response", 2, "running"),
    ]
    # Four hours from 11:00 Berlin, lunch left out.
    assert ticket.next_due_at == datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
    entry = list_entries(ticket.id)[-1]
    assert (entry.kind, entry.body, entry.detail) == ("reopened", "Still jams", {"step": 1})
    assert letters_to("bo@example.org") == ["reopened"]
    assert letters_to("chen@example.org") == ["reopened"]


def test_a_ticket_nobody_had_is_new_again_when_reopened(house: House, ticket: Ticket) -> None:
    resolve(house, ticket)
    assert closing.reopen(ticket.id, house.ana, "no", now=ELEVEN).state == "new"


def test_confirming_closes_with_the_rating(house: House, ticket: Ticket) -> None:
    resolve(house, ticket)
    closing.confirm(ticket.id, house.ana, stars=4, words="quick", now=ELEVEN)
    rating = find_rating(ticket.id)
    assert (ticket.state, ticket.closed_at) == ("closed", ELEVEN)
    assert rating is not None
    assert (rating.stars, rating.words) == (4, "quick")
    assert [e.kind for e in list_entries(ticket.id)] == ["reported", "resolved", "rated", "closed"]
    with pytest.raises(NotAllowed):
        closing.reopen(ticket.id, house.ana, "no", now=ELEVEN)


def test_silence_reminds_and_closes_but_not_what_was_reopened(house: House, ticket: Ticket) -> None:
    resolve(house, ticket)
    closing.remind_confirm(ticket.id, now=TUESDAY_9)
    assert "http://desk.example.org/confirm/" in last_letter("remind_confirm").text
    closing.reopen(ticket.id, house.ana, "no", now=TUESDAY_9)
    assert closing.close_silent(ticket.id, now=TUESDAY_9) is None
    assert closing.remind_confirm(ticket.id, now=TUESDAY_9) is None
    resolve(house, ticket, TUESDAY_9)
    closing.close_silent(ticket.id, now=TUESDAY_9)
    assert ticket.state == "closed"
    assert letters_to("ana@example.org")[-1] == "closed"


def test_no_answer_to_a_question_resolves(house: House, ticket: Ticket) -> None:
    assert closing.resolve_silent(ticket.id, now=TEN) is None
    wake_at = datetime(2026, 3, 20, 8, 0, tzinfo=UTC)
    waiting.wait(ticket.id, house.bo, waiting_for="reporter", wake_at=wake_at, question="?", now=TEN)
    assert closing.resolve_silent(ticket.id, now=TUESDAY_9) is not None
    assert (ticket.state, ticket.waiting_for, ticket.wake_at) == ("resolved", None, None)
    assert "had no answer" in last_letter("resolved").text


def test_cancelling_says_why_to_whoever_did_not_do_it(house: House, ticket: Ticket) -> None:
    closing.cancel(ticket.id, house.bo, "test report", now=TEN)
    assert (ticket.state, ticket.is_open) == ("cancelled", False)
    assert cycles(ticket) == [("response", 1, "cancelled"), ("resolution", 1, "cancelled")]
    assert "test report" in last_letter("cancelled").text


def test_a_withdrawn_report_sends_no_letter_to_its_reporter(house: House, ticket: Ticket) -> None:
    closing.cancel(ticket.id, house.ana, "works again", now=TEN)
    assert letters_to("ana@example.org") == ["received"]


def test_the_reporter_of_a_duplicate_takes_part_in_the_survivor(house: House, ticket: Ticket) -> None:
    gil = house.person("Gil", house.ana.role)
    db.session.commit()
    other = tickets.report(Report("Printing fails", "too"), gil, now=MONDAY_9, door="web")
    assert find_ticket(ticket.id, gil.asker) is None
    closing.merge(other.id, house.bo, ticket.id, now=TEN)
    assert (other.state, other.merged_into_id) == ("cancelled", ticket.id)
    assert find_ticket(ticket.id, gil.asker) is not None
    assert letters_to("gil@example.org") == ["received", "merged"]
    merged = last_letter("merged")
    assert f"\n\nGoes on as {ticket.number}: " in merged.text
    assert merged.subject.startswith(f"[{other.number}] ")
    assert [e.kind for e in list_entries(ticket.id)] == ["reported", "linked"]
    tickets.reply(ticket.id, house.bo, "On it", now=ELEVEN)
    assert letters_to("gil@example.org") == ["received", "merged", "replied"]


def test_a_ticket_cannot_be_merged_into_itself_or_into_what_has_ended(house: House, ticket: Ticket) -> None:
    with pytest.raises(NotAllowed):
        closing.merge(ticket.id, house.bo, ticket.id, now=TEN)
    ended = tickets.report(Report("Old", "x"), house.ana, now=MONDAY_9, door="web")
    closing.cancel(ended.id, house.bo, "x", now=TEN)
    with pytest.raises(NotAllowed):
        closing.merge(ticket.id, house.bo, ended.id, now=TEN)
    db.session.refresh(ticket)
    assert ticket.state == "new"


def test_copied_people_hear_of_replies_and_of_the_end(house: House, ticket: Ticket) -> None:
    participants.join(ticket, house.dee, "copied", now=TEN)
    tickets.reply(ticket.id, house.bo, "On it", now=TEN)
    resolve(house, ticket)
    assert letters_to("dee@example.org") == ["replied", "resolved"]
    mine = db.session.query(Letter).filter_by(to_address="dee@example.org", kind="resolved").one()
    assert "/confirm/" not in mine.text

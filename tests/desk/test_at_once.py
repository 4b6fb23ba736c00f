"""Two people do something to the same ticket at the same moment: one after the other, whoever is first."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask

from helpdesk.desk import closing, tickets, waiting
from helpdesk.desk.check import check
from helpdesk.desk.tickets import Report, Taken
from helpdesk.rules.lifecycle import NotAllowed
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.people import Person, get_person
from helpdesk.store.tickets import Ticket, list_entries
from tests.at_once import at_once
from tests.conftest import MONDAY_9, House, read_anew

LATER = MONDAY_9 + timedelta(minutes=10)
ROUNDS = 5


@pytest.fixture
def ticket(house: House) -> Ticket:
    return tickets.report(Report("Printer", "It jams"), house.ana, now=MONDAY_9, door="web")


def kinds(ticket: Ticket) -> list[str]:
    read_anew()
    return [entry.kind for entry in list_entries(ticket.id)]


def faults(found: Sequence[Any]) -> list[type]:
    return [type(each) for each in found if isinstance(each, Exception)]


def state(ticket: Ticket) -> str:
    read_anew()
    return db.session.get_one(Ticket, ticket.id).state


def as_person(verb: Any, ticket_id: int, person: Person, *given: Any, **named: Any) -> Any:
    """The verb as a door calls it: with a person of its own session."""
    person_id = person.id
    return lambda: verb(ticket_id, get_person(person_id), *given, now=LATER, **named)


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_of_two_who_accept_one_has_it_and_the_other_is_told(
    app: Flask, house: House, ticket: Ticket, round_: int
) -> None:
    seen = list_entries(ticket.id)[-1].id
    accepts = [as_person(tickets.accept, ticket.id, p, seen=seen) for p in (house.bo, house.chen)]
    found = at_once(app, *accepts)
    assert faults(found) == [Taken]
    assert kinds(ticket).count("accepted") == 1
    assert db.session.query(Letter).filter_by(kind="accepted").count() == 1


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_an_answer_while_it_is_resolved_is_kept(
    app: Flask, house: House, ticket: Ticket, round_: int
) -> None:
    found = at_once(
        app,
        as_person(closing.resolve, ticket.id, house.bo, "dust", "cleaned"),
        as_person(tickets.reporter_reply, ticket.id, house.ana, "Still jams", door="web"),
    )
    assert faults(found) == []
    assert state(ticket) == "resolved"
    assert sorted(kinds(ticket)[1:]) == ["reporter_replied", "resolved"]


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_confirmed_twice_it_is_closed_and_rated_once(
    app: Flask, house: House, ticket: Ticket, round_: int
) -> None:
    closing.resolve(ticket.id, house.bo, "dust", "cleaned", now=MONDAY_9)
    confirm = as_person(closing.confirm, ticket.id, house.ana, stars=5)
    assert faults(at_once(app, confirm, confirm)) == [NotAllowed]
    assert state(ticket) == "closed"
    assert sorted(kinds(ticket)[2:]) == ["closed", "rated"]


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_confirmed_and_reopened_at_once_only_the_first_holds(
    app: Flask, house: House, ticket: Ticket, round_: int
) -> None:
    closing.resolve(ticket.id, house.bo, "dust", "cleaned", now=MONDAY_9)
    found = at_once(
        app,
        as_person(closing.confirm, ticket.id, house.ana),
        as_person(closing.reopen, ticket.id, house.ana, "It jams"),
    )
    assert faults(found) == [NotAllowed]
    assert (state(ticket), kinds(ticket)[-1]) in {("closed", "closed"), ("new", "reopened")}


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_of_two_tickets_merged_into_each_other_one_survives(
    app: Flask, house: House, ticket: Ticket, round_: int
) -> None:
    other = tickets.report(Report("Printers", "All jam"), house.dee, now=MONDAY_9, door="web")
    found = at_once(
        app,
        as_person(closing.merge, ticket.id, house.bo, other.id),
        as_person(closing.merge, other.id, house.chen, ticket.id),
    )
    assert faults(found) == [NotAllowed]
    assert sorted([state(ticket), state(other)]) == ["cancelled", "new"]
    merged = [t for t in db.session.query(Ticket) if t.merged_into_id is not None]
    assert len(merged) == 1


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_waiting_and_going_on_at_once_leave_what_the_timeline_says(
    app: Flask, house: House, ticket: Ticket, round_: int
) -> None:
    tickets.accept(ticket.id, house.bo, now=MONDAY_9)
    wait = partial(
        as_person, waiting.wait, waiting_for="reporter", wake_at=LATER + timedelta(days=1), question="Which?"
    )
    wait(ticket.id, house.bo)()
    found = at_once(app, as_person(waiting.resume, ticket.id, house.bo), wait(ticket.id, house.chen))
    assert faults(found) == []
    assert state(ticket) == {"resumed": "in_work", "waiting": "waiting"}[kinds(ticket)[-1]]
    assert [each for batch in check() for each in batch.differences] == []

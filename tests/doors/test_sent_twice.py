"""A second click on "Send", a browser or program that tries again: one report."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask

from helpdesk.desk import tickets, tokens
from helpdesk.desk.tickets import Report, sent_key
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.people import Person
from helpdesk.store.tickets import Entry, Ticket
from tests.at_once import at_once
from tests.conftest import MONDAY_9, Browser, House, read_anew
from tests.doors.test_report import shown

Browsers = Callable[[], Browser]
FORM = {"kind": "request", "subject": "A second screen", "sending": "token-of-the-form"}
CALL = {
    "who": "Kim",
    "email": "kim@example.org",
    "person_id": "new",
    "subject": "Printer jams",
    "works": "main_function_fails",
    "affected": "me",
    "sending": "token-of-the-form",
}


def count(model: type) -> int:
    read_anew()
    return db.session.query(model).count()


@pytest.mark.parametrize("attempt", range(3))
def test_two_clicks_at_once_make_one_ticket_and_one_receipt(
    app: Flask, house: House, browser: Browsers, attempt: int
) -> None:
    browsers = [browser().known_as(house.ana) for _ in range(4)]
    answers = at_once(app, *(partial(each.post, "/report", data=FORM) for each in browsers))
    assert {(answer.status_code, answer.location) for answer in answers} == {(303, "/report/sent/HD-1")}
    assert (count(Ticket), count(Entry), count(Letter)) == (1, 1, 1)


def test_two_clicks_of_a_guest_make_one_person_and_one_ticket(
    app: Flask, house: House, browser: Browsers
) -> None:
    people, form = count(Person), {**FORM, "name": "Kim", "email": "kim@example.org", "shown": shown()}
    answers = at_once(app, *(partial(browser().post, "/report", data=form) for _ in range(3)))
    assert {(answer.status_code, answer.location) for answer in answers} == {(303, "/report/sent")}
    assert (count(Ticket), count(Letter), count(Person)) == (1, 1, people + 1)


def test_a_call_logged_twice_at_once_makes_one_person_and_one_ticket(
    app: Flask, house: House, browser: Browsers
) -> None:
    people = count(Person)
    browsers = [browser().known_as(house.bo) for _ in range(3)]
    answers = at_once(app, *(partial(each.post, "/queue/log", data=CALL) for each in browsers))
    assert {(answer.status_code, answer.location) for answer in answers} == {(303, "/tickets/HD-1")}
    assert (count(Ticket), count(Letter), count(Person)) == (1, 1, people + 1)


@pytest.mark.parametrize("path", ["/report", "/queue/log"])
def test_the_form_keeps_its_token_while_errors_are_put_right(
    house: House, browser: Browsers, path: str
) -> None:
    bo = browser().known_as(house.bo)
    assert 'name="sending" value="' in bo.get(path).text
    assert bo.get(path).text != bo.get(path).text  # each its own
    answer = bo.post(path, data={"sending": "token-of-the-form"})
    assert answer.status_code == 422
    assert 'name="sending" value="token-of-the-form"' in answer.text


def test_whoever_goes_back_and_writes_something_else_reports_that_too(
    house: House, browser: Browsers
) -> None:
    ana = browser().known_as(house.ana)
    ana.post("/report", data=FORM)
    answer = ana.post("/report", data={**FORM, "subject": "And a keyboard"})
    assert answer.location == "/report/sent/HD-2"


def test_a_programs_retry_gets_the_ticket_that_its_first_try_made(
    app: Flask, house: House, browser: Browsers
) -> None:
    def send(person: Person) -> Callable[[], str]:
        token = tokens.add_token(person.id, "test", now=MONDAY_9)
        headers, client = {"Authorization": f"Bearer {token}", "Idempotency-Key": "order-7"}, browser()

        def once() -> str:
            answer = client.post("/api/v1/tickets", headers=headers, json={"subject": "x"}).json
            assert answer is not None
            return answer["number"]

        return once

    ana = send(house.ana)
    assert at_once(app, ana, send(house.ana)) == ["HD-1", "HD-1"]
    assert ana() == "HD-1"
    assert send(house.bo)() != "HD-1"  # Bo's "order-7" is another
    assert (count(Ticket), count(Letter)) == (2, 2)


def test_a_ticket_sent_again_later_is_as_it_has_become(house: House) -> None:
    key = sent_key("api", house.ana.id, "order-7")
    ticket = tickets.report(Report("x", ""), house.ana, now=MONDAY_9, door="api", sent_key=key)
    tickets.accept(ticket.id, house.bo, now=MONDAY_9)
    later = MONDAY_9 + timedelta(hours=1)
    again = tickets.report(Report("x", ""), house.ana, now=later, door="api", sent_key=key)
    assert (again.id, again.state, again.reported_at) == (ticket.id, "in_work", MONDAY_9)

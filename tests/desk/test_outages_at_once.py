"""Many reports of one fault, several people at once, and what was done passed on while somebody kills."""

import multiprocessing
import signal
from datetime import timedelta
from functools import partial
from time import monotonic, sleep

import pytest
from flask import Flask

from helpdesk.desk import closing, outages, passing_on, tickets
from helpdesk.desk.check import check
from helpdesk.rules.access import Role
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.people import get_person
from helpdesk.store.tickets import Entry, Ticket, list_entries
from tests.at_once import at_once
from tests.conftest import MONDAY_9, House, read_anew
from tests.desk.test_outages import report

LATER = MONDAY_9 + timedelta(minutes=10)
MANY = 16
PATIENCE = 60  # seconds
DONE = ["reported", "adopted", "accepted", "replied", "resolved"]


@pytest.fixture
def family(house: House) -> list[Ticket]:
    """A parent and what is to stand under it."""
    people = [house.ana, *(house.person(f"Reporter {n}", Role.REPORTER) for n in range(MANY))]
    db.session.commit()
    return [report(house, person, MONDAY_9) for person in people]


def kinds(ticket_id: int) -> list[str]:
    return [entry.kind for entry in list_entries(ticket_id)]


def letters(ticket_id: int) -> list[str]:
    found = db.session.query(Letter).filter_by(ticket_id=ticket_id).order_by(Letter.id)
    return [letter.kind for letter in found if letter.kind in {"adopted", "accepted", "replied", "resolved"}]


def test_two_who_put_the_same_reports_together_tell_each_reporter_once(
    app: Flask, house: House, family: list[Ticket]
) -> None:
    parent, *children = [ticket.id for ticket in family]

    def adopt(person_id: int, some: list[int]) -> list[int]:
        return outages.adopt(parent, some, get_person(person_id), now=LATER)

    found = at_once(
        app, partial(adopt, house.bo.id, children[:11]), partial(adopt, house.chen.id, children[5:])
    )
    read_anew()
    assert sorted(found[0] + found[1]) == children
    assert [kinds(child) for child in children] == [["reported", "adopted"]] * MANY
    assert db.session.query(Letter).filter_by(kind="adopted").count() == MANY


def test_of_two_who_make_each_other_the_parent_one_wins(
    app: Flask, house: House, family: list[Ticket]
) -> None:
    one, other = family[0].id, family[1].id

    def adopt(parent: int, child: int) -> list[int]:
        return outages.adopt(parent, [child], get_person(house.bo.id), now=LATER)

    at_once(app, partial(adopt, one, other), partial(adopt, other, one))
    read_anew()
    parents = {db.session.get_one(Ticket, one).parent_id, db.session.get_one(Ticket, other).parent_id}
    assert parents in ({None, one}, {None, other})


def test_two_workers_pass_everything_on_once(app: Flask, house: House, family: list[Ticket]) -> None:
    parent, *children = [ticket.id for ticket in family]
    outages.adopt(parent, children, house.bo, now=LATER)
    tickets.accept(parent, house.bo, now=LATER)
    tickets.reply(parent, house.bo, "Soon.", now=LATER)
    again = partial(passing_on.pass_on, LATER)
    let_go = partial(outages.release, children[0], get_person(house.bo.id), now=LATER)
    found = at_once(app, again, again, let_go)
    read_anew()
    assert not isinstance(found[2], Exception)
    assert [kinds(child) for child in children[1:]] == [DONE[:-1]] * (MANY - 1)
    assert [letters(child) for child in children[1:]] == [["adopted", "accepted", "replied"]] * (MANY - 1)
    assert kinds(children[0]).count("released") == 1
    assert not [difference for batch in check() for difference in batch.differences]


def test_killed_in_between_nothing_is_half_done_and_nothing_twice(
    app: Flask, house: House, family: list[Ticket]
) -> None:
    parent, *children = [ticket.id for ticket in family]
    outages.adopt(parent, children, house.bo, now=LATER)
    tickets.accept(parent, house.bo, now=LATER)
    tickets.reply(parent, house.bo, "Soon.", now=LATER)
    closing.resolve(parent, house.bo, "disk", "Made room.", now=LATER)
    for wanted in (2, 6, 10):
        pass_on_until_killed(app, wanted)
        read_anew()
        states = [kinds(child) for child in children]
        assert all(state in (DONE[:2], DONE) for state in states), "a child has all of it or nothing"
        assert states.count(DONE) >= wanted
    passing_on.pass_on(LATER)
    read_anew()
    assert [kinds(child) for child in children] == [DONE] * MANY
    assert [letters(child) for child in children] == [["adopted", "accepted", "replied", "resolved"]] * MANY
    assert not [difference for batch in check() for difference in batch.differences]


def pass_on_until_killed(app: Flask, wanted: int) -> None:
    """Another process passes on, until it is killed when so many children are resolved."""
    db.session.remove()
    db.engine.dispose()

    def work() -> None:
        with app.app_context():
            passing_on.pass_on(LATER)

    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    give_up_at = monotonic() + PATIENCE
    while process.is_alive() and monotonic() < give_up_at:
        resolved = db.session.query(Entry).filter_by(kind="resolved").count() - 1
        db.session.rollback()
        if resolved >= wanted:
            process.kill()
            break
        sleep(0.002)
    process.join()
    assert process.exitcode == -signal.SIGKILL

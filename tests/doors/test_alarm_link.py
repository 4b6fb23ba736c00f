"""The link in an alarm letter accepts the ticket for whom it was written to, and only by its button."""

import re
from datetime import timedelta

import pytest
from flask import Flask

from helpdesk import clock
from helpdesk.desk import escalations, ladders, tickets
from helpdesk.desk.changes import By
from helpdesk.desk.tickets import Report
from helpdesk.outbound import notices
from helpdesk.rules.escalation import Step
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.escalations import Alarm
from helpdesk.store.letters import Letter
from helpdesk.store.tickets import Entry, Ticket
from tests.conftest import MONDAY_9, House


@pytest.fixture
def ticket(house: House) -> Ticket:
    command = Report("Down", "504", service_id=house.erp.id, works=Works.NOTHING, affected=Affected.SEVERAL)
    ticket = tickets.report(command, house.ana, now=MONDAY_9, door="web")
    escalations.ring(MONDAY_9)
    notices.gather(MONDAY_9)
    return ticket


def link_for(address: str) -> str:
    letter = db.session.query(Letter).filter_by(kind="escalated", to_address=address).first()
    found = re.search(r"http://desk\.example\.org(/alarm/\S+)", letter.text)
    assert found is not None
    return found[1]


def test_opening_the_link_changes_nothing_and_its_button_accepts(
    app: Flask, house: House, ticket: Ticket
) -> None:
    client, link = app.test_client(), link_for("bo@example.org")
    assert "Accept as Bo" in client.get(link).text
    db.session.refresh(ticket)
    assert ticket.accepted_at is None
    answer = client.post(link, follow_redirects=True)
    assert "You have accepted this ticket" in answer.text
    db.session.refresh(ticket)
    assert (ticket.assignee_id, ticket.state) == (house.bo.id, "in_work")


def test_a_link_used_after_somebody_accepted_says_who(app: Flask, house: House, ticket: Ticket) -> None:
    chens = link_for("chen@example.org")
    tickets.accept(ticket.id, house.bo, now=MONDAY_9 + timedelta(minutes=1))
    page = app.test_client().post(chens, follow_redirects=True)
    assert "Bo has accepted this ticket" in page.text
    db.session.refresh(ticket)
    assert ticket.assignee_id == house.bo.id


def test_the_link_ends_when_its_person_leaves_or_may_no_longer_work(
    app: Flask, house: House, ticket: Ticket
) -> None:
    link = link_for("bo@example.org")
    house.bo.role = "reporter"
    db.session.commit()
    assert app.test_client().post(link).status_code == 404
    house.bo.role, house.bo.left_at = "agent", MONDAY_9
    db.session.commit()
    assert app.test_client().get(link).status_code == 404


def test_a_manager_passes_it_on_but_does_not_take_it(app: Flask, house: House, ticket: Ticket) -> None:
    for address in ("bo@example.org", "chen@example.org"):
        app.test_client().post(f"{link_for(address)}/pass-on")
    notices.gather(clock.now())
    dees = db.session.query(Letter).filter_by(to_address="dee@example.org").order_by(Letter.id.desc()).first()
    assert "See who has it, or pass it on" in dees.text
    link = link_for("dee@example.org")
    page = app.test_client().get(link).text
    assert "Accept as" not in page
    assert "Pass it on to Eli" in page
    assert app.test_client().post(link).status_code == 404
    app.test_client().post(f"{link}/pass-on")
    assert passed_on(ticket)[-1] == (house.dee.id, [house.eli.id])


def test_an_altered_link_does_not_exist(app: Flask, ticket: Ticket) -> None:
    assert app.test_client().get(link_for("bo@example.org") + "x").status_code == 404


def passed_on(ticket: Ticket) -> list[tuple[int | None, list[int]]]:
    db.session.rollback()
    entries = db.session.query(Entry).filter_by(ticket_id=ticket.id, kind="passed_on").order_by(Entry.id)
    return [(entry.actor_id, entry.detail["people"]) for entry in entries]


def test_the_page_says_what_is_due_and_to_whom_it_could_be_passed_on(
    app: Flask, house: House, ticket: Ticket
) -> None:
    page = app.test_client().get(link_for("bo@example.org")).text
    for words in (
        "Down",
        "Major",
        "ERP",
        "was due Mon 2 Mar, 11:00 (Berlin time)",
        "Has it: nobody",
        "Pass it on to Chen",
    ):
        assert words in page
    assert passed_on(ticket) == []


def test_who_passes_it_on_has_the_next_on_the_way_up_told_at_once(
    app: Flask, house: House, ticket: Ticket
) -> None:
    client, link = app.test_client(), link_for("bo@example.org")
    page = client.post(f"{link}/pass-on", follow_redirects=True).text
    assert "Passed on: Chen hears of it now." in page
    assert "Pass it on to" not in page
    assert "Accept as Bo" in page
    assert passed_on(ticket) == [(house.bo.id, [house.chen.id])]
    notices.gather(clock.now())
    letter = (
        db.session.query(Letter).filter_by(to_address="chen@example.org").order_by(Letter.id.desc()).first()
    )
    assert "Bo passes it on to you." in letter.text
    assert "/alarm/" in letter.text


def test_it_is_passed_on_once_a_person_and_alarm_and_goes_on_up(
    app: Flask, house: House, ticket: Ticket
) -> None:
    client, bos, chens = app.test_client(), link_for("bo@example.org"), link_for("chen@example.org")
    for link in (bos, bos, chens):
        client.post(f"{link}/pass-on")
    assert passed_on(ticket) == [(house.bo.id, [house.chen.id]), (house.chen.id, [house.dee.id])]


def test_what_somebody_has_accepted_is_not_passed_on(app: Flask, house: House, ticket: Ticket) -> None:
    tickets.accept(ticket.id, house.chen, now=MONDAY_9)
    link = link_for("bo@example.org")
    page = app.test_client().post(f"{link}/pass-on", follow_redirects=True).text
    assert "Chen has accepted this ticket" in page
    assert "Pass it on" not in page
    assert passed_on(ticket) == []


def test_what_repeats_on_an_accepted_ticket_rings_on_until_somebody_accepts_it_anew(
    app: Flask, house: House, ticket: Ticket
) -> None:
    """Half of the eight hours to solve it, from nine: at 14:00, for whoever has it, and every ten minutes."""
    step = Step("assignee", percent=50, repeat_minutes=10)
    ladders.save_ladder("major", "resolution", [step], By(MONDAY_9, house.eli.id, ""))
    tickets.accept(ticket.id, house.bo, now=MONDAY_9 + timedelta(minutes=1))
    for minutes in (300, 310):
        notices.gather(MONDAY_9 + timedelta(minutes=minutes - 5))
        escalations.ring(MONDAY_9 + timedelta(minutes=minutes))
        notices.gather(MONDAY_9 + timedelta(minutes=minutes))
    letter = (
        db.session.query(Letter).filter_by(to_address="bo@example.org").order_by(Letter.id.desc()).first()
    )
    link = re.search(r"http://desk\.example\.org(/alarm/\S+)", letter.text)[1]
    client = app.test_client()
    assert "rings on until somebody accepts" in client.get(link).text
    pending = db.session.query(Alarm).filter_by(ticket_id=ticket.id, state="pending", kind="step")
    assert [alarm.due_at for alarm in pending] == [MONDAY_9 + timedelta(minutes=320)]
    assert "You have accepted this ticket" in client.post(link, follow_redirects=True).text
    db.session.rollback()
    assert pending.all() == []

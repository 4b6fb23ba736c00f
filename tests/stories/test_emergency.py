"""Urgent business in the middle of maintenance: from Ana's page to the people who decide, and back."""

import re
from collections.abc import Callable

from flask import Flask

from helpdesk import clock
from helpdesk.desk import maintenance
from helpdesk.jobs import tasks
from helpdesk.outbound import notices
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.maintenance import Window
from helpdesk.store.targets import Target
from helpdesk.store.tickets import Ticket
from tests.conftest import Browser, House, a_roster, read_anew
from tests.desk.test_emergencies import always
from tests.doors.test_windows import HOUR, announced


def test_wages_cannot_wait_for_the_maintenance_to_end(
    app: Flask, house: House, browser: Callable[[], Browser]
) -> None:
    roster = a_roster("ERP", always(house.bo.id))
    db.session.add(roster)
    db.session.flush()
    house.team.roster_id = roster.id
    db.session.commit()
    window = announced(house, clock.now() - HOUR)
    window.owner_id = house.chen.id
    db.session.commit()
    maintenance.sweep(clock.now())  # it begins
    tasks.send_letters()
    read_anew()
    assert db.session.query(Letter).filter_by(kind="window_started").count() == 6

    ana = browser().known_as(house.ana)
    page = ana.get(f"/windows/{window.id}").text
    assert "I have something that cannot wait" in page
    form = {"subject": "The wages must be paid today", "body": "The bank closes at five."}
    sent = ana.post(f"/windows/{window.id}/emergency", data={**form, "service_id": house.erp.id})
    tasks.ring_alarms()
    read_anew()
    notices.gather(clock.now())
    ticket = db.session.query(Ticket).one()
    assert ticket.severity == "critical"
    told = {x.to_address: x for x in db.session.query(Letter).filter(Letter.kind.startswith("escalated"))}
    assert set(told) == {"chen@example.org", "bo@example.org"}
    due_at = db.session.query(Target).filter_by(ticket_id=ticket.id, target="response").one().due_at
    assert due_at < window.ends_at  # the window does not pause it

    link = re.search(r"http://desk\.example\.org(/alarm/\S+)", told["bo@example.org"].text)
    assert link is not None
    browser().post(link[1])  # Bo accepts from the letter
    chen = browser().known_as(house.chen)
    asked = chen.get(f"/tickets/{ticket.number}").text
    assert "Nobody has decided yet what is done about it" in asked
    decide = re.search(r'href="(/emergencies/\d+)"', asked)
    assert decide is not None
    assert browser().known_as(house.ana).get(decide[1]).status_code == 404
    answer = {"outcome": "interrupt", "words": "You have ERP from half past three on."}
    assert chen.post(decide[1], data={"outcome": "interrupt"}).status_code == 422
    assert chen.post(decide[1], data=answer).location == f"/maintenance/{window.id}"
    chen.post(f"/maintenance/{window.id}/finish", data={"reason": "Wages go first"})

    read_anew()
    assert db.session.get_one(Window, window.id).state == "finished"
    letter = db.session.query(Letter).filter_by(kind="emergency_decided").one()
    assert letter.to_address == "ana@example.org"
    assert "You have ERP from half past three on." in letter.text
    seen = ana.get(sent.location).text
    assert "The maintenance is interrupted for it" in seen
    assert "is interrupted for it" in chen.get(f"/tickets/{ticket.number}").text
    assert "decided about the urgent request" in chen.get(f"/maintenance/{window.id}").text

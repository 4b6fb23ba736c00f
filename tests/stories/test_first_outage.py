"""The first outage: sixty reports in ten minutes, one ladder, one answer, one resolve."""

import re
from collections import Counter
from collections.abc import Callable

from helpdesk import clock
from helpdesk.desk import tokens
from helpdesk.desk.check import check
from helpdesk.intake import receive
from helpdesk.jobs import tasks
from helpdesk.rules.access import Role
from helpdesk.store import db
from helpdesk.store.escalations import Alarm
from helpdesk.store.letters import Letter
from helpdesk.store.tickets import Target, Ticket
from tests.conftest import Browser, House, read_anew

Browsers = Callable[[], Browser]
FAULT = {"kind": "fault", "subject": "ERP is down", "body": "Error 17", "works": "nothing", "affected": "me"}


def report_by_form(house: House, browser: Browsers, count: int) -> None:
    people = [house.person(f"Form{n}", Role.REPORTER) for n in range(count)]
    db.session.commit()
    for person in people:
        data = FAULT | {"service_id": house.erp.id, "works": "nothing"}
        assert browser().known_as(person).post("/report", data=data).status_code == 303


def report_by_phone(house: House, browser: Browsers, count: int) -> None:
    bo = browser().known_as(house.bo)
    for n in range(count):
        who = {"door": "phone", "who": f"Caller{n}", "person_id": "new", "email": f"caller{n}@example.org"}
        assert bo.post("/queue/log", data=FAULT | who | {"service_id": house.erp.id}).status_code == 303


def report_by_program(house: House, browser: Browsers, count: int) -> None:
    people = [house.person(f"Program{n}", Role.REPORTER) for n in range(count)]
    db.session.commit()
    for person in people:
        token = tokens.add_token(person.id, "test", now=clock.now())
        sent = browser().post(
            "/api/v1/tickets",
            json=FAULT | {"service_id": house.erp.id},
            headers={"Authorization": f"Bearer {token}"},
        )
        assert sent.status_code == 201


def report_by_mail(count: int) -> None:
    for n in range(count):
        sender = f"mail{n}@example.org"
        lines = (
            f"From: Mail{n} <{sender}>\r\nTo: desk@example.org\r\nSubject: ERP is down\r\n\r\nError 17\r\n"
        )
        receive.store_raw(lines.encode(), "smtp", sender, ["desk@example.org"], clock.now())
    receive.parse_waiting(clock.now())


def press(agent: Browser, page: str) -> None:
    """Opens what is proposed, and says that it is one fault."""
    found = agent.get(page).text
    ids = re.findall(r'name="ticket" value="(\d+)"', found)
    parent = re.search(r'<option value="(\d+)" selected', found)
    assert parent is not None
    data = {"ticket": ids, "parent_id": parent[1], "subject": "ERP does not start"}
    assert agent.post("/outages/new", data=data).status_code == 303
    read_anew()


def children() -> list[Ticket]:
    read_anew()
    return db.session.query(Ticket).filter(Ticket.parent_id.is_not(None)).order_by(Ticket.id).all()


def letters() -> Counter[str]:
    """What reporters were written: by kind."""
    read_anew()
    found = db.session.query(Letter).join(Letter.person).filter_by(role=Role.REPORTER)
    return Counter(letter.kind for letter in found)


def ringing() -> set[int]:
    """On which tickets somebody will be told of something, unless somebody acts."""
    read_anew()
    asks = db.session.query(Alarm).filter(Alarm.state == "pending", Alarm.kind != "nudge")
    return {alarm.ticket_id for alarm in asks if alarm.kind not in ("remind_confirm", "close_silent")}


def test_sixty_reports_are_one_ladder_one_answer_and_one_resolve(house: House, browser: Browsers) -> None:
    by_form, by_phone, by_program, by_mail = 25, 12, 15, 7
    bo, ana = browser().known_as(house.bo), browser().known_as(house.ana)
    report_by_form(house, browser, by_form)
    report_by_phone(house, browser, by_phone)
    assert f"{by_form + by_phone} people report a fault of ERP" in bo.get("/queue").text
    press(bo, f"/outages/new?service={house.erp.id}")
    parent = db.session.get(Ticket, min(ticket.parent_id or 0 for ticket in children()))
    assert parent is not None
    assert parent.subject == "ERP does not start"

    # They go on coming in, and are added; what came by mail names no service.
    report_by_program(house, browser, by_program)
    assert f"{by_program} more reports of ERP" in bo.get("/queue").text
    press(bo, f"/outages/new?service={house.erp.id}")
    report_by_mail(by_mail)
    for ticket in db.session.query(Ticket).filter_by(door="mail"):
        assert "A fault is known that many have." in bo.get(f"/tickets/{ticket.number}").text
        press(bo, f"/outages/new?ticket={ticket.id}")
    assert len(children()) == 58
    assert db.session.query(Ticket).count() == 59

    # The sixtieth reads that it is known, and joins.
    form = ana.get(f"/report?service_id={house.erp.id}").text
    assert "59 people" in form
    ana.post(f"/report/same/{parent.number}", data={"service_id": house.erp.id})
    assert db.session.query(Ticket).count() == 59

    assert ringing() == {parent.id}, "one ladder"
    bo.post(f"/tickets/{parent.number}/accept")
    bo.post(f"/tickets/{parent.number}/say", data={"as": "reply", "body": "The database is full."})
    tasks.pass_on()
    assert letters() == {"received": 59, "adopted": 58, "joined": 1, "accepted": 60, "replied": 60}
    read_anew()
    answered = db.session.query(Target).filter_by(target="response")
    assert {(target.cycle, target.state) for target in answered} == {(1, "met")}

    solved = {"cause": "disk", "solution": "Made room."}
    assert bo.post(f"/tickets/{parent.number}/resolve", data=solved).status_code == 303
    tasks.pass_on()
    assert letters()["resolved"] == 60
    asked = db.session.query(Letter).filter_by(kind="resolved").all()
    assert sum("/confirm/" in letter.text for letter in asked) == 59, "each about their own report"
    assert {ticket.state for ticket in children()} == {"resolved"}
    assert ringing() == set()

    # One says no: theirs alone goes on, with a ladder of its own.
    one, other = children()[0], children()[1]
    for ticket, answer in ((one, {"solved": "no", "words": "Not for me"}), (other, {"solved": "yes"})):
        letter = next(letter for letter in asked if letter.ticket_id == ticket.id)
        link = re.search(r"http://desk\.example\.org(/confirm/\S+)", letter.text)
        assert link is not None
        assert browser().post(link[1], data=answer).status_code == 303
    read_anew()
    assert (one.state, one.parent_id, other.state) == ("new", None, "closed")
    assert ringing() == {one.id}
    assert not [difference for batch in check() for difference in batch.differences]

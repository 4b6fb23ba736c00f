"""Nothing falls between people: raised, passed on and taken back through the pages, the clock and letters."""

import re
from collections.abc import Callable

from helpdesk import clock
from helpdesk.desk import escalations
from helpdesk.desk.check import check
from helpdesk.outbound import notices
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.tickets import Ticket, list_entries
from tests.conftest import Browser, House, read_anew
from tests.stories.test_holiday import report

Browsers = Callable[[], Browser]


def ring() -> None:
    """What is due rings, and its letters are written."""
    while escalations.ring(clock.now()).tickets:
        pass
    notices.gather(clock.now())
    read_anew()


def told(ticket: Ticket) -> list[str]:
    """What each ring was about."""
    read_anew()
    rings = [e.detail for e in list_entries(ticket.id) if e.kind == "escalated"]
    return [detail["target"] or detail["about"] for detail in rings]


def link_for(address: str) -> str:
    read_anew()
    letters = db.session.query(Letter).filter_by(to_address=address).order_by(Letter.id.desc())
    found = re.search(r"http://desk\.example\.org(/alarm/\S+)", letters.first().text)
    assert found is not None
    return found[1]


def newest(kind: str) -> Letter:
    return db.session.query(Letter).filter_by(kind=kind).order_by(Letter.id.desc()).first()


def test_a_ticket_is_raised_after_acceptance_and_passed_on(house: House, browser: Browsers) -> None:
    ana, bo = (browser().known_as(person) for person in (house.ana, house.bo))
    ticket = report(ana, house, "Invoices fail")
    page = f"/tickets/{ticket.number}"
    bo.post(f"{page}/accept")
    bo.post(f"{page}/say", data={"as": "reply", "body": "I look at it"})
    ring()
    assert told(ticket) == []

    bo.post(f"{page}/severity", data={"severity": "critical", "reason": "everybody"})
    ring()
    assert told(ticket) == ["acceptance"]
    assert ticket.number in bo.get("/queue?view=unaccepted").text

    # Nobody is on call, so the lead has it in a letter; its button accepts, signed in or not.
    link = link_for("chen@example.org")
    assert "Accept as Chen" in browser().get(link).text
    browser().post(link)
    read_anew()
    assert "Chen has your report" in newest("accepted").subject
    assert "Next news by" in ana.get(f"/my/{ticket.number}").text
    assert ticket.number not in bo.get("/queue?view=unaccepted").text

    chen = browser().known_as(house.chen)
    chen.post(f"{page}/assign", data={"assignee_id": str(house.bo.id)})
    ring()
    assert told(ticket) == ["acceptance", "acceptance"]
    assert "has not accepted yet" in chen.get(page).text
    bo.post(f"{page}/accept")
    ring()
    read_anew()
    assert (ticket.state, ticket.assignee_id) == ("in_work", house.bo.id)
    assert told(ticket) == ["acceptance", "acceptance"]
    assert not [d for batch in check() for d in batch.differences]


def test_a_reopening_about_something_else_becomes_a_report_of_its_own(
    house: House, browser: Browsers
) -> None:
    ana, bo, dee = (browser().known_as(person) for person in (house.ana, house.bo, house.dee))
    ticket = report(ana, house, "ERP is down", works="nothing", affected="everyone")
    page = f"/tickets/{ticket.number}"
    bo.post(f"{page}/accept")
    bo.post(f"{page}/resolve", data={"cause": "disk", "solution": "A new disk"})
    ana.post(f"/confirm/{confirm_token(ticket)}", data={"solved": "false", "words": "The printer jams"})
    ring()
    assert promises(dee) == {"response": 2, "resolution": 1}

    data = {"reason": "The printer is another device", "service_id": str(house.printing.id)}
    assert bo.post(f"{page}/not-a-reopening", data=data).status_code == 303
    ring()
    read_anew()
    new = db.session.query(Ticket).filter(Ticket.id != ticket.id).one()
    assert (ticket.state, new.state) == ("resolved", "new")
    assert "Voided by <b>Bo</b>" in bo.get(page).text
    # A first answer and a solution each; nothing of the reopening.
    assert promises(dee) == {"response": 2, "resolution": 2}
    assert {(t.ticket_id, t.cycle) for t in ticket.targets} == {(ticket.id, 1)}
    letter = db.session.query(Letter).filter_by(kind="not_reopened").one()
    assert letter.to_address == "ana@example.org"
    assert not [d for batch in check() for d in batch.differences]


def confirm_token(ticket: Ticket) -> str:
    read_anew()
    letter = db.session.query(Letter).filter_by(ticket_id=ticket.id, kind="resolved").one()
    found = re.search(r"/confirm/(\S+)", letter.text)
    assert found is not None
    return found[1]


def promises(dee: Browser) -> dict[str, int]:
    """How many promises of each target the manager's file lists."""
    with dee.get("/figures/promises.csv") as answer:
        text = answer.text
    return {target: text.count(f",{target},") for target in ("response", "resolution")}

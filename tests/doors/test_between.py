"""What must not fall between people, through the doors: accepting, promised news, no reopening."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from helpdesk import clock
from helpdesk.desk import closing, tickets, tokens, triage
from helpdesk.desk.registration import Report
from helpdesk.outbound import links
from helpdesk.rules.severity import Affected, Severity, Works
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.tickets import Ticket, list_entries
from tests.conftest import MONDAY_9, Browser, House, read_anew
from tests.doors.test_api import Program

Browsers = Callable[[], Browser]
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def critical(house: House) -> Ticket:
    """ERP is down for everyone, reported five minutes ago."""
    answers = {"works": Works.NOTHING, "affected": Affected.EVERYONE, "service_id": house.erp.id}
    now = clock.now() - timedelta(minutes=5)
    return tickets.report(Report("ERP is down", "504", **answers), house.ana, now=now, door="web")


@pytest.fixture
def bo(browser: Browsers, house: House) -> Browser:
    return browser().known_as(house.bo)


@pytest.fixture
def program(house: House, browser: Browsers) -> Callable[[str], Program]:
    return lambda name: Program(browser(), tokens.add_token(getattr(house, name).id, "t", now=MONDAY_9))


def local(at: datetime) -> str:
    return f"{at.astimezone(BERLIN):%Y-%m-%dT%H:%M}"


def said(at: datetime) -> str:
    return f"{at.astimezone(BERLIN):%H:%M}"


# Accepting


def test_a_program_does_not_take_from_somebody_what_it_has_not_seen_to_be_theirs(
    house: House, critical: Ticket, program: Callable[[str], Program]
) -> None:
    tickets.accept(critical.id, house.chen, now=clock.now())
    path, seen = f"/tickets/{critical.number}/accept", list_entries(critical.id)[-1].id
    bo = program("bo")
    refused = bo.post(path)
    assert refused.status_code == 409
    assert "Chen has it" in refused.json["detail"]
    assert bo.post(path, seen=seen - 1).status_code == 409
    assert bo.post(path, seen=seen).json["assignee"]["name"] == "Bo"
    assert program("chen").post(path, take_over=True).json["assignee"]["name"] == "Chen"


def test_a_program_accepts_what_nobody_has_without_a_body(
    house: House, critical: Ticket, program: Callable[[str], Program]
) -> None:
    bo = program("bo")
    answer = bo.browser.post(f"/api/v1/tickets/{critical.number}/accept", headers=bo.headers)
    assert answer.json["assignee"]["name"] == "Bo"
    assert answer.json["update_by"] is not None


def test_a_raised_ticket_offers_to_be_accepted_again(house: House, critical: Ticket, bo: Browser) -> None:
    triage.change_severity(critical.id, house.chen, Severity.MINOR, "few", now=clock.now())
    tickets.accept(critical.id, house.bo, now=clock.now())
    page = f"/tickets/{critical.number}"
    assert 'data-key="a"' not in bo.get(page).text
    triage.change_severity(critical.id, house.chen, Severity.MAJOR, "more", now=clock.now())
    text = bo.get(page).text
    assert 'data-key="a"' in text
    assert "has not accepted yet" in text
    assert "HD-1" in bo.get("/queue?view=unaccepted").text


# News


def test_an_agent_promises_news_and_the_reporter_reads_by_when(
    house: House, critical: Ticket, bo: Browser, browser: Browsers
) -> None:
    tickets.accept(critical.id, house.bo, now=clock.now())
    page, at = f"/tickets/{critical.number}", clock.now() + timedelta(minutes=40)
    body = {"as": "reply", "body": "We change the disk", "update_by": local(at)}
    assert bo.post(f"{page}/say", data=body).status_code == 303
    letter = db.session.query(Letter).filter_by(kind="replied").one()
    assert re.search(rf"Next news by \w+ .*{said(at)} \(Berlin time\)", letter.text)
    read = browser().known_as(house.ana).get(f"/my/{critical.number}").text
    assert re.search(rf"Next news by \w+ .*{said(at)}", read)
    later = at + timedelta(minutes=30)
    assert bo.post(f"{page}/news", data={"update_by": local(later)}).status_code == 303
    text = bo.get(page).text
    assert re.search(rf"by (?:\w+ )?{said(later)}", text)  # with its day, should that be another
    assert "promised: Next news by" in text


def test_news_in_the_past_is_no_promise(critical: Ticket, bo: Browser) -> None:
    past = {"update_by": local(clock.now() - timedelta(hours=1))}
    for path, data in (("say", {"as": "reply", "body": "Hello", **past}), ("news", past)):
        answer = bo.post(f"/tickets/{critical.number}/{path}", data=data)
        assert answer.status_code == 422
        assert "still to come" in answer.text


def test_a_program_promises_news(critical: Ticket, program: Callable[[str], Program]) -> None:
    bo, path = program("bo"), f"/tickets/{critical.number}/news"
    at = (clock.now() + timedelta(hours=1)).replace(microsecond=0)
    assert datetime.fromisoformat(bo.post(path, update_by=at.isoformat()).json["update_by"]) == at
    assert bo.post(path, update_by=MONDAY_9.isoformat()).status_code == 422
    assert program("ana").post(path, update_by=at.isoformat()).status_code == 403


# Not a reopening


@pytest.fixture
def reopened(house: House, critical: Ticket) -> Ticket:
    closing.resolve(critical.id, house.bo, "disk", "a new disk", now=clock.now())
    closing.reopen(critical.id, house.ana, "The printer jams", now=clock.now())
    return critical


def test_an_agent_makes_a_ticket_of_its_own_of_a_reopening(
    house: House, reopened: Ticket, bo: Browser, browser: Browsers
) -> None:
    path = f"/tickets/{reopened.number}"
    assert "Not a reopening" in bo.get(path).text
    assert bo.post(f"{path}/not-a-reopening", data={}).status_code == 422
    data = {"reason": "It is the printer", "service_id": str(house.printing.id)}
    assert bo.post(f"{path}/not-a-reopening", data=data).status_code == 303
    read_anew()
    old, new = (
        db.session.get_one(Ticket, reopened.id),
        db.session.query(Ticket).order_by(Ticket.id.desc()).first(),
    )
    assert (old.state, new.state, new.service_id) == ("resolved", "new", house.printing.id)
    text = bo.get(path).text
    assert "<s>" in text
    assert "Voided by <b>Bo</b>: It is the printer" in text
    assert "Not a reopening" not in text
    ana = browser().known_as(house.ana)
    here = ana.get(f"/my/{old.number}").text
    assert "The printer jams" not in here
    assert f"goes on as a report of its own, {new.number}" in here
    there = ana.get(f"/follow/{links.follow_url(new, house.ana.id).rpartition('/')[2]}").text
    assert "The printer jams" in there
    assert f"You wrote this about {old.number}" in there


def test_a_program_does_so_too_and_reporters_may_not(
    reopened: Ticket, program: Callable[[str], Program]
) -> None:
    path = f"/tickets/{reopened.number}/not-a-reopening"
    assert program("ana").post(path, reason="x").status_code == 403
    bo = program("bo")
    assert bo.post(path, reason="x", service_id=999).status_code == 422
    answer = bo.post(path, reason="It is the printer")
    assert (answer.json["number"], answer.json["severity"]) == ("HD-2", "critical")
    assert bo.post(path, reason="again").status_code == 409
    kinds = [e["kind"] for e in program("ana").get(f"/tickets/{reopened.number}").json["entries"]]
    assert "reopened" not in kinds
    voided = [e for e in bo.get(f"/tickets/{reopened.number}").json["entries"] if e["voided_at"]]
    assert [e["kind"] for e in voided] == ["reopened"]


def test_what_has_gone_on_is_refused_on_the_page_with_what_to_do(
    house: House, reopened: Ticket, bo: Browser
) -> None:
    closing.resolve(reopened.id, house.bo, "x", "y", now=clock.now())
    closing.reopen(reopened.id, house.ana, "No", now=clock.now())
    in_an_hour = local(clock.now() + timedelta(hours=1))
    path = f"/tickets/{reopened.number}"
    bo.post(f"{path}/wait", data={"waiting_for": "supplier", "wake_at": in_an_hour})
    answer = bo.post(f"{path}/not-a-reopening", data={"reason": "other"})
    assert answer.status_code == 422
    assert "Report the other matter anew" in answer.text

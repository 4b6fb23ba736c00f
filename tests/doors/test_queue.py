from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event

from helpdesk import clock
from helpdesk.desk import tickets, waiting
from helpdesk.desk.policies import default_definition
from helpdesk.desk.tickets import Report
from helpdesk.rules.access import Role
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.organisation import get_organisation
from helpdesk.store.people import Person
from helpdesk.store.policies import list_policies
from helpdesk.store.rosters import Roster
from helpdesk.store.services import Service
from helpdesk.store.teams import Member, Team
from helpdesk.store.tickets import Ticket
from helpdesk.web.on_call import ask_anew
from tests.conftest import Browser, House

Browsers = Callable[[], Browser]


def report(house: House, subject: str = "Printer jams", **more: object) -> Ticket:
    now = clock.now() - timedelta(minutes=5)
    return tickets.report(Report(subject, "It does not work.", **more), house.ana, now=now, door="mail")


@pytest.fixture
def bo(browser: Browsers, house: House) -> Browser:
    return browser().known_as(house.bo)


def other_team(house: House) -> tuple[Service, Person]:
    """The restricted service "Payroll" of the team "HR", and an agent of that team."""
    team = Team(name="HR")
    db.session.add(team)
    peer = house.person("Another agent", Role.AGENT)
    db.session.flush()
    db.session.add(Member(team_id=team.id, person_id=peer.id))
    service = Service(name="Payroll", team_id=team.id, is_restricted=True)
    db.session.add(service)
    db.session.commit()
    return service, peer


def test_the_queue_begins_with_the_nearest_deadline(house: House, bo: Browser) -> None:
    report(house, "Slow one")
    report(house, "Urgent one", works=Works.NOTHING, affected=Affected.EVERYONE, service_id=house.erp.id)
    page = bo.get("/queue").text
    assert 0 < page.index("Urgent one") < page.index("Slow one")
    assert 'id="count-unaccepted">2<' in page


def test_reporters_and_strangers_find_no_queue(browser: Browsers, house: House) -> None:
    assert browser().known_as(house.ana).get("/queue").status_code == 404
    assert browser().get("/queue").status_code == 302


def test_a_restricted_ticket_of_another_team_does_not_exist(
    browser: Browsers, house: House, bo: Browser
) -> None:
    service, peer = other_team(house)
    ticket = report(house, "Salaries", service_id=service.id)
    assert "Salaries" not in bo.get("/queue?view=all").text
    assert bo.get(f"/tickets/{ticket.number}").status_code == 404
    assert bo.post(f"/tickets/{ticket.number}/accept").status_code == 404
    assert browser().known_as(peer).get(f"/tickets/{ticket.number}").status_code == 200


def test_two_agents_who_look_in_turn_each_find_their_own(
    browser: Browsers, house: House, bo: Browser
) -> None:
    service, peer = other_team(house)
    mine, theirs = report(house, "Printer jams"), report(house, "Salaries", service_id=service.id)
    tickets.accept(mine.id, house.bo, now=clock.now())
    tickets.accept(theirs.id, peer, now=clock.now())
    for _ in range(2):
        for agent, own, other in ((bo, mine, theirs), (browser().known_as(peer), theirs, mine)):
            for view in ("mine", "teams"):
                page = agent.get(f"/queue?view={view}").text
                assert own.subject in page
                assert other.subject not in page
                assert f'id="count-{view}">1<' in page


def test_filters_narrow_a_view_and_stand_in_its_address(house: House, bo: Browser) -> None:
    report(house, "On the first floor", service_id=house.printing.id)
    report(house, "Invoices", service_id=house.erp.id)
    page = bo.get(f"/queue?view=all&service={house.erp.id}").text
    assert "Invoices" in page
    assert "On the first floor" not in page
    assert "Service: ERP" in page
    assert "Nothing fits these filters" in bo.get("/queue?view=all&severity=critical").text


@pytest.mark.parametrize(
    "query",
    ["view=x&state=x&severity=1", "service=99999999999999999999", "page=-4&team=x", "assignee=0"],
)
def test_a_wrong_address_is_no_fault(house: House, bo: Browser, query: str) -> None:
    assert bo.get(f"/queue?{query}").status_code == 200


def test_polling_answers_304_until_something_changes(house: House, bo: Browser) -> None:
    ticket = report(house)
    first = bo.get("/queue/rows?view=all")
    again = bo.get("/queue/rows?view=all", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")
    tickets.accept(ticket.id, house.bo, now=clock.now())
    changed = bo.get("/queue/rows?view=all", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert "In work" in changed.text


def test_what_waits_for_its_reporter_says_so_first(house: House, bo: Browser) -> None:
    ticket = report(house)
    wake_at = clock.now() + timedelta(days=2)
    waiting.wait(
        ticket.id, house.bo, waiting_for="reporter", wake_at=wake_at, question="Which floor?", now=clock.now()
    )
    page = bo.get("/queue?view=waiting").text
    assert "Waiting for reporter" in page
    assert "kept" in page


def test_a_subject_cannot_bring_markup_into_the_queue(house: House, bo: Browser) -> None:
    report(house, "<script>alert(1)</script>")
    page = bo.get("/queue").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_queue_asks_no_more_for_many_tickets_than_for_one(app: Flask, house: House, bo: Browser) -> None:
    report(house)
    few = queries_of(bo, "/queue")
    for n in range(12):
        report(house, f"Printer {n}", service_id=house.printing.id)
    many = queries_of(bo, "/queue")
    assert many <= few + 2  # maintenance of the services shown, and what stands for others already
    assert many <= 16


def test_leads_and_administrators_are_told_that_nobody_is_on_call_until_there_is_a_roster(
    house: House, browser: Browsers
) -> None:
    chen, eli = browser().known_as(house.chen), browser().known_as(house.eli)
    db.session.add(Team(name="HR"))
    db.session.commit()
    assert "Nobody is on call for ERP." in chen.get("/queue").text
    assert "Nobody is on call for HR." not in chen.get("/queue").text
    assert "Nobody is on call for HR." in eli.get("/queue").text
    assert 'href="/on-call/new"' in eli.get("/queue").text
    assert "Nobody is on call for" not in browser().known_as(house.bo).get("/queue").text
    before = queries_of(chen, "/queue")
    roster = Roster(name="ERP", zone="Europe/Berlin")
    db.session.add(roster)
    db.session.flush()
    house.team.roster_id = roster.id
    db.session.commit()
    assert "Nobody is on call for" not in chen.get("/queue").text
    assert queries_of(chen, "/queue") <= before + 6  # who has which turn, for the top bar


def test_no_roster_is_asked_for_where_nothing_is_promised_day_and_night(
    house: House, browser: Browsers
) -> None:
    office_id = get_organisation().calendar_id
    for policy in list_policies():
        version = policy.versions[-1]
        version.definition = default_definition(office_id, office_id)
    db.session.commit()
    assert "Nobody is on call for" not in browser().known_as(house.eli).get("/queue").text


def queries_of(client: Browser, url: str) -> int:
    """How many the page asks; who is on call always anew, which a process else remembers for some seconds."""
    ask_anew()
    counted: list[str] = []

    def count(_c: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            counted.append(statement)

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        assert client.get(url).status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", count)
    return len(counted)

"""Giving tickets out: on the desk's big screens, and handing up with a phone in one hand."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from helpdesk import clock
from helpdesk.desk import tickets
from helpdesk.desk.tickets import Report
from helpdesk.rules.access import Role
from helpdesk.store import db
from helpdesk.store.people import Person
from helpdesk.store.rosters import Absence
from helpdesk.store.skills import PersonSkill, ServiceSkill, Skill
from helpdesk.store.teams import Member, Team
from helpdesk.store.tickets import Ticket
from tests.browser.conftest import Visit
from tests.conftest import House
from tests.desk.test_escalations import roster

Look = Callable[[str, Person | None, str], None]


@pytest.fixture
def team(house: House) -> House:
    """Bo is on call, Chen a senior, Gil away today; the ERP asks for SAP, which Bo and Chen know."""
    gil = house.person("Gil", Role.AGENT)
    above = Team(name="Second level")
    skills = [Skill(name=name) for name in ("Network", "SAP")]
    db.session.add_all([above, *skills])
    db.session.flush()
    sap = skills[1].id
    now = clock.now()
    db.session.add(Member(team_id=house.team.id, person_id=gil.id))
    db.session.add(Absence(person_id=gil.id, starts_at=now - timedelta(1), ends_at=now + timedelta(1)))
    db.session.add_all([PersonSkill(person_id=each.id, skill_id=sap) for each in (house.bo, house.chen)])
    db.session.add(ServiceSkill(service_id=house.erp.id, skill_id=sap))
    db.session.get_one(Member, (house.team.id, house.chen.id)).is_senior = True
    house.gil = gil
    house.team.roster_id = roster("On call", house.bo).id
    house.team.hands_up_to_id = above.id
    db.session.commit()
    return house


@pytest.fixture
def ticket(team: House) -> Ticket:
    now = clock.now() - timedelta(minutes=5)
    command = Report("Posting an invoice hangs", "Since this morning.", service_id=team.erp.id)
    return tickets.report(command, team.ana, now=now, door="web")


def test_the_desk_finds_somebody_and_they_hand_it_up(
    team: House, ticket: Ticket, visit: Visit, axe_clean: Callable[[Page], None]
) -> None:
    page = visit(team.chen, f"/tickets/{ticket.number}")
    page.keyboard.press("s")
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_text("Bo is on call.")).to_be_visible()
    axe_clean(page)
    sheet.get_by_role("button", name="Who is on call").click()
    expect(page.get_by_text("Bo has it now.")).to_be_visible()
    expect(page.get_by_text("Chen assigned this to Bo: on call")).to_be_visible()

    phone = visit(team.bo, f"/tickets/{ticket.number}", width=390)
    phone.get_by_role("link", name="Hand up").click()
    expect(phone.get_by_text("It goes to Chen, a senior of the team.")).to_be_visible()
    axe_clean(phone)
    phone.get_by_label("Why?").fill("Looks like a lock in the database")
    phone.get_by_role("button", name="Hand up").click()
    expect(phone.get_by_text("Bo handed this up to Chen: Looks like a lock")).to_be_visible()


def test_how_the_pages_look(team: House, ticket: Ticket, screenshots: Look) -> None:
    screenshots("dispatch-assign", team.chen, f"/tickets/{ticket.number}/assign")
    screenshots("dispatch-team", team.eli, f"/admin/teams/{team.team.id}")
    tickets.accept(ticket.id, team.gil, now=clock.now())
    screenshots("dispatch-absences", team.chen, "/on-call/absences")

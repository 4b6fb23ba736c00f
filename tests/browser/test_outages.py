"""Several reports of one fault, from the banner to one answer for all."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from helpdesk import clock
from helpdesk.desk import outages, passing_on, tickets
from helpdesk.desk.tickets import Report
from helpdesk.rules.access import Role
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.people import Person
from helpdesk.store.tickets import Ticket
from tests.browser.conftest import Visit
from tests.conftest import House, read_anew


@pytest.fixture
def crowd(house: House) -> list[Ticket]:
    names = ("Gus", "Hal", "Ina", "Jo", "Kim", "Lou")
    people = [house.ana, *(house.person(name, Role.REPORTER) for name in names)]
    db.session.commit()
    now = clock.now()
    return [
        tickets.report(
            Report(subject, "It says error 17.", service_id=house.erp.id, works=works, affected=Affected.ME),
            person,
            now=now - timedelta(minutes=9 - n),
            door="web",
        )
        for n, (person, subject, works) in enumerate(
            zip(
                people,
                (
                    "ERP is down",
                    "Cannot book",
                    "Error 17",
                    "Nothing works",
                    "ERP hangs",
                    "Login fails",
                    "Help",
                ),
                [Works.NOTHING] * 7,
                strict=True,
            )
        )
    ]


def test_from_the_banner_to_one_answer_for_all(
    house: House, crowd: list[Ticket], visit: Visit, screenshots: Callable[[str, Person, str], None]
) -> None:
    bo = visit(house.bo, "/queue")
    banner = bo.locator("#outages")
    expect(banner).to_contain_text("7 people report a fault of ERP")
    banner.get_by_role("link", name="Look at them together").click()
    expect(bo.get_by_role("heading", name="Is it one fault of ERP?")).to_be_visible()
    screenshots("outage-new", house.bo, f"/outages/new?service={house.erp.id}")
    bo.get_by_label("What is wrong, in a sentence?").fill("ERP does not start")
    bo.get_by_role("button", name="It is one fault").click()
    expect(bo.locator("#children")).to_contain_text("6 reports of this fault")
    # Somebody writes on their own ticket meanwhile: it is seen here.
    tickets.reporter_reply(crowd[2].id, crowd[2].reporter, "Now error 18.", now=clock.now(), door="web")
    bo.get_by_label("Your words").fill("The database is full. We make room.")
    bo.get_by_role("button", name="Send to the reporter").click()
    expect(bo.locator("#children")).to_contain_text("What 1 message there says")
    passing_on.pass_on(clock.now())
    screenshots("outage-parent", house.bo, f"/tickets/{crowd[0].number}")
    gus = visit(crowd[1].reporter, f"/my/{crowd[1].number}")
    expect(gus.get_by_text("The database is full. We make room.")).to_be_visible()
    expect(gus.get_by_text("7 people have reported this")).to_be_visible()
    child = visit(house.bo, f"/tickets/{crowd[1].number}")
    child.get_by_text("Is it something else?").click()
    child.get_by_role("button", name="Look at it by itself").click()
    expect(child.get_by_text("It goes on by itself.", exact=False).first).to_be_visible()
    read_anew()
    assert (crowd[1].parent_id, outages.people_with(crowd[0])) == (None, 6)

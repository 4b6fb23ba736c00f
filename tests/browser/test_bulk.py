"""Several tickets at once, from the queue to the result, and what belongs to a ticket."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from helpdesk import clock
from helpdesk.desk import bulk, links, tickets
from helpdesk.desk.tickets import Report
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.tickets import Ticket
from tests.browser.conftest import Visit
from tests.conftest import House, read_anew

SUBJECTS = (
    "Printer jams on the second floor",
    "打印机卡纸, 二楼东侧",
    "Month-end report shows last month's rates",
)


@pytest.fixture
def many(house: House) -> list[Ticket]:
    now = clock.now() - timedelta(minutes=20)
    answers = {"works": Works.NOTHING, "affected": Affected.ME}
    return [
        tickets.report(Report(each, "Please have a look.", **answers), house.ana, now=now, door="web")
        for each in SUBJECTS
    ]


@pytest.mark.parametrize("width", [1280, 390])
def test_chosen_tickets_are_resolved_together_after_a_look_at_what_it_does(
    house: House, many: list[Ticket], visit: Visit, axe_clean: Callable[[Page], None], width: int
) -> None:
    page = visit(house.bo, "/queue?view=all", width)
    for ticket in many[:2]:
        page.locator(f"#t{ticket.id} .tick").click()
    page.get_by_role("button", name="Resolve").click()
    page.get_by_label("What was done?").fill("Restarted the switch")
    page.get_by_label("What was the cause?").fill("switch")
    page.get_by_role("button", name="See what it does").click()
    expect(page.locator(".banner")).to_contain_text("2 tickets change, 2 letters go out.")
    axe_clean(page)
    page.get_by_role("button", name="Resolve (2)").click()
    expect(page.locator("#bulk")).to_contain_text("2 tickets done.")
    axe_clean(page)
    read_anew()
    assert [db.session.get_one(Ticket, t.id).state for t in many] == ["resolved", "resolved", "new"]


def test_the_page_of_an_order_goes_on_by_itself_until_it_is_done(
    house: House, many: list[Ticket], visit: Visit
) -> None:
    ids = [ticket.id for ticket in many]
    action = bulk.order(house.bo, "cancel", {"reason": "A test"}, ids, now=clock.now())
    page = visit(house.bo, f"/bulk/{action.id}")
    expect(page.get_by_label("0 of 3 done")).to_be_visible()
    assert bulk.carry_out_next(clock.now())
    expect(page.get_by_label("1 of 3 done")).to_be_visible()
    while bulk.carry_out_next(clock.now()):
        pass
    expect(page.locator("#bulk")).to_contain_text("3 tickets done.")


def test_a_message_becomes_a_ticket_in_a_sheet_and_the_link_is_on_both(
    house: House, many: list[Ticket], visit: Visit, axe_clean: Callable[[Page], None]
) -> None:
    tickets.reporter_reply(many[0].id, house.ana, "The scanner is broken, too.", now=clock.now(), door="web")
    page = visit(house.bo, f"/tickets/{many[0].number}")
    page.get_by_role("link", name="Make it a ticket of its own").click()
    sheet = page.get_by_role("dialog", name="A ticket of its own")
    expect(sheet.get_by_label("What is it about?")).to_have_value("The scanner is broken, too.")
    axe_clean(page)
    sheet.get_by_role("button", name="Make it a ticket").click()
    expect(page.locator("#links")).to_contain_text("Made of a message in")
    page.locator("#links").get_by_role("link", name=many[0].number).click()
    expect(page.locator("#links")).to_contain_text("A message became")


def test_the_pages_look_as_they_should(
    house: House, many: list[Ticket], screenshots: Callable[..., None]
) -> None:
    ids = ",".join(str(ticket.id) for ticket in many)
    tickets.accept(many[1].id, house.bo, now=clock.now())
    links.link(many[0].id, house.bo, many[1].id, "caused_by", now=clock.now())
    action = bulk.order(house.bo, "merge", {"other_id": many[2].id}, [t.id for t in many], now=clock.now())
    screenshots("bulk-form", house.bo, f"/bulk/new?deed=assign&tickets={ids}")
    screenshots("bulk-preview", house.bo, f"/bulk/new?deed=accept&tickets={ids}")
    screenshots("bulk-choose", house.bo, f"/bulk/new?tickets={ids}")
    screenshots("bulk-progress", house.bo, f"/bulk/{action.id}")
    screenshots("bulk-orders", house.bo, "/bulk")

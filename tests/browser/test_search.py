from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from helpdesk import clock
from helpdesk.desk import tickets
from helpdesk.desk.tickets import Report
from helpdesk.rules.severity import Affected, Works
from tests.browser.conftest import Visit
from tests.conftest import House


@pytest.fixture
def history(house: House) -> None:
    """Some tickets about printers, in two languages."""
    now = clock.now() - timedelta(hours=2)

    def report(subject: str, body: str, **more: object) -> int:
        return tickets.report(Report(subject, body, **more), house.ana, now=now, door="web").id

    jam = report("Printer jams on every second page", "The tray was filled this morning.")
    tickets.accept(jam, house.bo, now=now)
    tickets.note(jam, house.bo, "This printer had the same paper jam in May: the rear roller.", now=now)
    everyone = {"works": Works.NOTHING, "affected": Affected.EVERYONE, "service_id": house.erp.id}
    report(
        "Invoices cannot be sent to the printer in Accounting", "No printer is offered any more.", **everyone
    )
    report("打印机卡纸, 二楼东侧", "二楼东侧的打印机从今天早上开始卡纸，重启后也没有变化。")


def test_a_search_from_any_page_leads_to_the_ticket(house: House, history: None, visit: Visit) -> None:
    page = visit(house.bo, "/queue")
    page.keyboard.press("/")
    page.keyboard.type("paper jam printer is:open severity:minor colour:red")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Search")
    expect(page.locator(".banner")).to_contain_text("There is no filter “colour:”")
    expect(page.locator("#search")).to_have_value("paper jam printer is:open severity:minor colour:red")
    expect(page.locator(".hits .snippet")).to_contain_text("Note This printer had the same paper jam")
    page.wait_for_load_state()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Printer jams on every second page")


def test_a_reporter_finds_their_own(house: House, history: None, visit: Visit) -> None:
    page = visit(house.ana, "/my?q=卡纸", width=390)
    expect(page.locator("mark").first).to_have_text("卡纸")
    expect(page.locator(".row")).to_have_count(1)


def test_the_search_looks_right_and_accessible(
    house: House, history: None, screenshots: Callable[..., None]
) -> None:
    screenshots("search", house.bo, "/search?q=printer")
    screenshots("search-chinese", house.bo, "/search?q=打印机 ana colour:red")
    screenshots("search-help", house.bo, "/search")
    screenshots("search-nothing", house.bo, "/search?q=hovercraft")

"""What comes out of a printer: ink on white, all of it, and nothing that only a screen can use."""

from playwright.sync_api import expect

from helpdesk import clock
from helpdesk.desk import tickets
from helpdesk.rules.severity import Affected, Works
from tests.browser.conftest import Visit
from tests.conftest import House

PAPER = 690  # CSS pixels between the margins of A4
COLOURS = """() => ["backgroundColor", "color"].map(
    (name, n) => getComputedStyle(document.querySelector(["html", "h1"][n]))[name])"""
# What stays in its place while a screen scrolls would lie over the text on paper.
STICKY = """() => [...document.querySelectorAll("main *")].filter(
    (each) => each.checkVisibility() && getComputedStyle(each).position === "sticky").length"""


def test_queue_ticket_and_report_are_printed_without_what_only_a_screen_can_use(
    house: House, visit: Visit
) -> None:
    now = clock.now()
    command = tickets.Report(
        "No invoices", "See https://example.org/a", works=Works.NOTHING, affected=Affected.ME
    )
    ticket = tickets.report(command, house.ana, now=now, door="web")
    tickets.accept(ticket.id, house.bo, now=now)
    for person, path in ((house.bo, "/queue"), (house.bo, f"/tickets/{ticket.number}"), (house.ana, "/my")):
        page = visit(person, path, width=PAPER, theme="dark")
        if person is house.ana:
            page.get_by_role("link", name="No invoices").click()
            expect(page.get_by_label("Write to us")).to_be_visible()
        page.emulate_media(media="print", color_scheme="dark")
        expect(page.get_by_text("No invoices").first).to_be_visible()
        for unseen in (".top", ".rail", ".search", "#questions", "textarea", "button", ".ways-on"):
            expect(page.locator(unseen).locator("visible=true")).to_have_count(0)
        ground, ink = page.evaluate(COLOURS)
        assert (ground, ink) == ("rgb(255, 255, 255)", "rgb(27, 35, 48)")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate(STICKY) == 0

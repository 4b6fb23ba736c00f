"""Maintenance as people see it, on a phone and on a desk."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from helpdesk import clock
from helpdesk.desk import emergencies, maintenance
from helpdesk.desk.registration import Report
from tests.browser.conftest import Visit
from tests.conftest import House
from tests.doors.test_windows import HOUR, announced


def test_maintenance_is_read_followed_and_interrupted_on_a_phone_and_on_a_desk(
    house: House, visit: Visit, axe_clean: Callable[[Page], None]
) -> None:
    now = clock.now()
    window = announced(house, now - HOUR)
    announced(house, now + 20 * HOUR)
    maintenance.sweep(now)

    form = visit(house.ana, "/report", width=390)
    axe_clean(form)
    form.get_by_role("button", name="Yes: write to me when it is over").click()
    expect(form.get_by_text("There is nothing else to do")).to_be_visible()
    axe_clean(form)
    form.get_by_role("link", name="I have something that cannot wait").click()
    axe_clean(form)

    urgent = Report("The wages must be paid today", "The bank closes at five.", service_id=house.erp.id)
    ticket = emergencies.ask(window.id, urgent, house.ana, now=now, door="web")
    page = visit(house.chen, f"/tickets/{ticket.number}", theme="dark")
    axe_clean(page)
    page.get_by_role("link", name="Decide", exact=True).click()
    axe_clean(page)
    page.goto(page.url.partition("/emergencies")[0] + "/bell")
    expect(page.get_by_text("It has begun")).to_be_visible()
    axe_clean(page)

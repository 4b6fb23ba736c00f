"""The register and scheduled reports as a manager meets them, and a sheet of figures on paper."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from helpdesk import clock
from helpdesk.desk import exports, schedules, tickets
from helpdesk.desk.changes import By
from helpdesk.rules.severity import Affected, Works
from helpdesk.store.people import Person
from tests.browser.conftest import Visit
from tests.conftest import House

PAPER = 690  # CSS pixels between the margins of A4
Look = Callable[[str, Person | None, str], None]


@pytest.fixture
def worked(house: House) -> House:
    """A fault that was answered in time, and one that was not."""
    began = clock.now() - timedelta(days=1)
    for minutes in (5, 600):
        command = tickets.Report("Down", "", works=Works.NOTHING, affected=Affected.EVERYONE)
        ticket = tickets.report(command, house.ana, now=began, door="web")
        tickets.accept(ticket.id, house.bo, now=began + timedelta(minutes=minutes))
    return house


def weekly(house: House) -> int:
    values = {
        "name": "Monday figures",
        "report": "compliance",
        "asked": {"kind": "fault", "period": "days_30"},
        "recipients": [
            {"person": house.dee.id},
            {"email": "board@example.org", "locale": "zh_Hant", "zone": "Asia/Taipei"},
        ],
        "rule": "FREQ=WEEKLY;BYDAY=MO",
        "zone": "Europe/Berlin",
        "starts_at": "2026-03-02T08:00",
    }
    return schedules.add(values, By(clock.now(), house.dee.id)).id


def test_a_register_is_ordered_watched_and_downloaded(worked: House, visit: Visit, screenshots: Look) -> None:
    page = visit(worked.dee, "/figures/register")
    page.get_by_role("link", name="This year").click()
    page.get_by_role("button", name="Make the register").click()
    expect(page.get_by_text("It begins in a moment.")).to_be_visible()
    path = "/" + page.url.split("/", 3)[3]
    screenshots("register-being-made", worked.dee, path)
    exports.make_next(clock.now)
    expect(page.get_by_text("The register is ready.")).to_be_visible()  # without being opened anew
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the workbook").click()
    assert download.value.suggested_filename.endswith(".xlsx")
    screenshots("register-ready", worked.dee, path)
    screenshots("register", worked.dee, "/figures/register")


def test_a_report_is_scheduled_and_looked_at(worked: House, visit: Visit, screenshots: Look) -> None:
    screenshots("schedules-none", worked.dee, "/figures/schedules")
    page = visit(worked.dee, "/figures?period=days_30")
    page.get_by_role("link", name="Send it regularly").click()
    page.get_by_label("Name", exact=True).fill("Monday figures")
    page.get_by_role("button", name="Look at it").click()
    letter = page.frame_locator("iframe")
    expect(letter.get_by_text("All promises")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Scheduled.")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused", exact=True)).to_be_visible()
    schedule = weekly(worked)
    screenshots("schedule", worked.dee, f"/figures/schedules/{schedule}")
    screenshots("schedules", worked.dee, "/figures/schedules")
    screenshots("schedule-form", worked.dee, f"/figures/schedules/{schedule}/change")


def test_figures_are_printed_as_a_sheet(worked: House, visit: Visit) -> None:
    page = visit(worked.dee, "/figures?period=days_30", width=PAPER, theme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.get_by_text("Last 30 days", exact=True)).to_be_visible()  # what was chosen
    expect(page.get_by_text("This year", exact=True)).not_to_be_visible()  # what could be
    for unseen in (".top", ".rail", "main form", "main input", "main button", "main .btn"):
        expect(page.locator(unseen).locator("visible=true")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

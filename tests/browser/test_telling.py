"""The bell, how one is told, and the page behind a message, as they are seen and used."""

from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from playwright.sync_api import Page, expect

from helpdesk import clock
from helpdesk.outbound import links
from helpdesk.outbound.notices import gather
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.notices import Notice
from helpdesk.store.people import Person
from tests.browser.conftest import Visit
from tests.conftest import House
from tests.outbound.test_notices import channel_of, reported, told

Look = Callable[[str, Person | None, str], None]


def test_pages_about_channels_and_alarms_look_as_they_should(house: House, screenshots: Look) -> None:
    now = clock.now()
    works, broken, new = (channel_of(house.chen) for _ in range(3))
    works.name, broken.name, new.name = "My phone", "The ERP group in the chat", "Signal"
    broken.fault, new.verified_at = "error=503", None
    db.session.commit()
    for minutes, subject in ((0, "Label printer prints nothing"), (9, "Orders hang")):
        told(reported(house, subject), house.chen, now - timedelta(minutes=minutes))
    screenshots("channels", house.chen, "/channels")
    screenshots("channels-team", house.chen, f"/teams/{house.team.id}/channels")
    screenshots("bell", house.chen, "/queue")
    screenshots("bell-open", house.chen, "/bell")


def test_the_page_behind_a_message_looks_as_it_should(house: House, screenshots: Look) -> None:
    house.person("Gus Example", "agent")
    told(ticket := reported(house, "Label printer prints nothing"), house.bo, clock.now())
    told(reported(house, "Orders hang"), house.bo, clock.now())
    gather(clock.now())
    alarm = db.session.query(Notice).filter_by(ticket_id=ticket.id).one().alarm_id
    screenshots("alarm", None, links.alarm_url(alarm, house.bo).removeprefix("http://desk.example.org"))
    letter = db.session.query(Letter).filter_by(kind="escalated_many").one()
    screenshots("letter-many", house.eli, f"/letters/{letter.id}")


def test_the_bell_goes_on_by_itself_and_is_quiet_once_its_page_is_open(
    house: House, visit: Visit, app: Flask
) -> None:
    page = visit(house.bo, "/queue")
    bell = page.locator(".bell")
    expect(bell.locator(".num")).to_be_hidden()
    told(reported(house, "Down"), house.bo, clock.now())
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(bell.locator(".num")).to_have_text("1")
    expect(page.get_by_role("link", name="1 alarm you have not seen")).to_be_visible()
    bell.click()
    expect(page.get_by_role("heading", name="Alarms")).to_be_visible()
    expect(page.locator(".bell .num")).to_be_hidden()


def test_a_browser_shows_alarms_once_somebody_has_switched_that_on(house: House, visit: Visit) -> None:
    page = visit(house.bo, "/channels")
    page.context.grant_permissions(["notifications"])
    _listen(page)
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_text("Alarms are shown by this browser.")).to_be_visible()
    told(reported(house, "Down"), house.bo, clock.now())
    for _ in range(2):  # a second look shows nothing anew
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(page.locator(".bell .num")).to_have_text("1")
    page.wait_for_function("window.shown.length === 2")
    assert page.evaluate("window.shown") == ["How you are told · Helpdesk", "[HD-1] Major: Down"]
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_role("button", name="Switch on")).to_be_visible()


def _listen(page: Page) -> None:
    """Headless browsers show nothing: what would be shown is written down."""
    page.evaluate(
        """() => {
            window.shown = [];
            window.Notification = class extends EventTarget {
                static permission = "default";
                static async requestPermission() { return (Notification.permission = "granted"); }
                constructor(title) { super(); window.shown.push(title); }
            };
        }"""
    )

"""The maintenance pages: looked at on desk and phone; a window planned with the keyboard alone."""

from datetime import timedelta
from typing import Any

from playwright.sync_api import expect

from helpdesk import clock
from helpdesk.desk import freezes, maintenance
from helpdesk.desk.changes import By
from helpdesk.store import db
from helpdesk.store.maintenance import Window
from tests.browser.conftest import Visit, keep_picture
from tests.conftest import House, read_anew


def test_a_window_is_planned_with_the_keyboard_after_its_warning_is_read(
    house: House, visit: Visit, axe_clean: Any
) -> None:
    by = By(clock.now(), house.chen.id)
    soon = (clock.now() + timedelta(days=7)).date()
    freezes.save(None, {"name": "Closing", "first_on": soon, "days": 7, "rule": ""}, by)
    page = visit(house.chen, "/maintenance/new", 390)
    page.get_by_label("ERP", exact=True).focus()
    page.keyboard.press("Space")
    page.get_by_label("What is done?").focus()
    page.keyboard.type("New version")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing should be changed from")).to_be_visible()
    assert db.session.query(Window).count() == 0
    axe_clean(page)
    page.get_by_role("button", name="Save all the same").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Maintenance of ERP")).to_be_visible()
    page.wait_for_load_state()
    keep_picture(page, "maintenance-window-390-light")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    read_anew()
    window = db.session.query(Window).one()
    maintenance.approve(window.id, By(clock.now(), house.dee.id))
    maintenance.announce(window.id, By(clock.now(), house.chen.id))
    for width, theme in ((390, "light"), (1280, "dark")):
        page = visit(house.chen, "/maintenance", width, theme)
        expect(page.get_by_role("heading", name="Coming")).to_be_visible()
        keep_picture(page, f"maintenance-{width}-{theme}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        axe_clean(page)

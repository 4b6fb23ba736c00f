"""Key figures in a browser: their pictures at every width, and a value noted with the keyboard alone."""

from collections.abc import Callable

from playwright.sync_api import expect
from sqlalchemy import select

from helpdesk import clock
from helpdesk.desk import example_kpis
from helpdesk.store import db
from helpdesk.store.kpis import Kpi
from helpdesk.store.people import Person
from tests.browser.conftest import Visit
from tests.conftest import House


def test_key_figures_are_read_at_every_width_and_noted_by_keyboard(
    house: House, visit: Visit, screenshots: Callable[[str, Person | None, str], None]
) -> None:
    now = clock.now()
    example_kpis.install(house.dee, "Europe/Berlin", now)
    db.session.commit()
    kpi_id = db.session.scalar(select(Kpi.id).where(Kpi.position == 1))
    screenshots("key-figures", house.dee, "/figures/key-figures")
    screenshots("key-figure", house.dee, f"/figures/key-figures/{kpi_id}")
    page = visit(house.dee, f"/figures/key-figures/{kpi_id}")
    picture = page.get_by_role("img", name="Requests done without a hand")
    expect(picture).to_be_visible()
    names = picture.locator("text.end")
    expect(names).to_have_text(["Straight way", "Measured"])
    page.set_viewport_size({"width": 390, "height": 844})
    expect(names.first).to_be_hidden()
    expect(page.locator(".legend")).to_contain_text("Straight way")
    page.get_by_role("textbox", name="Value (%)").fill("70.5")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name="70.5%")).to_contain_text("typed")
    page.get_by_text("As a table").click()
    expect(page.get_by_role("region", name="Requests done without a hand")).to_contain_text("70.5%")

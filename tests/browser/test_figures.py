"""The figures of promises kept as managers see them: on a desk and on a phone, light and dark."""

from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import expect

from helpdesk import clock
from helpdesk.desk import goals
from helpdesk.desk.changes import By
from helpdesk.store.people import Person
from tests.browser.conftest import Visit
from tests.conftest import House
from tests.stories.test_month import NOW, QUERY, Month


@pytest.fixture
def dee(house: House, monkeypatch: pytest.MonkeyPatch) -> Person:
    """The manager of a month that was lived, on the first of April, with goals."""
    Month(house).live()
    monkeypatch.setattr(clock, "now", lambda: NOW)
    by = By(NOW, house.dee.id)
    for target, tenths in (("response", 950), ("resolution", 750)):
        goals.set_goal(date(2026, 1, 1), "fault", target, tenths, by)
    return house.dee


def test_figures_their_lists_and_goals_read_well_everywhere(
    dee: Person, screenshots: Callable[[str, Person, str], None]
) -> None:
    screenshots("figures", dee, f"/figures?{QUERY}&by=department")
    screenshots("figures-list", dee, f"/figures/tickets?{QUERY}&verdict=breached&as_of=2026-03-27T12:00")
    screenshots("figures-goals", dee, "/figures/goals")
    screenshots("figures-empty", dee, "/figures?since=2020-01-01&until=2020-01-31")


def test_from_a_share_to_the_reason_of_a_deadline_by_keyboard(dee: Person, visit: Visit) -> None:
    page = visit(dee, f"/figures?{QUERY}&by=team", width=768)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")  # tables move in their card
    page.get_by_role("row", name="Network").get_by_role("link", name="3 broken").press("Enter")
    expect(page.get_by_text("3 promises")).to_be_visible()
    page.get_by_role("link", name="Why then?").first.press("Enter")
    expect(page.locator("#why")).to_have_attribute("open", "")
    expect(page.locator("#why table").first).to_be_visible()

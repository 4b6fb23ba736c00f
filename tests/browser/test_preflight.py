"""Preflight and handovers on a phone and on a desk: nothing scrolls sideways, and everything has a name."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from helpdesk import clock
from helpdesk.desk import handovers
from helpdesk.desk.changes import By
from helpdesk.store import db
from helpdesk.store.rosters import Absence, Layer
from tests.browser.conftest import Visit
from tests.conftest import House, a_roster

DAY = timedelta(days=1)


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1280, None)])
def test_preflight_and_handovers_can_be_read_and_worked(
    house: House, visit: Visit, axe_clean, width: int, theme: str | None
) -> None:
    now = clock.now()
    layer = Layer(position=0, name="days", people=[house.bo.id, house.chen.id], every=1, unit="days")
    layer.starts_at = "2026-03-02T09:00"
    roster = a_roster("First line", layer)
    db.session.add(roster)
    db.session.flush()
    house.team.roster_id = roster.id
    for person in (house.bo, house.chen):
        db.session.add(Absence(person_id=person.id, starts_at=now + 5 * DAY, ends_at=now + 6 * DAY))
    db.session.commit()
    for person in (house.bo, house.chen):
        handovers.write_words(roster.id, "Watch the printer", By(now - DAY, person.id))
    handovers.sweep(now - DAY)
    handovers.sweep(now)

    page = visit(house.chen, "/on-call/preflight", width=width, theme=theme)
    expect(page.get_by_role("link", name="Cover").first).to_be_visible()
    axe_clean(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("link", name="Handovers", exact=True).click()
    axe_clean(page)
    page.get_by_label("What should the next person know?").fill("Ask for Ana")
    with page.expect_navigation():
        page.get_by_role("button", name="Keep it for the handover").click()
    expect(page.get_by_label("What should the next person know?")).to_have_value("Ask for Ana")
    page.locator("a[href*='/on-call/handovers/']").first.click()
    expect(page.get_by_text("Watch the printer")).to_be_visible()
    page.wait_for_load_state()
    axe_clean(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width

"""Ladders in a browser: edited with buttons alone, tried out in the preview; and the watch page."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from helpdesk import clock
from helpdesk.desk import escalations, ladders, tickets
from helpdesk.desk.tickets import Report
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.people import Address
from tests.browser.conftest import Visit
from tests.conftest import House, read_anew
from tests.stories.test_preview import rostered  # noqa: F401 - a fixture

SIZES = ((390, "light"), (390, "dark"), (1280, "light"), (1280, "dark"))


def scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def test_a_step_is_added_filled_in_moved_and_saved(
    rostered: House,  # noqa: F811
    visit: Visit,
    axe_clean: Callable[[Page], None],
) -> None:
    page = visit(rostered.eli, "/admin/ladders/critical/response")
    page.get_by_role("button", name="Add a step").click()
    page.locator("[id='5-to']").select_option(label="Gil")
    page.locator("[id='5-at']").fill("10")
    page.locator("[id='5-unit']").select_option(label="minutes before it is due")
    page.locator("[id='5-channel']").select_option("mail")
    page.locator("[id='5-repeat_minutes']").fill("0")
    page.get_by_role("button", name=re.compile("^Move up")).last.click()
    expect(page.locator("[id='4-repeat_minutes']")).to_have_value("0")
    axe_clean(page)
    page.get_by_role("main").get_by_role("button", name="Save").last.click()
    assert page.evaluate("document.querySelector('[id=\"4-repeat_minutes\"]').validity.rangeUnderflow")
    page.locator("[id='4-repeat_minutes']").fill("5")
    page.get_by_role("main").get_by_role("button", name="Save").last.click()
    expect(page.get_by_role("main")).to_contain_text("Gil 10 min before it is due by mail only")
    read_anew()
    step = ladders.ladder_of("critical", "response")[4]
    assert (step.to, step.person_id, step.minutes, step.anchor) == (
        "person",
        rostered.gil.id,
        10,
        "before_due",
    )
    assert (step.channel, step.repeat_minutes) == ("mail", 5)


@pytest.mark.parametrize(("width", "theme"), SIZES)
def test_the_preview_reads_well_and_its_gaps_are_words_too(
    rostered: House,  # noqa: F811
    visit: Visit,
    axe_clean: Callable[[Page], None],
    width: int,
    theme: str,
) -> None:
    db.session.query(Address).filter_by(person_id=rostered.bo.id).delete()
    db.session.commit()
    page = visit(rostered.eli, "/admin/ladders/critical/response", width=width, theme=theme)
    page.get_by_role("link", name="Who would be told?").click()
    page.get_by_label("Service").select_option(label="ERP")
    page.get_by_label("Comes in at").fill("2098-03-03T23:00")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("Gap: whoever is on call: cannot be reached").first).to_be_visible()
    expect(page.get_by_text("2 gaps")).to_be_visible()
    assert not scrolls_sideways(page)
    axe_clean(page)


@pytest.mark.parametrize(("width", "theme"), SIZES)
def test_the_watch_page_reads_well(
    rostered: House,  # noqa: F811
    visit: Visit,
    axe_clean: Callable[[Page], None],
    width: int,
    theme: str,
) -> None:
    now = clock.now()
    command = Report(
        "Nobody can post", "504", service_id=rostered.erp.id, works=Works.NOTHING, affected=Affected.EVERYONE
    )
    tickets.report(command, rostered.ana, now=now - timedelta(minutes=20), door="web")
    escalations.ring(now - timedelta(minutes=19))
    page = visit(rostered.eli, "/watch", width=width, theme=theme)
    expect(page.get_by_role("heading", name="Rang last")).to_be_visible()
    expect(page.get_by_text("An alarm should have rung")).to_be_visible()
    assert not scrolls_sideways(page)
    axe_clean(page)

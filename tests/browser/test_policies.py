"""Targets and calendars in a browser: reordered with keys, foreseen, and watched until all is computed."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from helpdesk import clock
from helpdesk.desk import calendars, policies, policy_plans, policy_rules, setup, tickets
from helpdesk.desk.changes import By
from helpdesk.desk.policies import OFFICE_WEEK
from helpdesk.desk.recompute import recompute
from helpdesk.desk.tickets import Report
from helpdesk.store import db
from helpdesk.store.organisation import Department, get_organisation
from helpdesk.store.policies import Calendar, list_policy_rules
from tests.browser.conftest import Visit, keep_picture
from tests.conftest import House, read_anew


@pytest.fixture
def office(house: House) -> Calendar:
    """The office hours, with a second version ahead; rules for a department and a service; open tickets."""
    now, by = clock.now(), By(clock.now(), house.eli.id)
    calendar = db.session.get_one(Calendar, get_organisation().calendar_id)
    sales = Department(name="Sales and customer service")
    db.session.add(sales)
    db.session.commit()
    definition = policies.default_definition(calendar.id, calendar.id)
    calm = policy_plans.create("Office hours only", definition, "For those who are not there at night", by)
    which = {"kind": "request", "service_id": house.erp.id, "department_id": sales.id, "policy_id": calm.id}
    policy_rules.add(which, None, by)
    policy_rules.add({**which, "kind": None, "department_id": None}, list_policy_rules()[1].id, by)
    for n in range(7):
        tickets.report(Report(f"List {n} is slow", ""), house.ana, now=now - timedelta(minutes=n), door="web")
    day = calendars.first_day(calendar, now)
    dates = {f"{day.year + 1}-12-25": [], f"{day.year + 1}-12-24": [["09:00", "12:00"]]}
    calendars.publish(calendar.id, OFFICE_WEEK, dates, day, "Christmas", by)
    work_off()
    return calendar


def work_off() -> None:
    last: int | None = 0
    while (last := recompute(clock.now(), last or 0)) is not None:
        pass


def order() -> list[str]:
    read_anew()
    return [rule.policy.name for rule in list_policy_rules()]


def test_the_pages_of_targets_and_calendars_look_right(
    house: House, office: Calendar, screenshots: Callable[..., None]
) -> None:
    rule = list_policy_rules()[0].id
    standard = list_policy_rules()[-1].policy_id
    screenshots("targets", house.eli, f"/admin/policies?kind=request&service_id={house.erp.id}#try")
    screenshots("target-rule", house.eli, f"/admin/policies/rules/{rule}")
    screenshots("target-versions", house.eli, f"/admin/policies/{standard}")
    screenshots("calendar", house.eli, f"/admin/calendars/{office.id}")
    screenshots("calendar-holidays", house.eli, f"/admin/calendars/{office.id}/holidays?country=CN&year=2026")


def test_a_rule_is_moved_with_the_keyboard_alone(house: House, office: Calendar, visit: Visit) -> None:
    page = visit(house.eli, "/admin/policies")
    was = order()
    second = page.locator(".rules li").nth(1)
    second.get_by_role("button", name="Move up").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**#rule-*")
    assert order() == [was[1], was[0], *was[2:]]
    page.keyboard.press("Tab")
    assert page.evaluate(
        "document.activeElement.closest('.rules li') === document.querySelector('.rules li')"
    )


def close_next_month(page: Page) -> None:
    for day in ("Monday", "Tuesday", "Wednesday", "Thursday"):
        page.get_by_label(day).fill("")
    page.get_by_label("Why?").fill("Four days of stocktaking")


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_what_would_move_is_seen_then_published_and_watched_until_done(
    house: House, office: Calendar, visit: Visit, axe_clean: Callable[[Page], None], width: int, theme: str
) -> None:
    page = visit(house.eli, f"/admin/calendars/{office.id}", width, theme)
    close_next_month(page)
    page.get_by_role("button", name="See what moves").click()
    expect(page.get_by_role("heading", name="What would move")).to_be_in_viewport()
    expect(page.get_by_text("open tickets get a later deadline")).to_be_visible()
    keep_picture(page, f"calendar-foreseen-{width}-{theme}")
    axe_clean(page)
    page.get_by_role("button", name="Publish").click()
    progress = page.get_by_role("progressbar")
    expect(progress).to_have_attribute("value", "0")
    keep_picture(page, f"calendar-progress-{width}-{theme}")
    axe_clean(page)
    work_off()
    expect(page.get_by_text("7 tickets have another deadline.")).to_be_visible(timeout=10_000)
    expect(progress).to_have_count(0)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2500)
    assert [url for url in asked if "progress" in url] == [], "all is done: it asks no more"


def test_the_first_set_up_asks_who_comes_at_night_where_somebody_is_promised(
    app: Flask, visit: Visit, axe_clean: Callable[[Page], None]
) -> None:
    link = setup.setup_link(clock.now())
    assert link is not None
    page = visit(None, urlsplit(link).path)
    asked = page.get_by_label("Who watches at night until there is a roster?")
    page.get_by_label("Nobody").check()
    expect(asked).to_be_hidden()
    page.get_by_label("Somebody is on call").check()
    expect(asked).to_be_visible()
    axe_clean(page)
    keep_picture(page, "set-up-1280-light")
    small = visit(None, urlsplit(link).path, 390, "dark")
    small.get_by_label("Somebody is on call").check()
    keep_picture(small, "set-up-390-dark")

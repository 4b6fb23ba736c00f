"""Layers from a date on, and holidays to arrange: looked at, and filled in with the keyboard alone."""

from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from helpdesk import clock
from helpdesk.desk import calendars, roster_plans
from helpdesk.desk.changes import By
from helpdesk.store import db
from helpdesk.store.rosters import HolidayArrangement, Layer, Roster, RosterVersion
from tests.browser.conftest import Visit, keep_picture
from tests.conftest import House, a_roster, read_anew


@pytest.fixture
def roster(house: House) -> Roster:
    """Daily turns of Bo and Chen, Eli planned for later, and three holidays next week."""
    now = clock.now()
    first = now.date() + timedelta(days=8)
    dates = {(first + timedelta(days=n)).isoformat(): [] for n in range(3)}
    public = calendars.create("Public holidays", "Europe/Berlin", {}, dates, By(now, house.eli.id))
    days = {"every": 1, "unit": "days", "starts_at": "2026-01-05T09:00"}
    found = a_roster(
        "First line", Layer(position=0, name="days", people=[house.bo.id, house.chen.id], **days)
    )
    planned = Layer(position=0, name="later", people=[house.eli.id], **days)
    found.versions.append(
        RosterVersion(
            number=2,
            zone="Europe/Berlin",
            effective_at=now + timedelta(days=40),
            published_at=now,
            published_by_id=house.chen.id,
            reason="Eli joins the team",
            layers=[planned],
        )
    )
    db.session.add(found)
    db.session.flush()
    house.team.roster_id = found.id
    db.session.commit()
    values = {"holiday_calendar_id": public.id}
    return roster_plans.change(found.id, values, now=now, actor_id=house.chen.id)


def test_the_pages_of_a_plan_look_right(
    house: House, roster: Roster, screenshots: Callable[..., None]
) -> None:
    holidays = db.session.query(HolidayArrangement).one()
    screenshots("roster-layers", house.chen, f"/on-call/{roster.id}/layers")
    screenshots("roster-settings", house.chen, f"/on-call/{roster.id}/edit")
    screenshots("holidays", house.chen, "/on-call/holidays")
    screenshots("holidays-fill", house.chen, f"/on-call/holidays/{holidays.id}")


def test_layers_are_planned_with_the_keyboard_alone(
    house: House, roster: Roster, visit: Visit, axe_clean: Callable[[Page], None]
) -> None:
    page = visit(house.chen, f"/on-call/{roster.id}/layers?version=1")
    since = (
        (clock.now() + timedelta(days=20))
        .astimezone(ZoneInfo("Europe/Berlin"))
        .replace(hour=9, minute=0, second=0, microsecond=0)
    )
    page.get_by_label("From when on").fill(f"{since:%Y-%m-%dT%H:%M}")
    page.get_by_label("Why").focus()
    page.keyboard.type("Chen alone")
    page.get_by_label("Turn 1").first.select_option(label="Chen")
    page.keyboard.press("Enter")  # in a form Enter looks before anything is saved
    page.get_by_role("button", name="Look at the result").last.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("nothing is saved yet")).to_be_visible()
    axe_clean(page)
    keep_picture(page, "roster-layers-preview")
    page.get_by_role("button", name="Save these layers").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/on-call/{roster.id}?day=*")
    read_anew()
    saved = db.session.get(Roster, roster.id)
    assert saved is not None
    assert [(v.number, v.reason) for v in saved.versions][-1] == (3, "Chen alone")
    assert saved.versions[-1].effective_at == since

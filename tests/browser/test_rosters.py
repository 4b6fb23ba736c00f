"""The page of a roster: looked at on desk and phone, a time chosen with the pointer and with the keyboard."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from helpdesk import clock
from helpdesk.store import db
from helpdesk.store.rosters import Layer, Override, Roster
from tests.browser.conftest import Visit, keep_picture
from tests.conftest import House, a_roster, read_anew

BERLIN = ZoneInfo("Europe/Berlin")


def layer(position: int, name: str, people: list[int], **other: object) -> Layer:
    values = {"starts_at": "2026-01-05T09:00", "every": 1, "unit": "days", **other}
    return Layer(position=position, name=name, people=people, **values)


@pytest.fixture
def roster(house: House) -> Roster:
    """Daily turns, nights by others, a weekend nobody has, a swap in which Chen stands behind himself."""
    house.chen.zone = "Asia/Shanghai"
    weekdays = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat")}
    nights = {day: [["20:00", "24:00"]] for day in ("mon", "tue", "wed")}
    first = a_roster(
        "First line",
        layer(0, "days", [house.bo.id, house.chen.id], hours={"week": weekdays, "dates": {}}),
        layer(1, "nights", [house.eli.id], hours={"week": nights, "dates": {}}),
    )
    backup = a_roster("Backup", layer(0, "weeks", [house.dee.id, house.eli.id], unit="weeks"))
    db.session.add_all([first, backup])
    db.session.flush()
    house.team.roster_id, house.team.backup_roster_id = first.id, backup.id
    noon = clock.now().replace(hour=11, minute=0, second=0, microsecond=0)
    for start, person in ((noon + timedelta(days=1), house.dee), (noon - timedelta(days=1), house.eli)):
        db.session.add(
            Override(
                roster_id=first.id,
                person_id=person.id,
                starts_at=start,
                ends_at=start + timedelta(hours=9),
                created_at=noon,
            )
        )
    db.session.commit()
    return first


def test_the_pages_of_a_roster_look_right(
    house: House, roster: Roster, screenshots: Callable[..., None], visit: Visit
) -> None:
    screenshots("roster-week", house.chen, f"/on-call/{roster.id}")
    page = visit(house.chen, f"/on-call/{roster.id}?view=month")
    keep_picture(page, "roster-month-1280-light")


def test_a_rota_is_pasted_and_looked_at_on_a_phone(
    house: House, roster: Roster, visit: Visit, axe_clean: Callable[[Page], None]
) -> None:
    page = visit(house.chen, f"/on-call/{roster.id}/rota/take-in", 390, "dark")
    monday = monday_ahead()
    lines = [
        f"{monday + timedelta(days=n):%Y-%m-%d}\tEli\t{name}" for n, name in enumerate(("Bo", "Eli", "Gia"))
    ]
    page.get_by_role("textbox", name="The table").fill("\n".join(["日期\t值班领导\t值班人员", *lines]))
    page.get_by_role("button", name="Look at the result").click()
    page.get_by_text("Line 4: nobody at the desk").first.wait_for()
    page.get_by_role("textbox", name="The table").fill("\n".join(["日期\t值班领导\t值班人员", *lines[:2]]))
    page.get_by_role("button", name="Look at the result").click()
    expect(page.get_by_role("button", name="Take it in")).to_be_visible()
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    axe_clean(page)
    keep_picture(page, "rota-take-in-390-dark")
    page.get_by_role("button", name="Take it in").click()
    page.get_by_role("link", name="Rota", exact=True).click()
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    axe_clean(page)
    keep_picture(page, "rota-390-dark")


def monday_ahead() -> datetime:
    """Midnight in Berlin of the Monday after next."""
    today = clock.now().astimezone(BERLIN).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    return (today + timedelta(days=14 - today.weekday())).replace(tzinfo=BERLIN)


def takes_over(page: Page, name: str) -> None:
    page.get_by_label("Who takes over?").select_option(label=name)
    page.get_by_role("button", name="Put it in the roster").click()
    page.get_by_text("The swap stands in the roster.").wait_for()


def test_a_time_is_chosen_by_dragging_and_with_the_keyboard_alone(
    house: House, roster: Roster, visit: Visit, axe_clean: Callable[[Page], None]
) -> None:
    monday = monday_ahead()
    page = visit(house.eli, f"/on-call/{roster.id}?day={monday:%Y-%m-%d}")
    axe_clean(page)
    box = page.locator("[data-picks]").bounding_box()
    assert box is not None
    hour = box["width"] / 168
    page.mouse.move(box["x"] + 24.5 * hour, box["y"] + 15)  # Tuesday 00:00
    page.mouse.down()
    page.mouse.move(box["x"] + 29.5 * hour, box["y"] + 15, steps=4)
    keep_picture(page, "roster-drag")
    page.mouse.up()
    expect(page.get_by_role("dialog")).to_be_visible()
    tuesday = monday + timedelta(days=1)
    expect(page.get_by_label("From", exact=True)).to_have_value(f"{tuesday:%Y-%m-%d}T00:00")
    expect(page.get_by_label("To", exact=True)).to_have_value(f"{tuesday:%Y-%m-%d}T06:00")
    axe_clean(page)
    keep_picture(page, "roster-swap")
    takes_over(page, "Bo")
    page.locator(".turn.override a").click()  # what ended the drag was no click, this is one
    expect(page.get_by_label("To", exact=True)).to_have_value(f"{tuesday:%Y-%m-%d}T06:00")
    page.keyboard.press("Escape")

    page.goto(page.url.split("?")[0] + f"?day={monday:%Y-%m-%d}")
    slider = page.get_by_role("slider")
    slider.focus()
    for key in ("PageUp", "PageUp", "ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    wednesday = monday + timedelta(days=2)
    expect(page.get_by_label("From", exact=True)).to_have_value(f"{wednesday:%Y-%m-%d}T01:00")
    expect(page.get_by_label("To", exact=True)).to_have_value(f"{wednesday:%Y-%m-%d}T04:00")
    takes_over(page, "Chen")

    read_anew()
    kept = [(o.person_id, o.starts_at) for o in db.session.query(Override).order_by(Override.id)][-2:]
    assert kept == [
        (house.bo.id, tuesday.astimezone(UTC)),
        (house.chen.id, (wednesday + timedelta(hours=1)).astimezone(UTC)),
    ]

"""How the desk works in a browser: read on a phone, in the dark and by keyboard."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import expect

from helpdesk import clock
from helpdesk.desk import closing, feedback, tickets
from helpdesk.store import db
from helpdesk.store.rosters import Layer
from tests.browser.conftest import Visit
from tests.conftest import House, a_roster

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def worked(house: House) -> House:
    """Three weeks of work, some of it still lying about, and a roster."""
    now, stars = clock.now(), (5, 4, 1, 5, 2)
    for n in range(24):
        began = now - DAY * (n % 21) - HOUR * (n % 11) - HOUR
        service = (house.erp, house.printing)[n % 2]
        command = tickets.Report(f"The list of orders {n} stays empty", "", service_id=service.id)
        ticket = tickets.report(command, house.ana, now=began, door="web")
        if n % 6 < 5:
            tickets.accept(ticket.id, (house.bo, house.chen)[n % 2], now=_no_later(began + HOUR / 4, now))
        if n % 6 < 4:
            closing.resolve(ticket.id, house.bo, "c", "s", now=_no_later(began + HOUR * (n % 5 + 1), now))
            if n % 3 == 0:
                feedback.rate(ticket.id, house.ana, stars[n % 5], "It took long", now=now)
    layer = Layer(position=0, name="Weeks", people=[house.bo.id, house.chen.id], every=1, unit="weeks")
    layer.starts_at = "2026-01-05T00:00"
    roster = a_roster("First line", layer)
    db.session.add(roster)
    db.session.flush()
    house.team.roster_id = roster.id
    db.session.commit()
    return house


def _no_later(at: datetime, now: datetime) -> datetime:
    return min(at, now)


def test_the_pages_on_how_the_desk_works_look_right(worked: House, screenshots: Callable[..., None]) -> None:
    screenshots("work", worked.dee, "/figures/work?by=service")
    screenshots("work-list", worked.dee, "/figures/work/tickets?what=solved")


def test_an_hour_of_the_week_is_reached_with_the_keyboard_alone(worked: House, visit: Visit) -> None:
    page = visit(worked.dee, "/figures/work")
    behind = page.locator("#arrivals summary")
    behind.focus()
    page.keyboard.press("Enter")
    number = page.locator("#arrivals td a").first
    expect(number).to_be_visible()
    count = number.inner_text()
    number.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"{count} ticket{'' if count == '1' else 's'}", exact=True)).to_be_visible()
    expect(page.get_by_text("On call in these hours:")).to_be_visible()

"""Rating our help, and following up what went badly, as people see it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from helpdesk import clock
from helpdesk.desk import closing, follow_ups, tickets
from helpdesk.desk.registration import Report
from helpdesk.outbound import links
from helpdesk.store import db
from helpdesk.store.feedback import find_rating
from helpdesk.store.follow_ups import FollowUp
from helpdesk.store.people import Person
from helpdesk.store.tickets import Ticket
from tests.browser.conftest import Visit
from tests.conftest import House, read_anew


def resolved(house: House, subject: str = "The printer prints nothing but stripes") -> Ticket:
    now = clock.now() - timedelta(days=1)
    ticket = tickets.report(Report(subject, "Since this morning."), house.ana, now=now, door="web")
    closing.resolve(ticket.id, house.bo, "dust", "Cleaned the drum and printed a test page.", now=now)
    return ticket


def confirm_path(ticket: Ticket, person: Person) -> str:
    return links.confirm_url(ticket, person.id).partition("example.org")[2]


@pytest.fixture
def followed(house: House) -> list[FollowUp]:
    """One that has just begun, one under way, one closed."""
    for n, subject in enumerate(
        ("ERP posts nothing", "The printer prints stripes", "Wi-Fi drops every hour")
    ):
        ticket = resolved(house, subject)
        words, now = "Nobody told me what was going on.", clock.now() - timedelta(hours=n)
        closing.confirm(ticket.id, house.ana, stars=1, reasons=["slow", "unclear"], words=words, now=now)
    found = db.session.query(FollowUp).order_by(FollowUp.id).all()
    for each in found[1:]:
        follow_ups.reach(each.id, house.chen, "She had to ask three times.", now=clock.now())
        follow_ups.find_cause(each.id, house.chen, "The ticket lay with nobody over noon.", now=clock.now())
    last = found[2].id
    follow_ups.name_action(last, house.chen, "Noon has an agent of its own now.", now=clock.now())
    follow_ups.tell(last, house.chen, "From now on somebody is there over noon, too.", now=clock.now())
    follow_ups.close(last, house.chen, now=clock.now())
    return found


def test_the_reasons_that_fit_the_stars_are_shown(
    house: House, visit: Visit, axe_clean: Callable[..., None]
) -> None:
    ticket = resolved(house)
    page = visit(None, confirm_path(ticket, house.ana), width=390)
    good, bad = page.get_by_text("It was quick"), page.get_by_text("It took too long")
    expect(good).to_be_hidden()
    expect(bad).to_be_hidden()
    page.get_by_role("radio", name="4 good").check()
    expect(good).to_be_visible()
    expect(bad).to_be_hidden()
    page.get_by_role("radio", name="2 poor").check()
    expect(good).to_be_hidden()
    bad.click()
    axe_clean(page)
    page.get_by_role("button", name="Yes, it is solved").click()
    expect(page.get_by_role("heading", name="This is closed")).to_be_visible()
    read_anew()
    rating = find_rating(ticket.id)
    assert rating is not None
    assert (rating.stars, rating.reasons) == (2, ["slow"])


def test_without_script_reasons_are_ticked_and_a_lead_closes_the_loop(
    house: House, followed: list[FollowUp], chromium: Chromium, address: str, visit: Visit
) -> None:
    page = visit(house.chen, f"/figures/follow-ups/{followed[1].id}")
    plain = chromium.new_context(java_script_enabled=False, storage_state=page.context.storage_state())
    page = plain.new_page()
    page.goto(f"{address}/figures/follow-ups/{followed[1].id}")
    page.get_by_label("What is done about it?").fill("Noon has an agent.")
    page.get_by_role("button", name="Keep the action").click()
    expect(page.get_by_text("1 step is still to be done.")).to_be_visible()
    expect(page.get_by_label("What do you tell them?")).to_have_value("Noon has an agent.")
    page.get_by_role("button", name="Tell them").click()
    page.get_by_role("button", name="Close the follow-up").click()
    expect(page.get_by_text("The loop is closed.")).to_be_visible()
    page.goto(f"{address}{confirm_path(resolved(house), house.ana)}")
    page.get_by_role("radio", name="1 very poor").check()
    expect(page.get_by_role("checkbox")).to_have_count(4)
    plain.close()


def test_the_loop_looks_as_it_should(
    house: House, followed: list[FollowUp], screenshots: Callable[..., None]
) -> None:
    begun, under_way, closed = (f"/figures/follow-ups/{each.id}" for each in followed)
    asked = resolved(house)
    for name, person, path in (
        ("loop-confirm", None, confirm_path(asked, house.ana)),
        ("loop-rating", None, confirm_path(followed[0].ticket, house.ana)),
        ("loop-list", house.chen, "/figures/follow-ups"),
        ("loop-begun", house.chen, begun),
        ("loop-under-way", house.chen, under_way),
        ("loop-closed", house.dee, closed),
        ("loop-figures", house.dee, "/figures/follow-ups/loop"),
        ("loop-ticket", house.chen, f"/tickets/HD-{followed[0].ticket_id}"),
        ("loop-bell", house.chen, "/bell"),
    ):
        screenshots(name, person, path)

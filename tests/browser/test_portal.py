"""Reporting as it is lived: on a phone, without script, without a connection."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from helpdesk import clock
from helpdesk.desk import closing, organisation, outages, service_fields, tickets
from helpdesk.desk.changes import By
from helpdesk.desk.registration import Report
from helpdesk.outbound import links
from helpdesk.rules.access import Role
from helpdesk.store import db
from helpdesk.store.organisation import Department
from helpdesk.store.tickets import Ticket
from tests.browser.conftest import Visit
from tests.conftest import MONDAY_9, House, read_anew


@pytest.fixture
def asked(house: House) -> None:
    """Printing asks which printer, and on which floor."""
    always = {"hint": "", "choices": [], "is_required": True, "is_active": True}
    for place, (label, kind, choices) in enumerate(
        (
            ("Which printer?", "text", []),
            ("Which floor?", "choice", ["Ground", "First"]),
            ("Since?", "date", []),
        )
    ):
        values = {**always, "label": label, "kind": kind, "choices": choices, "position": place + 1}
        service_fields.add(house.printing.id, values, By(MONDAY_9, house.eli.id))


def answer_all(page: Page) -> None:
    page.get_by_label("Which printer?").fill("The big one")
    page.get_by_text("First", exact=True).click()
    page.get_by_label("Since?").fill("2026-03-01")
    page.get_by_text("A small fault").click()
    page.get_by_text("Only me").click()


def the_ticket() -> Ticket:
    read_anew()
    return db.session.query(Ticket).one()


def test_the_form_follows_the_service_and_survives_a_lost_connection(
    house: House, asked: None, visit: Visit, axe_clean: Callable[[Page], None]
) -> None:
    page = visit(house.ana, "/report", width=390)
    page.get_by_label("What happened?").fill("Paper jams")
    page.get_by_label("Which service?").select_option("Printing")
    expect(page.get_by_label("Which printer?")).to_be_visible()
    expect(page.get_by_role("button", name="Show what we need")).to_be_hidden()
    answer_all(page)

    page.context.set_offline(True)
    page.get_by_role("button", name="Send report").last.click()
    expect(page.get_by_role("alert")).to_contain_text("What you have written is kept")
    axe_clean(page)
    url = page.url
    page.close()  # and the phone is put away

    page.context.set_offline(False)
    page = page.context.new_page()
    page.goto(url)
    expect(page.get_by_label("Which printer?")).to_have_value("The big one")
    expect(page.get_by_label("What happened?")).to_have_value("Paper jams")
    expect(page.get_by_text("You wrote this before")).to_be_visible()
    axe_clean(page)
    page.get_by_role("button", name="Send report").last.click()
    expect(page.get_by_role("heading", name="We have your report")).to_be_visible()
    assert list(the_ticket().fields.values()) == ["The big one", "First", "2026-03-01"]

    page.goto(url)
    expect(page.get_by_label("What happened?")).to_have_value("")


def test_what_was_written_is_gone_once_its_writer_has_signed_out(house: House, visit: Visit) -> None:
    page = visit(house.ana, "/report")
    page.get_by_label("What happened?").fill("My own matter")
    page.get_by_role("button", name="Menu of Ana").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out")).to_be_visible()
    assert page.evaluate("localStorage.length") == 0


def test_without_script_a_guest_shows_the_services_questions_and_sends(
    house: House, asked: None, chromium: Chromium, address: str
) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{address}/report")
    page.get_by_label("What happened?").fill("Paper jams")
    page.get_by_label("Which service?").select_option("Printing")
    page.get_by_role("button", name="Show what we need to know about it").click()
    expect(page.get_by_label("What happened?")).to_have_value("Paper jams")
    answer_all(page)
    page.get_by_label("Your name").fill("Gil")
    page.get_by_label("Your mail address").fill("gil@example.org")
    heading = ""
    while heading != "We have your report":  # quicker than people write: it asks for one more click
        with page.expect_navigation():
            page.get_by_role("button", name="Send report").last.click()
        heading = page.locator("h1").inner_text()
        assert heading in ("What is not working?", "We have your report")
    assert the_ticket().reporter.email == "gil@example.org"
    context.close()


def test_an_answer_written_without_a_connection_waits_until_there_is_one(house: House, visit: Visit) -> None:
    tickets.report(Report("Paper jams", ""), house.ana, now=clock.now(), door="web")
    page = visit(house.ana, "/my/HD-1", width=390)
    page.get_by_label("Write to us").fill("Now the other tray too")
    page.context.set_offline(True)
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_role("alert")).to_contain_text("No connection.")
    page.context.set_offline(False)
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_text("Your message is with us")).to_be_visible()
    expect(page.get_by_label("Write to us")).to_have_value("")


def test_a_known_fault_is_joined_and_all_of_it_followed_by_the_letters_link(
    house: House, visit: Visit, axe_clean: Callable[[Page], None]
) -> None:
    kim, gil = (house.person(name, Role.REPORTER) for name in ("Kim", "Gil"))
    db.session.commit()
    parent, child = (
        tickets.report(Report("ERP is away", "", service_id=house.erp.id), who, now=clock.now(), door="web")
        for who in (house.ana, kim)
    )
    outages.adopt(parent.id, [child.id], house.chen, now=clock.now())
    page = visit(gil, "/report", width=390)
    page.get_by_label("Which service?").select_option("ERP")
    expect(page.get_by_text("2 people have reported a fault of ERP")).to_be_visible()
    axe_clean(page)
    page.get_by_role("link", name="Yes, I have it too").click()
    axe_clean(page)
    page.get_by_role("button", name="Join them").click()
    expect(page.get_by_text("3 people have reported this")).to_be_visible()
    axe_clean(page)

    closing.resolve(parent.id, house.bo, "disk", "It works again", now=clock.now())
    path = links.follow_url(parent, house.ana.id).partition("example.org")[2]
    stranger = visit(None, path, width=390, theme="dark")
    stranger.get_by_role("link", name="Tell us whether it works").click()
    stranger.get_by_role("button", name="Yes, it is solved").click()
    expect(stranger.get_by_role("heading", name="This is closed")).to_be_visible()


def test_the_portal_looks_as_it_should(house: House, asked: None, screenshots: Callable[..., None]) -> None:
    gil = house.person("Gil", Role.REPORTER)
    accounts = Department(name="Accounts")
    db.session.add(accounts)
    db.session.flush()
    house.ana.department_id = gil.department_id = accounts.id
    db.session.commit()
    organisation.change({"colleagues": True, "hotline": "030 1234"}, By(MONDAY_9, house.eli.id))
    for subject in ("The printer prints nothing but stripes", "ERP posts nothing"):
        report = Report(subject, "Since this morning.", service_id=house.erp.id, is_shared=True)
        ticket = tickets.report(report, house.ana, now=clock.now(), door="web")
    closing.resolve(ticket.id, house.bo, "disk", "It works again", now=clock.now())
    link = links.follow_url(ticket, house.ana.id).partition("example.org")[2]
    for name, person, path in (
        ("portal-report", house.ana, f"/report?service_id={house.printing.id}"),
        ("portal-report-guest", None, "/report"),
        ("portal-my", house.ana, "/my"),
        ("portal-search", house.ana, "/my?q=stripes"),
        ("portal-department", gil, "/my/department"),
        ("portal-ticket", house.ana, "/my/HD-1"),
        ("portal-colleague", gil, "/my/HD-1"),
        ("portal-link", None, link),
        ("portal-promises", None, "/promises"),
        ("portal-letters", None, links.quiet_url(house.ana.id).partition("example.org")[2]),
        ("portal-questions", house.eli, f"/admin/services/{house.printing.id}/questions"),
        ("portal-question", house.eli, f"/admin/services/{house.printing.id}/questions/new"),
    ):
        screenshots(name, person, path)

"""Reviews, causes and games on a desk and on a phone: nothing scrolls sideways, and everything has a name."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from helpdesk import clock
from helpdesk.desk import breaches, tickets, triage
from helpdesk.desk.changes import By
from helpdesk.rules.severity import Affected, Severity, Works
from helpdesk.store import db
from helpdesk.store.breaches import BreachReview, list_causes
from helpdesk.store.people import Person
from tests.browser.conftest import Visit
from tests.conftest import House

Look = Callable[[str, Person | None, str], None]


@pytest.fixture
def late(house: House) -> House:
    """Three critical tickets, answered after two hours instead of one."""
    now = clock.now()
    breaches.begin(now - timedelta(days=1))
    said = {"works": Works.NOTHING, "affected": Affected.EVERYONE, "service_id": house.erp.id}
    when = now - timedelta(hours=3)
    for subject in ("ERP is down", "Nobody can post an invoice in the whole company", "Down again"):
        report = tickets.Report(subject, "", **said)  # type: ignore[arg-type]
        ticket = tickets.report(report, house.ana, now=when, door="web")
        tickets.accept(ticket.id, house.bo, now=when + timedelta(hours=2))
    triage.change_severity(ticket.id, house.bo, Severity.MINOR, "not so bad", now=when + timedelta(hours=2))
    db.session.rollback()
    return house


def test_a_lead_explains_a_broken_promise_and_the_picture_shows_it(late: House, visit: Visit) -> None:
    page = visit(late.chen, "/figures/reviews", width=390)
    page.get_by_role("link", name="ERP is down").click()
    page.get_by_label("Cause").select_option(label="Supplier")
    page.get_by_label("What is done about it?").fill("A second line until Friday")
    page.get_by_role("button", name="Close the review").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.get_by_role("link", name="Reviews", exact=True).first.click()
    expect(page.get_by_role("link", name="Down again")).to_be_visible()
    expect(page.get_by_role("link", name="ERP is down")).to_have_count(0)
    page.get_by_role("link", name="Causes of breaches").first.click()
    expect(page.get_by_role("img", name="Causes of broken promises")).to_be_visible()
    page.get_by_text("As a table").first.click()
    page.get_by_role("link", name="Supplier").first.click()
    expect(page.get_by_role("link", name="ERP is down")).to_be_visible()


def test_they_can_be_looked_at_everywhere(late: House, screenshots: Look) -> None:
    causes = list_causes()
    for n, review in enumerate(db.session.query(BreachReview).order_by(BreachReview.id)[:2]):
        said = {
            "cause_id": causes[n].id,
            "owner_id": late.chen.id,
            "words": "",
            "action": "Call the supplier",
        }
        breaches.save(review.id, said, By(clock.now(), late.chen.id), closes=n == 0)
    for name, path in (
        ("reviews", "/figures/reviews"),
        ("review", "/figures/reviews/1"),
        ("causes", "/figures/reviews/causes"),
        ("games", "/figures/games"),
        ("games-list", "/figures/games/list?game=lowered"),
    ):
        screenshots(name, late.dee, path)

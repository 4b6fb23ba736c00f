"""Reviews on their pages: list, form, causes as a picture with the reviews behind it, set-up, exports."""

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from helpdesk import clock
from helpdesk.desk import breaches, tickets
from helpdesk.desk.changes import By
from helpdesk.rules.access import Role
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.breaches import BreachReview, list_causes
from helpdesk.store.security import SecurityEvent
from helpdesk.store.tickets import Ticket
from tests.conftest import Browser, House, read_anew

Browsers = Callable[[], Browser]


@pytest.fixture
def late(house: House) -> Ticket:
    """Critical, answered after two hours instead of one."""
    now = clock.now()
    breaches.begin(now - timedelta(days=1))
    said = {"works": Works.NOTHING, "affected": Affected.EVERYONE, "service_id": house.erp.id}
    when = now - timedelta(hours=3)
    ticket = tickets.report(tickets.Report("Down", "", **said), house.ana, now=when, door="web")  # type: ignore[arg-type]
    tickets.accept(ticket.id, house.bo, now=when + timedelta(hours=2))
    return ticket


def review() -> BreachReview:
    read_anew()
    return db.session.query(BreachReview).one()


def marker(page: str) -> str:
    found = re.search(r'name="marker" value="(\w+)"', page)
    assert found
    return found[1]


def test_a_lead_explains_a_broken_promise(house: House, late: Ticket, browser: Browsers) -> None:
    chen = browser().known_as(house.chen)
    assert "Down" in chen.get("/figures/reviews").text
    path = f"/figures/reviews/{review().id}"
    page = chen.get(path).text
    cause = next(each for each in list_causes() if each.name == "Staffing")
    form = {
        "marker": marker(page),
        "cause_id": cause.id,
        "words": "Two were ill",
        "action": "",
        "do": "close",
    }
    form["owner_id"] = house.chen.id
    answer = chen.post(path, data=form)
    assert answer.status_code == 422
    assert "Fill this in." in answer.text
    assert "Two were ill" in answer.text
    assert chen.post(path, data=form | {"action": "A third person at night"}).status_code == 303
    assert review().closed_at is not None
    assert "Down" not in chen.get("/figures/reviews").text
    assert "Staffing" in chen.get("/figures/reviews?state=closed").text


def test_who_only_reads_figures_writes_no_review(house: House, late: Ticket, browser: Browsers) -> None:
    path = f"/figures/reviews/{review().id}"
    fay, stranger = browser().known_as(house.fay), house.person("Gil", Role.LEAD)
    db.session.commit()
    assert "Close the review" not in fay.get(path).text
    assert fay.post(path, data={"do": "close"}).status_code == 404
    assert browser().known_as(stranger).get(path).status_code == 404
    assert browser().known_as(house.bo).get("/figures/reviews").status_code == 404


def test_causes_are_a_picture_and_a_table_that_lead_to_the_reviews(
    house: House, late: Ticket, browser: Browsers
) -> None:
    dee = browser().known_as(house.dee)
    assert "No cause is named yet" in dee.get("/figures/reviews/causes").text
    cause = next(each for each in list_causes() if each.name == "Supplier")
    values = {"cause_id": cause.id, "owner_id": house.chen.id, "words": "", "action": "Another line"}
    breaches.save(review().id, values, By(clock.now(), house.chen.id), closes=False)
    page = dee.get("/figures/reviews/causes").text
    assert "Supplier is named most: 1 of 1." in page
    behind = f"/figures/reviews/causes/list?cause={cause.id}"
    assert "Down" in dee.get(behind).text
    assert "Down" not in dee.get("/figures/reviews/causes/list?cause=0").text
    assert "Down" not in dee.get(f"{behind}&kind=request").text
    assert dee.get("/figures/reviews/causes?chart=causes").mimetype == "image/svg+xml"


def test_who_may_export_takes_reviews_and_causes_and_the_log_knows(
    house: House, late: Ticket, browser: Browsers
) -> None:
    dee = browser().known_as(house.dee)
    for path in ("reviews", "causes/list"):
        body = dee.get(f"/figures/reviews/{path}.csv").data.decode("utf-8-sig")
        (row,) = csv.DictReader(io.StringIO(body))
        assert (row["Ticket"], row["Cause"], row["Owner"]) == (late.number, "Not said yet", "Chen")
        assert dee.get(f"/figures/reviews/{path}.xlsx").data
    body = dee.get("/figures/reviews/causes/causes.csv").data.decode("utf-8-sig")
    ((*_head,), row) = csv.reader(io.StringIO(body))
    assert (row[:3], row[5]) == (["Not said yet", "1", ""], "Europe/Berlin")
    assert browser().known_as(house.chen).get("/figures/reviews/reviews.csv").status_code == 404
    read_anew()
    assert db.session.query(SecurityEvent).filter_by(what="exported").count() == 5


def test_a_default_cause_keeps_its_name_in_every_language(
    house: House, late: Ticket, browser: Browsers
) -> None:
    eli = browser().known_as(house.eli)
    assert "Reporter unreachable" in eli.get("/admin/causes").text
    cause = list_causes()[0]
    page = eli.get(f"/admin/causes/{cause.id}").text
    form = {"marker": marker(page), "name": "Staffing", "position": 3, "is_active": 1}
    assert eli.post(f"/admin/causes/{cause.id}", data=form).status_code == 303
    assert (
        eli.post("/admin/causes/new", data={"name": "Moon", "position": 9, "is_active": 1}).status_code == 303
    )
    read_anew()
    assert {"Staffing", "Moon"} <= {each.name for each in list_causes()}


def test_the_bell_rings_for_the_owner(house: House, late: Ticket, browser: Browsers) -> None:
    page = browser().known_as(house.chen).get("/bell").text
    assert "Broken promises to explain" in page
    assert f"/figures/reviews/{review().id}" in page
    assert "Broken promises to explain" not in browser().known_as(house.bo).get("/bell").text

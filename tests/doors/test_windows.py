"""Maintenance on the pages of those whom it concerns: banner, bell, report form, receipt, its own page."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from helpdesk import clock
from helpdesk.desk import maintenance, tickets
from helpdesk.desk.changes import By
from helpdesk.desk.registration import Report
from helpdesk.outbound import links
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.maintenance import Window, WindowFollower
from helpdesk.store.tickets import Ticket
from tests.conftest import Browser, House, read_anew

HOUR = timedelta(hours=1)
FAULT = {"works": "nothing", "affected": "me"}
Browsers = Callable[[], Browser]


def announced(house: House, starts_at: datetime, hours: int = 3) -> Window:
    """A window for ERP, announced a day before it starts."""
    at = starts_at - timedelta(days=1)
    values = {"service_ids": [house.erp.id], "starts_at": starts_at, "ends_at": starts_at + hours * HOUR}
    window = maintenance.draft({**values, "reason": "The new release"}, By(at, house.chen.id))
    maintenance.approve(window.id, By(at, house.dee.id))
    return maintenance.announce(window.id, By(at, house.chen.id))


@pytest.fixture
def window(house: House) -> Window:
    """ERP is down since an hour ago."""
    now = clock.now()
    found = announced(house, now - HOUR)
    maintenance.sweep(now)
    return found


def test_every_page_says_what_runs_to_whom_it_concerns(
    house: House, window: Window, browser: Browsers
) -> None:
    ana, stranger = browser().known_as(house.ana), browser()
    for client, path in ((ana, "/profile"), (browser().known_as(house.bo), "/queue"), (stranger, "/sign-in")):
        assert "under maintenance until" in client.get(path).text, path
    house.erp.is_restricted = True
    db.session.commit()
    assert "under maintenance" not in ana.get("/profile").text
    assert "under maintenance" not in stranger.get("/report").text
    assert ana.get(f"/windows/{window.id}").status_code == 404
    assert "under maintenance until" in browser().known_as(house.bo).get("/queue").text


def test_what_begins_within_a_day_is_said_and_what_comes_later_is_not(
    house: House, browser: Browsers
) -> None:
    ana = browser().known_as(house.ana)
    announced(house, clock.now() + 30 * HOUR)
    assert "maintenance from" not in ana.get("/profile").text
    announced(house, clock.now() + 20 * HOUR)
    assert "maintenance from" in ana.get("/profile").text
    assert ana.get("/windows").text.count("The new release") == 2


def test_a_draft_is_nobodys_business(house: House, browser: Browsers) -> None:
    now = clock.now()
    values = {"service_ids": [house.erp.id], "starts_at": now + HOUR, "ends_at": now + 2 * HOUR}
    window = maintenance.draft(values, By(now, house.chen.id))
    assert browser().known_as(house.ana).get(f"/windows/{window.id}").status_code == 404


def test_one_click_on_the_form_joins_the_news_instead_of_a_ticket(
    house: House, window: Window, browser: Browsers
) -> None:
    ana = browser().known_as(house.ana)
    form = ana.get("/report").text
    assert "is this about that?" in form
    assert f'action="/windows/{window.id}/follow"' in form
    page = ana.post(f"/windows/{window.id}/follow", follow_redirects=True).text
    assert "There is nothing else to do" in page
    read_anew()
    assert db.session.get(WindowFollower, (window.id, house.ana.id)) is not None
    assert db.session.query(Ticket).count() == 0
    ana.post(f"/windows/{window.id}/unfollow")
    read_anew()
    assert db.session.query(WindowFollower).count() == 0


def test_the_receipt_asks_too_and_one_click_withdraws_the_report(
    house: House, window: Window, browser: Browsers
) -> None:
    ana = browser().known_as(house.ana)
    sent = ana.post("/report", data={"subject": "ERP is away", "service_id": house.erp.id, **FAULT})
    assert "is this about that?" in ana.get(sent.location).text
    read_anew()
    ticket = db.session.query(Ticket).one()
    letter = db.session.query(Letter).filter_by(kind="received").one()
    assert "is this about that?" in letter.text
    page = ana.post(f"/my/{ticket.number}/maintenance", follow_redirects=True).text
    assert "There is nothing else to do" in page
    read_anew()
    assert db.session.query(Ticket).one().state == "cancelled"
    assert db.session.query(WindowFollower).one().person_id == house.ana.id
    assert ana.post(f"/my/{ticket.number}/maintenance").status_code == 404


def test_who_wrote_by_mail_joins_by_the_letters_link(house: House, window: Window, browser: Browsers) -> None:
    ticket = tickets.report(Report("ERP?", "It is away"), house.ana, now=clock.now(), door="mail")
    letter = db.session.query(Letter).filter_by(kind="received").one()
    assert "ERP is under maintenance until" in letter.text
    path = links.follow_url(ticket, house.ana.id).removeprefix("http://desk.example.org")
    mailer = browser()
    assert "Yes, it is about that" in mailer.get(path).text
    mailer.post(f"{path}/maintenance")
    read_anew()
    assert db.session.query(WindowFollower).one().person_id == house.ana.id
    assert db.session.query(Ticket).one().state == "cancelled"


def test_a_report_about_another_service_is_not_asked(house: House, window: Window, browser: Browsers) -> None:
    report = Report("Stuck", "", service_id=house.printing.id, works=Works.NOTHING, affected=Affected.ME)
    ticket = tickets.report(report, house.ana, now=clock.now(), door="web")
    ana = browser().known_as(house.ana)
    assert "is this about that?" not in ana.get(f"/my/{ticket.number}").text
    assert ana.post(f"/my/{ticket.number}/maintenance").status_code == 404


def test_the_bell_lists_the_steps_until_they_are_seen(
    house: House, window: Window, browser: Browsers
) -> None:
    bo, chen = browser().known_as(house.bo), browser().known_as(house.chen)
    assert "2 steps of maintenance you have not seen" in bo.get("/queue").text
    assert "1 step of maintenance you have not seen" in chen.get("/queue").text  # who announced it
    ana = browser().known_as(house.ana)
    assert "2 steps of maintenance you have not seen" in ana.get("/my").text
    assert "It was announced" in ana.get("/bell").text
    page = bo.get("/bell").text
    assert "It has begun" in page
    assert "It was announced" in page
    looked_at = clock.now().isoformat()
    assert page.index("Maintenance</h2>") < page.index("No alarms in"), "what is new stands first"
    bo.post("/bell/seen", data={"up_to": 0, "looked_at": looked_at})
    assert "of maintenance" not in bo.get("/queue").text.split("</header>")[0]
    maintenance.extend(window.id, window.ends_at + HOUR, By(clock.now(), house.chen.id))
    assert bo.get("/bell/news").json["count"] == 1
    bo.post("/bell/seen", data={"up_to": 0, "looked_at": looked_at})  # an older page
    assert bo.get("/bell/news").json["count"] == 1
    bo.post("/bell/seen", data={"up_to": 0, "looked_at": "nonsense"})
    assert bo.get("/bell/news").json["count"] == 0


def test_an_emergency_is_asked_for_while_the_window_runs_and_not_later(
    house: House, window: Window, browser: Browsers
) -> None:
    ana, path = browser().known_as(house.ana), f"/windows/{window.id}/emergency"
    assert "Tell them now" in ana.get(path).text
    assert ana.post(path, data={"service_id": house.erp.id}).status_code == 422
    other = {"subject": "Wages", "body": "Today", "service_id": house.printing.id}
    assert ana.post(path, data=other).status_code == 422
    maintenance.finish(window.id, By(clock.now(), house.chen.id))
    assert ana.get(path).status_code == 404
    assert db.session.query(Ticket).count() == 0

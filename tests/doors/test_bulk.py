"""Several tickets at once, and what belongs to a ticket, through the pages."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from helpdesk import clock
from helpdesk.desk import bulk, closing, links, tickets
from helpdesk.desk.tickets import Report
from helpdesk.store import db
from helpdesk.store.bulk import BulkAction, BulkItem
from helpdesk.store.services import Service
from helpdesk.store.teams import Team
from helpdesk.store.ticket_links import TicketLink
from helpdesk.store.tickets import Ticket
from tests.conftest import Browser, House, read_anew
from tests.doors.test_queue import queries_of

Browsers = Callable[[], Browser]
SOLVED = {"cause": "switch", "solution": "Restarted it"}


def report(house: House, subject: str, **more: object) -> Ticket:
    return tickets.report(
        Report(subject, "", **more), house.ana, now=clock.now() - timedelta(minutes=5), door="web"
    )


@pytest.fixture
def many(house: House) -> list[Ticket]:
    return [report(house, f"Printer {n}") for n in range(3)]


@pytest.fixture
def bo(browser: Browsers, house: House) -> Browser:
    return browser().known_as(house.bo)


def joined(found: list[Ticket]) -> str:
    return ",".join(str(ticket.id) for ticket in found)


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))


DEEDS = {
    "assign": {"way": "person", "assignee_id": "BO"},
    "accept": {},
    "severity": {"severity": "critical", "reason": "The whole floor"},
    "move": {"service_id": "ERP", "reason": "It is ERP"},
    "wait": {"waiting_for": "supplier", "wake_at": "2030-01-01T09:00", "question": "Part ordered"},
    "resolve": SOLVED,
    "link": {"number": "OTHER", "how": "caused_by"},
    "merge": {"number": "OTHER"},
    "adopt": {"number": "OTHER"},
    "cancel": {"reason": "A test"},
}


@pytest.mark.parametrize(("deed", "typed"), DEEDS.items())
def test_each_deed_is_asked_for_shown_and_done(
    house: House, many: list[Ticket], bo: Browser, deed: str, typed: dict[str, str]
) -> None:
    other = report(house, "The switch")
    names = {"OTHER": other.number, "ERP": str(house.erp.id), "BO": str(house.bo.id)}
    soon = (clock.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    typed = {n: soon if n == "wake_at" else names.get(v, v) for n, v in typed.items()}
    asked = bo.get("/bulk/new", query_string={"deed": deed, "ticket": [t.id for t in many]})
    assert asked.status_code == 200
    sent = {"deed": deed, "tickets": joined(many), **typed}
    shown = asked if deed == "accept" else bo.post("/bulk/preview", data=sent)
    assert shown.status_code == 200
    assert "3 tickets change" in shown.text
    read_anew()
    assert not any(t.assignee_id or t.state != "new" for t in db.session.query(Ticket)), "nothing is done yet"
    answer = bo.post("/bulk", data=hidden(shown.text))
    assert answer.status_code == 303
    page = bo.get(answer.location).text
    assert "3 tickets done." in page
    assert "progress" not in re.sub(r"bulk[-/]\S*progress|data-poll\S*", "", page).split("<main")[1]


@pytest.mark.parametrize(
    ("deed", "typed", "error"),
    [
        ("resolve", {"cause": "x"}, "Say what was done"),
        ("severity", {"severity": "major"}, "Say why"),
        ("merge", {"number": "HD-999999"}, "There is no such ticket"),
        ("assign", {"way": "person", "assignee_id": "999"}, "Choose a person from the list"),
        ("move", {"service_id": "999", "reason": "x"}, "This service is gone"),
    ],
)
def test_a_wrong_form_comes_back_before_anything_is_tried(
    house: House, many: list[Ticket], bo: Browser, deed: str, typed: dict[str, str], error: str
) -> None:
    for path in ("/bulk/preview", "/bulk"):
        answer = bo.post(path, data={"deed": deed, "tickets": joined(many), **typed})
        assert answer.status_code == 422
        assert error in answer.text
    read_anew()
    assert db.session.query(BulkAction).count() == 0


def test_what_is_not_possible_is_said_before_and_after(house: House, many: list[Ticket], bo: Browser) -> None:
    closing.cancel(many[0].id, house.bo, "twice", now=clock.now())
    sent = {"deed": "resolve", "tickets": joined(many), **SOLVED}
    shown = bo.post("/bulk/preview", data=sent).text
    assert "2 tickets change, 2 letters go out" in shown
    assert "This was cancelled, so nothing was changed." in shown
    page = bo.get(bo.post("/bulk", data=hidden(shown)).location).text
    assert "2 tickets done." in page
    assert "This was cancelled, so nothing was changed." in page


def test_what_was_typed_comes_back_to_be_changed(house: House, many: list[Ticket], bo: Browser) -> None:
    sent = {"deed": "resolve", "tickets": joined(many), **SOLVED}
    shown = bo.post("/bulk/preview", data=sent).text
    again = bo.post("/bulk/new", data=hidden(shown)).text
    assert "Restarted it" in again
    assert 'value="switch"' in again


def test_sent_twice_it_is_done_once(house: House, many: list[Ticket], bo: Browser) -> None:
    shown = bo.post("/bulk/preview", data={"deed": "resolve", "tickets": joined(many), **SOLVED}).text
    first, second = (bo.post("/bulk", data=hidden(shown)).location for _n in range(2))
    assert first == second
    read_anew()
    assert db.session.query(BulkAction).count() == 1


def test_many_are_left_to_a_worker_and_the_page_says_how_far_it_is(
    house: House, bo: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [report(house, f"Printer {n}") for n in range(22)]
    shown = bo.post("/bulk/preview", data={"deed": "resolve", "tickets": joined(many), **SOLVED}).text
    where = bo.post("/bulk", data=hidden(shown)).location
    read_anew()
    assert db.session.query(BulkItem).filter_by(state="pending").count() == 22
    assert '<progress id="bulk-done" max="22" value="0">' in bo.get(where).text
    for _n in range(7):
        bulk.carry_out_next(clock.now())
    fragment = bo.get(f"{where}/progress")
    assert '<progress id="bulk-done" max="22" value="7">' in fragment.text
    unchanged = bo.get(f"{where}/progress", headers={"If-None-Match": fragment.headers["ETag"]})
    assert unchanged.status_code == 304
    while bulk.carry_out_next(clock.now()):
        pass
    assert "22 tickets done." in bo.get(f"{where}/progress").text


def test_of_more_than_somebody_waits_for_only_the_state_is_looked_at(
    house: House, many: list[Ticket], bo: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST_TRIED", 1)
    closing.cancel(many[2].id, house.bo, "twice", now=clock.now())
    shown = bo.post("/bulk/preview", data={"deed": "resolve", "tickets": joined(many), **SOLVED}).text
    assert "2 tickets change, 1 letter goes out" in shown
    assert "The first 1 were tried out" in shown
    assert "This was cancelled, so nothing was changed." in shown


def test_only_who_ordered_it_sees_it(
    house: House, many: list[Ticket], bo: Browser, browser: Browsers
) -> None:
    action = bulk.order(house.bo, "resolve", SOLVED, [many[0].id], now=clock.now())
    chen = browser().known_as(house.chen)
    assert chen.get(f"/bulk/{action.id}").status_code == 404
    assert "Resolve" in bo.get("/bulk").text
    assert "Nothing yet" in chen.get("/bulk").text


def test_tickets_that_one_may_not_read_are_left_out(house: House, many: list[Ticket], bo: Browser) -> None:
    db.session.add(secret := Service(name="Payroll", team=Team(name="HR"), is_restricted=True))
    db.session.commit()
    hers = report(house, "Wages", service_id=secret.id)
    page = bo.get("/bulk/new", query_string={"deed": "resolve", "ticket": [hers.id, many[0].id]}).text
    assert "Wages" not in page
    assert "1 ticket<" in page
    nothing = bo.get("/bulk/new", query_string={"deed": "resolve", "ticket": [hers.id]}).text
    assert "No tickets are chosen" in nothing


def test_without_a_deed_one_chooses_it(house: House, many: list[Ticket], bo: Browser) -> None:
    page = bo.get("/bulk/new", query_string={"ticket": [t.number for t in many]}).text
    assert all(f'value="{deed}"' in page for deed in DEEDS)


def test_links_stand_on_both_pages_and_are_taken_back(
    house: House, many: list[Ticket], bo: Browser, browser: Browsers
) -> None:
    one, other, third = many
    links.link(one.id, house.bo, other.id, "caused_by", now=clock.now())
    closing.merge(third.id, house.bo, one.id, now=clock.now())
    here, there = (bo.get(f"/tickets/{t.number}").text for t in (one, other))
    assert "Caused by" in here
    assert f"{other.number} Printer 1" in here
    assert "Causes" in there
    assert f"{one.number} Printer 0" in there
    assert here.count("Take back") == 1, "what was merged stays"
    undo = {"number": one.number, "how": "caused_by"}
    assert browser().known_as(house.dee).post(f"/tickets/{other.number}/unlink", data=undo).status_code == 404
    assert bo.post(f"/tickets/{other.number}/unlink", data=undo).status_code == 303
    read_anew()
    assert db.session.query(TicketLink).filter_by(how="caused_by").count() == 0
    page = bo.get(f"/tickets/{one.number}").text
    assert "took back the link with" in page


def test_links_cost_a_page_one_query_however_many_there_are(
    house: House, many: list[Ticket], bo: Browser
) -> None:
    one, *others = many
    links.link(one.id, house.bo, others[0].id, now=clock.now())
    few = queries_of(bo, f"/tickets/{one.number}")
    for other in [others[1], *(report(house, f"More {n}") for n in range(5))]:
        links.link(one.id, house.bo, other.id, now=clock.now())
    assert queries_of(bo, f"/tickets/{one.number}") == few


def test_a_message_becomes_a_ticket_of_its_own(
    house: House, many: list[Ticket], bo: Browser, browser: Browsers
) -> None:
    ticket = many[0]
    message = tickets.reporter_reply(
        ticket.id, house.ana, "By the way: ERP is slow.\nSince Monday.", now=clock.now(), door="web"
    )
    path = f"/tickets/{ticket.number}/split/{message.id}"
    assert path in bo.get(f"/tickets/{ticket.number}").text
    form = bo.get(path).text
    assert 'value="By the way: ERP is slow."' in form
    assert bo.post(path, data={"subject": " "}).status_code == 422
    answer = bo.post(path, data={"subject": "ERP is slow", "kind": "fault", "service_id": house.erp.id})
    assert answer.status_code == 303
    page = bo.get(answer.location).text
    assert "Since Monday." in page
    assert "made this of a message in" in page
    assert "A message became" in bo.get(f"/tickets/{ticket.number}").text
    number = answer.location.rpartition("/")[2]
    mine = browser().known_as(house.ana)
    assert f"goes on as a report of its own, {number}" in mine.get(f"/my/{ticket.number}").text
    assert f"You wrote this about {ticket.number}" in mine.get(f"/my/{number}").text


def test_what_cannot_be_split_is_not_there(house: House, many: list[Ticket], bo: Browser) -> None:
    answer = tickets.reply(many[0].id, house.chen, "On it", now=clock.now())
    for number, entry_id in ((many[0].number, answer.id), (many[1].number, answer.id), (many[0].number, 999)):
        assert bo.get(f"/tickets/{number}/split/{entry_id}").status_code == 404
        assert bo.post(f"/tickets/{number}/split/{entry_id}", data={"subject": "x"}).status_code == 404

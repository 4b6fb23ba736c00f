"""Excusing a breach on the ticket's page: who may, what it asks, what it says."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from helpdesk import clock
from helpdesk.desk import excuses, tickets
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.excuses import list_excuses
from helpdesk.store.people import Person
from helpdesk.store.teams import Team
from helpdesk.store.tickets import Ticket
from tests.conftest import Browser, House, read_anew

Browsers = Callable[[], Browser]
GIVEN = {"reason": "The <line> was cut", "evidence": "https://example.org/outage/7"}


@pytest.fixture
def late(house: House) -> Ticket:
    """Critical, open, and nobody has answered within the hour."""
    said = {"works": Works.NOTHING, "affected": Affected.EVERYONE, "service_id": house.erp.id}
    when = clock.now() - timedelta(hours=2)
    return tickets.report(tickets.Report("Down", "", **said), house.ana, now=when, door="web")  # type: ignore[arg-type]


def form(ticket: Ticket, target: str = "response", cycle: int = 1) -> str:
    return f"/tickets/{ticket.number}/excuses/{target}/{cycle}"


def test_a_lead_excuses_from_the_ticket_and_withdraws_again(
    house: House, late: Ticket, browser: Browsers
) -> None:
    chen = browser().known_as(house.chen)
    assert form(late) in chen.get(f"/tickets/{late.number}").text
    assert "Excuse this breach" in chen.get(form(late)).text
    assert chen.post(form(late), data=GIVEN).location == f"/tickets/{late.number}"
    page = chen.get(f"/tickets/{late.number}").text
    assert (
        "<b>Chen</b> excused the late response: The &lt;line&gt; was cut: https://example.org/outage/7"
        in page
    )
    assert "Response, 2 h of 1 h used" in page  # as late as before
    assert "Withdraw the excuse" in chen.get(form(late)).text
    answer = chen.post(f"{form(late)}/withdraw", data={"reason": "Our own digger"})
    assert answer.status_code == 303
    page = chen.get(f"/tickets/{late.number}").text
    assert "<b>Chen</b> withdrew the excuse of the late response: Our own digger" in page
    assert "Excuse this breach" in page


@pytest.mark.parametrize("missing", ["reason", "evidence"])
def test_reason_and_evidence_are_asked_for(
    house: House, late: Ticket, browser: Browsers, missing: str
) -> None:
    answer = browser().known_as(house.chen).post(form(late), data=GIVEN | {missing: " "})
    assert answer.status_code == 422
    assert (
        GIVEN["reason" if missing == "evidence" else "evidence"].replace("<", "&lt;").replace(">", "&gt;")
        in answer.text
    )
    read_anew()
    assert list_excuses(late.id) == []


def may_excuse(browser: Browser, ticket: Ticket) -> list[int]:
    statuses = [
        browser.get(form(ticket)).status_code,
        browser.post(form(ticket), data=GIVEN).status_code,
        browser.post(f"{form(ticket)}/withdraw", data={"reason": "x"}).status_code,
    ]
    read_anew()
    return statuses


def test_only_leads_of_the_team_and_administrators_excuse(
    house: House, late: Ticket, browser: Browsers
) -> None:
    for person in (house.ana, house.bo, house.dee, house.fay):
        signed_in = browser().known_as(person)
        assert may_excuse(signed_in, late) == [404, 404, 404]
        assert "Excuse this breach" not in signed_in.get(f"/tickets/{late.number}").text
    for person in (house.chen, house.eli):
        assert may_excuse(browser().known_as(person), late) == [200, 303, 303]


def test_the_lead_of_another_team_does_not(house: House, late: Ticket, browser: Browsers) -> None:
    other = Team(name="Network")
    db.session.add(other)
    db.session.flush()
    late.team_id = other.id
    db.session.commit()
    assert may_excuse(browser().known_as(house.chen), late) == [404, 404, 404]


def test_everybody_at_the_desk_reads_the_excuse(house: House, late: Ticket, browser: Browsers) -> None:
    excuses.excuse(late.id, house.chen, "response", 1, **GIVEN, now=clock.now())

    def page(person: Person) -> str:
        return browser().known_as(person).get(f"/tickets/{late.number}", follow_redirects=True).text

    for person in (house.bo, house.dee, house.fay):
        assert "The &lt;line&gt; was cut" in page(person)
    assert "was cut" not in page(house.ana)


def test_what_is_in_time_or_not_there_is_not_excused(house: House, late: Ticket, browser: Browsers) -> None:
    chen = browser().known_as(house.chen)
    answer = chen.post(form(late, "resolution"), data=GIVEN)
    assert answer.status_code == 422
    assert "This was in time" in answer.text
    assert chen.get(form(late, "response", 2)).status_code == 404
    assert chen.get(form(late, "nonsense")).status_code == 404


def test_who_was_slower_is_told_so(house: House, late: Ticket, browser: Browsers) -> None:
    chen = browser().known_as(house.chen)
    excuses.excuse(late.id, house.eli, "response", 1, **GIVEN, now=clock.now())
    answer = chen.post(form(late), data=GIVEN)
    assert answer.status_code == 422
    assert "Somebody has excused this in the meantime" in answer.text

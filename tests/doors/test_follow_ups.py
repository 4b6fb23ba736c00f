"""The pages and addresses of follow-ups: for those who lead, and those who look after them."""

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from openpyxl import load_workbook

from helpdesk import clock
from helpdesk.desk import closing, follow_ups, tickets, tokens
from helpdesk.desk.tickets import Report
from helpdesk.rules.access import Role
from helpdesk.store import db
from helpdesk.store.follow_ups import FollowUp
from helpdesk.store.letters import Letter
from helpdesk.store.people import Person
from helpdesk.store.security import SecurityEvent
from helpdesk.store.teams import Member, Team
from helpdesk.store.tickets import Ticket
from tests.conftest import Browser, House, read_anew

Browsers = Callable[[], Browser]
HERE = "/figures/follow-ups"


@pytest.fixture
def ticket(house: House) -> Ticket:
    now = clock.now() - timedelta(hours=1)
    found = tickets.report(Report("Printer <b>3</b>", "jam"), house.ana, now=now, door="web")
    closing.resolve(found.id, house.bo, "dust", "Cleaned it", now=now)
    closing.confirm(found.id, house.ana, stars=1, reasons=["slow"], words="A <i>week</i>!", now=now)
    return found


@pytest.fixture
def follow_up(ticket: Ticket) -> FollowUp:
    return db.session.query(FollowUp).one()


@pytest.fixture
def gil(house: House) -> None:
    """Leads another team."""
    other = Team(name="Network")
    found = house.person("Gil", Role.LEAD)
    db.session.add(other)
    db.session.flush()
    db.session.add(Member(team_id=other.id, person_id=found.id, is_lead=True))
    db.session.commit()


def test_a_lead_does_all_of_it_on_one_page(browser: Browsers, house: House, follow_up: FollowUp) -> None:
    chen, page = browser().known_as(house.chen), f"{HERE}/{follow_up.id}"
    assert "1 of 5 stars" in chen.get(HERE).text
    shown = chen.get(page).text
    assert "It took too long" in shown
    assert "A &lt;i&gt;week&lt;/i&gt;!" in shown
    assert "4 steps are still to be done." in shown
    refused = chen.post(f"{page}/close")
    assert refused.status_code == 422
    assert "Reach the reporter, Find the cause, Name an action, Tell the reporter" in refused.text
    refused = chen.post(f"{page}/steps/reached", data={"words": " "})
    assert refused.status_code == 422
    assert '<a href="#reached-words">' in refused.text
    assert 'id="reached-words" name="words" required maxlength="5000" aria-invalid="true"' in refused.text
    for step, words in (
        ("reached", "She waited"),
        ("cause", "Nobody called"),
        ("action", "We call"),
        ("told", "We call."),
    ):
        assert chen.post(f"{page}/steps/{step}", data={"words": words}).status_code == 303
    assert "Ana is told by letter" in chen.get(page).text
    assert chen.post(f"{page}/close").status_code == 303
    assert "Nothing is to be followed up" in chen.get(HERE).text
    assert "Closed in time" in chen.get(f"{HERE}?state=closed").text
    assert "We call." in browser().known_as(house.ana).get(f"/my/HD-{follow_up.ticket_id}").text


def test_who_sees_one_and_who_works_on_it(
    browser: Browsers, house: House, gil: None, follow_up: FollowUp
) -> None:
    page = f"{HERE}/{follow_up.id}"
    leads_elsewhere = db.session.query(Person).filter_by(name="Gil").one()
    for person, sees, works in (
        (house.ana, 404, 404),
        (house.bo, 404, 404),
        (leads_elsewhere, 404, 404),
        (house.dee, 200, 404),
        (house.fay, 200, 404),
        (house.eli, 200, 303),
        (house.chen, 200, 303),
    ):
        client = browser().known_as(person)
        assert client.get(page).status_code == sees, person.name
        assert client.post(f"{page}/steps/cause", data={"words": "x"}).status_code == works, person.name
    assert "Printer" not in browser().known_as(leads_elsewhere).get(HERE).text
    assert browser().known_as(house.chen).post(f"{page}/steps/sing", data={"words": "x"}).status_code == 404


def test_the_ticket_and_the_bell_show_it(browser: Browsers, house: House, follow_up: FollowUp) -> None:
    chen = browser().known_as(house.chen)
    assert f'href="{HERE}/{follow_up.id}"' in chen.get(f"/tickets/HD-{follow_up.ticket_id}").text
    assert f"{HERE}/" not in browser().known_as(house.bo).get(f"/tickets/HD-{follow_up.ticket_id}").text
    assert chen.get("/bell/news").json["said"] == "1 follow-up to look at"
    assert "Printer" in chen.get("/bell").text
    chen.post("/bell/seen", data={"up_to": "0"})
    assert chen.get("/bell/news").json["count"] == 0


def test_the_figures_lead_to_what_is_behind_them_and_can_be_taken_away(
    browser: Browsers, house: House, follow_up: FollowUp
) -> None:
    for step in follow_ups.STEPS:
        follow_ups.STEPS[step](follow_up.id, house.chen, "=1+1", now=clock.now())
    follow_ups.close(follow_up.id, house.chen, now=clock.now())
    dee, loop = browser().known_as(house.dee), f"{HERE}/loop"
    page = dee.get(loop).text
    assert "1 of 1 closed or past due" in page
    assert f'href="{HERE}/{follow_up.id}"' in page
    assert f'href="{HERE}/{follow_up.id}"' in dee.get(f"{loop}?what=in_time&page=99").text
    assert f'href="{HERE}/{follow_up.id}"' not in dee.get(f"{loop}?what=overdue").text
    assert "Nothing had to be followed up" in dee.get(f"{loop}?kind=request").text
    assert dee.get(f"{loop}?since=2026-03-02").status_code == 422
    csv = dee.get(f"{loop}/list.csv").text
    assert f"HD-{follow_up.ticket_id}" in csv
    assert ",'=1+1," in csv
    book = load_workbook(io.BytesIO(dee.get(f"{loop}/figures.xlsx").data))
    head, share = ([cell.value for cell in book.worksheets[0][n]] for n in (1, 2))
    assert share[:4] == ["Followed up in time", 100, "%", 1]
    assert dict(zip(head, share, strict=True))["Time zone"] == "Europe/Berlin"
    read_anew()
    logged = db.session.query(SecurityEvent).filter_by(what="exported", subject="follow_ups")
    assert [each.detail["table"] for each in logged.order_by("id")] == ["list", "figures"]
    assert browser().known_as(house.chen).get(f"{loop}/list.csv").status_code == 404
    assert dee.get(f"{loop}/all.csv").status_code == 404


def test_programs_do_the_same(browser: Browsers, house: House, follow_up: FollowUp) -> None:
    def ask(person: str, method: str, path: str = "", **body: object) -> tuple[int, object]:
        token = tokens.add_token(getattr(house, person).id, "try", now=clock.now())
        answer = browser().open(
            f"/api/v1/follow-ups{path}", method=method, json=body or None,
            headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip
        return answer.status_code, answer.json

    one = f"/{follow_up.id}"
    status, found = ask("chen", "GET")
    assert (status, [each["missing"] for each in found]) == (200, [["reached", "cause", "action", "told"]])
    assert (
        ask("bo", "GET")[0]
        == ask("bo", "GET", one)[0]
        == ask("dee", "POST", f"{one}/cause", words="x")[0]
        == 403
    )
    assert ask("chen", "GET", "/999")[0] == 404
    assert ask("chen", "POST", f"{one}/told", words="Sorry")[0] == 422
    status, problem = ask("chen", "POST", f"{one}/close")
    assert (status, list(problem["errors"])) == (422, ["_schema"])
    for step in ("reached", "cause", "action", "told"):
        status, found = ask("chen", "POST", f"{one}/{step}", words=step)
    assert (status, found["missing"], found["ticket"]) == (200, [], {"number": "HD-1"})
    assert ask("chen", "POST", f"{one}/close")[1]["closed_at"]
    assert ask("eli", "GET", "?is_open=false")[1][0]["action"] == "action"


def test_a_reporters_program_rates(browser: Browsers, house: House, ticket: Ticket) -> None:
    def rate(person: str, **body: object) -> int:
        token = tokens.add_token(getattr(house, person).id, "try", now=clock.now())
        path, headers = f"/api/v1/tickets/{ticket.number}/rating", {"Authorization": f"Bearer {token}"}
        return browser().post(path, json=body, headers=headers).status_code

    assert rate("ana", stars=5, reasons=["quick"], words="After all") == 200
    assert [rate("ana"), rate("ana", stars=6), rate("ana", stars=5, reasons=["x"]), rate("bo", stars=5)] == [
        422, 422, 422, 403,
    ]  # fmt: skip


def test_the_organisation_says_how_often_it_asks_and_how_fast_it_follows_up(
    browser: Browsers, house: House
) -> None:
    page = browser().known_as(house.eli).get("/admin/organisation").text
    for name, value in (("rating_every_days", 30), ("rating_reminder_days", 3), ("follow_up_hours", 16)):
        assert f'name="{name}" type="number" value="{value}"' in page


def test_somebody_without_an_address_is_told_on_the_page_and_the_lead_reads_so(
    browser: Browsers, house: House, follow_up: FollowUp
) -> None:
    house.ana.addresses.clear()
    db.session.commit()
    follow_ups.name_action(follow_up.id, house.chen, "We call", now=clock.now())
    chen, page = browser().known_as(house.chen), f"{HERE}/{follow_up.id}"
    chen.post(f"{page}/steps/told", data={"words": "We call."})
    assert "Ana gets no letter: tell them yourself." in chen.get(page).text
    assert db.session.query(Letter).filter_by(kind="followed_up").count() == 0

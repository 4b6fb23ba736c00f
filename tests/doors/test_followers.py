from collections.abc import Callable

import pytest
from sqlalchemy import select

from helpdesk import clock
from helpdesk.desk import tickets
from helpdesk.desk.tickets import Report
from helpdesk.rules.access import Role
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.people import Person
from helpdesk.store.tickets import Participant, Ticket, list_entries
from tests.conftest import Browser, House, read_anew

Browsers = Callable[[], Browser]


@pytest.fixture
def gus(house: House) -> Person:
    """A colleague of Bo's."""
    found = house.person("Gus", Role.AGENT)
    db.session.commit()
    return found


@pytest.fixture
def ticket(house: House, gus: Person) -> Ticket:
    ticket = tickets.report(Report("Printer jams", ""), house.ana, now=clock.now(), door="web")
    tickets.accept(ticket.id, house.bo, now=clock.now())
    return ticket


def letters_to(person: Person) -> list[tuple[str, str]]:
    read_anew()
    found = db.session.scalars(select(Letter).where(Letter.person_id == person.id).order_by(Letter.id))
    return [(letter.kind, letter.state) for letter in found]


@pytest.mark.parametrize(("mode", "state"), [("every", "kept"), ("digest", "held")])
def test_a_colleague_who_follows_reads_what_is_written_to_and_by_the_reporter(
    house: House, gus: Person, ticket: Ticket, browser: Browsers, mode: str, state: str
) -> None:
    gus.mail_mode = mode
    db.session.commit()
    assert browser().known_as(gus).post(f"/tickets/{ticket.number}/follow").status_code == 303
    tickets.reply(ticket.id, house.bo, "Which floor?", now=clock.now())
    tickets.reporter_reply(ticket.id, house.ana, "The second", now=clock.now(), door="web")
    tickets.note(ticket.id, house.bo, "Not again", now=clock.now())
    tickets.reply(ticket.id, gus, "On my way", now=clock.now())
    assert letters_to(gus) == [("reporter_wrote", state)] * 2


def test_who_stops_following_hears_no_more(
    house: House, gus: Person, ticket: Ticket, browser: Browsers
) -> None:
    browsing = browser().known_as(gus)
    browsing.post(f"/tickets/{ticket.number}/follow")
    assert "Stop following" in browsing.get(f"/tickets/{ticket.number}").text
    browsing.post(f"/tickets/{ticket.number}/unfollow")
    tickets.reply(ticket.id, house.bo, "Which floor?", now=clock.now())
    assert letters_to(gus) == []
    assert [e.kind for e in list_entries(ticket.id)] == [
        "reported",
        "accepted",
        "replied",
    ]  # their own affair


def test_an_agent_adds_and_takes_off_a_colleague_and_the_timeline_says_so(
    house: House, gus: Person, ticket: Ticket, browser: Browsers
) -> None:
    bo, path = browser().known_as(house.bo), f"/tickets/{ticket.number}/followers"
    assert "gus@example.org" in bo.get(f"{path}/people?q=gu").text
    assert bo.post(path, data={"who": "gus"}).status_code == 303
    assert "<b>Bo</b> let <b>Gus</b> follow this" in bo.get(f"/tickets/{ticket.number}").text
    assert bo.post(f"{path}/{gus.id}/remove").status_code == 303
    assert "<b>Bo</b> took <b>Gus</b> off this" in bo.get(f"/tickets/{ticket.number}").text
    read_anew()
    assert db.session.get(Participant, (ticket.id, gus.id)) is None


@pytest.mark.parametrize(
    "typed", [{"who": ""}, {"who": "nobody at all"}, {"who": "x", "person_id": "9" * 20}]
)
def test_nobody_is_added_by_a_name_that_nobody_has(
    house: House, ticket: Ticket, browser: Browsers, typed: dict[str, str]
) -> None:
    answer = browser().known_as(house.bo).post(f"/tickets/{ticket.number}/followers", data=typed)
    assert answer.status_code == 422
    assert "Nobody is found by that" in answer.text


def test_who_joined_is_not_taken_off_by_others(house: House, ticket: Ticket, browser: Browsers) -> None:
    joined = Participant(ticket_id=ticket.id, person_id=house.dee.id, how="joined", since=house.now)
    db.session.add(joined)
    db.session.commit()
    browser().known_as(house.bo).post(f"/tickets/{ticket.number}/followers/{house.dee.id}/remove")
    read_anew()
    assert db.session.get(Participant, (ticket.id, house.dee.id)) is not None


def test_the_bell_tells_who_follows_of_notes_too(
    house: House, gus: Person, ticket: Ticket, browser: Browsers
) -> None:
    browsing = browser().known_as(gus)
    tickets.note(ticket.id, house.bo, "Written before anybody followed", now=clock.now())
    browsing.post(f"/tickets/{ticket.number}/follow")
    before = browsing.get("/bell/news").json
    tickets.note(ticket.id, house.bo, "Looks like the fuser", now=clock.now())
    tickets.note(ticket.id, gus, "I have a spare one", now=clock.now())
    news = browsing.get("/bell/news").json
    assert (before["count"], news["count"]) == (0, 1)
    assert news["said"] == "1 new message on tickets you follow"
    page = browsing.get("/bell").text
    assert "Bo: Looks like the fuser" in page
    assert "I have a spare one" not in page
    browsing.post("/bell/seen", data={"up_to": "0", "looked_at": clock.now().isoformat()})
    assert browsing.get("/bell/news").json["count"] == 0


def test_the_bell_is_silent_on_notes_that_one_may_not_read(
    house: House, gus: Person, ticket: Ticket, browser: Browsers
) -> None:
    house.printing.is_restricted = True
    ticket.service_id = house.printing.id
    db.session.add(Participant(ticket_id=ticket.id, person_id=gus.id, how="follower", since=house.now))
    db.session.commit()
    tickets.note(ticket.id, house.bo, "For the team alone", now=clock.now())
    browsing = browser().known_as(gus)
    assert browsing.get("/bell/news").json["count"] == 0
    assert "For the team alone" not in browsing.get("/bell").text


def test_whom_no_database_can_look_for_is_nobody(house: House, ticket: Ticket, browser: Browsers) -> None:
    answer = browser().known_as(house.bo).post(f"/tickets/{ticket.number}/followers", data={"who": "Gu\0x"})
    assert (answer.status_code, "Nobody is found by that" in answer.text) == (422, True)

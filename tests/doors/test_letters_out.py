"""Which letters people get, by their own choice; letters stopped and let go; which are sent once more."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from helpdesk.desk import closing, digests, tickets, triage
from helpdesk.desk.tickets import Report
from helpdesk.outbound import links
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.organisation import get_organisation
from helpdesk.store.people import Person
from helpdesk.store.security import SecurityEvent
from helpdesk.store.teams import Member
from helpdesk.store.tickets import Ticket
from helpdesk.web.letter_words import NAMES
from tests.conftest import MONDAY_9, Browser, House, read_anew

HOUR = timedelta(hours=1)


@pytest.fixture
def mail_server(app: Flask) -> Iterator[None]:
    """Letters leave: there is an address to send them to."""
    object.__setattr__(app.config["SETTINGS"], "smtp_url", "smtp://127.0.0.1:9")
    yield
    object.__setattr__(app.config["SETTINGS"], "smtp_url", None)


@pytest.fixture
def ticket(house: House) -> Ticket:
    return tickets.report(Report("Printer jams", "Help"), house.ana, now=MONDAY_9, door="web")


def stranger(app: Flask) -> Browser:
    return Browser(app, TestResponse, use_cookies=True)


def signed_in(app: Flask, person: Person) -> Browser:
    return stranger(app).known_as(person)


def kinds(person: Person) -> list[str]:
    read_anew()
    return [x.kind for x in db.session.query(Letter).filter_by(person_id=person.id).order_by(Letter.id)]


def mode_of(person: Person) -> str:
    read_anew()
    found = db.session.get(Person, person.id)
    assert found is not None
    return found.mail_mode


def quiet_path(person: Person) -> str:
    return links.quiet_url(person.id).removeprefix("http://desk.example.org")


def test_whoever_wants_milestones_is_spared_the_rest(house: House, ticket: Ticket) -> None:
    house.ana.mail_mode = "milestones"
    db.session.commit()
    tickets.accept(ticket.id, house.bo, now=MONDAY_9)
    tickets.reply(ticket.id, house.bo, "We look into it", now=MONDAY_9)
    closing.resolve(ticket.id, house.bo, "Jam", "Paper taken out.", now=MONDAY_9 + HOUR)
    assert kinds(house.ana) == ["received", "resolved"]


def test_looking_at_the_link_changes_nothing(app: Flask, house: House) -> None:
    page = stranger(app).get(quiet_path(house.ana))
    assert "Only milestones" in page.text
    assert "One letter a day" not in page.text
    assert mode_of(house.ana) == "every"


def test_a_mail_program_unsubscribes_with_one_click(app: Flask, house: House) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        for person, mode in ((house.ana, "milestones"), (house.bo, "digest")):
            path = quiet_path(person)
            assert stranger(app).post(path).status_code == 400
            assert mode_of(person) == "every"
            answer = stranger(app).post(path, data={"List-Unsubscribe": "One-Click"})
            assert answer.status_code == 204
            assert mode_of(person) == mode
        assert stranger(app).post(f"{path}/choice", data={"mail_mode": "every"}).status_code == 400
        assert mode_of(house.bo) == "digest"
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def test_a_link_that_is_not_ours_or_of_somebody_who_left_does_not_exist(app: Flask, house: House) -> None:
    path = quiet_path(house.ana)
    follow = links.sign("follow", {"p": house.ana.id})
    assert stranger(app).get(path[:-1] + "!").status_code == 404
    assert stranger(app).get(f"/quiet/{follow}").status_code == 404
    house.ana.left_at = MONDAY_9
    db.session.commit()
    assert stranger(app).get(path).status_code == 404
    assert stranger(app).post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 404


def test_the_choice_is_made_on_the_page_and_in_the_profile(app: Flask, house: House) -> None:
    path = quiet_path(house.ana)
    assert stranger(app).post(f"{path}/choice", data={"mail_mode": "milestones"}).location == path
    assert mode_of(house.ana) == "milestones"
    assert stranger(app).post(f"{path}/choice", data={"mail_mode": "never"}).status_code == 422
    bo = signed_in(app, house.bo)
    assert "One letter a day" in bo.get("/profile").text
    bo.post("/profile", data={"name": "Bo", "mail_mode": "digest"})
    assert mode_of(house.bo) == "digest"
    bo.post("/profile", data={"name": "Bo"})
    assert mode_of(house.bo) == "digest"


def test_an_agent_reads_once_a_day_what_does_not_page(house: House, ticket: Ticket) -> None:
    house.bo.mail_mode = "digest"
    db.session.commit()
    triage.assign(ticket.id, house.chen, house.bo.id, now=MONDAY_9)
    tickets.reporter_reply(ticket.id, house.ana, "It blinks now", now=MONDAY_9 + HOUR, door="web")
    read_anew()
    held = db.session.query(Letter).filter_by(person_id=house.bo.id).order_by(Letter.id)
    assert [(x.kind, x.state) for x in held] == [("assigned", "held"), ("reporter_wrote", "held")]
    assert digests.write_daily_letters(MONDAY_9 + 22 * HOUR) == 1
    assert digests.write_daily_letters(MONDAY_9 + 22 * HOUR) == 0
    read_anew()
    daily = db.session.query(Letter).filter_by(kind="daily").one()
    assert daily.subject == "Your day at the desk: news in 1 ticket"
    assert "[HD-1] Printer jams" in daily.text
    assert "Mon 2 Mar, 10:00: News from Ana: Printer jams" in daily.text
    assert {x.state for x in db.session.query(Letter).filter_by(person_id=house.bo.id)} == {
        "gathered",
        "kept",
    }


def test_a_daily_letter_names_no_ticket_that_its_reader_may_no_longer_see(
    house: House, ticket: Ticket
) -> None:
    house.bo.mail_mode = "digest"
    db.session.commit()
    triage.assign(ticket.id, house.chen, house.bo.id, now=MONDAY_9)
    triage.assign(ticket.id, house.chen, house.chen.id, now=MONDAY_9)
    house.printing.is_restricted = True
    ticket.service_id = house.printing.id
    db.session.query(Member).filter_by(person_id=house.bo.id).delete()
    db.session.commit()
    assert digests.write_daily_letters(MONDAY_9 + 22 * HOUR) == 0
    assert "daily" not in kinds(house.bo)


def test_an_administrator_stops_letters_keeps_what_waits_and_lets_them_go(
    app: Flask, house: House, mail_server: None, ticket: Ticket
) -> None:
    eli = signed_in(app, house.eli)
    assert eli.post("/admin/mail/stop", data={"why": ""}).status_code == 303
    assert "letters_stopped" not in get_organisation().options
    eli.post("/admin/mail/keep")
    assert db.session.query(Letter).one().state == "waiting"  # only while they are stopped
    eli.post("/admin/mail/stop", data={"why": "wrong text"})
    page = eli.get("/admin/mail").text
    assert "Eli has stopped them: wrong text" in page
    assert "1 letter waits" in page
    assert "an administrator has stopped them" in signed_in(app, house.bo).get("/letters").text
    eli.post("/admin/mail/keep")
    read_anew()
    assert db.session.query(Letter).one().state == "kept"
    eli.post("/admin/mail/go")
    read_anew()
    assert "letters_stopped" not in get_organisation().options
    said = {x.what for x in db.session.query(SecurityEvent)}
    assert {"letters_stopped", "letters_kept", "letters_let_go"} <= said


@pytest.mark.parametrize(
    ("state", "fault", "button"),
    [
        ("failed", "550 no", "Send it again"),
        ("bounced", "", "Send it again"),
        ("sent", "", "Send it again"),
        ("kept", "", "Send it again"),
        ("waiting", "451 later", "Try it now"),
        ("waiting", "", None),
    ],
)
def test_a_letter_is_sent_once_more_with_patience_of_its_own(
    app: Flask, house: House, mail_server: None, ticket: Ticket, state: str, fault: str, button: str | None
) -> None:
    letter = db.session.query(Letter).one()
    letter.state, letter.fault, letter.attempts = state, fault, 7
    letter.tried_since, letter.next_try_at = MONDAY_9, MONDAY_9 + 99_999 * HOUR
    db.session.commit()
    bo = signed_in(app, house.bo)
    page = bo.get(f"/letters/{letter.id}").text
    assert re.findall("Send it again|Try it now", page) == ([button] if button else [])
    bo.post(f"/letters/{letter.id}/send-again")
    read_anew()
    found = db.session.query(Letter).one()
    assert (found.state, found.attempts) == ("waiting", 0 if button else 7)


def test_letters_are_found_by_address_and_by_having_been_put_off(
    app: Flask, house: House, mail_server: None, ticket: Ticket
) -> None:
    tickets.reporter_reply(ticket.id, house.ana, "Hello?", now=MONDAY_9, door="web")
    read_anew()
    db.session.query(Letter).filter_by(to_address="bo@example.org").one().fault = "451 later"
    db.session.commit()
    bo = signed_in(app, house.bo)
    rows = re.compile(r'href="/letters/(\d+)"')
    assert len(rows.findall(bo.get("/letters").text)) == 3
    assert len(rows.findall(bo.get("/letters?address=ANA@").text)) == 1
    assert len(rows.findall(bo.get("/letters?address=%25").text)) == 0
    assert len(rows.findall(bo.get("/letters?state=deferred").text)) == 1


def test_what_mail_may_do_is_set_up(app: Flask, house: House) -> None:
    eli = signed_in(app, house.eli)
    marker = re.search(r'name="marker" value="(\w+)"', eli.get("/admin/mail").text)
    assert marker
    typed = {"marker": marker[1], "mail_authserv": "mx.example.org", "agent_mail": "1"}
    assert eli.post("/admin/mail", data=typed | {"reply_to_domains": "not a domain!"}).status_code == 422
    answer = eli.post("/admin/mail", data=typed | {"reply_to_domains": "Scanner.example.org, example.com"})
    assert answer.location == "/admin/mail"
    read_anew()
    options = get_organisation().options
    assert options["reply_to_domains"] == ["scanner.example.org", "example.com"]
    assert (options["mail_authserv"], options["agent_mail"]) == ("mx.example.org", True)
    assert "scanner.example.org, example.com" in eli.get("/admin/mail").text


def test_the_filter_of_letters_names_their_kinds_in_words(app: Flask, house: House, ticket: Ticket) -> None:
    files = {path.partition("/")[2] for path in app.jinja_env.list_templates() if path.endswith(".txt")}
    shared = {"alarm.txt", "letter.txt", "promise.txt", "swap.txt", "window.txt"}
    assert files - shared == {f"{kind}.txt" for kind in NAMES}
    page = signed_in(app, house.eli).get("/letters").text
    assert '<option value="received">The report has come in</option>' in page

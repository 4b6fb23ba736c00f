"""The pages of letters and of mail that is on no ticket: who sees what, and what they may do."""

from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from helpdesk.desk import people, tickets
from helpdesk.desk.tickets import Report
from helpdesk.intake import receive
from helpdesk.store import db
from helpdesk.store.files import file_path
from helpdesk.store.letters import Letter
from helpdesk.store.mail import RawMail
from helpdesk.store.people import Person
from helpdesk.store.tickets import Ticket
from tests.conftest import MONDAY_9, Browser, House, read_anew


def signed_in(app: Flask, person: Person) -> Browser:
    return Browser(app, TestResponse, use_cookies=True).known_as(person)


@pytest.fixture
def letter(house: House) -> Letter:
    tickets.report(Report("Printer jams", "Help"), house.ana, now=MONDAY_9, door="web")
    return db.session.query(Letter).one()


@pytest.fixture
def mail_aside(house: House) -> RawMail:
    receive.store_raw(b"Subject: Who am I\r\n\r\n<b>help</b>\r\n", "smtp", None, [], MONDAY_9)
    receive.parse_waiting(MONDAY_9)
    return db.session.query(RawMail).one()


@pytest.fixture
def mail_server(app: Flask) -> Iterator[None]:
    """Letters leave: there is an address to send them to."""
    object.__setattr__(app.config["SETTINGS"], "smtp_url", "smtp://127.0.0.1:9")
    yield
    object.__setattr__(app.config["SETTINGS"], "smtp_url", None)


def test_reporters_see_neither_page(app: Flask, house: House, letter: Letter, mail_aside: RawMail) -> None:
    ana = signed_in(app, house.ana)
    for path in ("/letters", f"/letters/{letter.id}", "/mail", f"/mail/{mail_aside.id}"):
        assert ana.get(path).status_code == 404


def test_staff_read_a_letter_without_the_links_that_act_for_its_reader(
    app: Flask, house: House, letter: Letter
) -> None:
    token = letter.text.partition("/follow/")[2].split()[0]
    bo = signed_in(app, house.bo)
    assert "Printer jams" in bo.get("/letters").text
    page, inner = bo.get(f"/letters/{letter.id}"), bo.get(f"/letters/{letter.id}/html")
    assert "Personal links are left out" in page.text
    assert token not in page.text + inner.text
    assert inner.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]


def test_where_nothing_is_sent_an_administrator_can_hand_a_link_on(
    app: Flask, house: House, letter: Letter
) -> None:
    token = letter.text.partition("/follow/")[2].split()[0]
    assert letter.state == "kept"
    assert token in signed_in(app, house.eli).get(f"/letters/{letter.id}").text
    letter.state = "sent"
    db.session.commit()
    assert token not in signed_in(app, house.eli).get(f"/letters/{letter.id}").text


def test_letters_about_accounts_are_for_administrators(app: Flask, house: House) -> None:
    people.invite(house.dee.id, now=MONDAY_9, actor_id=house.eli.id)
    invitation = db.session.query(Letter).one()
    path = f"/letters/{invitation.id}"
    answers = {p.name: signed_in(app, p).get(path).status_code for p in (house.bo, house.fay, house.eli)}
    assert answers == {"Bo": 404, "Fay": 404, "Eli": 200}


def test_a_letter_about_a_ticket_one_may_not_see_does_not_exist(
    app: Flask, house: House, letter: Letter
) -> None:
    ticket = db.session.query(Ticket).one()
    house.printing.is_restricted = True
    db.session.merge(house.printing)
    ticket.service_id, ticket.team_id = house.printing.id, _other_team()
    db.session.commit()
    bo = signed_in(app, house.bo)
    assert bo.get(f"/letters/{letter.id}").status_code == 404
    assert "Printer jams" not in bo.get("/letters").text


def _other_team() -> int:
    from helpdesk.store.teams import Team

    team = Team(name="Printing")
    db.session.add(team)
    db.session.flush()
    return team.id


def test_a_letter_given_up_stands_on_top_and_is_sent_again_once_asked(
    app: Flask, house: House, letter: Letter, mail_server: None
) -> None:
    tickets.report(Report("Another", "Help"), house.ana, now=MONDAY_9, door="web")
    db.session.get(Letter, letter.id).state = "failed"  # type: ignore[union-attr]
    db.session.commit()
    bo = signed_in(app, house.bo)
    page = bo.get("/letters").text
    assert page.index("Printer jams") < page.index("Another")
    assert "Printer jams" not in bo.get("/letters?state=sent").text
    assert bo.get("/letters?ticket=HD-99999999999999&state=x&page=x").status_code == 200
    assert signed_in(app, house.fay).post(f"/letters/{letter.id}/send-again").status_code == 404
    assert bo.post(f"/letters/{letter.id}/send-again").status_code == 303
    read_anew()
    assert db.session.get(Letter, letter.id, populate_existing=True).state == "waiting"  # type: ignore[union-attr]


def test_mail_set_aside_is_read_as_text_with_its_cause(app: Flask, house: House, mail_aside: RawMail) -> None:
    bo = signed_in(app, house.bo)
    assert "Who am I" in bo.get("/mail").text
    page = bo.get(f"/mail/{mail_aside.id}").text
    assert "It does not say who sent it." in page
    assert "&lt;b&gt;help&lt;/b&gt;" in page


def test_an_agent_makes_a_ticket_of_it_anyway_and_an_auditor_does_not(
    app: Flask, house: House, mail_aside: RawMail
) -> None:
    path = f"/mail/{mail_aside.id}/ticket"
    assert signed_in(app, house.fay).post(path).status_code == 404
    assert signed_in(app, house.bo).post(path).status_code == 303
    receive.parse_waiting(MONDAY_9)
    read_anew()
    assert db.session.query(Ticket).one().subject == "Who am I"
    assert signed_in(app, house.bo).get("/mail?outcome=all").status_code == 200


def test_mail_set_aside_says_what_helps_and_shows_itself_byte_for_byte(
    app: Flask, house: House, mail_aside: RawMail
) -> None:
    bo = signed_in(app, house.bo)
    page = bo.get(f"/mail/{mail_aside.id}").text
    assert "you stand as its reporter until you know who wrote it" in page
    assert "Subject: Who am I" in page.partition('<pre class="raw"')[2]
    assert "Mail set aside" in page
    saved = bo.get(f"/mail/{mail_aside.id}/message.eml")
    assert saved.data == b"Subject: Who am I\r\n\r\n<b>help</b>\r\n"
    saved.close()
    assert saved.mimetype == "application/octet-stream"
    assert saved.headers["Content-Disposition"].startswith("attachment")
    assert signed_in(app, house.ana).get(f"/mail/{mail_aside.id}/message.eml").status_code == 404
    assert "(1)" in bo.get("/mail").text
    rail = bo.get("/letters").text.partition('<nav class="rail"')[2].partition("</nav>")[0]
    assert 'class="hot">Mail set aside <span class="num">1</span>' in rail


def test_mail_whose_bytes_are_gone_is_still_shown(app: Flask, house: House, mail_aside: RawMail) -> None:
    file_path("mail", mail_aside.sha256).unlink()
    bo = signed_in(app, house.bo)
    assert "Its bytes cannot be read" in bo.get(f"/mail/{mail_aside.id}").text
    assert bo.get(f"/mail/{mail_aside.id}/message.eml").status_code == 404


def test_a_duplicate_leads_to_the_one_that_came_first(app: Flask, house: House) -> None:
    mail = b"From: ana@example.org\r\nSubject: Twice\r\nMessage-ID: <a@example.org>\r\n\r\nStuck.\r\n"
    for _again in range(2):
        receive.store_raw(mail, "smtp", "ana@example.org", ["desk@example.org"], MONDAY_9)
    receive.parse_waiting(MONDAY_9)
    first, second = db.session.query(RawMail).order_by(RawMail.id)
    page = signed_in(app, house.bo).get(f"/mail/{second.id}").text
    assert f'href="/mail/{first.id}"' in page
    assert "The same message came before." in page
    assert f'href="/tickets/HD-{first.ticket_id}"' in page
    assert "Came twice" in page


def test_mail_set_aside_can_be_tried_again(app: Flask, house: House, mail_aside: RawMail) -> None:
    assert signed_in(app, house.bo).post(f"/mail/{mail_aside.id}/retry").status_code == 303
    read_anew()
    assert db.session.query(RawMail).one().state == "waiting"


def test_all_that_was_set_aside_can_be_tried_again_once_its_cause_is_mended(app: Flask, house: House) -> None:
    for number in range(3):
        mail = b"Subject: Who am I, %d\r\n\r\nhelp\r\n" % number
        receive.store_raw(mail, "smtp", None, [], MONDAY_9)
    receive.parse_waiting(MONDAY_9)
    bo = signed_in(app, house.bo)
    assert 'action="/mail/retry"' in bo.get("/mail").text
    assert 'action="/mail/retry"' not in bo.get("/mail?outcome=all").text
    assert 'action="/mail/retry"' not in signed_in(app, house.fay).get("/mail").text
    assert bo.post("/mail/retry").status_code == 303
    read_anew()
    assert {raw.state for raw in db.session.query(RawMail)} == {"waiting"}
    assert 'action="/mail/retry"' not in bo.get("/mail").text


def test_a_mail_that_names_no_sender_is_not_said_to_have_an_unproven_one(
    app: Flask, house: House, mail_aside: RawMail
) -> None:
    page, bo = f"/mail/{mail_aside.id}", signed_in(app, house.bo)
    for address, said in (("", 0), ("ana@example.org", 2)):
        mail_aside = db.session.query(RawMail).one()
        mail_aside.authentication, mail_aside.from_address = "none", address
        db.session.commit()
        text = bo.get(page).text
        assert text.count("Sender not checked") + text.count("Its domain lets nobody check") == said

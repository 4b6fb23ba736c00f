"""What a letter bears for mail programs: that they show a ticket's letters as one conversation, that machines
see what it is, and where its reader says that they want fewer."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from flask import Flask

from helpdesk.desk import closing, tickets, triage
from helpdesk.desk.tickets import Report
from helpdesk.intake import receive
from helpdesk.outbound import links
from helpdesk.outbound.smtp import build
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.people import Person
from helpdesk.store.tickets import Ticket
from tests.conftest import MONDAY_9, House


@pytest.fixture
def ticket(house: House) -> Ticket:
    return tickets.report(Report("Printer\njams", "Help"), house.ana, now=MONDAY_9, door="web")


def letters_to(person: Person) -> list[EmailMessage]:
    db.session.rollback()
    return [build(x) for x in db.session.query(Letter).filter_by(person_id=person.id).order_by(Letter.id)]


def go_through(ticket: Ticket, house: House) -> None:
    """A letter of each kind that a report usually brings."""
    tickets.accept(ticket.id, house.bo, now=MONDAY_9)
    tickets.reply(ticket.id, house.bo, "We look into it", now=MONDAY_9)
    closing.resolve(ticket.id, house.bo, "Jam", "Paper taken out.", now=MONDAY_9)


def test_all_letters_of_a_ticket_are_one_conversation(ticket: Ticket, house: House) -> None:
    go_through(ticket, house)
    found = letters_to(house.ana)
    ids = [m["Message-ID"] for m in found]
    thread = links.thread_id(ticket.id)
    assert len(found) == 4
    assert {m["Subject"] for m in found} == {"[HD-1] Printer jams"}
    assert [m["In-Reply-To"] for m in found] == [thread, *ids[:-1]]
    assert [m["References"].split() for m in found] == [
        [thread],
        [thread, ids[0]],
        [thread, ids[0], ids[1]],
        [thread, ids[0], ids[2]],
    ]


def test_they_join_the_mail_that_the_report_came_with(app: Flask, house: House) -> None:
    raw = b"From: ana@example.org\r\nMessage-ID: <m1@example.org>\r\nSubject: Printer\r\n\r\nIt jams.\r\n"
    receive.store_raw(raw, "smtp", None, [], MONDAY_9)
    receive.parse_waiting(MONDAY_9)
    ticket = db.session.query(Ticket).one()
    go_through(ticket, house)
    found = letters_to(house.ana)
    assert {m["In-Reply-To"] for m in found} == {"<m1@example.org>"}
    assert {m["References"].split()[-1] for m in found} == {"<m1@example.org>"}
    assert {m["References"].split()[0] for m in found} == {links.thread_id(ticket.id)}


def test_what_others_are_written_is_no_part_of_it(ticket: Ticket, house: House) -> None:
    tickets.reporter_reply(ticket.id, house.ana, "Hello?", now=MONDAY_9, door="web")
    (to_bo,) = letters_to(house.bo)
    assert to_bo["References"] == links.thread_id(ticket.id)


def test_an_alarm_says_in_its_subject_what_is_up(ticket: Ticket, house: House) -> None:
    letter = db.session.query(Letter).one()
    letter.kind, letter.subject = "escalated", "[HD-1] Minor: Printer jams"
    assert build(letter)["Subject"] == "[HD-1] Minor: Printer jams"


def test_machines_see_that_it_is_automatic_and_ours(ticket: Ticket, house: House) -> None:
    go_through(ticket, house)
    found = letters_to(house.ana)
    assert [m["Auto-Submitted"] for m in found] == ["auto-replied"] + ["auto-generated"] * 3
    assert {m["X-Auto-Response-Suppress"] for m in found} == {"All"}
    assert {m["X-Helpdesk-Instance"] for m in found} == {links.instance_id()}
    assert {m["Reply-To"] for m in found} == {links.reply_address(ticket)}
    assert {m["From"].addresses[0].addr_spec for m in found} == {"desk@example.org"}


@pytest.fixture
def over_https(app: Flask) -> Iterator[None]:
    settings = app.config["SETTINGS"]
    before = settings.base_url
    object.__setattr__(settings, "base_url", "https://desk.example.org")
    yield
    object.__setattr__(settings, "base_url", before)


def test_only_what_its_reader_can_do_without_says_how(ticket: Ticket, house: House, over_https: None) -> None:
    triage.assign(ticket.id, house.chen, house.bo.id, now=MONDAY_9)
    go_through(ticket, house)
    offered = [m["List-Unsubscribe"] is not None for m in letters_to(house.ana)]
    assert offered == [False, True, True, False]  # received, accepted, replied, resolved
    (to_bo,) = letters_to(house.bo)
    token = to_bo["List-Unsubscribe"].removeprefix("<https://desk.example.org/quiet/").removesuffix(">")
    assert links.read("quiet", token) == {"p": house.bo.id}
    assert to_bo["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_one_click_is_offered_over_https_alone(ticket: Ticket, house: House) -> None:
    go_through(ticket, house)
    accepted = letters_to(house.ana)[1]
    assert accepted["List-Unsubscribe"].startswith("<http://desk.example.org/quiet/")
    assert accepted["List-Unsubscribe-Post"] is None


def test_a_letter_survives_servers_that_take_seven_bits_and_short_lines(house: House) -> None:
    words = "印表機卡紙 " + "ü" * 3000
    tickets.report(Report("打印机 ü", words), house.ana, now=MONDAY_9, door="web")
    ticket = db.session.query(Ticket).one()
    tickets.reply(ticket.id, house.bo, words, now=MONDAY_9)
    sent = letters_to(house.ana)[-1].as_bytes()
    assert sent.isascii()
    assert max(len(line) for line in sent.splitlines()) <= 998
    came = message_from_bytes(sent, policy=policy.default)
    assert came["Subject"] == "[HD-1] 打印机 ü"
    text = came.get_body(("plain",))
    assert text is not None
    assert words in text.get_content()

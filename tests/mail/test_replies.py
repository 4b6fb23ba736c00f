"""Answers by mail: each way to a ticket, who may use it, and what they change."""

from datetime import timedelta

import pytest

from helpdesk.desk import closing, mail, tickets
from helpdesk.desk.tickets import Report
from helpdesk.intake import receive
from helpdesk.outbound import links
from helpdesk.rules import threading
from helpdesk.rules.access import Role
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.mail import RawMail, get_raw_mail
from helpdesk.store.organisation import get_organisation
from helpdesk.store.people import Person, find_person_by_address
from helpdesk.store.tickets import Ticket, is_participant, list_entries
from tests.conftest import MONDAY_9, House

LATER = MONDAY_9 + timedelta(minutes=10)
GENUINE = "mx.example.org; dmarc=pass header.from=example.org"
FORGED = "mx.example.org; dmarc=fail header.from=example.org"
UNKNOWN = "mx.example.org; dmarc=none"


@pytest.fixture
def ticket(house: House) -> Ticket:
    return tickets.report(Report("Printer", "It jams"), house.ana, now=MONDAY_9, door="web")


@pytest.fixture
def own_mx(house: House) -> None:
    """Our own mail exchanger says whether a sender is genuine."""
    switch(mail_authserv="mx.example.org")


def switch(**options: object) -> None:
    organisation = get_organisation()
    organisation.options = {**organisation.options, **options}
    db.session.commit()


def take(
    body: str = "Still jams",
    *,
    sender: str | None = "",
    recipient: str = "desk@example.org",
    author: str = "Ana <ana@example.org>",
    subject: str = "Printer",
    **headers: str,
) -> RawMail:
    lines = [f"From: {author}", f"To: {recipient}", f"Subject: {subject}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    raw = "\r\n".join([*lines, "", body, ""]).encode()
    envelope = author if sender == "" else sender
    raw_mail_id = receive.store_raw(raw, "smtp", envelope, [recipient], LATER)
    receive.parse_waiting(LATER)
    return get_raw_mail(raw_mail_id)


def kinds(ticket: Ticket) -> list[str]:
    return [entry.kind for entry in list_entries(ticket.id)]


def letter_of(ticket: Ticket) -> Letter:
    return db.session.query(Letter).filter_by(ticket_id=ticket.id, kind="received").one()


def test_an_answer_by_our_message_id_is_an_entry(ticket: Ticket) -> None:
    raw = take(In_Reply_To=letter_of(ticket).message_id)
    assert (raw.outcome, raw.ticket_id) == ("entry", ticket.id)
    assert list_entries(ticket.id)[-1].body == "Still jams"


def test_an_answer_by_references_is_an_entry(ticket: Ticket) -> None:
    raw = take(References=f"<x@example.org> {letter_of(ticket).message_id} <y@example.org>")
    assert (raw.outcome, raw.ticket_id) == ("entry", ticket.id)


def test_an_answer_by_the_ticket_thread_is_an_entry(ticket: Ticket) -> None:
    raw = take(References=links.thread_id(ticket.id))
    assert (raw.outcome, raw.ticket_id) == ("entry", ticket.id)


def test_an_answer_by_the_reply_address_is_an_entry(ticket: Ticket) -> None:
    raw = take(recipient=links.reply_address(ticket).upper())
    assert (raw.outcome, raw.ticket_id) == ("entry", ticket.id)


def test_a_wrong_salt_leads_nowhere(ticket: Ticket) -> None:
    raw = take(recipient=f"desk+{ticket.id}-0000000000@example.org")
    assert (raw.outcome, raw.ticket_id == ticket.id) == ("created", False)


def test_an_answer_by_the_number_in_the_subject_is_an_entry(ticket: Ticket) -> None:
    raw = take(subject=f"Re: [HD-{ticket.id}] Printer")
    assert (raw.outcome, raw.ticket_id) == ("entry", ticket.id)


def test_a_stranger_gets_a_ticket_of_their_own_linked_to_it(ticket: Ticket) -> None:
    raw = take(author="Mal <mal@example.org>", In_Reply_To=letter_of(ticket).message_id)
    assert (raw.outcome, raw.cause) == ("created", "takes_no_part")
    assert raw.ticket_id != ticket.id
    assert kinds(ticket)[-1] == "linked"
    assert not any("Still jams" in entry.body for entry in list_entries(ticket.id))
    assert all(not entry.is_public for entry in list_entries(ticket.id) if entry.kind == "linked")


def test_whom_a_stranger_copied_in_takes_no_part_and_gets_no_letters(house: House) -> None:
    raw = take("Look", author="Mal <mal@example.org>", Cc="Kim <kim@example.org>, dee@example.org")
    assert find_person_by_address("kim@example.org") is None
    closing.resolve(raw.ticket_id, house.bo, "spam", "nothing", now=raw.received_at)
    assert {letter.to_address for letter in db.session.query(Letter)} >= {"mal@example.org"}
    assert (
        not db.session.query(Letter).filter(Letter.kind == "resolved", Letter.person_id == house.dee.id).all()
    )


def test_whom_the_reporter_copied_in_may_answer_all(house: House) -> None:
    house.ana.staff_number = "A-1"  # the organisation knows her
    db.session.commit()
    first = take("Look", Message_ID="<first@example.org>", Cc="Kim <kim@example.org>, desk@example.org")
    kim = find_person_by_address("kim@example.org")
    assert kim is not None
    assert kim.role == Role.REPORTER
    assert find_person_by_address("desk@example.org") is None
    second = take("Mine too", author="kim@example.org", In_Reply_To="<first@example.org>")
    assert (second.outcome, second.ticket_id) == ("entry", first.ticket_id)


def test_a_guessed_number_copies_nobody_in(ticket: Ticket) -> None:
    take(subject=f"[HD-{ticket.id}]", Cc="mal@example.org")
    assert find_person_by_address("mal@example.org") is None


def test_staff_who_answer_by_mail_only_note(house: House, ticket: Ticket) -> None:
    tickets.accept(ticket.id, house.bo, now=MONDAY_9)
    raw = take("On my way", author="bo@example.org", In_Reply_To=letter_of(ticket).message_id)
    assert (raw.outcome, raw.cause) == ("entry", "from_staff")
    entry = list_entries(ticket.id)[-1]
    assert (entry.kind, entry.is_public, entry.body) == ("noted", False, "On my way")


def test_an_automatic_answer_is_filed_and_leaves_a_resolved_ticket_alone(
    house: House, ticket: Ticket
) -> None:
    closing.resolve(ticket.id, house.bo, "dust", "cleaned", now=MONDAY_9)
    letters = db.session.query(Letter).count()
    raw = take(In_Reply_To=letter_of(ticket).message_id, Auto_Submitted="auto-replied")
    assert (raw.outcome, raw.ticket_id) == ("filed", ticket.id)
    assert db.session.get(Ticket, ticket.id, populate_existing=True).state == "resolved"
    assert db.session.query(Letter).count() == letters


def test_a_bounce_is_filed_on_the_ticket_whose_letter_it_is_about(ticket: Ticket) -> None:
    body = (
        "--r\r\nContent-Type: text/plain\r\n\r\nNo such user\r\n--r\r\nContent-Type: message/rfc822\r\n\r\n"
        f"Message-ID: {letter_of(ticket).message_id}\r\nSubject: x\r\n\r\nx\r\n--r--"
    )
    raw = take(
        body,
        author="mailer-daemon@example.org",
        MIME_Version="1.0",
        Content_Type="multipart/report; boundary=r",
    )
    assert (raw.outcome, raw.ticket_id, raw.cause) == ("filed", ticket.id, "delivery_report")


def test_a_no_reopens_and_thanks_does_not(house: House, ticket: Ticket) -> None:
    closing.resolve(ticket.id, house.bo, "dust", "cleaned", now=MONDAY_9)
    assert take("Thanks!", In_Reply_To=letter_of(ticket).message_id).cause == "only_thanks"
    assert db.session.get(Ticket, ticket.id, populate_existing=True).state == "resolved"
    take("Still broken", In_Reply_To=letter_of(ticket).message_id)
    assert db.session.get(Ticket, ticket.id, populate_existing=True).state == "new"
    assert kinds(ticket)[-2:] == ["reporter_replied", "reopened"]
    # The thanks were read by the team; of the no they hear once, as a reopening.
    wrote = db.session.query(Letter).filter_by(kind="reporter_wrote")
    assert {x.to_address for x in wrote} == {"bo@example.org", "chen@example.org"}


def test_an_answer_to_a_closed_ticket_opens_a_linked_one(house: House, ticket: Ticket) -> None:
    closing.resolve(ticket.id, house.bo, "dust", "cleaned", now=MONDAY_9)
    closing.confirm(ticket.id, house.ana, now=MONDAY_9)
    raw = take(In_Reply_To=letter_of(ticket).message_id)
    assert (raw.outcome, raw.cause) == ("created", "had_ended")
    assert kinds(ticket)[-1] == "linked"


def test_an_answer_to_a_merged_ticket_leads_to_the_survivor(house: House, ticket: Ticket) -> None:
    survivor = tickets.report(Report("Printers", "All jam"), house.chen, now=MONDAY_9, door="web")
    message_id = letter_of(ticket).message_id
    closing.merge(ticket.id, house.bo, survivor.id, now=MONDAY_9)
    raw = take(In_Reply_To=message_id)
    assert (raw.outcome, raw.ticket_id) == ("entry", survivor.id)


def test_our_own_letter_coming_back_is_filed(ticket: Ticket) -> None:
    raw = take(X_Helpdesk_Instance=links.instance_id())
    assert (raw.outcome, raw.cause) == ("filed", "own_loop")


def test_beyond_the_cap_no_letter_goes_to_the_sender_and_the_agent_reads_why(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "MOST_FROM_SENDER", 2)
    house.ana.staff_number = "A-1"  # the organisation knows her
    db.session.commit()
    raws = [take(f"Mail {number}") for number in range(3)]
    assert [raw.outcome for raw in raws] == ["created"] * 3
    told = [
        letter.ticket_id for letter in db.session.query(Letter).filter_by(kind="received").order_by(Letter.id)
    ]
    assert told == [raw.ticket_id for raw in raws[:2]]
    entry = list_entries(raws[2].ticket_id or 0)[-1]
    assert (entry.kind, entry.detail["cause"]) == ("mail_filed", "too_many_from_sender")


def test_a_stranger_gets_five_receipts_an_hour(house: House) -> None:
    raws = [take(f"Mail {number}", author="Mal <mal@example.org>") for number in range(6)]
    told = [
        letter.ticket_id for letter in db.session.query(Letter).filter_by(kind="received").order_by(Letter.id)
    ]
    assert told == [raw.ticket_id for raw in raws[:5]]


def test_a_guessed_number_of_a_forged_sender_adds_an_entry_but_reopens_nothing(
    house: House, ticket: Ticket, own_mx: None
) -> None:
    closing.resolve(ticket.id, house.bo, "dust", "cleaned", now=MONDAY_9)
    raw = take("Still broken", subject=f"Re: [HD-{ticket.id}] Printer", Authentication_Results=FORGED)
    assert (raw.outcome, raw.ticket_id, raw.cause) == ("entry", ticket.id, "not_proven")
    assert db.session.get(Ticket, ticket.id, populate_existing=True).state == "resolved"
    assert kinds(ticket)[-1] == "reporter_replied"


def test_a_number_alone_reopens_for_whoever_lost_the_headers(house: House, ticket: Ticket) -> None:
    closing.resolve(ticket.id, house.bo, "dust", "cleaned", now=MONDAY_9)
    take("Still broken", subject=f"Re: [HD-{ticket.id}] Printer")
    assert db.session.get(Ticket, ticket.id, populate_existing=True).state == "new"


def test_who_has_left_takes_no_part_by_mail(house: House, ticket: Ticket) -> None:
    house.ana.left_at = MONDAY_9
    db.session.commit()
    raw = take(In_Reply_To=letter_of(ticket).message_id)
    assert (raw.outcome, raw.cause, raw.ticket_id == ticket.id) == ("created", "takes_no_part", False)


def test_a_new_sender_is_a_person_without_account_in_their_language(house: House) -> None:
    raw = take("打印机坏了，请帮忙看看", author='"Li Na" <li@example.org>')
    person = find_person_by_address("li@example.org")
    assert raw.outcome == "created"
    assert isinstance(person, Person)
    assert (person.name, person.role, person.locale, person.password_hash) == (
        "Li Na",
        "reporter",
        "zh_Hans",
        None,
    )


def test_a_ticket_counts_from_when_its_mail_came(house: House) -> None:
    raw_mail_id = receive.store_raw(
        b"From: ana@example.org\r\nSubject: x\r\n\r\ny\r\n", "smtp", None, [], MONDAY_9
    )
    receive.parse_waiting(MONDAY_9 + timedelta(hours=1))
    ticket = get_raw_mail(raw_mail_id).ticket
    assert ticket is not None
    assert ticket.reported_at == MONDAY_9
    assert ticket.next_due_at == MONDAY_9 + timedelta(hours=5)


def test_a_filed_mail_becomes_a_ticket_if_an_agent_wants_it(house: House) -> None:
    raw = take("Server down", author="monitor@example.org", Precedence="bulk")
    assert (raw.outcome, raw.preview) == ("filed", "Server down")
    mail.rescue(raw.id, house.bo)
    receive.parse_waiting(LATER)
    again = get_raw_mail(raw.id)
    assert (again.outcome, again.ticket is not None) == ("created", True)


def test_a_mail_without_sender_becomes_the_ticket_of_the_agent_who_rescues_it(house: House) -> None:
    raw_mail_id = receive.store_raw(b"Subject: hello\r\n\r\nhelp\r\n", "smtp", None, [], LATER)
    receive.parse_waiting(LATER)
    assert get_raw_mail(raw_mail_id).cause == "no_sender"
    mail.rescue(raw_mail_id, house.bo)
    receive.parse_waiting(LATER)
    ticket = get_raw_mail(raw_mail_id).ticket
    assert ticket is not None
    assert ticket.reporter_id == house.bo.id
    assert not is_participant(ticket, house.ana.id)

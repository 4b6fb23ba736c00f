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
from helpdesk.store.mail import get_raw_mail
from helpdesk.store.people import Address, Person, find_person_by_address
from helpdesk.store.tickets import Ticket, is_participant, list_entries
from tests.conftest import MONDAY_9, House
from tests.mail.taking import FORGED, GENUINE, LATER, UNKNOWN, kinds, letter_of, switch, take


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


def test_whom_a_stranger_copied_in_may_answer_and_is_written_to_only_then(house: House) -> None:
    first = take("Look", author="mal@example.org", Message_ID="<first@example.org>", Cc="kim@example.org")
    assert find_person_by_address("kim@example.org") is None
    second = take("Mine too", author="kim@example.org", In_Reply_To="<first@example.org>")
    assert (second.outcome, second.ticket_id) == ("entry", first.ticket_id)
    kim = find_person_by_address("kim@example.org")
    assert kim is not None
    tickets.reply(first.ticket_id or 0, house.bo, "We look at it", now=LATER)
    assert {x.to_address for x in db.session.query(Letter).filter_by(kind="replied")} == {
        "mal@example.org",
        "kim@example.org",
    }


def test_a_colleague_copied_in_later_may_answer_too(house: House, ticket: Ticket) -> None:
    take("Kim knows more", In_Reply_To=letter_of(ticket).message_id, Cc="kim@example.org")
    raw = take("It is the tray", author="kim@example.org", References=letter_of(ticket).message_id)
    assert (raw.outcome, raw.ticket_id) == ("entry", ticket.id)


def test_who_is_copied_in_by_a_forged_sender_takes_no_part(
    house: House, ticket: Ticket, own_mx: None
) -> None:
    number = letter_of(ticket).message_id
    take("Kim knows more", In_Reply_To=number, Cc="mal@example.org", Authentication_Results=FORGED)
    raw = take("Tell me", author="mal@example.org", In_Reply_To=number)
    assert (raw.outcome, raw.cause) == ("created", "takes_no_part")


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


def test_thanks_are_answered_once_with_the_way_to_open_it_again(house: House, ticket: Ticket) -> None:
    closing.resolve(ticket.id, house.bo, "dust", "cleaned", now=MONDAY_9)
    for words in ("Thanks!", "Thank you!"):
        take(words, In_Reply_To=letter_of(ticket).message_id)
    [letter] = db.session.query(Letter).filter_by(kind="thanks_kept")
    assert (letter.to_address, "/confirm/" in letter.text) == ("ana@example.org", True)
    assert list_entries(ticket.id)[-1].detail["cause"] == "only_thanks"


def test_thanks_to_a_closed_ticket_are_filed_on_it(house: House, ticket: Ticket) -> None:
    closing.resolve(ticket.id, house.bo, "dust", "cleaned", now=MONDAY_9)
    closing.confirm(ticket.id, house.ana, now=MONDAY_9)
    raw = take("Thanks a lot!", In_Reply_To=letter_of(ticket).message_id)
    assert (raw.outcome, raw.cause, raw.ticket_id) == ("filed", "only_thanks", ticket.id)
    assert list_entries(ticket.id)[-1].body == "Thanks a lot!"


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


def test_beyond_the_cap_the_team_is_told_once_an_hour(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "MOST_FROM_STRANGER", 1)
    for number in range(4):
        take(f"Mail {number}")
    told = db.session.query(Letter).filter_by(kind="too_much_mail")
    assert sorted(letter.to_address for letter in told) == ["bo@example.org", "chen@example.org"]
    assert all("ana@example.org" in letter.text for letter in told)


def test_beyond_the_cap_of_a_ticket_mail_is_kept_but_nobody_is_written_to(
    house: House, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "MOST_ON_TICKET", 2)
    tickets.accept(ticket.id, house.bo, now=MONDAY_9)
    raws = [take(f"News {number}", In_Reply_To=letter_of(ticket).message_id) for number in range(5)]
    assert [raw.cause for raw in raws] == ["", ""] + ["too_many_on_ticket"] * 3
    assert kinds(ticket).count("reporter_replied") == 5
    assert kinds(ticket).count("mail_filed") == 1
    to_bo = [x.kind for x in db.session.query(Letter).filter_by(person_id=house.bo.id).order_by(Letter.id)]
    assert to_bo[-3:] == ["reporter_wrote", "reporter_wrote", "too_much_mail"]


def test_mail_at_the_pace_of_a_loop_reopens_nothing(
    house: House, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "MOST_ON_TICKET", 0)
    closing.resolve(ticket.id, house.bo, "dust", "cleaned", now=MONDAY_9)
    take("I am away until Monday", In_Reply_To=letter_of(ticket).message_id)
    assert db.session.get(Ticket, ticket.id, populate_existing=True).state == "resolved"


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


def test_a_rescued_automatic_mail_keeps_its_files_and_is_not_answered(house: House) -> None:
    body = (
        "--q\r\nContent-Type: text/plain\r\n\r\nServer down\r\n--q\r\n"
        "Content-Type: text/csv\r\nContent-Disposition: attachment; filename=log.csv\r\n\r\na,b\r\n--q--"
    )
    more = {"MIME_Version": "1.0", "Content_Type": "multipart/mixed; boundary=q", "Precedence": "bulk"}
    raw = take(body, author="monitor@example.org", **more)
    mail.rescue(raw.id, house.bo)
    receive.parse_waiting(LATER)
    ticket = get_raw_mail(raw.id).ticket
    assert ticket is not None
    assert [file.name for file in ticket.entries[0].attachments] == ["log.csv"]
    assert "automatic" in ticket.entries[0].detail, "by which no rating is asked for"
    assert db.session.query(Letter).filter_by(to_address="monitor@example.org").count() == 0


def test_what_the_desk_wrote_itself_becomes_the_ticket_of_whoever_rescues_it(house: House) -> None:
    raw = take("Our own words", author="desk@example.org")
    mail.rescue(raw.id, house.bo)
    receive.parse_waiting(LATER)
    ticket = get_raw_mail(raw.id).ticket
    assert ticket is not None
    assert ticket.reporter_id == house.bo.id
    assert find_person_by_address("desk@example.org") is None


@pytest.mark.parametrize(("found", "badge"), [(GENUINE, "pass"), (FORGED, "fail"), (UNKNOWN, "none")])
def test_the_entry_says_what_our_own_mx_found(house: House, own_mx: None, found: str, badge: str) -> None:
    raw = take(Authentication_Results=found)
    assert raw.ticket is not None
    assert (raw.authentication, raw.ticket.entries[0].detail["authentication"]) == (badge, badge)


def test_the_entry_says_nothing_where_no_mx_is_trusted(house: House) -> None:
    raw = take(Authentication_Results=GENUINE)
    assert raw.ticket is not None
    assert (raw.authentication, "authentication" in raw.ticket.entries[0].detail) == ("", False)


def test_reply_to_names_the_reporter_only_where_its_sender_is_believed(house: House) -> None:
    given = {"author": "form@web.example.org", "Reply_To": "kim@example.org"}
    first = take("From the form", **given)
    assert first.from_address == "form@web.example.org"
    switch(reply_to_domains=["web.example.org"])
    second = take("Again", **given)
    assert second.ticket is not None
    assert (second.from_address, second.ticket.reporter.email) == ("kim@example.org", "kim@example.org")


def test_reply_to_gives_nobody_the_powers_of_staff(house: House, ticket: Ticket, own_mx: None) -> None:
    switch(reply_to_domains=["web.example.org"], agent_mail=True)
    tickets.accept(ticket.id, house.bo, now=MONDAY_9)
    tickets.reporter_reply(ticket.id, house.ana, "Hello?", now=MONDAY_9, door="web")
    letter = db.session.query(Letter).filter_by(kind="reporter_wrote").one()
    raw = take(
        "#resolve\r\nDone",
        author="form@web.example.org",
        Reply_To="bo@example.org",
        In_Reply_To=letter.message_id,
        Authentication_Results="mx.example.org; dmarc=pass header.from=web.example.org",
    )
    assert (raw.outcome, raw.cause, raw.authentication) == ("filed", "not_authenticated", "none")


def test_another_address_and_another_subject_stand_on_the_entry(house: House, ticket: Ticket) -> None:
    house.ana.addresses.append(Address(email="ana@home.example.org"))
    db.session.commit()
    take(author="ana@home.example.org", subject="Toner", In_Reply_To=letter_of(ticket).message_id)
    detail = list_entries(ticket.id)[-1].detail
    assert (detail["from"], detail["subject"]) == ("ana@home.example.org", "Toner")


def test_files_that_were_left_out_are_listed_and_told_once(house: House, ticket: Ticket) -> None:
    part = "--q\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename={}.csv\r\n\r\na\r\n"
    files = "".join(part.format(number) for number in range(120))
    body = f"--q\r\nContent-Type: text/plain\r\n\r\nSee these\r\n{files}--q--"
    more = {"MIME_Version": "1.0", "Content_Type": "multipart/mixed; boundary=q"}
    take(body, In_Reply_To=letter_of(ticket).message_id, **more)
    entry = list_entries(ticket.id)[-1]
    assert entry.body == "See these"
    assert "110.csv" in [each["name"] for each in entry.detail["left_out"]]
    [letter] = db.session.query(Letter).filter_by(kind="left_out")
    assert (letter.to_address, "110.csv" in letter.text) == ("ana@example.org", True)
    created = take(body, author="kim@example.org", **more)
    assert created.outcome == "created"
    told = db.session.query(Letter).filter_by(kind="left_out", to_address="kim@example.org")
    assert [x.ticket_id for x in told] == [created.ticket_id]


def test_an_agent_hears_of_each_answer_of_a_reporter_known_only_by_mail(house: House, ticket: Ticket) -> None:
    tickets.accept(ticket.id, house.bo, now=MONDAY_9)
    for number in range(threading.MOST_FROM_STRANGER + 3):
        take(f"News {number}", In_Reply_To=letter_of(ticket).message_id)
    told = db.session.query(Letter).filter_by(kind="reporter_wrote", person_id=house.bo.id).count()
    assert told == threading.MOST_FROM_STRANGER + 3

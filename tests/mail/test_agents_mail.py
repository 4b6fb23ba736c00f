"""Agents who answer by mail: what it does, what it may never do, and what of it a reporter reads."""

import pytest

from helpdesk.desk import closing, tickets
from helpdesk.desk.participants import join
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.teams import Team
from helpdesk.store.tickets import Ticket, list_entries
from tests.conftest import MONDAY_9, House
from tests.mail.taking import FORGED, GENUINE, UNKNOWN, kinds, switch, take

BO = "Bo <bo@example.org>"


@pytest.fixture
def letter(house: House, ticket: Ticket, own_mx: None) -> Letter:
    """Ana wrote, and Bo, who has the ticket, was told by letter."""
    switch(agent_mail=True)
    tickets.accept(ticket.id, house.bo, now=MONDAY_9)
    tickets.reporter_reply(ticket.id, house.ana, "It still jams", now=MONDAY_9, door="web")
    return db.session.query(Letter).filter_by(kind="reporter_wrote", person_id=house.bo.id).one()


def answer(letter: Letter, body: str, found: str = GENUINE, **more: str) -> str:
    """What Bo's answer became: the last entry's kind and its mail's cause."""
    raw = take(body, author=BO, In_Reply_To=letter.message_id, Authentication_Results=found, **more)
    return f"{kinds(raw.ticket)[-1]} {raw.cause}".strip() if raw.ticket else str(raw.outcome)


def letters_to_ana(kind: str) -> list[Letter]:
    return db.session.query(Letter).filter_by(to_address="ana@example.org", kind=kind).all()


def last(ticket: Ticket, kind: str) -> str:
    return [entry.body for entry in list_entries(ticket.id) if entry.kind == kind][-1]


def state_of(ticket: Ticket) -> str:
    found = db.session.get(Ticket, ticket.id, populate_existing=True)
    assert found is not None
    return found.state


def test_a_genuine_answer_to_our_letter_is_a_public_answer(ticket: Ticket, letter: Letter) -> None:
    assert answer(letter, "Try the other tray.") == "replied"
    assert "Try the other tray." in letters_to_ana("replied")[0].text


def test_off_unless_switched_on(ticket: Ticket, letter: Letter) -> None:
    switch(agent_mail=False)
    assert answer(letter, "Try the other tray.") == "noted from_staff"
    assert letters_to_ana("replied") == []


@pytest.mark.parametrize("found", [FORGED, UNKNOWN, "mx.elsewhere.example.org; dmarc=pass"])
def test_what_fails_or_is_absent_never_acts_and_is_not_even_a_note(
    ticket: Ticket, letter: Letter, found: str
) -> None:
    assert answer(letter, "#resolve dust\nCleaned.", found) == "mail_filed not_authenticated"
    entry = list_entries(ticket.id)[-1]
    assert (entry.is_public, "Cleaned." in entry.body) == (False, True)
    assert entry.detail["authentication"] == ("fail" if found == FORGED else "none")
    assert (state_of(ticket), letters_to_ana("replied")) == ("in_work", [])


def test_where_no_mail_exchanger_is_trusted_nobody_acts_by_mail(ticket: Ticket, letter: Letter) -> None:
    switch(mail_authserv="")
    assert answer(letter, "Try the other tray.") == "noted from_staff"


def test_only_the_answer_to_ones_own_letter_acts(house: House, ticket: Ticket, letter: Letter) -> None:
    to_ana = letters_to_ana("received")[0]
    assert answer(to_ana, "Try the other tray.") == "noted from_staff"
    raw = take("Try it", author=BO, subject=f"[HD-{ticket.id}]", Authentication_Results=GENUINE)
    assert (kinds(ticket)[-1], raw.cause) == ("noted", "from_staff")


def test_resolve_with_cause_and_solution(ticket: Ticket, letter: Letter) -> None:
    assert answer(letter, "#resolve Dust in the tray\r\n\r\nCleaned it. Try again.") == "resolved"
    found = db.session.get(Ticket, ticket.id, populate_existing=True)
    assert found is not None
    assert (found.state, found.cause, found.solution) == (
        "resolved",
        "Dust in the tray",
        "Cleaned it. Try again.",
    )
    assert "Cleaned it." in letters_to_ana("resolved")[0].text


def test_wait_asks_the_reporter(ticket: Ticket, letter: Letter) -> None:
    answer(letter, "#wait 2\r\nWhich tray is it?")
    found = db.session.get(Ticket, ticket.id, populate_existing=True)
    assert found is not None
    assert (found.state, found.waiting_for) == ("waiting", "reporter")
    assert found.wake_at is not None
    assert found.wake_at.date().isoformat() == "2026-03-04"
    assert "Which tray is it?" in letters_to_ana("asked")[0].text


def test_note_and_accept(house: House, ticket: Ticket, letter: Letter) -> None:
    assert answer(letter, "#note\r\nShe shouts a lot on the phone.") == "noted"
    assert last(ticket, "noted") == "She shouts a lot on the phone."
    assert letters_to_ana("replied") == []


def test_accept_by_mail_counts_as_the_response(house: House, ticket: Ticket, own_mx: None) -> None:
    switch(agent_mail=True)
    tickets.reporter_reply(ticket.id, house.ana, "Hello?", now=MONDAY_9, door="web")
    letter = db.session.query(Letter).filter_by(kind="reporter_wrote", person_id=house.bo.id).one()
    assert answer(letter, "#accept") == "accepted"
    found = db.session.get(Ticket, ticket.id, populate_existing=True)
    assert found is not None
    assert found.assignee_id == house.bo.id


def test_what_cannot_be_done_is_a_note_and_its_author_reads_why(
    house: House, ticket: Ticket, letter: Letter
) -> None:
    assert answer(letter, "#resovle dust\r\nCleaned.") == "noted unknown_command"
    assert "#accept, #resolve, #wait and #note" in told(house)[-1].text
    closing.resolve(ticket.id, house.bo, "dust", "cleaned", now=MONDAY_9)
    assert answer(letter, "#wait 3\r\nWhich?") == "noted not_allowed:wait"
    assert "state does not allow" in told(house)[-1].text
    assert state_of(ticket) == "resolved"


def told(house: House) -> list[Letter]:
    return (
        db.session.query(Letter)
        .filter_by(kind="kept_as_note", person_id=house.bo.id)
        .order_by(Letter.id)
        .all()
    )


def test_nothing_of_a_note_reaches_the_reporter_whatever_is_quoted(
    house: House, ticket: Ticket, letter: Letter
) -> None:
    tickets.note(ticket.id, house.chen, "He reads the boss's mail.", now=MONDAY_9)
    assert answer(letter, "Chen wrote: he reads the boss's\r\nmail. Bye") == "noted repeats_a_note"
    assert answer(letter, "Look:\r\n\r\n> He reads the boss's mail.\r\n\r\nTry the other tray.") == "replied"
    quoted = "It works.\r\n\r\nOn Monday Chen wrote:\r\n> He reads the boss's mail."
    assert answer(letter, quoted) == "replied"
    public = [entry for entry in list_entries(ticket.id) if entry.is_public]
    assert not any("boss" in f"{entry.body} {entry.detail}" for entry in public)
    assert not any("boss" in each.text + each.html for each in letters_to_ana("replied"))


def test_a_forwarded_mail_does_not_leave_the_desk_as_a_file(ticket: Ticket, letter: Letter) -> None:
    body = (
        "--q\r\nContent-Type: text/plain\r\n\r\nSee this.\r\n--q\r\nContent-Type: message/rfc822\r\n\r\n"
        "Subject: Secret\r\n\r\nHe reads the boss's mail.\r\n--q--"
    )
    more = {"MIME_Version": "1.0", "Content_Type": "multipart/mixed; boundary=q"}
    assert answer(letter, body, **more) == "noted holds_a_mail"
    assert [file.name for file in list_entries(ticket.id)[-1].attachments] == ["Secret.eml"]


def test_formatted_quotes_are_no_file_of_a_public_answer(ticket: Ticket, letter: Letter) -> None:
    html = "<p>Try the other tray.</p><blockquote><p>A secret of the house stands here.</p></blockquote>"
    more = {"MIME_Version": "1.0", "Content_Type": "text/html"}
    assert answer(letter, html, **more) == "replied"
    entry = list_entries(ticket.id)[-1]
    assert entry.attachments == []
    assert "secret" not in entry.body


def test_a_signed_link_of_our_letter_is_cut_from_an_answer(ticket: Ticket, letter: Letter) -> None:
    answer(letter, "See http://desk.example.org/alarm/eyJhIjo3LCJwIjozfQ.abcdef.0123456789abcdef")
    assert last(ticket, "replied") == "See http://desk.example.org/alarm/…"


def test_staff_who_only_take_part_write_as_participants(house: House, ticket: Ticket) -> None:
    """Bo sees the ticket of a restricted service of another team only because Ana copied him in."""
    other = Team(name="Payroll")
    db.session.add(other)
    house.erp.is_restricted = True
    db.session.flush()
    ticket = db.session.get(Ticket, ticket.id)
    assert ticket is not None
    ticket.service_id, ticket.team_id = house.erp.id, other.id
    db.session.commit()
    join(ticket, house.bo, "copied", now=MONDAY_9)
    raw = take("I have it too", author=BO, subject=f"[HD-{ticket.id}]")
    assert (kinds(ticket)[-1], raw.cause) == ("reporter_replied", "")

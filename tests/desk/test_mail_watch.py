"""A mailbox that falls silent: a ticket to the administrators, once, and a note when it is heard again."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask

from helpdesk.desk import closing, mail_watch, tickets
from helpdesk.desk.check import check
from helpdesk.outbound import letters
from helpdesk.rules.access import Role
from helpdesk.store import db
from helpdesk.store.db import transaction
from helpdesk.store.escalations import Alarm
from helpdesk.store.letters import Letter
from helpdesk.store.mail import RawMail
from helpdesk.store.mail_watch import list_lasting_troubles
from helpdesk.store.mailboxes import Mailbox
from helpdesk.store.organisation import get_organisation
from helpdesk.store.tickets import Entry, Ticket
from tests.at_once import at_once
from tests.conftest import MONDAY_9, House, read_anew

HOUR = timedelta(hours=1)
SILENT = MONDAY_9 + HOUR + timedelta(minutes=1)
ALWAYS = {"host": "imap.example.org", "port": 993, "user": "support", "sealed": ""}


def add_mailbox(name: str = "Support", **values: Any) -> Mailbox:
    box = Mailbox(
        name=name,
        **{
            "address": "support@example.org",
            "created_at": MONDAY_9,
            "succeeded_at": MONDAY_9,
            **ALWAYS,
            **values,
        },
    )
    db.session.add(box)
    db.session.commit()
    return box


def all_tickets() -> list[Ticket]:
    read_anew()
    return db.session.query(Ticket).order_by(Ticket.id).all()


def notes(ticket: Ticket) -> list[str]:
    entries = db.session.query(Entry).filter_by(ticket_id=ticket.id, kind="noted").order_by(Entry.id)
    return [entry.body for entry in entries]


def hear(box: Mailbox, at: Any) -> None:
    box.succeeded_at = at
    db.session.commit()


@pytest.fixture
def box(house: House) -> Mailbox:
    return add_mailbox()


def test_a_silent_mailbox_becomes_a_ticket_of_the_administrators_once(house: House, box: Mailbox) -> None:
    gus = house.person("Gus", Role.ADMINISTRATOR)
    db.session.commit()
    mail_watch.sweep(MONDAY_9 + HOUR)
    assert all_tickets() == []
    for minutes in range(3):
        mail_watch.sweep(SILENT + timedelta(minutes=minutes))
    [ticket] = all_tickets()
    assert ticket.subject == "Nothing was heard of mailbox Support since Mon 2 Mar, 09:00 (Berlin time)"
    assert (ticket.assignee.name, ticket.severity, ticket.is_triaged) == ("Eli", "major", True)
    assert ticket.accepted_at is None
    wrote = db.session.query(Letter).filter_by(kind="mail_trouble").order_by(Letter.to_address)
    assert [(x.to_address, x.ticket_id) for x in wrote] == [
        ("eli@example.org", ticket.id),
        ("gus@example.org", ticket.id),
    ]
    assert gus.email == "gus@example.org"
    assert db.session.query(Letter).count() == 2


def test_the_letter_says_what_is_wrong_by_when_somebody_looks_and_where(house: House, box: Mailbox) -> None:
    mail_watch.sweep(SILENT)
    [letter] = db.session.query(Letter).filter_by(kind="mail_trouble")
    assert letter.subject.endswith(
        "Nothing was heard of mailbox Support since Mon 2 Mar, 09:00 (Berlin time)"
    )
    for words in (
        "Something is wrong with the mail of the desk. Open the mailbox in the set-up",
        "HD-1 is with Eli. Whoever looks into it takes it over there.",
        "An answer is due by Mon 2 Mar",
        "http://desk.example.org/tickets/HD-1",
    ):
        assert words in letter.text


def test_what_its_server_says_stands_in_the_ticket(house: House) -> None:
    add_mailbox(fault="sign_in: [AUTHENTICATIONFAILED] no")
    mail_watch.sweep(SILENT)
    [ticket] = all_tickets()
    [reported] = db.session.query(Entry).filter_by(ticket_id=ticket.id, kind="reported")
    assert reported.body.startswith(
        "The server refuses the user name, password or token. [AUTHENTICATIONFAILED] no Open the mailbox"
    )
    assert reported.actor_id is None


def test_when_it_is_heard_again_the_ticket_says_so_and_stays_open(house: House, box: Mailbox) -> None:
    mail_watch.sweep(SILENT)
    hear(box, SILENT + HOUR)
    for minutes in range(3):
        mail_watch.sweep(SILENT + HOUR + timedelta(minutes=minutes))
    [ticket] = all_tickets()
    assert notes(ticket) == ["The mailbox is heard again."]
    assert ticket.is_open
    assert list_lasting_troubles() == []


def test_another_silence_goes_on_in_a_ticket_that_is_still_open(house: House, box: Mailbox) -> None:
    mail_watch.sweep(SILENT)
    hear(box, SILENT)
    mail_watch.sweep(SILENT)
    mail_watch.sweep(SILENT + 2 * HOUR)
    [ticket] = all_tickets()
    assert notes(ticket)[1].startswith(
        "It is back: Nothing was heard of mailbox Support since Mon 2 Mar, 10:01"
    )
    assert [trouble.ticket_id for trouble in list_lasting_troubles()] == [ticket.id]


def test_another_silence_is_a_new_ticket_where_the_old_one_is_resolved(house: House, box: Mailbox) -> None:
    mail_watch.sweep(SILENT)
    [ticket] = all_tickets()
    tickets.accept(ticket.id, house.eli, now=SILENT)
    closing.resolve(ticket.id, house.eli, cause="Password", solution="New password", now=SILENT)
    hear(box, SILENT)
    mail_watch.sweep(SILENT)
    mail_watch.sweep(SILENT + 2 * HOUR)
    assert len(all_tickets()) == 2


def test_a_mailbox_that_is_switched_off_is_not_watched_and_the_ticket_says_so(
    house: House, box: Mailbox
) -> None:
    mail_watch.sweep(SILENT)
    box.is_active = False
    db.session.commit()
    mail_watch.sweep(SILENT)
    [ticket] = all_tickets()
    assert notes(ticket) == ["The mailbox was switched off: it is no longer watched."]


def test_switched_on_again_it_has_time_to_be_heard(house: House) -> None:
    add_mailbox(active_since=SILENT)
    mail_watch.sweep(SILENT + HOUR)
    assert all_tickets() == []
    mail_watch.sweep(SILENT + HOUR + timedelta(seconds=1))
    assert len(all_tickets()) == 1


def test_the_organisation_says_for_how_long_a_mailbox_may_be_silent(house: House, box: Mailbox) -> None:
    get_organisation().options = {"mailbox_silent_minutes": 240}
    db.session.commit()
    mail_watch.sweep(SILENT)
    assert all_tickets() == []
    mail_watch.sweep(MONDAY_9 + 4 * HOUR + timedelta(seconds=1))
    assert len(all_tickets()) == 1


def test_a_sign_in_that_ends_soon_is_said_before_mail_stays_away(house: House) -> None:
    add_mailbox(refresh_expires_at=MONDAY_9 + timedelta(days=3))
    mail_watch.sweep(MONDAY_9)
    [ticket] = all_tickets()
    assert ticket.subject == "The sign-in of mailbox Support ends Thu 5 Mar, 09:00 (Berlin time)"
    assert ticket.severity == "minor"


def test_a_full_quarantine_is_said(house: House) -> None:
    db.session.add_all(
        RawMail(
            sha256=str(n),
            size=1,
            door="smtp",
            recipients=[],
            received_at=MONDAY_9,
            state="quarantined",
            outcome="quarantined",
        )
        for n in range(25)
    )
    db.session.commit()
    mail_watch.sweep(MONDAY_9)
    [ticket] = all_tickets()
    assert ticket.subject == "25 mails are set aside, the oldest since Mon 2 Mar, 09:00 (Berlin time)"


def write_letters(house: House, *states: str, at: Any = MONDAY_9) -> None:
    """A letter in each of these states, to another person each."""
    people = [house.ana, house.bo, house.chen, house.dee]
    with transaction():
        for n, state in enumerate(states):
            letter = letters.write("trial", people[n], key=f"trial:{n}:{at}", now=at)
            assert letter is not None
            letter.state = state


def test_letters_that_do_not_leave_are_said_but_not_one_address_that_takes_none(house: House) -> None:
    write_letters(house, "waiting")
    mail_watch.sweep(SILENT)
    assert all_tickets() == []
    write_letters(house, "waiting", "waiting", at=MONDAY_9 + timedelta(minutes=1))
    mail_watch.sweep(SILENT)
    [ticket] = all_tickets()
    assert ticket.subject == "No letter leaves: 2 addresses wait, since Mon 2 Mar, 09:00 (Berlin time)"


def test_letters_that_wait_beside_others_that_leave_are_no_trouble(house: House) -> None:
    write_letters(house, "waiting", "waiting")
    write_letters(house, "sent", at=MONDAY_9 + timedelta(minutes=1))
    mail_watch.sweep(SILENT)
    assert all_tickets() == []


def test_letters_that_were_switched_off_are_no_trouble(house: House) -> None:
    get_organisation().options = {"letters_stopped": {"at": MONDAY_9.isoformat(), "by": 1, "why": "loop"}}
    db.session.commit()
    write_letters(house, "waiting", "waiting")
    mail_watch.sweep(SILENT)
    assert all_tickets() == []
    assert mail_watch.look(SILENT).unsent.count == 2


def test_without_an_administrator_nothing_breaks(house: House, box: Mailbox) -> None:
    house.eli.role = Role.MANAGER
    db.session.commit()
    mail_watch.sweep(SILENT)
    assert all_tickets() == []


def test_several_clocks_at_once_tell_once(house: House, box: Mailbox, app: Flask) -> None:
    found = at_once(app, *[partial(mail_watch.sweep, SILENT)] * 4)
    assert list(found) == [None] * 4
    [ticket] = all_tickets()
    assert db.session.query(Letter).filter_by(kind="mail_trouble").count() == 1
    hear(box, SILENT)
    assert list(at_once(app, *[partial(mail_watch.sweep, SILENT)] * 4)) == [None] * 4
    assert len(notes(ticket)) == 1


def test_its_deadlines_and_alarms_are_as_its_timeline_says(house: House, box: Mailbox) -> None:
    mail_watch.sweep(SILENT)
    read_anew()
    assert [difference for batch in check() for difference in batch.differences] == []
    asked = [alarm.key for alarm in db.session.query(Alarm).filter_by(state="pending")]
    assert any(key.startswith("response:1:major") for key in asked)

"""Mails as people write them, taken in and understood at once."""

from datetime import timedelta

from helpdesk.intake import receive
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.mail import RawMail, get_raw_mail
from helpdesk.store.organisation import get_organisation
from helpdesk.store.tickets import Ticket, list_entries
from tests.conftest import MONDAY_9

LATER = MONDAY_9 + timedelta(minutes=10)
GENUINE = "mx.example.org; dmarc=pass header.from=example.org"
FORGED = "mx.example.org; dmarc=fail header.from=example.org"
UNKNOWN = "mx.example.org; dmarc=none"


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

"""Each message of the corpus against its golden result: outcome, cause, subject, words, files.

A folder holds messages and golden.json, which says of each what becomes of it. `after`: another message of
the folder that comes first. `on`: a ticket of Ana's in that state; <LETTER> in the message stands for the
Message-ID of our letter about it, and `state` says what becomes of it.
"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from helpdesk.desk import closing, tickets
from helpdesk.desk.tickets import Report
from helpdesk.intake import receive
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.mail import RawMail, get_bytes, get_raw_mail
from helpdesk.store.tickets import Entry, Ticket, find_entry, list_entries
from tests.conftest import MONDAY_9, House

FOLDER = Path(__file__).parent / "corpus"
LATER = MONDAY_9 + timedelta(minutes=10)
GOLDEN: dict[str, dict[str, Any]] = {
    str((path.parent / name).relative_to(FOLDER)): expected
    for path in sorted(FOLDER.rglob("golden.json"))
    for name, expected in json.loads(path.read_text()).items()
}


def test_every_message_has_its_golden_result() -> None:
    assert {str(path.relative_to(FOLDER).with_suffix("")) for path in FOLDER.rglob("*.eml")} == set(GOLDEN)


@pytest.mark.parametrize("name", GOLDEN)
def test_the_message_becomes_what_it_should(house: House, name: str) -> None:
    path = FOLDER / f"{name}.eml"
    content, expected = path.read_bytes(), dict(GOLDEN[name])
    if first := expected.pop("after", None):
        take(path.with_stem(first).read_bytes())
    if state := expected.pop("on", None):
        content = content.replace(b"<LETTER>", letter_about(house, state).message_id.encode())
    raw = take(content)
    assert get_bytes(raw) == content
    assert result(raw) | ({"state": state_of(raw)} if state else {}) == expected


def letter_about(house: House, state: str) -> Letter:
    ticket = tickets.report(Report("Printer", "It jams"), house.ana, now=MONDAY_9, door="web")
    if state != "new":
        tickets.accept(ticket.id, house.bo, now=MONDAY_9)
    if state == "resolved":
        closing.resolve(ticket.id, house.bo, "dust", "cleaned", now=MONDAY_9)
    return db.session.query(Letter).filter_by(ticket_id=ticket.id, kind="received").one()


def take(content: bytes, sender: str | None = None) -> RawMail:
    raw_mail_id = receive.store_raw(content, "smtp", sender, ["desk@example.org"], LATER)
    assert receive.parse_waiting(LATER) == 1
    return get_raw_mail(raw_mail_id)


def state_of(raw: RawMail) -> str | None:
    ticket = db.session.get(Ticket, raw.ticket_id, populate_existing=True)
    return ticket.state if ticket else None


def result(raw: RawMail) -> dict[str, Any]:
    found: dict[str, Any] = {"outcome": raw.outcome}
    if raw.cause:
        found["cause"] = raw.cause
    entry = entry_of(raw)
    if entry is None or raw.ticket is None:
        return found
    if raw.outcome == "created":
        found |= {"subject": raw.ticket.subject, "reporter": raw.ticket.reporter.email}
    found["body"] = entry.body
    for key in ("quoted", "left_out", "notices", "events"):
        if entry.detail.get(key):
            found[key] = entry.detail[key]
    files = [file for file in entry.attachments if file.role != "formatted"]
    if files:
        found["files"] = [[f.name, f.size] + [f.role] * (f.role != "file") for f in files]
    return found


def entry_of(raw: RawMail) -> Entry | None:
    """The entry that the message became; None where it is on no ticket, or filed."""
    if raw.outcome == "created":
        return find_entry(raw.ticket_id or 0, "reported")
    if raw.outcome == "entry" and raw.ticket_id is not None:
        return next(entry for entry in list_entries(raw.ticket_id) if entry.raw_mail_id == raw.id)
    return None

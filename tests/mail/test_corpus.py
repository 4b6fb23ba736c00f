"""Each message of the corpus against its golden result: outcome, cause, subject, words, files."""

import json
from pathlib import Path
from typing import Any

import pytest

from helpdesk.intake import receive
from helpdesk.store.mail import RawMail, get_bytes, get_raw_mail
from helpdesk.store.tickets import find_entry
from tests.conftest import MONDAY_9, House

FOLDER = Path(__file__).parent / "corpus"
GOLDEN = json.loads((FOLDER / "golden.json").read_text())


def test_every_message_has_its_golden_result() -> None:
    assert {path.stem for path in FOLDER.glob("*.eml")} == set(GOLDEN)


@pytest.mark.parametrize("name", GOLDEN)
def test_the_message_becomes_what_it_should(house: House, name: str) -> None:
    content = (FOLDER / f"{name}.eml").read_bytes()
    if first := GOLDEN[name].get("after"):
        take(FOLDER.joinpath(f"{first}.eml").read_bytes())
    raw = take(content)
    assert get_bytes(raw) == content
    assert result(raw) == {key: value for key, value in GOLDEN[name].items() if key != "after"}


def take(content: bytes, sender: str | None = None) -> RawMail:
    raw_mail_id = receive.store_raw(content, "smtp", sender, ["desk@example.org"], MONDAY_9)
    assert receive.parse_waiting(MONDAY_9) == 1
    return get_raw_mail(raw_mail_id)


def result(raw: RawMail) -> dict[str, Any]:
    found: dict[str, Any] = {"outcome": raw.outcome}
    if raw.cause:
        found["cause"] = raw.cause
    if raw.outcome != "created" or raw.ticket is None:
        return found
    entry = find_entry(raw.ticket_id or 0, "reported")
    assert entry is not None
    found |= {"subject": raw.ticket.subject, "body": entry.body, "reporter": raw.ticket.reporter.email}
    if entry.detail.get("quoted"):
        found["quoted"] = entry.detail["quoted"]
    files = [file for file in entry.attachments if file.role != "formatted"]
    if files:
        found["files"] = [[f.name, f.size] if f.role == "file" else [f.name, f.size, f.role] for f in files]
    told = ("left_out", "notices", "events")
    found |= {name: entry.detail[name] for name in told if entry.detail.get(name)}
    return found

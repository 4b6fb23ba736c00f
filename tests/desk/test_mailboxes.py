"""How mailboxes are set up: what is refused, and where secrets may go."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from helpdesk.desk import mailboxes
from helpdesk.desk.changes import By, ChangedMeanwhile, Refused, marker_of
from helpdesk.outbound import imap, sealing
from helpdesk.store import db
from helpdesk.store.mailboxes import Mailbox, get_mailbox
from helpdesk.store.security import SecurityEvent
from tests.conftest import MONDAY_9, House

GIVEN = {
    "name": "Support",
    "address": "Support@Example.org",
    "host": "imap.example.org",
    "port": 993,
    "privacy": "tls",
    "user": "support",
    "auth": "password",
    "token_url": "",
    "client_id": "",
    "scope": "",
    "folder": "INBOX",
    "is_active": True,
}
OAUTH = {"auth": "oauth", "token_url": "https://login.example.org/token", "client_id": "helpdesk"}


def by(house: House) -> By:
    return By(MONDAY_9, house.eli.id, "192.0.2.1")


def save(house: House, mailbox_id: int | None = None, secret: str = "", **more: Any) -> Mailbox:
    return mailboxes.save(mailbox_id, GIVEN | more, {"password": secret}, by(house))


def kept(mailbox: Mailbox) -> str:
    return sealing.unseal(mailboxes.PURPOSE, mailbox.sealed)


def refusal(house: House, **more: Any) -> tuple[str, str]:
    with pytest.raises(Refused) as refused:
        save(house, **more)
    return refused.value.field, refused.value.code


def test_a_mailbox_is_kept_with_its_secret_sealed(house: House) -> None:
    mailbox = save(house, secret="correct horse")
    assert (mailbox.address, mailbox.active_since, mailbox.created_at) == (
        "support@example.org",
        MONDAY_9,
        MONDAY_9,
    )
    assert "horse" not in mailbox.sealed
    assert kept(mailbox) == '{"password": "correct horse"}'
    assert "horse" not in str(mailboxes.state_of(mailbox))
    assert mailboxes.own_addresses(["desk@example.org"]) == {"desk@example.org", "support@example.org"}


def test_the_log_tells_who_changed_a_secret_and_not_which(house: House) -> None:
    mailbox = save(house, secret="correct horse")
    save(house, mailbox.id, secret="battery staple", port=1993)
    events = list(db.session.query(SecurityEvent).order_by(SecurityEvent.id))
    assert [event.what for event in events][-3:] == [
        "setting_added",
        "setting_changed",
        "mailbox_secrets_changed",
    ]
    assert events[-2].detail == {"from": {"port": 993}, "to": {"port": 1993}}
    assert not any(word in str([event.detail for event in events]) for word in ("horse", "staple"))


def test_an_empty_secret_leaves_it_as_it_was(house: House) -> None:
    mailbox = save(house, secret="correct horse")
    save(house, mailbox.id, name="Help", port=1993)
    assert kept(mailbox) == '{"password": "correct horse"}'
    assert mailbox.name == "Help"


@pytest.mark.parametrize("changed", [{"host": "imap.elsewhere.example.org"}, OAUTH])
def test_a_kept_secret_is_sent_to_no_other_server(house: House, changed: dict[str, Any]) -> None:
    mailbox = save(house, secret="correct horse")
    field, code = refusal(house, mailbox_id=mailbox.id, **changed)
    assert (field in ("password", "client_secret"), code) == (True, "type_again")


def test_a_secret_sealed_with_another_key_is_to_be_typed_again(app: Flask, house: House) -> None:
    mailbox = save(house, secret="correct horse")
    mailbox.sealed = sealing.seal("another purpose", "{}")
    db.session.commit()
    with pytest.raises(imap.Failed) as failed:
        mailboxes.try_connection(mailbox.id, MONDAY_9)
    assert failed.value.code == "sealed_otherwise"
    assert refusal(house, mailbox_id=mailbox.id, port=1993) == ("password", "type_again")
    save(house, mailbox.id, secret="correct horse")
    assert kept(mailbox) == '{"password": "correct horse"}'


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        ({"secret": ""}, "password", "required"),
        ({"secret": "x", "privacy": "none"}, "privacy", "not_encrypted"),
        ({"secret": "x", "privacy": "none", "host": "127.0.0.1.example.org"}, "privacy", "not_encrypted"),
        (OAUTH, "client_secret", "required"),
        (OAUTH | {"token_url": ""}, "token_url", "required"),
        (OAUTH | {"client_id": ""}, "client_id", "required"),
        (OAUTH | {"token_url": "http://login.example.org/token"}, "token_url", "not_encrypted"),
        (OAUTH | {"token_url": "file:///etc/passwd"}, "token_url", "not_encrypted"),
        (OAUTH | {"token_url": "http://127.0.0.1:1@login.example.org/"}, "token_url", "not_encrypted"),
    ],
)
def test_what_cannot_be_is_refused(house: House, given: dict[str, Any], field: str, code: str) -> None:
    assert refusal(house, **given) == (field, code)
    assert db.session.query(Mailbox).count() == 0


def test_names_stay_apart_and_no_folder_is_fetched_twice(house: House) -> None:
    first = save(house, secret="x")
    assert refusal(house, secret="x", user="other") == ("name", "name_taken")
    assert refusal(house, secret="x", name="Other") == ("user", "already_fetched")
    mailboxes.switch(first.id, False, by(house))
    assert (first.is_active, first.active_since) == (False, None)
    save(house, secret="x", name="Other")
    with pytest.raises(Refused):
        mailboxes.switch(first.id, True, by(house))


@pytest.mark.parametrize("field", ["host", "user", "folder"])
def test_what_was_reached_becomes_no_other_mailbox(house: House, field: str) -> None:
    """UIDs say nothing about the messages of another one: some would be taken for fetched."""
    mailbox = save(house, secret="x")
    save(house, mailbox.id, secret="x", **{field: "typo-mended"})
    mailbox.uid_validity = 7
    db.session.commit()
    assert refusal(house, mailbox_id=mailbox.id, secret="x", **{field: "another"}) == (
        field,
        "another_mailbox",
    )


def test_whoever_fetches_a_mailbox_that_changes_has_to_let_go(house: House) -> None:
    mailbox = save(house, secret="x")
    mailbox.claimed_by, mailbox.claimed_until = "a fetcher", MONDAY_9 + timedelta(minutes=1)
    db.session.commit()
    save(house, mailbox.id, port=1993)
    assert (mailbox.claimed_by, mailbox.claimed_until) == ("", None)


def test_two_who_change_a_mailbox_at_once_do_not_overwrite_each_other(house: House) -> None:
    mailbox = save(house, secret="x")
    seen = marker_of(mailboxes.state_of(mailbox))
    mailboxes.save(mailbox.id, GIVEN | {"port": 1993}, {}, by(house), seen)
    with pytest.raises(ChangedMeanwhile):
        mailboxes.save(mailbox.id, GIVEN | {"port": 2993}, {}, by(house), seen)
    assert get_mailbox(mailbox.id).port == 1993

"""Signed, expiring links and reply addresses. A link's page may be opened by anyone (scanners do);
only the POST of its button acts."""

import hmac
import re
from datetime import timedelta
from functools import cache
from hashlib import sha256
from typing import Any, Protocol

from flask import current_app
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from helpdesk.store.letters import find_letter_by_message_id
from helpdesk.store.people import Person
from helpdesk.store.tickets import Ticket

LASTS = {
    "follow": timedelta(days=180),
    "confirm": timedelta(days=60),
    "invite": timedelta(days=7),
    "reset": timedelta(hours=1),
    "alarm": timedelta(days=7),
    "setup": timedelta(days=1),
    "quiet": timedelta(days=365),
    "form": timedelta(days=1),  # no link but a field: when a form was shown
    "device": timedelta(days=365),  # no link but a cookie: a browser that has signed in before
}


class BadLink(Exception):
    """Not one of ours, or altered."""


class ExpiredLink(BadLink):
    """Was ours; `payload` says what it was for, so that a fresh one can be offered to the same address."""

    def __init__(self, payload: dict[str, Any]) -> None:
        super().__init__("expired")
        self.payload = payload


class Numbered(Protocol):
    """Whatever is known by a ticket's number."""

    @property
    def number(self) -> str: ...


def sign(purpose: str, payload: dict[str, Any]) -> str:
    """A token for a link of that purpose (a key of LASTS)."""
    if purpose not in LASTS:
        raise KeyError(purpose)
    return _serializer(purpose).dumps(payload)


def read(purpose: str, token: str) -> dict[str, Any]:
    """What the token was signed for. Raises BadLink, or ExpiredLink once its time is over."""
    try:
        payload: dict[str, Any] = _serializer(purpose).loads(
            token, max_age=int(LASTS[purpose].total_seconds())
        )
    except SignatureExpired as fault:
        raise ExpiredLink(_serializer(purpose).load_payload(fault.payload)) from fault  # type: ignore[arg-type]
    except BadSignature as fault:
        raise BadLink("bad signature") from fault
    return payload


def url(path: str) -> str:
    """The full address of one of our pages, for letters and the terminal."""
    return f"{current_app.config['SETTINGS'].base_url}{path}"


def follow_url(ticket: Ticket, person_id: int) -> str:
    """The link with which a person without an account follows their ticket."""
    token = sign("follow", {"t": ticket.id, "p": person_id, "s": ticket.link_salt})
    return f"{current_app.config['SETTINGS'].base_url}/follow/{token}"


def confirm_url(ticket: Ticket, person_id: int) -> str:
    """The link to the page that asks whether the solution holds."""
    token = sign("confirm", {"t": ticket.id, "p": person_id, "s": ticket.link_salt})
    return f"{current_app.config['SETTINGS'].base_url}/confirm/{token}"


def alarm_url(alarm_id: int, person: Person) -> str:
    """The link with which whom an alarm tells accepts the ticket; it ends with their sessions."""
    return url(f"/alarm/{sign('alarm', {'a': alarm_id, 'p': person.id, 'e': person.session_epoch})}")


def quiet_url(person_id: int) -> str:
    """The link with which somebody says which letters they get."""
    return url(f"/quiet/{sign('quiet', {'p': person_id})}")


def ticket_url(ticket: Numbered) -> str:
    """The ticket's page for those who sign in."""
    return f"{current_app.config['SETTINGS'].base_url}/tickets/{ticket.number}"


def reply_address(ticket: Ticket) -> str:
    """The desk's address with the ticket's reply token in its plus part."""
    local, _, domain = current_app.config["SETTINGS"].mail_address.rpartition("@")
    return f"{local}+{ticket.id}-{ticket.link_salt}@{domain}"


# Whoever has such a link acts as the one it was written to.
_SIGNED = re.compile(r"/(follow|confirm|alarm|quiet|invitation|new-password|setup)/[\w.-]{20,}")


def without_signed(text: str) -> str:
    """The text of a letter for others' eyes: its signed links are cut."""
    return _SIGNED.sub(r"/\1/…", text)


# MAIL knows our own letters by these: a signed Message-ID, and X-Helpdesk-Instance on every letter.
_MESSAGE_ID = re.compile(r"<hd\.([0-9a-f]{20})\.([0-9a-f]{20})@[^<>@\s]+>")


def message_id(key: str) -> str:
    """The Message-ID of the letter of that key: the same whenever it is asked, with our signature in it."""
    nonce = _mac("letter", key)
    return f"<hd.{nonce}.{_mac('message-id', nonce)}@{_mail_domain()}>"


def is_our_message_id(message_id: str) -> int | None:
    """The id of the letter of ours that bears this Message-ID (with its angle brackets).

    None for one that we have not signed, whatever it looks like, and for a letter that is gone.
    """
    found = _MESSAGE_ID.fullmatch(message_id.strip())
    if found is None or not hmac.compare_digest(_mac("message-id", found[1]), found[2]):
        return None
    letter = find_letter_by_message_id(message_id.strip())
    return letter.id if letter else None


def thread_id(ticket_id: int) -> str:
    """The Message-ID that no message bears but all letters of a ticket refer to, to be shown as one."""
    return f"<hd-thread.{ticket_id}.{_mac('thread', str(ticket_id))}@{_mail_domain()}>"


def ticket_of_thread(message_id: str) -> int | None:
    """The id of the ticket whose `thread_id` this is, None for one that we have not signed."""
    found = re.fullmatch(r"<hd-thread\.([0-9]{1,9})\.[0-9a-f]{20}@[^<>@\s]+>", message_id)
    ticket_id = int(found[1]) if found else None
    signed = ticket_id is not None and hmac.compare_digest(thread_id(ticket_id).encode(), message_id.encode())
    return ticket_id if signed else None


def is_salt_of(ticket: Ticket, salt: str) -> bool:
    """Whether a reply address with this salt is the ticket's."""
    return hmac.compare_digest(ticket.link_salt, salt)


def instance_id() -> str:
    """This installation's mark in the header X-Helpdesk-Instance: how it knows its own letters."""
    return _mac("instance", "")


def _mac(purpose: str, text: str) -> str:
    key = current_app.config["SECRET_KEY"].encode()
    return hmac.new(key, f"helpdesk.{purpose}\0{text}".encode(), sha256).hexdigest()[:20]


def _mail_domain() -> str:
    domain: str = current_app.config["SETTINGS"].mail_address.rpartition("@")[2]
    return domain


def _serializer(purpose: str) -> URLSafeTimedSerializer:
    return _serializer_of(current_app.config["SECRET_KEY"], purpose)


@cache
def _serializer_of(key: str, purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(key, salt=f"helpdesk.{purpose}")

"""Signed, expiring links and reply addresses. A link's page may be opened by anyone (scanners do);
only the POST of its button acts."""

from datetime import timedelta
from typing import Any

from flask import current_app
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from helpdesk.store.tickets import Ticket

LASTS = {
    "follow": timedelta(days=180),
    "confirm": timedelta(days=60),
    "invite": timedelta(days=7),
    "reset": timedelta(hours=1),
    "alarm": timedelta(days=7),
    "setup": timedelta(days=1),
}


class BadLink(Exception):
    """Not one of ours, or altered."""


class ExpiredLink(BadLink):
    """Was ours; `payload` says what it was for, so that a fresh one can be offered to the same address."""

    def __init__(self, payload: dict[str, Any]) -> None:
        super().__init__("expired")
        self.payload = payload


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


def follow_url(ticket: Ticket, person_id: int) -> str:
    """The link with which a person without an account follows their ticket."""
    token = sign("follow", {"t": ticket.id, "p": person_id, "s": ticket.link_salt})
    return f"{current_app.config['SETTINGS'].base_url}/follow/{token}"


def confirm_url(ticket: Ticket, person_id: int) -> str:
    """The link to the page that asks whether the solution holds."""
    token = sign("confirm", {"t": ticket.id, "p": person_id, "s": ticket.link_salt})
    return f"{current_app.config['SETTINGS'].base_url}/confirm/{token}"


def ticket_url(ticket: Ticket) -> str:
    """The ticket's page for those who sign in."""
    return f"{current_app.config['SETTINGS'].base_url}/tickets/{ticket.number}"


def reply_address(ticket: Ticket) -> str:
    """The desk's address with the ticket's reply token in its plus part."""
    local, _, domain = current_app.config["SETTINGS"].mail_address.rpartition("@")
    return f"{local}+{ticket.id}-{ticket.link_salt}@{domain}"


def _serializer(purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt=f"helpdesk.{purpose}")

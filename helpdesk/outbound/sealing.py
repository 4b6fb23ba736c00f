"""Secrets of others as they are kept: sealed with the installation's key, for each purpose with another."""

import base64
import hmac
from hashlib import sha256
from typing import Any

from flask import current_app


class SealedOtherwise(Exception):
    """It was sealed with another HELPDESK_SECRET_KEY, or for another purpose: nobody can read it here."""


def seal(purpose: str, text: str) -> str:
    """The text as it is kept."""
    return str(_fernet(purpose).encrypt(text.encode()).decode())


def unseal(purpose: str, sealed: str) -> str:
    """The text again. Raises SealedOtherwise."""
    from cryptography.fernet import InvalidToken

    try:
        return str(_fernet(purpose).decrypt(sealed.encode()).decode())
    except InvalidToken:
        raise SealedOtherwise from None


def keyed_hash(text: str) -> bytes:
    """What only this installation can compute of the text."""
    return hmac.new(current_app.config["SECRET_KEY"].encode(), text.encode(), sha256).digest()


def _fernet(purpose: str) -> Any:
    from cryptography.fernet import Fernet  # loaded with the first secret: 10 MiB

    return Fernet(base64.urlsafe_b64encode(keyed_hash(f"helpdesk.{purpose}")))

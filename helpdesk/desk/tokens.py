"""API tokens: shown once, kept as a digest."""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from helpdesk.desk.security import log_event
from helpdesk.desk.sign_in import throttle
from helpdesk.rules.throttle import Limit
from helpdesk.store.db import db, transaction
from helpdesk.store.people import Person
from helpdesk.store.security import ApiToken, find_token, list_tokens

WRONG_TOKENS = Limit(20, timedelta(hours=1), timedelta(minutes=1), timedelta(minutes=5))
NOTED_EVERY = timedelta(minutes=5)  # how exact `last_used_at` is: not every read may cost a write


def add_token(
    person_id: int, name: str, *, now: datetime, actor_id: int | None = None, address: str = ""
) -> str:
    """A new token of the person; the text is returned this once and never kept."""
    token = f"hd_{secrets.token_urlsafe(32)}"
    with transaction():
        db.session.add(ApiToken(person_id=person_id, sha256=_digest(token), name=name, created_at=now))
        log_event(
            "token_added",
            now=now,
            actor_id=actor_id,
            subject=f"person:{person_id}",
            detail={"name": name},
            address=address,
        )
    return token


def revoke_token(person_id: int, token_id: int, *, now: datetime, address: str = "") -> None:
    """Ends a token of that person's own. LookupError where they have none of that id."""
    with transaction():
        token = next((one for one in list_tokens(person_id) if one.id == token_id), None)
        if token is None:
            raise LookupError(f"no token {token_id}")
        token.revoked_at = now
        log_event(
            "token_revoked",
            now=now,
            actor_id=person_id,
            subject=f"person:{person_id}",
            detail={"name": token.name},
            address=address,
        )


def bearer_of(token: str, *, now: datetime, address: str) -> Person | None:
    """Whose token it is; None for a wrong one. Raises Throttled for an address with many wrong ones."""
    found = find_token(_digest(token))
    if found is None or not found.person.is_active:
        throttle({f"token:{address[:64]}": WRONG_TOKENS}, now)
        return None
    if found.last_used_at is None or now - found.last_used_at >= NOTED_EVERY:
        with transaction():
            found.last_used_at = now
    return found.person


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()

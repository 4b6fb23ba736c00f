"""The security log: who signed in, which rights, settings and exports changed hands."""

from datetime import datetime, timedelta
from typing import Any

from helpdesk.store.db import db, transaction
from helpdesk.store.organisation import find_organisation
from helpdesk.store.security import (
    SecurityEvent,
    delete_attempts_before,
    delete_ended_sessions_before,
    delete_events_before,
)

SHORTEST_LOG = 180  # days
ATTEMPTS_KEPT = timedelta(days=2)
SESSIONS_KEPT = timedelta(days=60)  # longer than any session lasts (desk/sign_in)


def log_event(
    what: str,
    *,
    now: datetime,
    actor_id: int | None = None,
    subject: str = "",
    detail: dict[str, Any] | None = None,
    address: str = "",
) -> None:
    """Notes what happened, in the transaction of what it reports (RuntimeError outside of one).

    `subject`: what it was done to ("person:3", "service:ERP"); `address`: the network address asking.
    Never put a password, token or link into `detail`.
    """
    if not db.session().info.get("writing"):
        raise RuntimeError("log_event needs the transaction of what it reports")
    db.session.add(
        SecurityEvent(
            at=now, what=what, actor_id=actor_id, subject=subject, detail=detail or {}, address=address
        )
    )


def note_export(
    subject: str, detail: dict[str, Any], *, now: datetime, actor_id: int, address: str = ""
) -> None:
    """Notes who took figures out: of what (`subject`, "figures:compliance"), and which of them."""
    with transaction():
        log_event("exported", now=now, actor_id=actor_id, subject=subject, detail=detail, address=address)


def sweep(now: datetime) -> None:
    """Removes log rows older than organisation.options["security_log_days"] (never under 180), old sign-in
    attempts and ended sessions. For the periodic list, once a day."""
    with transaction():
        organisation = find_organisation()
        wanted = (organisation.options if organisation else {}).get("security_log_days") or SHORTEST_LOG
        delete_events_before(now - timedelta(days=max(int(wanted), SHORTEST_LOG)))
        delete_attempts_before(now - ATTEMPTS_KEPT)
        delete_ended_sessions_before(now - SESSIONS_KEPT)

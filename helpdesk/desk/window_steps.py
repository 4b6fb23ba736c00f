"""What each step of a maintenance window writes: its state, its timeline, its version, who is told."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from helpdesk.desk import stale, window_notices
from helpdesk.desk.changes import By
from helpdesk.desk.security import log_event
from helpdesk.rules.maintenance import RUNNING, State
from helpdesk.store.db import db
from helpdesk.store.maintenance import Window, WindowEntry, WindowVersion


def settle(window: Window, now: datetime) -> None:
    """What has come to pass by the plan alone. It changes nothing of what the clock counts."""
    if window.state == State.ANNOUNCED and window.starts_at <= now:
        window.state, window.started_at = State.RUNNING, window.starts_at
        _by_itself(window, "started", {"started_at": window.starts_at.isoformat()}, now)
    if window.state in RUNNING and window.ends_at <= now:
        window.state, window.ended_at = State.FINISHED, window.ends_at
        _by_itself(window, "finished", {"ended_at": window.ends_at.isoformat()}, now)


def _by_itself(window: Window, kind: str, detail: Mapping[str, Any], now: datetime) -> None:
    record(window, kind, now, None, detail)
    remember(window, now)
    window_notices.plan(window, kind, now)


def tell(window: Window, kind: str, by: By, detail: Mapping[str, Any], since: datetime) -> None:
    """A step of which people and clock must know: deadlines after `since` are computed anew."""
    note(window, kind, by, detail)
    remember(window, by.now, by.actor_id)
    stale.after_window_change(window, since, by.now)
    window_notices.plan(window, kind, by.now)


def note(window: Window, kind: str, by: By, detail: Mapping[str, Any]) -> None:
    """A step of which nobody else need know yet: in the window's timeline and the security log."""
    said = {name: each for name, each in detail.items() if each != ""}
    record(window, kind, by.now, by.actor_id, said)
    log_event(
        f"maintenance_{kind}",
        now=by.now,
        actor_id=by.actor_id,
        subject=f"service:{window.service.name}",
        detail={"window": window.id, **said},
        address=by.address,
    )


def record(
    window: Window, kind: str, now: datetime, actor_id: int | None, detail: Mapping[str, Any] | None = None
) -> None:
    """A step into the window's timeline; `actor_id` None: the clock. In the transaction of the step."""
    db.session.flush()
    said = dict(detail or {})
    db.session.add(WindowEntry(window_id=window.id, kind=kind, at=now, actor_id=actor_id, detail=said))


def remember(window: Window, now: datetime, actor_id: int | None = None) -> None:
    """Keeps the window as it is known from now on. In the transaction of its change."""
    db.session.flush()
    db.session.add(
        WindowVersion(
            window_id=window.id,
            known_at=now,
            starts_at=window.starts_at,
            ends_at=window.ends_at,
            started_at=window.started_at,
            ended_at=window.ended_at,
            announced_at=window.announced_at,
            is_cancelled=window.is_cancelled,
            by_id=actor_id,
        )
    )
    db.session.flush()

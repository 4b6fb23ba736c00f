"""Maintenance windows: announced, changed, called off; deadlines follow."""

from datetime import datetime, timedelta

from helpdesk.desk import stale
from helpdesk.desk.security import log_event
from helpdesk.store.db import db, transaction
from helpdesk.store.maintenance import (
    Window,
    WindowService,
    WindowVersion,
    get_window_for_change,
    lock_service,
)

LONGEST = timedelta(days=31)


class WindowRefused(Exception):
    """`code`: "past" (it ends before now), "empty" (it ends before it starts), "too_long" (beyond LONGEST),
    "over" (nothing of it is left to change)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def announce(
    service_id: int,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    *,
    now: datetime,
    actor_id: int,
    address: str = "",
) -> Window:
    """A window for the service; a start in the past becomes now, for what has been counted stays counted.

    Raises WindowRefused; LookupError where there is no such service.
    """
    with transaction():
        lock_service(service_id)
        starts_at = max(starts_at, _second(now))
        _check(starts_at, ends_at, now)
        window = Window(
            state="announced",
            covered=[WindowService(service_id=service_id)],
            starts_at=starts_at,
            ends_at=ends_at,
            reason=reason,
            announced_at=now,
            created_by_id=actor_id,
        )
        db.session.add(window)
        db.session.flush()
        remember(window, now, actor_id)
        stale.after_window_change(window, starts_at, now)
        _log("maintenance_announced", window, {"to": _said(window)}, now, actor_id, address)
    return window


def change(
    window_id: int,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    *,
    now: datetime,
    actor_id: int,
    address: str = "",
) -> Window:
    """Other times or another reason; the start of one that runs stays, and none moves into the past.

    Raises WindowRefused; LookupError where there is no such window.
    """
    with transaction():
        window = _window_ahead(window_id, now)
        was, since = _said(window), window.starts_at
        starts_at = window.starts_at if window.is_running(now) else max(starts_at, _second(now))
        _check(starts_at, ends_at, now)
        moved = (starts_at, ends_at) != (window.starts_at, window.ends_at)
        window.starts_at, window.ends_at, window.reason = starts_at, ends_at, reason
        db.session.flush()
        if moved:
            remember(window, now, actor_id)
            stale.after_window_change(window, max(min(since, starts_at), now), now)
        _log("maintenance_changed", window, {"from": was, "to": _said(window)}, now, actor_id, address)
    return window


def cancel(window_id: int, *, now: datetime, actor_id: int, address: str = "") -> Window:
    """Calls a window off: all of it before its start; one that runs ends now, and what it paused stays so.

    Raises WindowRefused where it is over; LookupError where there is no such window.
    """
    with transaction():
        window = _window_ahead(window_id, now)
        was = _said(window)
        if window.is_running(now) and window.starts_at < _second(now):
            window.ends_at = _second(now)
        else:
            window.cancelled_at = now
        remember(window, now, actor_id)
        stale.after_window_change(window, max(window.starts_at, now), now)
        _log("maintenance_cancelled", window, {"from": was}, now, actor_id, address)
    return window


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
            is_cancelled=window.cancelled_at is not None,
            by_id=actor_id,
        )
    )
    db.session.flush()


def _window_ahead(window_id: int, now: datetime) -> Window:
    window = get_window_for_change(window_id)
    for service in window.services:
        lock_service(service.id)
    if window.is_over(now):
        raise WindowRefused("over")
    return window


def _check(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    if ends_at <= now:
        raise WindowRefused("past")
    if ends_at <= starts_at:
        raise WindowRefused("empty")
    if ends_at - starts_at > LONGEST:
        raise WindowRefused("too_long")


def _second(now: datetime) -> datetime:
    return now.replace(microsecond=0)  # the clock counts whole seconds


def _said(window: Window) -> str:
    return f"{window.starts_at.isoformat()} / {window.ends_at.isoformat()}: {window.reason}"


def _log(
    what: str, window: Window, detail: dict[str, str], now: datetime, actor_id: int, address: str
) -> None:
    subject = f"service:{window.service.name}"
    log_event(what, now=now, actor_id=actor_id, subject=subject, detail=detail, address=address)

"""The life of a maintenance window, step by step; deadlines and notices follow.

Draft, approved (not by its author), announced, running, extended, finished or cancelled. The clock starts
and ends it as planned unless somebody does so before. From its announcement on each change is kept as a
version (rules/maintenance), and told (desk/window_notices).
"""

import logging
from datetime import datetime, timedelta

from helpdesk.desk.changes import By, State, require_unchanged
from helpdesk.desk.window_steps import note, settle, tell
from helpdesk.rules import dependencies
from helpdesk.rules import maintenance as rule
from helpdesk.rules.maintenance import State as Stage
from helpdesk.rules.spans import whole_second
from helpdesk.store.db import db, transaction
from helpdesk.store.maintenance import (
    Window,
    WindowService,
    get_window_for_change,
    list_window_entries,
    list_windows_due,
    lock_service,
)
from helpdesk.store.services import list_dependencies

log = logging.getLogger(__name__)

LONGEST = timedelta(days=31)
WORDS = ("reason", "effect", "owner_id", "rollback_plan")
_AUTHORS = frozenset({"drafted", "changed"})


class WindowRefused(Exception):
    """`code`: "past" (it ends before now), "empty" (it ends before it starts), "too_long" (beyond LONGEST),
    "not_longer" (no extension), "no_service", "own" (who wrote it does not approve it), "over" (nothing of it
    is left to change), "not_now" (its state does not allow the step)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def state_of(window: Window) -> State:
    """What the form of one shows; `service_ids` are those that were chosen."""
    words = {name: getattr(window, name) for name in WORDS}
    return {
        "service_ids": _named(window),
        "starts_at": window.starts_at,
        "ends_at": window.ends_at,
        **words,
    }


def draft(values: State, by: By) -> Window:
    """A window that nobody knows of yet. `values`: what `state_of` says (effect "down", the author as owner
    and no rollback plan where left out), and `series_id` of one that recurs. Raises WindowRefused."""
    with transaction():
        _check(values["starts_at"], values["ends_at"], by.now)
        window = Window(created_by_id=by.actor_id, owner_id=by.actor_id, series_id=values.get("series_id"))
        db.session.add(window)
        _fill(window, {name: each for name, each in values.items() if name != "series_id"})
        note(window, "drafted", by, _times(window))
    return window


def change(window_id: int, values: State, by: By, seen: str | None = None) -> Window:
    """Other words, and, until it is announced, other times and services; such a change of an approved one
    takes its approval away. Values that are left out stay.

    Raises WindowRefused, ChangedMeanwhile; LookupError where there is no such window.
    """
    with transaction():
        window = _for_step(window_id, "change", by.now)
        before = state_of(window)
        require_unchanged(before, seen)
        after = {**before, **values}
        after["service_ids"] = sorted(after["service_ids"])
        fields = [name for name in after if after[name] != before[name]]
        if not rule.is_planned(window.state) and not set(fields) <= set(WORDS):
            raise WindowRefused("not_now")
        if not fields:
            return window
        if rule.is_planned(window.state):
            _check(after["starts_at"], after["ends_at"], by.now)
            window.state, window.approved_by_id, window.approved_at = Stage.DRAFT, None, None
        _fill(window, {name: after[name] for name in fields})
        note(window, "changed", by, {"fields": fields, **_times(window)})
    return window


def approve(window_id: int, by: By, seen: str | None = None) -> Window:
    """Somebody else than those who wrote it says yes, to what they have `seen` (a marker of `state_of`).
    Raises WindowRefused, ChangedMeanwhile, LookupError."""
    with transaction():
        window = _for_step(window_id, "approve", by.now)
        require_unchanged(state_of(window), seen)
        _check(window.starts_at, window.ends_at, by.now)
        entries = list_window_entries([window.id])
        if by.actor_id in {entry.actor_id for entry in entries if entry.kind in _AUTHORS}:
            raise WindowRefused("own")
        window.state, window.approved_by_id, window.approved_at = Stage.APPROVED, by.actor_id, by.now
        note(window, "approved", by, {})
    return window


def announce(window_id: int, by: By) -> Window:
    """People and clock know of it from now on. Its services are fixed: those chosen and all that need them.
    A start in the past becomes now, for what has been counted stays counted.

    Raises WindowRefused, LookupError.
    """
    with transaction():
        window = _for_step(window_id, "announce", by.now)
        named = _named(window)
        found = sorted(dependencies.covered(named, list_dependencies()))
        _lock(found)
        window.covered = [WindowService(service_id=each, is_named=each in named) for each in found]
        window.starts_at = max(window.starts_at, whole_second(by.now))
        _check(window.starts_at, window.ends_at, by.now)
        window.state, window.announced_at = Stage.ANNOUNCED, rule.announced_at(None, window.starts_at, by.now)
        tell(window, "announced", by, _times(window), since=window.starts_at)
    return window


def move(window_id: int, starts_at: datetime, ends_at: datetime, by: By, why: str = "") -> Window:
    """Other times for one that is announced and has not begun; none begins in the past.

    Raises WindowRefused, LookupError.
    """
    with transaction():
        window = _for_step(window_id, "move", by.now)
        starts_at = max(starts_at, whole_second(by.now))
        _check(starts_at, ends_at, by.now)
        if (starts_at, ends_at) == (window.starts_at, window.ends_at):
            return window
        was = {f"was_{name}": said for name, said in _times(window).items()}
        since = max(min(window.starts_at, starts_at), by.now)
        window.announced_at = rule.announced_at(window, starts_at, by.now)
        window.starts_at, window.ends_at = starts_at, ends_at
        tell(window, "moved", by, {**_times(window), **was, "why": why}, since=since)
    return window


def start(window_id: int, by: By) -> Window:
    """It begins now, before it was planned to. Raises WindowRefused, LookupError."""
    with transaction():
        window = _for_step(window_id, "start", by.now)
        window.state, window.started_at = Stage.RUNNING, whole_second(by.now)
        tell(window, "started", by, {"started_at": window.started_at.isoformat()}, since=by.now)
    return window


def extend(window_id: int, ends_at: datetime, by: By, why: str = "") -> Window:
    """One that runs takes longer. Raises WindowRefused, LookupError."""
    with transaction():
        window = _for_step(window_id, "extend", by.now)
        if ends_at <= window.ends_at:
            raise WindowRefused("not_longer")
        _check(window.starts_at, ends_at, by.now)
        was = window.ends_at.isoformat()
        window.state, window.ends_at = Stage.EXTENDED, ends_at
        detail = {"ends_at": ends_at.isoformat(), "was_ends_at": was, "why": why}
        tell(window, "extended", by, detail, since=by.now)
    return window


def finish(window_id: int, by: By, why: str = "") -> Window:
    """One that runs is done now, before it was planned to. Raises WindowRefused, LookupError."""
    with transaction():
        window = _for_step(window_id, "finish", by.now)
        window.state, window.ended_at = Stage.FINISHED, whole_second(by.now)
        detail = {"ended_at": window.ended_at.isoformat(), "ends_at": window.ends_at.isoformat(), "why": why}
        tell(window, "finished", by, detail, since=by.now)
    return window


def cancel(window_id: int, by: By, why: str = "") -> Window:
    """One that has not begun does not take place. Raises WindowRefused, LookupError."""
    with transaction():
        window = _for_step(window_id, "cancel", by.now)
        was_known = not rule.is_planned(window.state)
        window.state, window.cancelled_at = Stage.CANCELLED, by.now
        detail = {**_times(window), "why": why}
        if was_known:
            tell(window, "cancelled", by, detail, since=max(window.starts_at, by.now))
        else:
            note(window, "cancelled", by, detail)
    return window


def sweep(now: datetime) -> None:
    """Starts and ends what is announced when its time has come, as planned, however late. For the clock."""
    for window_id in list_windows_due(now):
        try:
            with transaction():
                settle(get_window_for_change(window_id), now)
        except Exception:  # the others, and all else that the clock does, go on
            log.exception("window %s could not be started or ended", window_id)


def _for_step(window_id: int, verb: str, now: datetime) -> Window:
    """The window, locked with its services once they are fixed, as time has made of it; WindowRefused where
    it is not the time for the step."""
    window = get_window_for_change(window_id)
    if not rule.is_planned(window.state):
        _lock(sorted(each.service_id for each in window.covered))
    settle(window, now)
    if window.state in rule.FINAL:
        raise WindowRefused("over")
    if verb not in rule.steps(window.state):
        raise WindowRefused("not_now")
    return window


def _named(window: Window) -> list[int]:
    return sorted(each.service_id for each in window.covered if each.is_named)


def _fill(window: Window, values: State) -> None:
    for name, value in values.items():
        if name != "service_ids":
            setattr(window, name, value)
    if "service_ids" in values:
        if not values["service_ids"]:
            raise WindowRefused("no_service")
        window.covered = [WindowService(service_id=each) for each in dict.fromkeys(values["service_ids"])]
    db.session.flush()
    db.session.refresh(window)


def _check(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    if ends_at <= now:
        raise WindowRefused("past")
    if ends_at <= starts_at:
        raise WindowRefused("empty")
    if ends_at - starts_at > LONGEST:
        raise WindowRefused("too_long")


def _lock(service_ids: list[int]) -> None:
    """No report of these services that is being written misses the window. Always in one order, by id."""
    for service_id in service_ids:
        lock_service(service_id)


def _times(window: Window) -> dict[str, str]:
    return {"starts_at": window.starts_at.isoformat(), "ends_at": window.ends_at.isoformat()}

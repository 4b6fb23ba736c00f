"""Windows that recur: planned once, approved once, each made and announced weeks ahead."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from helpdesk.desk import changes, maintenance
from helpdesk.desk.changes import By, Refused, State
from helpdesk.desk.maintenance import LONGEST
from helpdesk.rules.maintenance import steps
from helpdesk.rules.recurrence import (
    BadRule,
    Recurrence,
    exceptions_of,
    first_start,
    local_starts,
    overlaps_itself,
    spans,
)
from helpdesk.rules.spans import Span
from helpdesk.store.db import db, transaction
from helpdesk.store.maintenance import WindowSeries
from helpdesk.store.names import get_row_for_change
from helpdesk.store.window_plans import list_series_to_make, list_windows_of_series

AHEAD = timedelta(days=60)
WORDS = ("service_ids", "reason", "effect", "rollback_plan", "owner_id")
FIELDS = ("rule", "zone", "starts_at", "minutes", "exceptions", *WORDS)


def state_of(series: WindowSeries) -> State:
    """What the form shows, in the columns' shapes."""
    return {name: getattr(series, name) for name in FIELDS}


def recurrence_of(values: State) -> Recurrence:
    """When windows of these values (as `state_of`) begin."""
    return Recurrence(
        values["rule"],
        datetime.fromisoformat(values["starts_at"]),
        ZoneInfo(values["zone"]),
        values["minutes"],
        exceptions_of(values["exceptions"]),
    )


def check(values: State, now: datetime) -> list[tuple[datetime, Span]]:
    """(local start, span) of the windows that begin within AHEAD of `now`; at least the next one.

    Raises Refused: rule never (nothing is to come), rule overlaps_itself, minutes too_long, exceptions
    not_then (nothing would begin then; `names` says when).
    """
    if timedelta(minutes=values["minutes"]) > LONGEST:
        raise Refused("minutes", "too_long")
    found = recurrence_of(values)
    if overlaps_itself(found, max(found.starts_at, _local(now, found.zone))):
        raise Refused("rule", "overlaps_itself")
    for left_out in sorted(found.exceptions):
        whole = recurrence_of({**values, "exceptions": []})
        if not any(local_starts(whole, left_out, left_out + timedelta(minutes=1))):
            raise Refused("exceptions", "not_then", left_out.date().isoformat())
    return upcoming(values, now)


def upcoming(values: State, now: datetime) -> list[tuple[datetime, Span]]:
    """As `check` of values that stand already. Raises Refused (rule never) where nothing is to come."""
    found = recurrence_of(values)
    near = spans(found, now, now + AHEAD)
    if near:
        return near
    try:
        local = first_start(found, max(found.starts_at, _local(now, found.zone)))
    except BadRule as fault:
        raise Refused("rule", "never") from fault
    day = timedelta(days=1)
    at = local.replace(tzinfo=found.zone)
    return spans(found, at - day, at + day)


def draft(values: State, by: By) -> WindowSeries:
    """A series that makes no windows until somebody else approves it. Raises Refused as `check`."""
    with transaction():
        check(values, by.now)
        series = WindowSeries(
            **values, created_by_id=by.actor_id, author_ids=[by.actor_id], created_at=by.now
        )
        db.session.add(series)
        db.session.flush()
        changes.log_change(_subject(series), None, state_of(series), by)
    return series


def change(series_id: int, values: State, by: By, seen: str | None = None) -> WindowSeries:
    """All about one that nobody has approved yet; whoever changes it is one of its authors.

    Raises Refused (as `check`; approved, stopped), ChangedMeanwhile, LookupError.
    """
    with transaction():
        series = _unapproved(series_id)
        check(values, by.now)
        changes.apply(series, values, state_of, _subject(series), by, seen)
        series.author_ids = sorted({*series.author_ids, by.actor_id})
    return series


def approve(series_id: int, by: By, seen: str | None = None) -> WindowSeries:
    """Somebody else than its authors says yes to all of its windows, and the first are announced.

    `seen`: a marker of what they have read (`state_of`). Raises Refused (own, approved, stopped; rule never),
    ChangedMeanwhile, LookupError.
    """
    with transaction():
        series = _unapproved(series_id)
        changes.require_unchanged(state_of(series), seen)
        if by.actor_id in series.author_ids:
            raise Refused("", "own")
        upcoming(state_of(series), by.now)
        series.approved_by_id, series.approved_at, series.made_until = by.actor_id, by.now, by.now
        changes.log_change(_subject(series), {}, {"approved_by_id": by.actor_id}, by)
        _make(series, by.now)
    return series


def leave_out(series_id: int, local_start: str, by: By) -> WindowSeries:
    """No window at that local start ("2026-03-02T18:00"). Raises Refused (made: it stands already and can be
    called off; not_then; stopped), LookupError."""
    with transaction():
        series = _going_on(series_id)
        before, at = state_of(series), datetime.fromisoformat(local_start)
        found = recurrence_of(before)
        if not any(local_starts(found, at, at + timedelta(minutes=1))):
            raise Refused("", "not_then", at.date().isoformat())
        if series.made_until is not None and at < _local(series.made_until, found.zone):
            raise Refused("", "made")
        series.exceptions = sorted([*series.exceptions, local_start])
        changes.log_change(_subject(series), before, state_of(series), by)
    return series


def stop(series_id: int, by: By, *, with_coming: bool, why: str = "") -> WindowSeries:
    """No further windows; `with_coming`: those that have not begun are called off.

    Raises Refused (stopped), LookupError.
    """
    with transaction():
        series = _going_on(series_id)
        series.stopped_at = by.now
        changes.log_change(_subject(series), {}, {"stopped_at": by.now.isoformat()}, by)
        coming = list_windows_of_series(series_id, by.now) if with_coming else []
        for window in coming:
            if window.starts_at > by.now and "cancel" in steps(window.state):
                maintenance.cancel(window.id, by, why)
    return series


def make_due(now: datetime) -> None:
    """Makes the windows that begin within AHEAD and are not made yet. Once a day."""
    for series_id in list_series_to_make(now + AHEAD):
        with transaction():
            series = get_row_for_change(WindowSeries, series_id)
            if series.stopped_at is None:
                _make(series, now)


def _make(series: WindowSeries, now: datetime) -> None:
    """Each window once: those that begin before `made_until` stand, and whoever makes more has it locked."""
    if series.made_until is None or series.created_by_id is None or series.approved_by_id is None:
        return  # nobody has approved it
    until = max(now + AHEAD, series.made_until)
    author, approver = By(now, series.created_by_id), By(now, series.approved_by_id)
    words = {name: getattr(series, name) for name in WORDS}
    for _local_start, (starts_at, ends_at) in spans(
        recurrence_of(state_of(series)), series.made_until, until
    ):
        if ends_at <= now:
            continue  # no clock ran for weeks
        times = {"starts_at": starts_at, "ends_at": ends_at, "series_id": series.id}
        window = maintenance.draft({**words, **times}, author)
        maintenance.approve(window.id, approver)
        maintenance.announce(window.id, approver)
    series.made_until = until


def _unapproved(series_id: int) -> WindowSeries:
    series = _going_on(series_id)
    if series.approved_at is not None:
        raise Refused("", "approved")
    return series


def _going_on(series_id: int) -> WindowSeries:
    series = get_row_for_change(WindowSeries, series_id)
    if series.stopped_at is not None:
        raise Refused("", "stopped")
    return series


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


def _subject(series: WindowSeries) -> str:
    return f"window_series:{series.id}"

"""What is planned beside single windows: series that recur, freezes, and what stands in a new one's way."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import joinedload

from helpdesk.rules.maintenance import FINAL, State
from helpdesk.store.db import db
from helpdesk.store.maintenance import Freeze, Window, WindowNotice, WindowSeries, WindowService


def find_series(series_id: int) -> WindowSeries | None:
    """The series of that id, or None."""
    return db.session.get(WindowSeries, series_id)


def list_series() -> list[WindowSeries]:
    """Series that are not stopped, those that nobody has approved yet first, then by reason."""
    query = select(WindowSeries).where(WindowSeries.stopped_at.is_(None))
    query = query.options(joinedload(WindowSeries.owner))
    return list(
        db.session.scalars(
            query.order_by(WindowSeries.approved_at.is_not(None), WindowSeries.reason, WindowSeries.id)
        )
    )


def list_series_to_make(until: datetime) -> list[int]:
    """The ids of approved series, not stopped, whose windows are not all made yet that begin before
    `until`."""
    query = select(WindowSeries.id).where(
        WindowSeries.approved_at.is_not(None),
        WindowSeries.stopped_at.is_(None),
        WindowSeries.made_until < until,
    )
    return list(db.session.scalars(query.order_by(WindowSeries.id)))


def list_windows_of_series(series_id: int, since: datetime) -> list[Window]:
    """The series' windows that end after `since`, by start; cancelled ones too."""
    query = select(Window).where(Window.series_id == series_id, Window.ends_at > since)
    return list(db.session.scalars(query.order_by(Window.starts_at, Window.id)))


def list_windows_between(start: datetime, end: datetime) -> list[Window]:
    """Windows that touch [start, end), drafts and cancelled ones too, by start: as they really began and
    ended, or as planned."""
    query = select(Window).where(
        func.coalesce(Window.started_at, Window.starts_at) < end,
        func.coalesce(Window.ended_at, Window.ends_at) > start,
    )
    return list(db.session.scalars(query.order_by(Window.starts_at, Window.id)))


def list_windows_beside(
    service_ids: Collection[int], start: datetime, end: datetime, but_id: int | None
) -> list[Window]:
    """Windows other than `but_id` of any of these services, planned within [start, end) and neither finished
    nor called off, drafts too, by start."""
    ours = select(WindowService.window_id).where(WindowService.service_id.in_(service_ids))
    query = select(Window).where(
        Window.id.in_(ours),
        Window.id != (but_id or 0),
        Window.state.not_in(FINAL),
        Window.starts_at < end,
        Window.ends_at > start,
    )
    return list(db.session.scalars(query.order_by(Window.starts_at, Window.id)))


def list_windows_to_approve() -> list[Window]:
    """Drafts that are still to come or being written, by start."""
    query = select(Window).where(Window.state.in_((State.DRAFT, State.APPROVED)))
    return list(db.session.scalars(query.order_by(Window.starts_at, Window.id)))


def find_freeze(freeze_id: int) -> Freeze | None:
    """The freeze of that id, or None."""
    return db.session.get(Freeze, freeze_id)


def list_freezes() -> list[Freeze]:
    """All freezes by name."""
    return list(db.session.scalars(select(Freeze).order_by(Freeze.name)))


def end_rounds_due(now: datetime) -> None:
    """No letters leave of what was due by `now`: people of the example were told long ago. For desk verbs."""
    due = (WindowNotice.due_at <= now, WindowNotice.done_at.is_(None))
    db.session.execute(update(WindowNotice).where(*due).values(done_at=now))

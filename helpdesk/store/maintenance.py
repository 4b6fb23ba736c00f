"""Maintenance windows."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from helpdesk.store.db import Model, UtcDateTime, db
from helpdesk.store.people import Person
from helpdesk.store.services import Service


class Window(Model):
    """A service is under maintenance in [starts_at, ends_at), unless cancelled.

    `cancelled_at`: all of it was called off before its start; one that runs ends early (`ends_at` is cut).
    What was known of it at an earlier instant stands in its versions.
    """

    __tablename__ = "maintenance_window"
    __table_args__ = (Index(None, "service_id", "starts_at"), Index(None, "ends_at"))
    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(default="")
    announced_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    service: Mapped[Service] = relationship()
    created_by: Mapped[Person | None] = relationship()

    def is_over(self, now: datetime) -> bool:
        """Whether nothing of it is left to come."""
        return self.ends_at <= now or self.cancelled_at is not None

    def is_running(self, now: datetime) -> bool:
        """Whether `now` lies in it."""
        return self.starts_at <= now and not self.is_over(now)


class WindowVersion(Model):
    """The window as it was known from `known_at` on, until a later version; written with each change."""

    __tablename__ = "window_version"
    __table_args__ = (Index(None, "window_id", "known_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    window_id: Mapped[int] = mapped_column(ForeignKey("maintenance_window.id"))
    known_at: Mapped[datetime] = mapped_column(UtcDateTime)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    is_cancelled: Mapped[bool] = mapped_column(default=False)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


def find_window(window_id: int) -> Window | None:
    """The window of that id, cancelled or not, or None."""
    return db.session.get(Window, window_id)


def get_window_for_change(window_id: int) -> Window:
    """The window, locked until the transaction ends. LookupError if there is none. For desk verbs."""
    window = db.session.scalar(
        select(Window)
        .where(Window.id == window_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if window is None:
        raise LookupError(f"no window {window_id}")
    return window


def lock_service(service_id: int) -> None:
    """Waits for reports and moves to this service that have begun, and holds back new ones, until the
    transaction ends: none may miss a window. LookupError if there is no such service. For desk verbs."""
    if db.session.scalar(select(Service.id).where(Service.id == service_id).with_for_update()) is None:
        raise LookupError(f"no service {service_id}")


def list_windows(service_ids: list[int], start: datetime, end: datetime) -> list[Window]:
    """Windows of these services, not cancelled, that touch [start, end), by start."""
    return list(
        db.session.scalars(
            select(Window)
            .where(
                Window.service_id.in_(service_ids),
                Window.cancelled_at.is_(None),
                Window.starts_at < end,
                Window.ends_at > start,
            )
            .order_by(Window.starts_at, Window.id)
        )
    )


def list_window_versions(service_id: int, since: datetime) -> list[WindowVersion]:
    """All versions of those windows of the service which by one of them end after `since`, in their order."""
    of_service = select(WindowVersion.window_id).join(Window, Window.id == WindowVersion.window_id)
    touching = of_service.where(Window.service_id == service_id, WindowVersion.ends_at > since)
    query = select(WindowVersion).where(WindowVersion.window_id.in_(touching))
    return list(db.session.scalars(query.order_by(WindowVersion.id)))


def list_windows_ahead(now: datetime, until: datetime) -> list[Window]:
    """Windows that run at `now` or start by `until`, not cancelled, services loaded, by start."""
    query = select(Window).where(
        Window.cancelled_at.is_(None), Window.ends_at > now, Window.starts_at < until
    )
    query = query.options(joinedload(Window.service)).order_by(Window.starts_at, Window.id)
    return list(db.session.scalars(query))


def list_windows_over(now: datetime, limit: int = 50) -> list[Window]:
    """Windows that are over or were cancelled, latest first, services loaded."""
    query = select(Window).where((Window.ends_at <= now) | Window.cancelled_at.is_not(None))
    query = query.options(joinedload(Window.service)).order_by(Window.starts_at.desc(), Window.id.desc())
    return list(db.session.scalars(query.limit(limit)))


def list_running_windows(now: datetime) -> list[Window]:
    """Windows that run at `now`, services loaded, by their end."""
    return list(
        db.session.scalars(
            select(Window)
            .where(Window.cancelled_at.is_(None), Window.starts_at <= now, Window.ends_at > now)
            .options(joinedload(Window.service))
            .order_by(Window.ends_at, Window.id)
        )
    )

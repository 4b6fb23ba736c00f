"""Maintenance windows."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.store.db import Model, UtcDateTime, db
from helpdesk.store.services import Service


class Window(Model):
    """A service is under maintenance in [starts_at, ends_at), unless cancelled.

    Cancelling before the start takes all of it away; while it runs it ends then (`ends_at` is cut).
    """

    __tablename__ = "maintenance_window"
    __table_args__ = (Index(None, "service_id", "starts_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(default="")
    announced_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    service: Mapped[Service] = relationship()


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

"""One deed done to many tickets, each by itself, with its progress."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.store.db import Json, Model, UtcDateTime


class BulkAction(Model):
    """What somebody has ordered for many tickets: `deed` as web/ticket_forms and `data` as its schema has
    loaded it. Its items say how far it is."""

    __tablename__ = "bulk_action"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    deed: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    ordered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class BulkItem(Model):
    """One ticket of it. `state`: pending, done, refused (the ticket did not allow it; `fault` says why)."""

    __tablename__ = "bulk_item"
    __table_args__ = (Index(None, "bulk_id", "state"),)
    bulk_id: Mapped[int] = mapped_column(ForeignKey("bulk_action.id"), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    state: Mapped[str] = mapped_column(default="pending")
    fault: Mapped[str] = mapped_column(default="")

"""Large tables made in the background, to be fetched for a while."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.store.db import Json, Model, UtcDateTime
from helpdesk.store.people import Person


class Export(Model):
    """A table that somebody has ordered (`what`: register), of what `asked` says: `done_rows` of `all_rows`.

    `state`: waiting, at_work (until `claimed_until`), ready, failed, gone (removed after `expires_at`).
    `file`: its name below the data folder's exports.
    """

    __tablename__ = "export"
    __table_args__ = (Index(None, "state", "claimed_until"), Index(None, "person_id"))
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    what: Mapped[str]
    asked: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    zone: Mapped[str]
    locale: Mapped[str]
    state: Mapped[str] = mapped_column(default="waiting")
    ordered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_rows: Mapped[int] = mapped_column(default=0)
    all_rows: Mapped[int | None]
    file: Mapped[str] = mapped_column(default="")
    sent_key: Mapped[str | None] = mapped_column(unique=True)
    person: Mapped[Person] = relationship()

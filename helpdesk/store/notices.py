"""Notices: who is to hear of what, over which channel. A letter gathers what waits for one and the same."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, insert
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.store.db import Model, UtcDateTime, db


class Notice(Model):
    """One firing for one recipient over one channel; written with the firing, in bulk.

    `channel_id` None: by mail, to `person_id`. `person_id` None: to a team's channel. `kind`: escalated (the
    firing itself), uncovered (nobody was there, for whoever can mend it). `letter_id`: the one letter that
    bears it, None until gathered. `seen_at`: when the person looked at their bell.
    """

    __tablename__ = "notice"
    __table_args__ = (
        Index("ix_notice_waiting", "letter_id", "person_id", "channel_id"),
        Index(None, "person_id", "created_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(default="escalated")
    alarm_id: Mapped[int] = mapped_column(ForeignKey("alarm.id"), index=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channel.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("letter.id"))
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def insert_notices(rows: list[dict[str, Any]]) -> None:
    """Adds notices in one statement: {"kind", "alarm_id", "entry_id", "ticket_id", "person_id", "channel_id",
    "created_at"} each. For desk verbs."""
    if rows:
        db.session.execute(insert(Notice), rows)

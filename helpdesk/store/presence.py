"""Who is looking at a ticket, or writing on it, just now."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.store.db import Model, UtcDateTime


class Presence(Model):
    """Somebody had the ticket's page open at `seen_at`, and wrote at `wrote_at` (None: only reads)."""

    __tablename__ = "presence"
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    wrote_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

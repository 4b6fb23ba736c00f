"""What somebody has begun to write on a ticket, kept until it is sent."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.store.db import Model, UtcDateTime


class Draft(Model):
    """One person's unsent words on a ticket; `mode`: reply or note."""

    __tablename__ = "draft"
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)
    mode: Mapped[str]
    body: Mapped[str]
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)

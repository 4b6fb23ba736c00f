"""Which tickets belong together."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.store.db import Model, UtcDateTime


class TicketLink(Model):
    """`ticket` stands to `other` as `how` says: duplicate_of, caused_by, split_from, relates_to (which holds
    both ways and is kept once, from the lower id). A cache of the entries "linked" and "unlinked"."""

    __tablename__ = "ticket_link"
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True, index=True)
    how: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)

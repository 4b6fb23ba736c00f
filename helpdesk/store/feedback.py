"""What reporters say of a solution."""

from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.store.db import Model, UtcDateTime, db


class Rating(Model):
    """One per ticket, changeable: `stars` 1 to 5 and words."""

    __tablename__ = "rating"
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    stars: Mapped[int]
    words: Mapped[str] = mapped_column(default="")
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)


def find_rating(ticket_id: int) -> Rating | None:
    """The rating of a ticket, or None."""
    return db.session.scalar(select(Rating).where(Rating.ticket_id == ticket_id))

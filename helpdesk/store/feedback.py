"""What reporters say of a solution."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.store.db import Json, Model, UtcDateTime, db


class Rating(Model):
    """One per ticket, changeable for a while: `stars` 1 to 5, `reasons` ticked (codes of rules/feedback), and
    words. `first_given_at`: when it was given at first."""

    __tablename__ = "rating"
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    stars: Mapped[int]
    reasons: Mapped[list[str]] = mapped_column(Json, default=list)
    words: Mapped[str] = mapped_column(default="")
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    first_given_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RatingRequest(Model):
    """That the person was asked to rate the ticket, and reminded once."""

    __tablename__ = "rating_request"
    __table_args__ = (Index(None, "person_id", "asked_at"),)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def find_rating(ticket_id: int) -> Rating | None:
    """The rating of a ticket, or None."""
    return db.session.scalar(select(Rating).where(Rating.ticket_id == ticket_id))

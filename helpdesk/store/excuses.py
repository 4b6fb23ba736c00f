"""Breaches that a lead has excused."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.store.db import Model, UtcDateTime, db
from helpdesk.store.people import Person


class Excuse(Model):
    """Why a cycle's breach does not count in the adjusted figures: kept for good, also once withdrawn."""

    __tablename__ = "excuse"
    __table_args__ = (Index(None, "ticket_id", "target", "cycle"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    target: Mapped[str]
    cycle: Mapped[int]
    reason: Mapped[str]
    evidence: Mapped[str]
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    given_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    withdrawn_because: Mapped[str] = mapped_column(default="")
    given_by: Mapped[Person] = relationship(foreign_keys=[given_by_id])


def list_excuses(ticket_id: int) -> list[Excuse]:
    """The ticket's excuses that stand, oldest first."""
    query = select(Excuse).where(Excuse.ticket_id == ticket_id, Excuse.withdrawn_at.is_(None))
    return list(db.session.scalars(query.order_by(Excuse.id)))

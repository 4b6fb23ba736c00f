"""Breaches that a lead has excused."""

from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, Index, and_, or_, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

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
    """The ticket's excuses that stand, oldest first, with who gave them."""
    query = select(Excuse).where(Excuse.ticket_id == ticket_id, Excuse.withdrawn_at.is_(None))
    return list(db.session.scalars(query.options(joinedload(Excuse.given_by)).order_by(Excuse.id)))


def find_excuse(ticket_id: int, target: str, cycle: int) -> Excuse | None:
    """The excuse that stands for this cycle, or None."""
    query = select(Excuse).where(
        Excuse.ticket_id == ticket_id,
        Excuse.target == target,
        Excuse.cycle == cycle,
        Excuse.withdrawn_at.is_(None),
    )
    return db.session.scalar(query.options(joinedload(Excuse.given_by)))


def stood_at(instant: datetime) -> ColumnElement[bool]:
    """The condition on Excuse for those that stood at an instant: figures run again give the same."""
    return and_(Excuse.given_at <= instant, or_(Excuse.withdrawn_at.is_(None), Excuse.withdrawn_at > instant))

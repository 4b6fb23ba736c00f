"""What is learned from broken promises: cause, owner and action of each."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.store.db import Model, UtcDateTime
from helpdesk.store.people import Person
from helpdesk.store.tickets import Ticket


class BreachCause(Model):
    """A cause to choose from; one that is no longer used stays with the breaches that name it."""

    __tablename__ = "breach_cause"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)


class BreachReview(Model):
    """A broken cycle to be explained by `due_at`: cause and words, who owns it, and what is done about it;
    `closed_at` None: open. `escalated_at`: the manager was told that it is overdue."""

    __tablename__ = "breach_review"
    __table_args__ = (
        UniqueConstraint("ticket_id", "target", "cycle"),
        Index(None, "closed_at", "due_at"),
        Index(None, "opened_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    target: Mapped[str]
    cycle: Mapped[int]
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    cause_id: Mapped[int | None] = mapped_column(ForeignKey("breach_cause.id"))
    words: Mapped[str] = mapped_column(default="")
    action: Mapped[str] = mapped_column(default="")
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    escalated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ticket: Mapped[Ticket] = relationship()
    owner: Mapped[Person | None] = relationship(foreign_keys=[owner_id])
    cause: Mapped[BreachCause | None] = relationship()

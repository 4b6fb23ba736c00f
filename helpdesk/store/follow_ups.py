"""Following up: what a lead does about a bad rating or a second reopening."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.store.db import Model, UtcDateTime
from helpdesk.store.people import Person
from helpdesk.store.tickets import Ticket


class FollowUp(Model):
    """One per occasion (`because`: rating, reopened), due at `due_at`; closed only with all four steps: the
    reporter reached, the cause found, an action named, the reporter told. `escalated_at`: the manager was
    told that it is overdue."""

    __tablename__ = "follow_up"
    __table_args__ = (Index(None, "closed_at", "due_at"), Index(None, "ticket_id"), Index(None, "opened_at"))
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"))
    because: Mapped[str]
    stars: Mapped[int | None]
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reached_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reached_words: Mapped[str] = mapped_column(default="")
    cause: Mapped[str] = mapped_column(default="")
    action: Mapped[str] = mapped_column(default="")
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    escalated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ticket: Mapped[Ticket] = relationship()
    owner: Mapped[Person | None] = relationship(foreign_keys=[owner_id])

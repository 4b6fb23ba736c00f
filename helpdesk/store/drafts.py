"""What somebody has begun to write on a ticket, kept until it is sent."""

from datetime import datetime

from sqlalchemy import ForeignKey, delete, update
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.store.db import Model, UtcDateTime, db, insert_missing


class Draft(Model):
    """One person's unsent words on a ticket; `mode`: reply or note."""

    __tablename__ = "draft"
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)
    mode: Mapped[str]
    body: Mapped[str]
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)


def find_draft(ticket_id: int, person_id: int) -> Draft | None:
    """The person's draft on the ticket, or None."""
    return db.session.get(Draft, (ticket_id, person_id))


def put_draft(ticket_id: int, person_id: int, mode: str, body: str, now: datetime) -> None:
    """The draft is that from now on, whatever it was. For desk verbs."""
    values = {"mode": mode, "body": body, "saved_at": now}
    own = (Draft.ticket_id == ticket_id, Draft.person_id == person_id)
    done = db.session.execute(update(Draft).where(*own).values(**values))
    if not done.rowcount:  # type: ignore[attr-defined]
        row = {"ticket_id": ticket_id, "person_id": person_id, **values}
        db.session.execute(insert_missing(Draft).values(**row))


def delete_draft(ticket_id: int, person_id: int) -> None:
    """There is none any more. For desk verbs."""
    own = (Draft.ticket_id == ticket_id, Draft.person_id == person_id)
    db.session.execute(delete(Draft).where(*own))

"""Who is looking at a ticket, or writing on it, just now."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ForeignKey, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.store.db import Model, UtcDateTime, db, insert_missing
from helpdesk.store.people import Person


class Presence(Model):
    """Somebody had the ticket's page open at `seen_at`, and wrote at `wrote_at` (None: only reads)."""

    __tablename__ = "presence"
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    wrote_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Present(NamedTuple):
    """Somebody else who has the ticket open."""

    name: str
    wrote_at: datetime | None


def list_present(ticket_id: int, but_id: int, since: datetime) -> list[Present]:
    """Who had the ticket open since then, by name, but for that person."""
    query = (
        select(Person.name, Presence.wrote_at)
        .join(Person, Person.id == Presence.person_id)
        .where(Presence.ticket_id == ticket_id, Presence.person_id != but_id, Presence.seen_at > since)
        .order_by(Person.name, Person.id)
    )
    return [Present(name, wrote_at) for name, wrote_at in db.session.execute(query)]


def put_presence(ticket_id: int, person_id: int, now: datetime, wrote_at: datetime | None) -> None:
    """The person has the ticket open; `wrote_at` None leaves when they last wrote. For desk verbs."""
    own = (Presence.ticket_id == ticket_id, Presence.person_id == person_id)
    values = {"seen_at": now} | ({"wrote_at": wrote_at} if wrote_at else {})
    done = db.session.execute(update(Presence).where(*own).values(**values))
    if not done.rowcount:  # type: ignore[attr-defined]
        row = {"ticket_id": ticket_id, "person_id": person_id, **values}
        db.session.execute(insert_missing(Presence).values(**row))


def end_writing(ticket_id: int, person_id: int) -> None:
    """They write no more: it was sent. For desk verbs."""
    own = (Presence.ticket_id == ticket_id, Presence.person_id == person_id)
    db.session.execute(update(Presence).where(*own).values(wrote_at=None))


def forget_presence(before: datetime) -> None:
    """Nobody cares any more who was there before that. For desk verbs."""
    db.session.execute(delete(Presence).where(Presence.seen_at < before))

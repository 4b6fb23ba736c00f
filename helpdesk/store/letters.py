"""Letters: what was written to whom, and whether it went out."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.store.db import Model, UtcDateTime, db
from helpdesk.store.people import Person


class Letter(Model):
    """A rendered letter. `key` makes it exactly one ("alarm:7:person:3"). `state`: waiting, sent, failed
    (given up; an agent is told), kept (no HELPDESK_SMTP_URL: readable on the letters page alone).

    `claimed_until`: a sender holds it until then; `message_id` is fixed at writing, so that a second
    sending after a crash bears the same one.
    """

    __tablename__ = "letter"
    __table_args__ = (Index(None, "state", "next_try_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    to_address: Mapped[str]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), index=True)
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("entry.id"))
    locale: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str]
    message_id: Mapped[str] = mapped_column(unique=True)
    in_reply_to: Mapped[str | None]
    reply_to: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    state: Mapped[str] = mapped_column(default="waiting")
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fault: Mapped[str] = mapped_column(default="")
    person: Mapped[Person | None] = relationship()


def find_letter(letter_id: int) -> Letter | None:
    """The letter of that id, or None."""
    return db.session.get(Letter, letter_id)


def find_letter_by_message_id(message_id: str) -> Letter | None:
    """The letter that bears the Message-ID (with its angle brackets), or None."""
    return db.session.scalar(select(Letter).where(Letter.message_id == message_id))


def find_letter_by_key(key: str) -> Letter | None:
    """The letter of that key, or None."""
    return db.session.scalar(select(Letter).where(Letter.key == key))


def get_letter(letter_id: int) -> Letter:
    """The letter of that id. LookupError if there is none."""
    letter = find_letter(letter_id)
    if letter is None:
        raise LookupError(f"no letter {letter_id}")
    return letter


def list_letters(ids: list[int]) -> list[Letter]:
    """The letters of these ids, the oldest first."""
    return list(db.session.scalars(select(Letter).where(Letter.id.in_(ids)).order_by(Letter.id)))


def claim_letters(now: datetime, until: datetime, limit: int) -> list[int]:
    """Claims letters that are due for sending and returns their ids, the oldest first; others get others."""
    ids = list(
        db.session.scalars(
            select(Letter.id)
            .where(
                Letter.state == "waiting",
                Letter.next_try_at <= now,
                or_(Letter.claimed_until.is_(None), Letter.claimed_until <= now),
            )
            .order_by(Letter.next_try_at, Letter.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    )
    db.session.execute(update(Letter).where(Letter.id.in_(ids)).values(claimed_until=until))
    return ids


def find_oldest_unsent(now: datetime) -> datetime | None:
    """Since when the longest waiting letter that nobody has claimed could have been sent; None: none."""
    return db.session.scalar(
        select(Letter.next_try_at)
        .where(
            Letter.state == "waiting",
            Letter.next_try_at <= now,
            or_(Letter.claimed_until.is_(None), Letter.claimed_until <= now),
        )
        .order_by(Letter.next_try_at)
        .limit(1)
    )

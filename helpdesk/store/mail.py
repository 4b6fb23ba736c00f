"""Mail as it came in: a row per message, its bytes in the data folder by their SHA-256."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.store.db import Json, Model, UtcDateTime, db


class RawMail(Model):
    """A message as received, before and after it is understood.

    `state`: waiting (unparsed), done, quarantined. `outcome`: created, entry, filed, duplicate,
    quarantined. `identity` is the Message-ID, or "sha256:..." of the stable content where there is none:
    unique, so that one message is one ticket however often and to however many desk addresses it comes.
    """

    __tablename__ = "raw_mail"
    __table_args__ = (Index(None, "state", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(index=True)
    size: Mapped[int]
    door: Mapped[str]  # smtp, lmtp, imap, pipe
    sender: Mapped[str | None]  # of the envelope; None where the door knows none
    recipients: Mapped[list[str]] = mapped_column(Json)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(default="waiting")
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    identity: Mapped[str | None] = mapped_column(index=True)
    outcome: Mapped[str | None]
    cause: Mapped[str] = mapped_column(default="")
    subject: Mapped[str] = mapped_column(default="")
    from_address: Mapped[str] = mapped_column(default="")
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), index=True)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # What an agent reads of a message that is on no ticket (its first characters).
    preview: Mapped[str] = mapped_column(default="")
    # The agent who wants a ticket of it, whatever the rules say.
    rescued_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class MailIdentity(Model):
    """Who came first: the identity of each message that was understood (see RawMail.identity)."""

    __tablename__ = "mail_identity"
    identity: Mapped[str] = mapped_column(primary_key=True)
    raw_mail_id: Mapped[int] = mapped_column(ForeignKey("raw_mail.id"))


def find_raw_mail(raw_mail_id: int) -> RawMail | None:
    """The message of that id, or None."""
    return db.session.get(RawMail, raw_mail_id)

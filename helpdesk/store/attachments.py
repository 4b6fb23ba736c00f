"""Files of tickets: who may fetch them, and where they lie."""

from collections.abc import Collection
from pathlib import Path

from sqlalchemy import and_, or_, select

from helpdesk.rules.access import Asker
from helpdesk.store.db import db
from helpdesk.store.files import file_path
from helpdesk.store.tickets import Attachment, Entry, Ticket, desk_side, visible_to

ROOM = "attachments"


def find_attachment(attachment_id: int, asker: Asker) -> Attachment | None:
    """The file if the asker may see it: of a ticket they see, and of a note only for those who see notes."""
    query = (
        select(Attachment)
        .join(Ticket, Ticket.id == Attachment.ticket_id)
        .join(Entry, Entry.id == Attachment.entry_id)
        .where(
            Attachment.id == attachment_id,
            or_(desk_side(asker), and_(visible_to(asker), Entry.is_public)),
        )
    )
    return db.session.scalar(query)


def find_public_attachment(attachment_id: int, ticket_id: int) -> Attachment | None:
    """The file if it belongs to something public of that ticket: for whoever holds its follow link."""
    return db.session.scalar(
        select(Attachment)
        .join(Entry, Entry.id == Attachment.entry_id)
        .where(Attachment.id == attachment_id, Attachment.ticket_id == ticket_id, Entry.is_public)
    )


def list_attachments(ticket_id: int) -> list[Attachment]:
    """All files of a ticket, in the order in which they came."""
    query = select(Attachment).where(Attachment.ticket_id == ticket_id).order_by(Attachment.id)
    return list(db.session.scalars(query))


def list_inline(entry_id: int) -> list[Attachment]:
    """The pictures that a mail's formatted text may show, those that keep coming among them."""
    roles = ("inline", "repeated")
    query = select(Attachment).where(Attachment.entry_id == entry_id, Attachment.role.in_(roles))
    return list(db.session.scalars(query.order_by(Attachment.id)))


def list_earlier_pictures(entry: Entry, digests: Collection[str]) -> set[str]:
    """Which of the files (SHA-256) came with other mail of whoever wrote the entry."""
    if entry.actor_id is None:
        return set()
    query = (
        select(Attachment.sha256)
        .join(Entry, Entry.id == Attachment.entry_id)
        .where(
            Attachment.sha256.in_(digests),
            Entry.actor_id == entry.actor_id,
            Entry.door == "mail",
            Entry.id != entry.id,
            # Where a mail became an entry anew, its pictures are still its own.
            or_(Entry.raw_mail_id.is_(None), Entry.raw_mail_id != entry.raw_mail_id),
        )
    )
    return set(db.session.scalars(query.distinct()))


def get_path(attachment: Attachment) -> Path:
    """Where its bytes lie."""
    return file_path(ROOM, attachment.sha256)

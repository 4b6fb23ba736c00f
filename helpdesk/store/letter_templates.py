"""Letters' texts as the organisation has rewritten them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, func, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from helpdesk.store.db import Model, UtcDateTime, db
from helpdesk.store.people import Person


class LetterTemplate(Model):
    """A published text of the letters of a kind in a language; the newest is in force, the older are kept.

    `subject` and `body` as outbound/letters reads templates; both "" goes back to the text that is installed.
    """

    __tablename__ = "letter_template"
    __table_args__ = (Index(None, "kind", "locale", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    locale: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    published_by: Mapped[Person] = relationship()


def find_letter_template(kind: str, locale: str) -> LetterTemplate | None:
    """The text published last, or None where none ever was."""
    query = select(LetterTemplate).where(LetterTemplate.kind == kind, LetterTemplate.locale == locale)
    return db.session.scalar(query.order_by(LetterTemplate.id.desc()).limit(1))


def list_letter_templates(kind: str, locale: str) -> list[LetterTemplate]:
    """All texts that were ever published, the newest first, with who published them."""
    query = select(LetterTemplate).where(LetterTemplate.kind == kind, LetterTemplate.locale == locale)
    publisher = joinedload(LetterTemplate.published_by)
    return list(db.session.scalars(query.options(publisher).order_by(LetterTemplate.id.desc())))


def list_letter_templates_in_force() -> list[LetterTemplate]:
    """The text of each kind and language that was published last, where it is the organisation's own."""
    last = select(func.max(LetterTemplate.id)).group_by(LetterTemplate.kind, LetterTemplate.locale)
    query = select(LetterTemplate).where(LetterTemplate.id.in_(last), LetterTemplate.body != "")
    return list(db.session.scalars(query))

"""Letters' texts as the organisation has rewritten them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.store.db import Model, UtcDateTime
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

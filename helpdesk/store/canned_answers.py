"""Answers that a team gives often, ready to be put into a reply."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.store.db import Json, Model


class CannedAnswer(Model):
    """A text for replies, of one team or (`team_id` None) of all. `texts`: Markdown with variables, by locale
    (en, zh_Hans, zh_Hant); the reporter's language is taken, else the organisation's, else any."""

    __tablename__ = "canned_answer"
    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)
    name: Mapped[str]
    texts: Mapped[dict[str, str]] = mapped_column(Json, default=dict)

"""Saved views of the queue: a question with a name, of one person or shared with a team."""

from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.store.db import Json, Model


class SavedView(Model):
    """A view that somebody keeps. `asked`: the address's arguments, as web/queue writes them. `team_id`:
    who is in the team has it too (None: its owner alone)."""

    __tablename__ = "saved_view"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)
    name: Mapped[str]
    asked: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)

"""Saved views of the queue: a question with a name, of one person or shared with a team."""

from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Select, func, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.rules.access import Asker
from helpdesk.store.db import Json, Model, db
from helpdesk.store.tickets import anybody_like, parameters, values_of

MOST_SHOWN = 60  # each is counted on every page of the queue


class SavedView(Model):
    """A view that somebody keeps. `asked`: the address's arguments, as web/queue writes them. `team_id`:
    who is in the team has it too (None: its owner alone)."""

    __tablename__ = "saved_view"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)
    name: Mapped[str]
    asked: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)


def list_views(asker: Asker) -> list[SavedView]:
    """The views that the asker has, own ones and those shared with a team they are in, by name."""
    return list(db.session.scalars(_views_query(anybody_like(asker)), values_of(asker)))


@lru_cache(maxsize=32)
def _views_query(asker: Asker) -> Select[SavedView]:
    query = select(SavedView).where(_had_by(asker)).order_by(func.lower(SavedView.name), SavedView.id)
    return query.limit(MOST_SHOWN)


def find_view(view_id: int, asker: Asker) -> SavedView | None:
    """The view if the asker has it, else None."""
    return db.session.scalar(select(SavedView).where(SavedView.id == view_id, _had_by(asker)))


def find_own_view(owner_id: int, name: str) -> SavedView | None:
    """The person's own view of that name, or None."""
    return db.session.scalar(
        select(SavedView).where(SavedView.owner_id == owner_id, SavedView.name == name).limit(1)
    )


def count_own_views(owner_id: int) -> int:
    """How many views the person owns."""
    return (
        db.session.scalar(select(func.count()).select_from(SavedView).where(SavedView.owner_id == owner_id))
        or 0
    )


def _had_by(asker: Asker) -> ColumnElement[bool]:
    me, teams = parameters(asker)
    return or_(SavedView.owner_id == me, SavedView.team_id.in_(teams))

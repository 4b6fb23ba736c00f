"""Where people sit."""

from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.store.db import Model, db


class Location(Model):
    """A building, floor or site."""

    __tablename__ = "location"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    address: Mapped[str] = mapped_column(default="")
    is_active: Mapped[bool] = mapped_column(default=True)


def find_location(name: str) -> Location | None:
    """The location of that name, or None."""
    return db.session.scalar(select(Location).where(Location.name == name))


def list_locations(active_only: bool = True) -> list[Location]:
    """Locations by name."""
    query = select(Location).order_by(Location.name)
    return list(db.session.scalars(query.where(Location.is_active) if active_only else query))

"""Rosters: layers, overrides; and people's absences."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.store.db import Json, Model, UtcDateTime, db


class Roster(Model):
    __tablename__ = "roster"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    zone: Mapped[str]
    layers: Mapped[list["Layer"]] = relationship(
        order_by="Layer.position", cascade="all, delete-orphan", back_populates="roster", lazy="selectin"
    )
    overrides: Mapped[list["Override"]] = relationship(
        order_by="Override.id", cascade="all, delete-orphan", back_populates="roster"
    )


class Layer(Model):
    """As in on-call.md: `starts_at`/`ends_at` are local wall-clock texts ("2026-03-02T09:00"), `people`
    a list of person ids, `hours` {"week", "dates"} or None for always."""

    __tablename__ = "roster_layer"
    __table_args__ = (UniqueConstraint("roster_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    roster_id: Mapped[int] = mapped_column(ForeignKey("roster.id"), index=True)
    position: Mapped[int]
    name: Mapped[str]
    people: Mapped[list[int]] = mapped_column(Json)
    starts_at: Mapped[str]
    ends_at: Mapped[str | None]
    every: Mapped[int]
    unit: Mapped[str]
    hours: Mapped[dict[str, Any] | None] = mapped_column(Json)
    roster: Mapped[Roster] = relationship(back_populates="layers")


class Override(Model):
    """A person takes [starts_at, ends_at) whatever the layers say; of two that overlap the later id wins."""

    __tablename__ = "roster_override"
    id: Mapped[int] = mapped_column(primary_key=True)
    roster_id: Mapped[int] = mapped_column(ForeignKey("roster.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(default="")
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    roster: Mapped[Roster] = relationship(back_populates="overrides")


class Absence(Model):
    """A person is away in [starts_at, ends_at), in every roster."""

    __tablename__ = "absence"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(default="")


def find_roster(roster_id: int) -> Roster | None:
    """The roster of that id with its layers, or None."""
    return db.session.get(Roster, roster_id)


def list_rosters() -> list[Roster]:
    """Rosters by name."""
    return list(db.session.scalars(select(Roster).order_by(Roster.name)))


def list_absences(person_ids: list[int], start: datetime, end: datetime) -> list[Absence]:
    """Absences of these people that touch [start, end)."""
    return list(
        db.session.scalars(
            select(Absence)
            .where(Absence.person_id.in_(person_ids), Absence.starts_at < end, Absence.ends_at > start)
            .order_by(Absence.starts_at, Absence.id)
        )
    )


def list_overrides(roster_id: int, start: datetime, end: datetime) -> list[Override]:
    """Overrides of a roster that touch [start, end), in the order in which they were made."""
    return list(
        db.session.scalars(
            select(Override)
            .where(Override.roster_id == roster_id, Override.starts_at < end, Override.ends_at > start)
            .order_by(Override.id)
        )
    )

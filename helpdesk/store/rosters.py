"""Rosters: layers, overrides; and people's absences."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from helpdesk.store.db import Json, Model, UtcDateTime, db
from helpdesk.store.people import Person
from helpdesk.store.teams import Team


class Roster(Model):
    """Who is on call when: layers of turns, and overrides above them; local times are those of `zone`."""

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
    person: Mapped[Person] = relationship(foreign_keys=[person_id])


class Absence(Model):
    """A person is away in [starts_at, ends_at), in every roster."""

    __tablename__ = "absence"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(default="")
    person: Mapped[Person] = relationship()


def find_roster(roster_id: int) -> Roster | None:
    """The roster of that id with its layers, or None."""
    return db.session.get(Roster, roster_id)


def get_roster_for_change(roster_id: int) -> Roster:
    """The roster, locked until the transaction ends. LookupError if there is none. For desk verbs."""
    roster = db.session.scalar(
        select(Roster)
        .where(Roster.id == roster_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if roster is None:
        raise LookupError(f"no roster {roster_id}")
    return roster


def find_roster_by_name(name: str) -> Roster | None:
    """The roster of exactly that name, or None."""
    return db.session.scalar(select(Roster).where(Roster.name == name))


def find_override(roster_id: int, override_id: int) -> Override | None:
    """That override of the roster, or None."""
    return db.session.scalar(
        select(Override).where(Override.id == override_id, Override.roster_id == roster_id)
    )


def find_absence(absence_id: int) -> Absence | None:
    """The absence of that id with its person, or None."""
    return db.session.get(Absence, absence_id)


def list_teams_of_roster(roster_id: int) -> list[Team]:
    """The teams that this roster answers for, as first in line or as backup, by name."""
    uses = or_(Team.roster_id == roster_id, Team.backup_roster_id == roster_id)
    return list(db.session.scalars(select(Team).where(uses).order_by(Team.name)))


def list_people_by_id(person_ids: set[int]) -> dict[int, Person]:
    """These people by id, also those who have left; an unknown id is not in it."""
    found = db.session.scalars(select(Person).where(Person.id.in_(person_ids)))
    return {person.id: person for person in found}


def list_rosters_by_id(roster_ids: set[int]) -> dict[int, Roster]:
    """These rosters by id; an unknown id is not in it."""
    found = db.session.scalars(select(Roster).where(Roster.id.in_(roster_ids)))
    return {roster.id: roster for roster in found}


def list_rosters() -> list[Roster]:
    """Rosters by name."""
    return list(db.session.scalars(select(Roster).order_by(Roster.name)))


def list_absences(start: datetime, end: datetime, person_ids: set[int] | None = None) -> list[Absence]:
    """Absences that touch [start, end), people loaded, by start; None: everybody's."""
    query = select(Absence).where(Absence.starts_at < end, Absence.ends_at > start)
    if person_ids is not None:
        query = query.where(Absence.person_id.in_(person_ids))
    query = query.options(joinedload(Absence.person))
    return list(db.session.scalars(query.order_by(Absence.starts_at, Absence.id)))


def list_overrides(roster_ids: list[int], start: datetime, end: datetime) -> list[Override]:
    """Overrides of these rosters that touch [start, end), in the order in which they were made."""
    return list(
        db.session.scalars(
            select(Override)
            .where(Override.roster_id.in_(roster_ids), Override.starts_at < end, Override.ends_at > start)
            .order_by(Override.id)
        )
    )


def list_away(at: datetime) -> list[int]:
    """The ids of everybody who is absent at that instant."""
    return list(
        db.session.scalars(
            select(Absence.person_id).where(Absence.starts_at <= at, Absence.ends_at > at).distinct()
        )
    )

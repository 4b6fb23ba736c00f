"""Rosters: layers, overrides; and people's absences."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, cast, or_, select
from sqlalchemy.orm import Mapped, aliased, joinedload, lazyload, mapped_column, relationship

from helpdesk.store.db import Json, Model, UtcDateTime, db
from helpdesk.store.people import Gone, Person, gone_of
from helpdesk.store.teams import Team


class Roster(Model):
    """Who is on call when: dated versions of layers, overrides above them. `zone`: where its local times are
    shown and typed, that of its newest version.

    `swaps_need_lead`: a swap between two holds only when a lead has agreed. `holiday_calendar_id`: its
    holidays are not taken by turns but arranged by hand, weeks ahead (HolidayArrangement); None: by turns.
    `remind_hours`: how long before their turn people are reminded of it; 0: never.
    """

    __tablename__ = "roster"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    zone: Mapped[str]
    swaps_need_lead: Mapped[bool] = mapped_column(default=False)
    holiday_calendar_id: Mapped[int | None] = mapped_column(ForeignKey("calendar.id"))
    remind_hours: Mapped[int] = mapped_column(default=24)
    versions: Mapped[list["RosterVersion"]] = relationship(
        order_by="RosterVersion.number",
        cascade="all, delete-orphan",
        back_populates="roster",
        lazy="selectin",
    )
    overrides: Mapped[list["Override"]] = relationship(
        order_by="Override.id", cascade="all, delete-orphan", back_populates="roster"
    )
    arrangements: Mapped[list["HolidayArrangement"]] = relationship(
        order_by="HolidayArrangement.first_on", cascade="all, delete-orphan", back_populates="roster"
    )

    @property
    def layers(self) -> list["Layer"]:
        """Those of its newest version; none where it has no version yet."""
        return self.versions[-1].layers if self.versions else []


class RosterVersion(Model):
    """The layers that hold from `effective_at` on, in `zone`. At any instant the version with the highest
    `number` among those in force holds: pieced together, so that the past stays as it was."""

    __tablename__ = "roster_version"
    __table_args__ = (UniqueConstraint("roster_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    roster_id: Mapped[int] = mapped_column(ForeignKey("roster.id"))
    number: Mapped[int]
    zone: Mapped[str]
    effective_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(default="")
    roster: Mapped[Roster] = relationship(back_populates="versions")
    published_by: Mapped[Person | None] = relationship()
    layers: Mapped[list["Layer"]] = relationship(
        order_by="Layer.position", cascade="all, delete-orphan", back_populates="version", lazy="selectin"
    )


class Layer(Model):
    """As in on-call.md: `starts_at`/`ends_at` are local wall-clock texts ("2026-03-02T09:00"), `people`
    a list of person ids, `hours` {"week", "dates"} or None for always. `calendar_id`: its hours are those of
    that calendar, in its zone and with its versions; then `hours` is None."""

    __tablename__ = "roster_layer"
    __table_args__ = (UniqueConstraint("version_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("roster_version.id"), index=True)
    position: Mapped[int]
    name: Mapped[str]
    people: Mapped[list[int]] = mapped_column(Json)
    starts_at: Mapped[str]
    ends_at: Mapped[str | None]
    every: Mapped[int]
    unit: Mapped[str]
    hours: Mapped[dict[str, Any] | None] = mapped_column(Json)
    calendar_id: Mapped[int | None] = mapped_column(ForeignKey("calendar.id"))
    version: Mapped[RosterVersion] = relationship(back_populates="layers")


class Override(Model):
    """A person takes [starts_at, ends_at) whatever the layers say; of two that overlap the later id wins.
    `made_by`: hand, swap (of `swap_id`), rota (a table of days that was read in)."""

    __tablename__ = "roster_override"
    id: Mapped[int] = mapped_column(primary_key=True)
    roster_id: Mapped[int] = mapped_column(ForeignKey("roster.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(default="")
    made_by: Mapped[str] = mapped_column(default="hand")
    swap_id: Mapped[int | None] = mapped_column(ForeignKey("roster_swap.id"))
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    roster: Mapped[Roster] = relationship(back_populates="overrides")
    person: Mapped[Person] = relationship(foreign_keys=[person_id])


class Swap(Model):
    """`asker` wants somebody else to take their [starts_at, ends_at) of the roster: `offered_to`, or whoever
    of its people comes first (None). With `return_starts_at`/`return_ends_at` they take that time of the
    other's in return (only where offered to one).

    `state`: offered; accepted (by `taken_by`; waits for a lead); done (the overrides stand); declined,
    withdrawn, refused (by a lead), lapsed (nobody took it before it began).
    """

    __tablename__ = "roster_swap"
    __table_args__ = (Index(None, "state", "roster_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    roster_id: Mapped[int] = mapped_column(ForeignKey("roster.id"))
    asker_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    offered_to_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    return_starts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    return_ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    words: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="offered")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    taken_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    roster: Mapped[Roster] = relationship()
    asker: Mapped[Person] = relationship(foreign_keys=[asker_id])
    offered_to: Mapped[Person | None] = relationship(foreign_keys=[offered_to_id])
    taken_by: Mapped[Person | None] = relationship(foreign_keys=[taken_by_id])


class HolidayArrangement(Model):
    """The holidays [first_on, last_on] (local dates of the roster's zone, both included) are left out of all
    its layers: `people` (ids, one a day in order) take them; [] until a lead has filled it: a gap."""

    __tablename__ = "holiday_arrangement"
    __table_args__ = (UniqueConstraint("roster_id", "first_on"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    roster_id: Mapped[int] = mapped_column(ForeignKey("roster.id"))
    name: Mapped[str] = mapped_column(default="")
    first_on: Mapped[date]
    last_on: Mapped[date]
    people: Mapped[list[int]] = mapped_column(Json, default=list)
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    filled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    filled_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    roster: Mapped[Roster] = relationship(back_populates="arrangements")


class Handover(Model):
    """The turn of `from_person` in the roster ends at `at` and `to_person` (None: nobody) comes next.

    `words`: what the leaving one writes for the next, beforehand. `sent_at`: when it was handed over; then
    `summary` keeps what was open: {"critical": [...], "waiting": [...], "promised": [...]}, ticket ids each.
    """

    __tablename__ = "handover"
    __table_args__ = (UniqueConstraint("roster_id", "at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    roster_id: Mapped[int] = mapped_column(ForeignKey("roster.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    from_person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    to_person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    words: Mapped[str] = mapped_column(default="")
    summary: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    roster: Mapped[Roster] = relationship()
    from_person: Mapped[Person | None] = relationship(foreign_keys=[from_person_id])
    to_person: Mapped[Person | None] = relationship(foreign_keys=[to_person_id])


class AbsenceFeed(Model):
    """A person's own calendar (iCal) whose events are their absences. `url` is sealed (outbound/sealing).
    `fault`: what went wrong at the last try, "" where it worked."""

    __tablename__ = "absence_feed"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    url: Mapped[str]
    etag: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fault: Mapped[str] = mapped_column(default="")
    person: Mapped[Person] = relationship()


class Absence(Model):
    """A person is away in [starts_at, ends_at), in every roster. `uid`: the event of their AbsenceFeed that
    says so; None: typed in."""

    __tablename__ = "absence"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(default="")
    uid: Mapped[str | None]
    person: Mapped[Person] = relationship()


class FeedLink(Model):
    """A secret address that needs no sign-in. `kind`: person (an iCal feed of their turns), roster (of a
    roster's), wall (the page "who is on call now" for a wall screen; no roster: all). Only the hash of its
    secret is kept (SHA-256, hex): it is shown once, when made."""

    __tablename__ = "feed_link"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    secret_hash: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    roster_id: Mapped[int | None] = mapped_column(ForeignKey("roster.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    person: Mapped[Person] = relationship()
    roster: Mapped[Roster | None] = relationship()


def find_roster(roster_id: int) -> Roster | None:
    """The roster of that id with its layers, or None."""
    return db.session.get(Roster, roster_id)


def get_roster(roster_id: int) -> Roster:
    """The roster of that id. LookupError if there is none."""
    roster = find_roster(roster_id)
    if roster is None:
        raise LookupError(f"no roster {roster_id}")
    return roster


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


def list_people_by_id(person_ids: Collection[int]) -> dict[int, Person]:
    """These people by id, also those who have left; an unknown id is not in it."""
    found = db.session.scalars(select(Person).where(Person.id.in_(person_ids)))
    return {person.id: person for person in found}


def list_rosters_by_id(roster_ids: Collection[int]) -> dict[int, Roster]:
    """These rosters by id, without their versions: who is on call is asked with list_layers_in_force. An
    unknown id is not in it."""
    query = select(Roster).where(Roster.id.in_(roster_ids)).options(lazyload(Roster.versions))
    found = db.session.scalars(query)
    return {roster.id: roster for roster in found}


def list_rosters() -> list[Roster]:
    """Rosters by name."""
    return list(db.session.scalars(select(Roster).order_by(Roster.name)))


class LayerRow(NamedTuple):
    """A layer of a version; `name` None: the version has none. Fields as in RosterVersion and Layer, `people`
    and `hours` as JSON texts."""

    roster_id: int
    number: int
    effective_at: datetime
    zone: str
    name: str | None
    people: str
    starts_at: str
    ends_at: str | None
    every: int
    unit: str
    hours: str | None
    calendar_id: int | None


def list_layers_in_force(roster_ids: Collection[int], start: datetime, end: datetime) -> list[LayerRow]:
    """The layers of these rosters that can hold within [start, end): by version, the lowest first.

    Rows, not objects: who is on call in a thousand rosters is one look.
    """
    later = aliased(RosterVersion)
    superseded = (
        select(later.id)
        .where(
            later.roster_id == RosterVersion.roster_id,
            later.number > RosterVersion.number,
            or_(later.effective_at <= start, later.effective_at <= RosterVersion.effective_at),
        )
        .exists()
    )
    version = [getattr(RosterVersion, name) for name in LayerRow._fields[:4]]
    layer = [
        cast(getattr(Layer, name), String) if name in ("people", "hours") else getattr(Layer, name)
        for name in LayerRow._fields[4:]
    ]
    query = (
        select(*version, *layer)
        .outerjoin(Layer, Layer.version_id == RosterVersion.id)
        .where(RosterVersion.roster_id.in_(roster_ids), RosterVersion.effective_at < end, ~superseded)
        .order_by(RosterVersion.roster_id, RosterVersion.number, Layer.position)
    )
    return [LayerRow(*row) for row in db.session.execute(query)]


def list_arrangements(roster_ids: Collection[int], first_on: date, last_on: date) -> list[HolidayArrangement]:
    """Holiday arrangements of these rosters with a date in [first_on, last_on], both included, by date."""
    return list(
        db.session.scalars(
            select(HolidayArrangement)
            .where(
                HolidayArrangement.roster_id.in_(roster_ids),
                HolidayArrangement.first_on <= last_on,
                HolidayArrangement.last_on >= first_on,
            )
            .order_by(HolidayArrangement.first_on, HolidayArrangement.roster_id)
        )
    )


def find_arrangement(arrangement_id: int) -> HolidayArrangement | None:
    """The holiday arrangement of that id with its roster, or None."""
    return db.session.get(HolidayArrangement, arrangement_id)


def get_arrangement(arrangement_id: int) -> HolidayArrangement:
    """The holiday arrangement of that id, read anew. LookupError if there is none. For desk verbs."""
    query = select(HolidayArrangement).where(HolidayArrangement.id == arrangement_id)
    found = db.session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise LookupError(f"no holiday arrangement {arrangement_id}")
    return found


def list_rosters_arranging_holidays() -> list[Roster]:
    """Rosters whose holidays are arranged by hand, or were and still have arrangements, by id."""
    arranges = or_(Roster.holiday_calendar_id.is_not(None), Roster.arrangements.any())
    return list(db.session.scalars(select(Roster).where(arranges).order_by(Roster.id)))


def list_following(calendar_id: int) -> list[int]:
    """The ids of the rosters that have a layer, in whichever version, whose hours are that calendar's."""
    query = select(RosterVersion.roster_id).join(Layer).where(Layer.calendar_id == calendar_id)
    return list(db.session.scalars(query.distinct().order_by(RosterVersion.roster_id)))


def list_left(person_ids: Collection[int]) -> dict[int, datetime]:
    """When those of these people who have left did, by id."""
    query = select(Person.id, Person.left_at).where(Person.id.in_(person_ids), Person.left_at.is_not(None))
    return {person_id: left_at for person_id, left_at in db.session.execute(query) if left_at is not None}


def list_gone(person_ids: Collection[int]) -> dict[int, list[Gone]]:
    """When these people had left, by id; who never did is not in it."""
    query = select(Person.id, Person.left_at, Person.left_spans).where(Person.id.in_(person_ids))
    found = {person_id: gone_of(at, spans) for person_id, at, spans in db.session.execute(query)}
    return {person_id: gone for person_id, gone in found.items() if gone}


def list_absences(start: datetime, end: datetime, person_ids: set[int] | None = None) -> list[Absence]:
    """Absences that touch [start, end), people loaded, by start; None: everybody's."""
    query = select(Absence).where(Absence.starts_at < end, Absence.ends_at > start)
    if person_ids is not None:
        query = query.where(Absence.person_id.in_(person_ids))
    query = query.options(joinedload(Absence.person))
    return list(db.session.scalars(query.order_by(Absence.starts_at, Absence.id)))


def list_overrides(roster_ids: Collection[int], start: datetime, end: datetime) -> list[Override]:
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

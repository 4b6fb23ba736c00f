"""People, their addresses, and who is asking."""

from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, ForeignKey, func, or_, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship, selectinload, validates

from helpdesk.rules.access import Asker, Role
from helpdesk.store.db import Json, Model, UtcDateTime, db
from helpdesk.store.locations import Location
from helpdesk.store.organisation import Department
from helpdesk.store.sought import sought_of, words_of
from helpdesk.store.teams import Member

Gone: TypeAlias = tuple[datetime, datetime | None]
"""[from, to) in which somebody had left; to None: they have not come back."""


class Person(Model):
    """Anyone known to the desk. Without `password_hash` they have no account, only addresses.

    `session_epoch` is part of each session and single-use link: raising it ends them all.
    """

    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    role: Mapped[str] = mapped_column(default=Role.REPORTER)
    phone: Mapped[str] = mapped_column(default="")
    staff_number: Mapped[str | None] = mapped_column(unique=True)
    external_id: Mapped[str | None] = mapped_column(unique=True)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"), index=True)
    location_id: Mapped[int | None] = mapped_column(ForeignKey("location.id"), index=True)
    locale: Mapped[str | None]
    zone: Mapped[str | None]
    # Which letters they want: "every"; "milestones" (reporters: received, resolved, closed, and what needs
    # their answer); "digest" (agents: what does not page comes once a day).
    mail_mode: Mapped[str] = mapped_column(default="every")
    password_hash: Mapped[str | None]
    password_changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    session_epoch: Mapped[int] = mapped_column(default=0)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # When they had left before they came back: [from, to] each, ISO instants, in order.
    left_spans: Mapped[list[list[str]]] = mapped_column(Json, default=list)
    # When they last looked at their bell, for what has no notice of its own (maintenance).
    bell_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # How their queue looks: {"density": "cosy" or "dense", "columns": [...]}; empty: as installed.
    desk_look: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    # What they are found by beside name, address and number: the name in pinyin, and its initials.
    sought: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    addresses: Mapped[list["Address"]] = relationship(
        back_populates="person", order_by="Address.id", cascade="all, delete-orphan"
    )
    department: Mapped[Department | None] = relationship()
    place: Mapped[Location | None] = relationship()
    memberships: Mapped[list[Member]] = relationship(order_by=Member.team_id)

    @validates("name")
    def _is_sought_by(self, _key: str, name: str) -> str:
        """Whoever writes a name need not think of what else its owner is found by."""
        self.sought = sought_of(name)
        return name

    @property
    def gone(self) -> list[Gone]:
        """When they had left, in order."""
        return gone_of(self.left_at, self.left_spans)

    @property
    def location(self) -> str:
        """Where they sit; empty where that is not known."""
        return self.place.name if self.place else ""

    @property
    def email(self) -> str | None:
        """Where letters go: the primary address, else the first, else None."""
        chosen = next((a for a in self.addresses if a.is_primary), None) or next(iter(self.addresses), None)
        return chosen.email if chosen else None

    @property
    def initials(self) -> str:
        """Two letters for the face: of first and last word, or the first two characters."""
        words = self.name.split()
        return (words[0][0] + words[-1][0] if len(words) > 1 else self.name[:2]).upper()

    @property
    def is_active(self) -> bool:
        """Whether they have not left."""
        return self.left_at is None

    @property
    def asker(self) -> Asker:
        """Who they are to rules/access."""
        return Asker(
            self.id,
            Role(self.role),
            frozenset(m.team_id for m in self.memberships),
            frozenset(m.team_id for m in self.memberships if m.is_lead),
        )


class Address(Model):
    """A mail address of one person, in lower case."""

    __tablename__ = "address"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    email: Mapped[str] = mapped_column(unique=True)
    is_primary: Mapped[bool] = mapped_column(default=False)
    # Set when a delivery report says that the address does not take mail.
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fault: Mapped[str] = mapped_column(default="")  # what that report says
    person: Mapped[Person] = relationship(back_populates="addresses")


def gone_of(left_at: datetime | None, left_spans: list[list[str]] | None) -> list[Gone]:
    """When somebody had left, of the two columns that say so."""
    spans: list[Gone] = [
        (datetime.fromisoformat(from_at), datetime.fromisoformat(to_at))
        for from_at, to_at in left_spans or ()
    ]
    return spans if left_at is None else [*spans, (left_at, None)]


def find_person(person_id: int) -> Person | None:
    """The person of that id with teams and addresses loaded, or None; one query, for every page asks it."""
    loaded = (joinedload(Person.memberships), joinedload(Person.addresses))
    return db.session.get(Person, person_id, options=loaded)


def get_person(person_id: int) -> Person:
    """The person of that id. LookupError if there is none."""
    person = find_person(person_id)
    if person is None:
        raise LookupError(f"no person {person_id}")
    return person


def get_person_afresh(person_id: int) -> Person:
    """The person with addresses, read anew in one query: for a transaction, which forgets what was read
    before it. LookupError if there is none."""
    query = select(Person).where(Person.id == person_id).options(joinedload(Person.addresses))
    person = db.session.scalars(query.execution_options(populate_existing=True)).unique().one_or_none()
    if person is None:
        raise LookupError(f"no person {person_id}")
    return person


def get_person_for_change(person_id: int) -> Person:
    """The person, locked until the transaction ends. LookupError if there is none. For desk verbs."""
    # Not so strong a lock that a row which refers to them would have to wait: what rings holds their tickets
    # while it writes such rows, and whoever takes those tickets from them waits for it.
    person = db.session.scalar(
        select(Person)
        .where(Person.id == person_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if person is None:
        raise LookupError(f"no person {person_id}")
    return person


def find_person_by_address(email: str) -> Person | None:
    """The person who has that mail address (in any case), or None."""
    return db.session.scalar(select(Person).join(Address).where(Address.email == email.strip().lower()))


def find_address(email: str) -> Address | None:
    """That mail address (in any case) with the person who has it, or None."""
    query = select(Address).where(Address.email == email.strip().lower())
    return db.session.scalar(query.options(joinedload(Address.person)))


def find_administrator() -> Person | None:
    """Some administrator who can sign in, or None before the first set-up."""
    return db.session.scalar(
        select(Person)
        .where(Person.role == Role.ADMINISTRATOR, Person.left_at.is_(None), Person.password_hash.is_not(None))
        .limit(1)
    )


def is_last_administrator(person: Person) -> bool:
    """Whether nobody else could set anything up if this person were not an administrator."""
    if person.role != Role.ADMINISTRATOR:
        return False
    # All are locked: two who demote each other at once must not both succeed.
    query = select(Person.id).where(
        Person.role == Role.ADMINISTRATOR, Person.left_at.is_(None), Person.password_hash.is_not(None)
    )
    locked = query.order_by(Person.id).with_for_update(key_share=True)
    return set(db.session.scalars(locked)) <= {person.id}


def find_person_by(column: str, value: str) -> Person | None:
    """The person whose `staff_number` or `external_id` (`column`) that is, or None."""
    return db.session.scalar(select(Person).where(getattr(Person, column) == value))


def get_names(person_ids: set[int]) -> dict[int, str]:
    """Names by id; those of unknown ids are left out."""
    query = select(Person.id, Person.name).where(Person.id.in_(person_ids))
    return {row.id: row.name for row in db.session.execute(query)} if person_ids else {}


def list_everybody() -> list[Person]:
    """All people, also who has left, with addresses, department and location. For a table of them."""
    loaded = (selectinload(Person.addresses), joinedload(Person.department), joinedload(Person.place))
    return list(db.session.scalars(select(Person).options(*loaded).order_by(Person.id)))


def count_people_at() -> dict[int, int]:
    """How many people who have not left sit at each location, by its id; where nobody sits is left out."""
    query = select(Person.location_id, func.count()).where(
        Person.left_at.is_(None), Person.location_id.is_not(None)
    )
    rows = db.session.execute(query.group_by(Person.location_id))
    return {location_id: count for location_id, count in rows if location_id is not None}


def list_people(
    search: str = "", roles: tuple[str, ...] = (), limit: int = 50, offset: int = 0, has_left: bool = False
) -> list[Person]:
    """People who have not left (or those who have), by name; each word of `search` in name, address, staff
    number, or at the beginning of the name's pinyin or its initials; `roles` empty for all."""
    left = Person.left_at.is_not(None) if has_left else Person.left_at.is_(None)
    query = select(Person).where(left).options(selectinload(Person.addresses))
    if roles:
        query = query.where(Person.role.in_(roles))
    for word in words_of(search):
        query = query.where(_is_found_by(_like(word)))
    return list(db.session.scalars(query.order_by(Person.name, Person.id).limit(limit).offset(offset)))


def _is_found_by(word: str) -> ColumnElement[bool]:
    within = f"%{word}%"
    return or_(
        func.lower(Person.name).like(within, escape="\\"),
        Person.sought.like(f"% {word}%", escape="\\"),
        func.lower(Person.staff_number).like(within, escape="\\"),
        Person.addresses.any(Address.email.like(within, escape="\\")),
    )


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")

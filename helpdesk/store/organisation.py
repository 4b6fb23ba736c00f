"""The organisation (one row) and its departments."""

import secrets
from typing import Any

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.store.db import Json, Model, db


def new_revision() -> str:
    """A name that no revision had, nor will have if its transaction is rolled back."""
    return secrets.token_hex(8)


class Organisation(Model):
    """One row, id 1. `options` holds what an administrator switches on (see web/admin); `revision` is another
    after each change of calendars, policies, ladders and letters' texts, `maintenance_revision` after each
    of windows and whom they concern (store/revision)."""

    __tablename__ = "organisation"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(default="")
    zone: Mapped[str] = mapped_column(default="Europe/Berlin")
    locale: Mapped[str] = mapped_column(default="en")
    hotline: Mapped[str] = mapped_column(default="")
    # Who answers at night: "roster" (critical runs 24x7) or "nobody"; None until first set-up asked.
    night_answer: Mapped[str | None]
    default_team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", use_alter=True))
    calendar_id: Mapped[int | None] = mapped_column(ForeignKey("calendar.id", use_alter=True))
    options: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    revision: Mapped[str] = mapped_column(default=new_revision)
    maintenance_revision: Mapped[str] = mapped_column(default=new_revision)


class Department(Model):
    """A part of the organisation, below its parent (None: below none)."""

    __tablename__ = "department"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    parent: Mapped["Department | None"] = relationship(remote_side=[id])


def find_organisation() -> Organisation | None:
    """The organisation, or None before the first set-up."""
    return hold(db.session.get(Organisation, 1))


def get_organisation() -> Organisation:
    """The organisation. LookupError before the first set-up."""
    organisation = find_organisation()
    if organisation is None:
        raise LookupError("not set up yet")
    return organisation


def is_shared_with_colleagues() -> bool:
    """Whether an administrator lets colleagues of a department read each other's reports
    (options["colleagues"])."""
    organisation = find_organisation()
    return organisation is not None and bool(organisation.options.get("colleagues"))


def find_organisation_afresh() -> Organisation | None:
    """As `find_organisation`, read anew whatever this session has seen before."""
    query = select(Organisation).where(Organisation.id == 1).execution_options(populate_existing=True)
    return hold(db.session.scalar(query))


def is_sending_stopped() -> bool:
    """Whether an administrator has stopped all letters by mail (options["letters_stopped"])."""
    organisation = find_organisation()
    return organisation is not None and "letters_stopped" in organisation.options


def lock_organisation() -> None:
    """Lets one process at a time go on, until the transaction ends (SQLite's are alone anyway)."""
    db.session.execute(select(Organisation.id).with_for_update())


def hold(organisation: Organisation | None) -> Organisation | None:
    """Kept with the session, which by itself forgets what nobody holds: a page asks again and again."""
    db.session.info["organisation"] = organisation
    return organisation


def list_departments() -> list[Department]:
    """All departments by name."""
    return list(db.session.scalars(select(Department).order_by(Department.name)))

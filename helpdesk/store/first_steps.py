"""What an administrator has to set up before people can be helped, and how far that is."""

from typing import Any, NamedTuple

from sqlalchemy import func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from helpdesk.rules.access import Role
from helpdesk.store.db import db
from helpdesk.store.locations import Location
from helpdesk.store.mailboxes import Mailbox
from helpdesk.store.organisation import Department, Organisation
from helpdesk.store.people import Person
from helpdesk.store.rosters import Layer, RosterVersion
from helpdesk.store.services import Service
from helpdesk.store.teams import Team


class FirstSteps(NamedTuple):
    """How many there are of each. `agents`: those who work tickets and can sign in; `invited`: those who
    cannot yet; `rosters`: those in which somebody takes turns; `mailboxes`: those that are fetched."""

    departments: int
    locations: int
    people: int
    agents: int
    invited: int
    services: int
    teams_with_roster: int
    rosters: int
    mailboxes: int
    has_hotline: bool
    night_answer: str | None


def get_first_steps() -> FirstSteps:
    """All of it, in one statement."""
    works = Person.role.in_((Role.AGENT, Role.LEAD))
    here = Person.left_at.is_(None)
    query = select(
        _count(Department.id),
        _count(Location.id, Location.is_active),
        _count(Person.id, here, Person.role == Role.REPORTER),
        _count(Person.id, here, works, Person.password_hash.is_not(None)),
        _count(Person.id, here, works, Person.password_hash.is_(None)),
        _count(Service.id, Service.is_active),
        _count(Team.id, Team.is_active, or_(Team.roster_id.is_not(None), Team.backup_roster_id.is_not(None))),
        select(func.count(RosterVersion.roster_id.distinct())).join(Layer).scalar_subquery(),
        _count(Mailbox.id, Mailbox.active_since.is_not(None)),
        Organisation.hotline != "",
        Organisation.night_answer,
    ).where(Organisation.id == 1)
    return FirstSteps(*db.session.execute(query).one())


def _count(column: InstrumentedAttribute[int], *conditions: Any) -> Any:
    return select(func.count(column)).where(*conditions).scalar_subquery()

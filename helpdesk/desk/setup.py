"""The first set-up: the organisation, its defaults and its first administrator."""

from dataclasses import dataclass, field
from datetime import datetime

from helpdesk.desk import ladders, passwords, people, policies
from helpdesk.desk.changes import Refused
from helpdesk.desk.security import log_event
from helpdesk.outbound import links
from helpdesk.rules.access import Role
from helpdesk.store.db import Conflict, db, transaction
from helpdesk.store.organisation import Organisation, find_organisation, lock_organisation
from helpdesk.store.people import Person, find_administrator, find_person_by_address
from helpdesk.store.services import Service
from helpdesk.store.teams import Member, Team


class AlreadySetUp(Exception):
    """There is an administrator: the set-up link is spent."""


@dataclass(frozen=True)
class House:
    """What an organisation begins with. `night_answer`: "roster" or "nobody"; `cover_reason`: why the nights
    are promised although no roster stands yet; `service` empty: none yet; `names`: of what is installed."""

    name: str
    zone: str
    locale: str = "en"
    night_answer: str = "nobody"
    team: str = "Service desk"
    service: str = ""
    cover_reason: str = ""
    names: policies.Names = field(default_factory=policies.Names)


def setup_link(now: datetime) -> str | None:
    """The link that creates the first administrator; None once there is one."""
    if find_administrator() is not None:
        return None
    return links.url(f"/setup/{links.sign('setup', {'at': now.isoformat()})}")


def require_open(token: str) -> None:
    """Raises AlreadySetUp, or links.BadLink for a link that is not ours or too old."""
    if find_administrator() is not None:
        raise AlreadySetUp
    links.read("setup", token)


def set_up(house: House, name: str, email: str, password: str, *, now: datetime, address: str = "") -> Person:
    """Creates the organisation with its defaults and the first administrator, who leads the first team.

    All of it or nothing. Raises AlreadySetUp, PasswordRefused, and Refused as `found_organisation`.
    """
    passwords.require_good(password, context=(name, email, house.name))
    password_hash = passwords.hashed(password)
    try:
        return _set_up(house, name, email, password_hash, now, address)
    except Conflict as fault:  # somebody else with the link was faster
        raise AlreadySetUp from fault


def _set_up(house: House, name: str, email: str, password_hash: str, now: datetime, address: str) -> Person:
    with transaction():
        found_organisation(house, now)
        lock_organisation()  # whoever comes second waits here, and finds who was first
        if find_administrator() is not None:
            raise AlreadySetUp
        person = find_person_by_address(email) or people.add_person(
            name, email, Role.ADMINISTRATOR, now=now, address=address
        )
        person.name, person.role, person.locale = name, Role.ADMINISTRATOR, house.locale
        person.password_hash, person.password_changed_at = password_hash, now
        person.session_epoch += 1
        join_first_team(person, is_lead=True)
        log_event("set_up", now=now, actor_id=person.id, address=address)
    return person


def add_account(
    name: str, email: str, role: Role, password: str | None, house: House, *, now: datetime
) -> Person:
    """A person usable at once, without the pages: somebody new, or somebody known who has no password yet.

    Agents and leads join the first team; where there is no organisation it is founded as `house`. Raises
    PasswordRefused, and Refused as `found_organisation`.
    """
    known = find_person_by_address(email)
    if password is not None:
        passwords.require_good(password, known, (name, email))
    with transaction():
        if find_organisation() is None:
            found_organisation(house, now)
        person = find_person_by_address(email) or people.add_person(name, email, role, now=now)
        if person.role != role:
            people.change_role(person.id, role, now=now)
        if role in (Role.AGENT, Role.LEAD):
            join_first_team(person, is_lead=role is Role.LEAD)
        if password is not None:
            people.set_password(person.id, password, now=now)
    return person


def found_organisation(house: House, now: datetime) -> None:
    """The organisation, its first team and service, default targets and ladders. One that is there keeps
    its defaults and takes the name, zone and language.

    Raises Refused (cover_reason: uncovered) where the nights of a new one are promised without a reason.
    """
    with transaction():
        organisation = find_organisation()
        is_new = organisation is None
        if organisation is None:
            organisation = Organisation(id=1, options={})
            db.session.add(organisation)
        organisation.name, organisation.zone, organisation.locale = house.name, house.zone, house.locale
        if not is_new:
            return
        is_by_night = house.night_answer == "roster"
        if is_by_night and not house.cover_reason:
            raise Refused("cover_reason", "uncovered", house.team)
        organisation.night_answer = house.night_answer
        team = Team(name=house.team)
        db.session.add(team)
        db.session.flush()
        organisation.default_team_id = team.id
        if house.service:
            db.session.add(Service(name=house.service, team_id=team.id))
        policies.install_defaults(now, house.zone, is_by_night, house.names, house.cover_reason)
        ladders.install_default_ladders()


def join_first_team(person: Person, *, is_lead: bool) -> None:
    """Makes the person a member of the default team, where alarms of a new desk go."""
    organisation = find_organisation()
    if organisation is None or organisation.default_team_id is None:
        return
    with transaction():
        known = db.session.get(Member, (organisation.default_team_id, person.id))
        if known is None:
            db.session.add(Member(team_id=organisation.default_team_id, person_id=person.id, is_lead=is_lead))

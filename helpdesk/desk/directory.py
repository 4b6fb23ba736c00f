"""What the desk knows about people: their details, addresses and teams."""

from dataclasses import dataclass, field
from typing import Any

from helpdesk.desk import changes, leavers, locations, people
from helpdesk.desk.changes import By, Refused, State
from helpdesk.rules.access import Role, may_be_in_team
from helpdesk.store.db import db, transaction
from helpdesk.store.people import (
    Address,
    Person,
    find_person_by,
    find_person_by_address,
    get_person_for_change,
)
from helpdesk.store.skills import list_skill_ids_of_person, replace_skills_of_person
from helpdesk.store.teams import Member, get_team

FIELDS = (
    "name",
    "phone",
    "staff_number",
    "external_id",
    "department_id",
    "location",
    "locale",
    "zone",
)


@dataclass(frozen=True)
class Record:
    """All about a person that an administrator sets: `columns` of Person by FIELDS, `addresses` with the one
    that letters go to first, `teams` by id, each with whether they lead it, `skills` by id (None: as they
    are)."""

    role: Role
    columns: dict[str, Any]
    addresses: tuple[str, ...] = ()
    teams: dict[int, bool] = field(default_factory=dict)
    skills: tuple[int, ...] | None = None


def state_of(person: Person) -> State:
    """What the form shows."""
    addresses = sorted(person.addresses, key=lambda a: (a.email != person.email, a.id or 0))
    return {name: getattr(person, name) for name in FIELDS} | {
        "role": person.role,
        "addresses": [address.email for address in addresses],
        "teams": {str(m.team_id): "lead" if m.is_lead else "member" for m in person.memberships},
        "skills": list_skill_ids_of_person(person.id),
    }


def add(record: Record, by: By, *, with_letter: bool) -> Person:
    """A new person; `with_letter` invites them, so that they can choose a password.

    Raises Refused (address_taken, number_taken, needs_address, not_staff).
    """
    with transaction():
        _require_free(None, record)
        if with_letter and not record.addresses:
            raise Refused("addresses", "needs_address")
        name = record.columns["name"]
        first = record.addresses[0] if record.addresses else None
        person = people.add_person(
            name, first, record.role, now=by.now, actor_id=by.actor_id, address=by.address
        )
        _write(person, record)
        if with_letter:
            people.invite(person.id, now=by.now, actor_id=by.actor_id, address=by.address)
    return person


def edit(person_id: int, record: Record, by: By, seen: str | None = None) -> Person:
    """All about a person anew. Out of a role that works tickets, theirs go back to the team.

    Raises Refused (as `add`), ChangedMeanwhile, people.LastAdministrator, LookupError.
    """
    with transaction():
        person = get_person_for_change(person_id)
        before = state_of(person)
        changes.require_unchanged(before, seen)
        _require_free(person, record)
        if not may_be_in_team(record.role):
            leavers.hand_back(person, by)
        people.change_role(person_id, record.role, now=by.now, actor_id=by.actor_id, address=by.address)
        _write(person, record)
        after = {**state_of(person), "role": before["role"]}  # its change is an event of its own
        changes.log_change(f"person:{person_id}", before, after, by, "person_changed")
    return person


def _require_free(person: Person | None, record: Record) -> None:
    for email in record.addresses:
        known = find_person_by_address(email)
        if known is not None and known is not person:
            raise Refused("addresses", "address_taken")
    for column in ("staff_number", "external_id"):
        value = record.columns.get(column)
        other = find_person_by(column, value) if value else None
        if other is not None and other is not person:
            raise Refused(column, "number_taken")
    if record.teams and not may_be_in_team(record.role):
        raise Refused("role", "not_staff")


def _write(person: Person, record: Record) -> None:
    for name in FIELDS:
        if name != "location":
            setattr(person, name, record.columns.get(name) or ("" if name == "phone" else None))
    person.place = locations.named(record.columns.get("location") or "")
    known = {address.email: address for address in person.addresses}
    for email in known.keys() - set(record.addresses):
        person.addresses.remove(known[email])
    for place, email in enumerate(record.addresses):
        address = known.get(email) or Address(email=email)
        if email not in known:
            person.addresses.append(address)
        address.is_primary = place == 0
    members = {member.team_id: member for member in person.memberships}
    for team_id in members.keys() - record.teams.keys():
        db.session.delete(members[team_id])
    for team_id, is_lead in record.teams.items():
        if team_id in members:
            members[team_id].is_lead = is_lead
        else:
            db.session.add(Member(team_id=get_team(team_id).id, person_id=person.id, is_lead=is_lead))
    if record.skills is not None:
        replace_skills_of_person(person.id, record.skills)
    db.session.flush()
    db.session.expire(person, ["memberships"])

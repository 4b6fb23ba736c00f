"""Teams: who is in them, who leads them, and which rosters answer for them."""

from collections.abc import Collection

from helpdesk.desk import changes
from helpdesk.desk.changes import By, Refused, State
from helpdesk.rules.access import Role, may_be_in_team
from helpdesk.store.db import db, transaction
from helpdesk.store.names import get_row_for_change
from helpdesk.store.organisation import find_organisation
from helpdesk.store.people import get_person
from helpdesk.store.services import list_services
from helpdesk.store.teams import Member, Team

FEWEST = 3  # agents: below it illness and leave leave nobody

Members = dict[int, bool]
"""Who is in a team, by id, and whether they lead it."""


def state_of(team: Team) -> State:
    """What the form shows; `members` as [[person id, leads, is senior]] by id."""
    return {
        "name": team.name,
        "email": team.email,
        "manager_id": team.manager_id,
        "roster_id": team.roster_id,
        "backup_roster_id": team.backup_roster_id,
        "is_active": team.is_active,
        "dispatch": team.dispatch,
        "hands_up_to_id": team.hands_up_to_id,
        "members": [
            [m.person_id, m.is_lead, m.is_senior] for m in sorted(team.members, key=lambda m: m.person_id)
        ],
    }


def save(
    team_id: int | None,
    values: State,
    members: Members,
    by: By,
    seen: str | None = None,
    *,
    seniors: Collection[int] | None = None,
) -> Team:
    """A new team (None), or all about one: `values` are its columns, `seniors` those of its members to whom
    the others hand up (None: as they are).

    Raises Refused (name_taken, same_roster, needs_roster, above_itself, team_in_use, not_staff),
    ChangedMeanwhile, LookupError.
    """
    with transaction():
        changes.require_free_name(Team, values["name"], team_id)
        if values["roster_id"] is not None and values["roster_id"] == values["backup_roster_id"]:
            raise Refused("backup_roster_id", "same_roster")
        if values.get("dispatch") == "on_call" and values["roster_id"] is None:
            raise Refused("dispatch", "needs_roster")
        if team_id is not None:
            _require_no_circle(team_id, values.get("hands_up_to_id"))
        if team_id is None:
            team, before = Team(name=values["name"]), None
            db.session.add(team)
        else:
            team = get_row_for_change(Team, team_id)
            before = state_of(team)
            changes.require_unchanged(before, seen)
        subject = f"team:{team.name}"
        for name, value in values.items():
            setattr(team, name, value)
        if team.id is not None and not team.is_active:
            _require_unused(team)
        set_members(team, members)
        if seniors is not None:
            for member in team.members:
                member.is_senior = member.person_id in seniors
        db.session.flush()
        changes.log_change(subject, before, state_of(team), by)
    return team


def set_members(team: Team, members: Members) -> None:
    """These people in place of who was in the team. Raises Refused for one who does not work here. Inside a
    transaction."""
    known = {member.person_id: member for member in team.members}
    for person_id in known.keys() - members.keys():
        team.members.remove(known[person_id])
    for person_id, is_lead in members.items():
        if person_id in known:
            known[person_id].is_lead = is_lead
            continue
        if not may_be_in_team(Role(get_person(person_id).role)):
            raise Refused("members", "not_staff")
        team.members.append(Member(person_id=person_id, is_lead=is_lead))


def _require_no_circle(team_id: int, above_id: int | None) -> None:
    while above_id is not None:
        if above_id == team_id:
            raise Refused("hands_up_to_id", "above_itself")
        above_id = get_row_for_change(Team, above_id).hands_up_to_id


def is_too_small(team: Team) -> bool:
    """Whether fewer than FEWEST people who are still here are in the team."""
    return sum(member.person.is_active for member in team.members) < FEWEST


def _require_unused(team: Team) -> None:
    organisation = find_organisation()
    is_default = organisation is not None and organisation.default_team_id == team.id
    if is_default or any(service.team_id == team.id for service in list_services()):
        raise Refused("is_active", "team_in_use")

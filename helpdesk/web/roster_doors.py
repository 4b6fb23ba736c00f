"""What the roster pages share: rosters looked up through the asker's rights, and people to choose from."""

from typing import Any

from flask import abort
from flask_babel import gettext as _

from helpdesk.desk import rosters
from helpdesk.rules.access import Role
from helpdesk.store.people import Person, list_people
from helpdesk.store.rosters import Roster, find_roster, list_people_by_id, list_teams_of_roster
from helpdesk.web.frame import asker

STAFF = (Role.AGENT, Role.LEAD, Role.MANAGER, Role.ADMINISTRATOR)
Options = list[tuple[Any, Any]]


def roster_to_see(roster_id: int) -> Roster:
    """The roster, or 404."""
    return find_roster(roster_id) or abort(404)


def roster_to_edit(roster_id: int) -> Roster:
    """The roster where the asker may change it, or 404."""
    roster = roster_to_see(roster_id)
    return roster if rosters.may_edit(asker(), roster) else abort(404)


def staff_options() -> Options:
    """Everybody of the desk."""
    return [(person.id, person.name) for person in list_people(roles=STAFF, limit=500)]


def people_options(roster: Roster, chosen: set[int] | None = None) -> Options:
    """Whom a turn can be given: the roster's teams first, then the others; those `chosen` in any case."""
    groups: Options = []
    seen: set[int] = set()
    for team in list_teams_of_roster(roster.id):
        members = sorted((m.person for m in team.members if m.person.is_active), key=lambda p: p.name)
        groups.append((team.name, [(p.id, p.name) for p in members]))
        seen |= {p.id for p in members}
    others = [option for option in staff_options() if option[0] not in seen]
    groups.append((_("Others"), others) if groups else (_("Everybody"), others))
    seen |= {option[0] for option in others}
    if missing := (chosen or set()) - seen:
        groups.append((_("No longer with us"), [_gone(p) for p in list_people_by_id(missing).values()]))
    return [group for group in groups if group[1]]


def _gone(person: Person) -> tuple[int, str]:
    return person.id, person.name if person.is_active else _("%(name)s (has left)", name=person.name)

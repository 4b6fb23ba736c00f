"""What the roster pages share: rosters looked up through the asker's rights, and people to choose from."""

from typing import Any

from flask import abort, current_app, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk.desk import rosters
from helpdesk.rules.access import Role
from helpdesk.store.people import Person, list_people
from helpdesk.store.rosters import Roster, find_roster, list_people_by_id, list_teams_of_roster
from helpdesk.web.frame import asker, may

# label, endpoint, action that shows it: the pages about who is on call, side by side.
ON_CALL_PAGES = (
    (_l("Rosters"), "rosters.index", "roster.see"),
    (_l("Who is on call now"), "rosters.now.index", "roster.see"),
    (_l("Swaps"), "rosters.swaps.index", "swap.ask"),
    (_l("Absences"), "rosters.absences.index", "absence.edit_own"),
    (_l("Handovers"), "rosters.handovers.index", "roster.see"),
    (_l("Holidays"), "rosters.holidays.index", "roster.see"),
    (_l("Preflight"), "rosters.preflight.index", "roster.see"),
    (_l("Fairness"), "rosters.fairness.index", "fairness.see"),
)

STAFF = (Role.AGENT, Role.LEAD, Role.MANAGER, Role.ADMINISTRATOR)
Options = list[tuple[Any, Any]]


def on_call_tabs() -> list[dict[str, Any]]:
    """The pages about who is on call which the asker may open, for the macro `tabs`."""
    return [
        {"label": label, "url": url_for(endpoint), "current": request.endpoint == endpoint}
        for label, endpoint, action in ON_CALL_PAGES
        if endpoint in current_app.view_functions and may(action)
    ]


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

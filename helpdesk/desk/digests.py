"""The manager's daily digest: minor tickets past due, which page no manager."""

from datetime import datetime, timedelta

from helpdesk.outbound import letters
from helpdesk.store.db import transaction
from helpdesk.store.letters import find_letter_by_key
from helpdesk.store.organisation import get_organisation
from helpdesk.store.people import get_person
from helpdesk.store.targets import list_missed
from helpdesk.store.teams import list_teams

LOOKS_BACK = timedelta(days=1)


def write_digests(now: datetime) -> int:
    """Writes one letter to each manager whose teams have minor tickets past due; returns how many.

    Named are targets that were missed within a day, and older ones still open. A manager with nothing
    to read gets no letter; the key makes it one a day.
    """
    written = 0
    organisation = get_organisation()
    with transaction():
        for manager_id, team_ids in _teams_of_managers().items():
            key = f"digest:{manager_id}:{now:%Y-%m-%d}"
            missed = list_missed("minor", team_ids, now - LOOKS_BACK, now)
            if missed and find_letter_by_key(key) is None:
                manager = get_person(manager_id)
                letters.write("digest", manager, key=key, now=now, missed=missed, name=organisation.name)
                written += 1
    return written


def _teams_of_managers() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for team in list_teams():
        if team.manager_id is not None:
            found.setdefault(team.manager_id, []).append(team.id)
    return found

"""Who could be told at an instant, and how: what rules/recipients asks, gathered for a team and kept."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from helpdesk.desk import rosters
from helpdesk.rules import access, hours
from helpdesk.rules.escalation import Around
from helpdesk.rules.recipients import Turns
from helpdesk.store.channels import Reach, list_reaches, list_team_channels
from helpdesk.store.people import list_people
from helpdesk.store.rosters import list_away, list_people_by_id
from helpdesk.store.teams import Team, list_leads

NOBODY = Reach()


def gather(
    team: Team,
    at: datetime,
    *,
    office: hours.Calendar | None,
    roster_ids: Iterable[int] = (),
    person_ids: Iterable[int] = (),
    with_next: bool = True,
) -> Around:
    """Who could be told of a ticket of that team at `at`; reads only.

    `roster_ids` are those that steps name in place of the team's, `person_ids` whom steps name and who has
    tickets of the team; `office` the desk's hours (None: always open); `with_next`: whether a step names the
    next turn.
    """
    members = tuple(m.person_id for m in team.members if m.person.is_active)
    leads = tuple(person.id for person in list_leads(team.id) if person.is_active)
    manager = team.manager_id if team.manager is not None and team.manager.is_active else None
    administrators = tuple(p.id for p in list_people(roles=(access.Role.ADMINISTRATOR,)))
    turns = rosters.turns_at({team.roster_id, team.backup_roster_id, *roster_ids}, at, with_next)
    own, backup = turns.get(team.roster_id, Turns()), turns.get(team.backup_roster_id, Turns())
    named = list_people_by_id(set(person_ids))
    on_turn = [person for turn in turns.values() for person in turn]
    everybody = {p for p in (*members, *leads, manager, *administrators, *named, *on_turn) if p is not None}
    reaches = list_reaches(everybody)
    strangers = {p for p in (*named, *on_turn) if p is not None} - set(members)
    return Around(
        team=members,
        leads=leads,
        manager=manager,
        administrators=administrators,
        on_call=own.on_call,
        next_turn=own.next_turn,
        backup=backup.on_call,
        rosters={roster_id: turns[roster_id] for roster_id in roster_ids if roster_id in turns},
        away=frozenset(list_away(at)),
        left=frozenset(person.id for person in named.values() if not person.is_active),
        is_open=any(True for _ in hours.open_spans(office, at, at + timedelta.resolution)),
        without_mail=frozenset(p for p in everybody if not reaches.get(p, NOBODY).by_mail),
        without_chat=frozenset(p for p in everybody if not reaches.get(p, NOBODY).channels),
        team_has_channel=bool(list_team_channels(team.id)),
        outsiders=frozenset(
            person.id
            for person in list_people_by_id(strangers).values()
            if not access.sees_notes(person.asker, team.id, True, None)
        ),
    )

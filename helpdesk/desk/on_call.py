"""Who is on call now for each team, first in line and as backup."""

from dataclasses import dataclass
from datetime import datetime

from helpdesk.desk.rosters import OnCall, on_call_now
from helpdesk.store.rosters import list_rosters_by_id
from helpdesk.store.teams import Team, list_teams


@dataclass(frozen=True)
class TeamOnCall:
    """Who answers for the team now; None where it has no such roster."""

    team: Team
    first: OnCall | None
    backup: OnCall | None

    @property
    def is_alone(self) -> bool:
        """Whether one and the same person is first in line and backup."""
        first, backup = (turn.person if turn else None for turn in (self.first, self.backup))
        return first is not None and first == backup


def by_team(now: datetime) -> list[TeamOnCall]:
    """Active teams by name, in a handful of queries for all of them."""
    teams = list_teams()
    wanted = {each for t in teams for each in (t.roster_id, t.backup_roster_id) if each is not None}
    rosters = list(list_rosters_by_id(wanted).values())
    found: dict[int | None, OnCall] = {turn.roster.id: turn for turn in on_call_now(rosters, now)}
    return [TeamOnCall(t, found.get(t.roster_id), found.get(t.backup_roster_id)) for t in teams]

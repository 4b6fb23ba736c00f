"""Who may do what: one table of role x action, asked at every door.

An action is "thing.verb". What somebody may not see does not exist for them: doors answer 404.
Which tickets a role sees beyond its own is `ticket_reach`; queries are built from its answer.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody is to the desk; TABLE says what each may do."""

    REPORTER = "reporter"
    AGENT = "agent"
    LEAD = "lead"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


_REPORTER = frozenset({"ticket.report", "ticket.see_own", "ticket.answer_own", "profile.edit", "bell.see"})
_SEES_DESK = frozenset(
    {"queue.see", "ticket.see", "person.see", "roster.see", "maintenance.see", "letters.see", "mail.see"}
)
_AGENT = (
    _REPORTER
    | _SEES_DESK
    | {"ticket.work", "ticket.report_for", "ticket.assign", "absence.edit_own", "mail.rescue", "person.add"}
    | {"alarm.hear"}  # in the bell too, and over channels of one's own
    | {"swap.ask", "handover.write", "feed.own"}
)
_LEAD = _AGENT | {
    "roster.edit",
    "absence.edit",
    "maintenance.edit",
    "maintenance.approve",
    "fairness.see",
    "followup.work",
    "figures.see",
    "review.write",
    "breach.excuse",
    "ladder.see",
    "team_channel.edit",
    "canned_answer.see",
    "canned_answer.edit",
}
_MANAGER = (
    _REPORTER
    | _SEES_DESK
    | {
        "figures.see",
        "figures.export",
        "fairness.see",
        "maintenance.approve",
        "review.write",
        "ticket.note",
        "security.see",
        "ladder.see",
        "alarm.hear",
    }
)
_ADMINISTRATOR = (
    _LEAD | _MANAGER | {"admin.see", "admin.edit", "security.see", "backup.make", "watch.see", "job.retry"}
)
_AUDITOR = (
    frozenset(
        {
            "profile.edit",
            "ticket.see_own",
            "figures.see",
            "fairness.see",
            "admin.see",
            "security.see",
            "ladder.see",
            "watch.see",
            "canned_answer.see",
        }
    )
    | _SEES_DESK
)

TABLE: dict[Role, frozenset[str]] = {
    Role.REPORTER: _REPORTER,
    Role.AGENT: _AGENT,
    Role.LEAD: _LEAD,
    Role.MANAGER: _MANAGER,
    Role.ADMINISTRATOR: _ADMINISTRATOR,
    Role.AUDITOR: _AUDITOR,
}
ACTIONS: frozenset[str] = frozenset().union(*TABLE.values())


@dataclass(frozen=True)
class Asker:
    """Whoever stands at a door: a person's id and role, the teams they are in and those they lead.

    `person_id` None is somebody without an account (role reporter, sees nothing).
    """

    person_id: int | None
    role: Role
    team_ids: frozenset[int] = frozenset()
    lead_of: frozenset[int] = frozenset()


@dataclass(frozen=True)
class TicketReach:
    """Which tickets an asker sees: always those they take part in; beyond them
    `everything`, or (`desk`) all but those of restricted services of other teams than `team_ids`."""

    everything: bool
    desk: bool
    team_ids: frozenset[int]


def may(asker: Asker, action: str) -> bool:
    """Whether the asker's role allows the action. Raises KeyError for an action that no role has:
    a misspelt action must never pass silently."""
    if action not in ACTIONS:
        raise KeyError(action)
    return asker.person_id is not None and action in TABLE[asker.role]


def may_for_team(asker: Asker, action: str, team_id: int | None) -> bool:
    """As `may`, where a lead is held to the teams they lead (None: a thing of no team, not a lead's)."""
    if not may(asker, action):
        return False
    return asker.role is not Role.LEAD or team_id in asker.lead_of


def may_run_window(asker: Asker, owner_id: int | None, team_ids: Collection[int]) -> bool:
    """Whether the asker may begin, extend and end an announced window of services of these teams: its owner,
    who stands at it, while they work for the desk; and whoever plans windows for all of them."""
    if owner_id is not None and owner_id == asker.person_id:
        return may(asker, "ticket.work")
    return all(may_for_team(asker, "maintenance.edit", each) for each in team_ids)


def may_change_view(asker: Asker, owner_id: int, team_id: int | None) -> bool:
    """Whether the asker may rename, share or delete a saved view: its owner, and whoever leads the team that
    it is shared with (None: with none)."""
    return asker.person_id is not None and (owner_id == asker.person_id or team_id in asker.lead_of)


def may_be_in_team(role: Role) -> bool:
    """Whether people of that role can be in a team: those who work tickets, and managers."""
    return "ticket.work" in TABLE[role] or role is Role.MANAGER


def ticket_reach(asker: Asker) -> TicketReach:
    """The tickets the asker may see beyond those they take part in."""
    everything = asker.role in (Role.MANAGER, Role.ADMINISTRATOR, Role.AUDITOR)
    desk = asker.role in (Role.AGENT, Role.LEAD)
    known = asker.person_id is not None
    return TicketReach(everything and known, desk and known, asker.team_ids)


def sees_notes(asker: Asker, team_id: int, is_restricted: bool, assignee_id: int | None) -> bool:
    """Whether the asker reads a ticket from the desk's side, notes to colleagues and all.

    Whoever sees it only because they take part in it (agents, too, where the service is restricted and of
    another team) reads what its reporter reads.
    """
    reach = ticket_reach(asker)
    inside = not is_restricted or team_id in reach.team_ids or assignee_id == asker.person_id
    return reach.everything or (reach.desk and inside)


def reads_colleagues(asker: Asker, is_allowed: bool, department_id: int | None) -> bool:
    """Whether the asker reads what colleagues of their department (None: in none) have shared with it, where
    the organisation allows it: its public side, and never of restricted services."""
    return is_allowed and department_id is not None and may(asker, "ticket.see_own")


def figures_teams(asker: Asker) -> frozenset[int] | None:
    """The teams whose tickets count in the asker's figures; None: all. Leads read those of their teams."""
    return None if ticket_reach(asker).everything else asker.lead_of

"""Handing up: what somebody cannot solve goes to a senior of the team, else to the team above it.

It counts neither as an answer nor as a word: whoever has it then has to accept it, like all that is handed.
"""

from dataclasses import dataclass
from datetime import datetime

from helpdesk.desk import dispatch, targets, triage
from helpdesk.rules.dispatch import Choice, choose
from helpdesk.rules.lifecycle import require
from helpdesk.store.db import transaction
from helpdesk.store.people import Person, get_person
from helpdesk.store.teams import Team, get_team
from helpdesk.store.tickets import Ticket, get_ticket_for_change


@dataclass(frozen=True)
class Above:
    """Where a ticket goes that is handed up: to a senior (`choice`), else to `team`; neither: nowhere."""

    choice: Choice
    team: Team | None


def hand_up(ticket_id: int, actor: Person, reason: str, *, now: datetime, door: str = "web") -> Ticket:
    """To the senior of its team with the fewest tickets in work, of those who are here and have the skills; a
    senior's own, and where there is none, to the team above, whose rule gives it to somebody.

    Raises dispatch.Nobody where there is neither.
    """
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        require("assign", ticket.state)
        above = find_above(ticket, actor, now)
        if above.choice.person_id is not None:
            senior = get_person(above.choice.person_id)
            said = {"way": "handed_up", "reason": reason}
            entry = dispatch.hand_to(ticket, senior, now=now, door=door, actor_id=actor.id, **said)
            dispatch.tell(ticket, entry, targets.refresh(ticket, now), now=now, agent=actor)
            return ticket
        if above.team is None:
            raise dispatch.Nobody(above.choice)
        return triage.move(ticket.id, actor, team_id=above.team.id, reason=reason, now=now, door=door)


def find_above(ticket: Ticket, actor: Person, now: datetime) -> Above:
    """Where the ticket would go if the actor handed it up now; reads only. A senior hands up to no other."""
    team = ticket.team
    seniors = {member.person_id for member in team.members if member.is_senior}
    asked = set() if actor.id in seniors else seniors - {ticket.assignee_id}
    found = list(dispatch.candidates(asked, ticket, now).values())
    choice = choose("least_loaded", found, dispatch.needed(ticket), team.last_in_turn_id)
    above = get_team(team.hands_up_to_id) if team.hands_up_to_id is not None else None
    return Above(choice, above if above is not None and above.is_active else None)


def has_above(ticket: Ticket, actor_id: int) -> bool:
    """Whether the ticket's team has anybody to hand up to: without looking who is here."""
    team = ticket.team
    seniors = {member.person_id for member in team.members if member.is_senior}
    return team.hands_up_to_id is not None or bool(seniors and actor_id not in seniors)

"""Dispatch: a ticket is given to somebody by rule, who has to accept it like any other.

It never counts as an answer. Whoever is chosen fits (rules/dispatch); where nobody does, the ticket stays
with its team, and its timeline says so.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from helpdesk.desk import attention, targets
from helpdesk.desk.rosters import turns_at
from helpdesk.desk.timeline import record
from helpdesk.outbound import letters
from helpdesk.rules.access import may, sees_notes
from helpdesk.rules.dispatch import WAYS, Candidate, Choice, Way, choose, way_of
from helpdesk.rules.lifecycle import require
from helpdesk.rules.sla_cycles import Cycle
from helpdesk.store.db import transaction
from helpdesk.store.dispatch import count_in_work, get_team_for_turn, list_here
from helpdesk.store.people import Person, get_person
from helpdesk.store.rosters import list_away
from helpdesk.store.skills import list_skill_ids_of_service, list_skills_of_people
from helpdesk.store.teams import Team
from helpdesk.store.tickets import Entry, Ticket, get_ticket_for_change


class Nobody(Exception):
    """The way finds nobody who fits; `choice` says who was passed over and why."""

    def __init__(self, choice: Choice) -> None:
        super().__init__(f"nobody by {choice.way}")
        self.choice = choice


def assign_by(ticket_id: int, actor: Person, way: Way, *, now: datetime, door: str = "web") -> Ticket:
    """Gives the ticket to whom the way chooses of its team, who has to accept it, be it the actor.

    Whoever has it is not chosen again in turn or by load; where they are on call, nothing changes. Raises
    Nobody where nobody fits.
    """
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        require("assign", ticket.state)
        team = get_team_for_turn(ticket.team_id)
        choice = propose(ticket, now, [way])[0]
        if choice.person_id is None:
            raise Nobody(choice)
        if choice.person_id == ticket.assignee_id:
            return ticket
        entry = _follow(ticket, team, choice, now=now, door=door, actor_id=actor.id)
        tell(ticket, entry, targets.refresh(ticket, now), now=now, agent=actor)
    return ticket


def dispatch(ticket: Ticket, *, now: datetime, door: str) -> Entry | None:
    """Gives a ticket that nobody has to whom its team's rule chooses; returns the entry that says so, or that
    nobody fits. None where somebody has it, or the team takes its tickets by hand.

    Inside a transaction that holds the ticket; the caller brings its targets up to date, and then tells the
    assignee (`tell`).
    """
    if ticket.assignee_id is not None or way_of(ticket.team.dispatch) is None:
        return None
    team = get_team_for_turn(ticket.team.id)  # a move has set it, and not yet its id
    way = way_of(team.dispatch)
    if way is None:  # somebody has just changed it
        return None
    return _follow(ticket, team, propose(ticket, now, [way])[0], now=now, door=door)


def propose(ticket: Ticket, now: datetime, ways: Sequence[Way] = WAYS) -> list[Choice]:
    """Whom each of these ways would choose for the ticket now, in their order; reads only."""
    team = ticket.team
    ids = {way: _ids(way, ticket, now) for way in ways}
    known = candidates({each for found in ids.values() for each in found}, ticket, now)
    asked = needed(ticket)
    return [
        choose(way, [known[each] for each in ids[way] if each in known], asked, team.last_in_turn_id)
        for way in ways
    ]


def _ids(way: Way, ticket: Ticket, now: datetime) -> list[int]:
    """Who comes into question, in the order that the rule wants."""
    team = ticket.team
    if way == "on_call":
        turns = turns_at([team.roster_id, team.backup_roster_id], now, with_next=False)
        on_call = [turns[each].on_call for each in (team.roster_id, team.backup_roster_id) if each in turns]
        return list(dict.fromkeys(each for each in on_call if each is not None))
    return [member.person_id for member in team.members if member.person_id != ticket.assignee_id]


def candidates(person_ids: Collection[int], ticket: Ticket, now: datetime) -> dict[int, Candidate]:
    """These people as the rule asks of them, by id; who has left or works no tickets is not in it."""
    skills, loads, away = list_skills_of_people(person_ids), count_in_work(person_ids), set(list_away(now))
    is_restricted = bool(ticket.service and ticket.service.is_restricted)
    return {
        person.id: Candidate(
            person.id,
            is_away=person.id in away,
            skills=skills.get(person.id, frozenset()),
            may_see=sees_notes(person.asker, ticket.team_id, is_restricted, ticket.assignee_id),
            load=loads.get(person.id, 0),
        )
        for person in list_here(person_ids)
        if may(person.asker, "ticket.work")
    }


def needed(ticket: Ticket) -> list[int]:
    """The ids of the skills that the ticket's service asks for."""
    return list_skill_ids_of_service(ticket.service_id) if ticket.service_id is not None else []


def _follow(
    ticket: Ticket, team: Team, choice: Choice, *, now: datetime, door: str, actor_id: int | None = None
) -> Entry:
    """Does as the rule chose, with the entry that says so; the next turn comes after this one."""
    why = Counter(fault for _person, fault in choice.passed_over)
    said: dict[str, Any] = {"way": choice.way, "load": choice.load, "passed_over": dict(why)}
    if choice.person_id is None:
        return record(ticket, "not_assigned", now=now, door=door, actor_id=actor_id, detail=said)
    if choice.way != "on_call":
        team.last_in_turn_id = choice.person_id
    return hand_to(ticket, get_person(choice.person_id), now=now, door=door, actor_id=actor_id, **said)


def hand_to(
    ticket: Ticket, assignee: Person | None, *, now: datetime, door: str, actor_id: int | None, **said: Any
) -> Entry:
    """The person has the ticket from now on (None: its team) and has to accept it; `said` joins the entry's
    detail. Inside a transaction that holds the ticket; the caller brings its targets up to date."""
    to = assignee.id if assignee is not None else None
    detail = {"from": ticket.assignee_id, "to": to, "accept": "handed", **said}
    entry = record(ticket, "assigned", now=now, door=door, actor_id=actor_id, detail=detail)
    ticket.assignee, ticket.assignee_id = assignee, to
    attention.ask_anew(ticket)
    return entry


def tell(
    ticket: Ticket,
    entry: Entry | None,
    cycles: Sequence[Cycle],
    *,
    now: datetime,
    agent: Person | None = None,
) -> None:
    """The letter to whom the entry has given the ticket, while an answer is owed: else an alarm tells them at
    once. `agent` None: nobody did, the rule has. Inside the transaction."""
    is_owed = any(cycle.target == "response" and cycle.stopped_at is None for cycle in cycles)
    if entry is None or ticket.assignee is None or not is_owed:
        return
    letters.write(
        "assigned",
        ticket.assignee,
        key=f"assigned:{entry.id}",
        now=now,
        ticket=ticket,
        agent=agent,
        way=entry.detail.get("way", ""),
        reason=entry.detail.get("reason", ""),
    )

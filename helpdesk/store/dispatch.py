"""What dispatch asks: whose turn it is, who works tickets, and how many everybody has."""

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from helpdesk.rules.access import Asker
from helpdesk.rules.lifecycle import State
from helpdesk.store.db import db
from helpdesk.store.people import Person
from helpdesk.store.teams import Team
from helpdesk.store.tickets import Ticket, desk_side


def get_team_for_turn(team_id: int) -> Team:
    """The team, locked until the transaction ends: two tickets at once do not get the same turn. LookupError
    if there is none. For desk verbs."""
    # Not so strong a lock that it would wait for tickets which refer to the team: those who have just written
    # one each, and want the turn now, would wait for each other.
    query = select(Team).where(Team.id == team_id).with_for_update(key_share=True)
    team = db.session.scalar(query.execution_options(populate_existing=True))
    if team is None:
        raise LookupError(f"no team {team_id}")
    return team


def list_here(person_ids: Collection[int]) -> list[Person]:
    """Those of these people who have not left, with their teams, by id."""
    query = select(Person).where(Person.id.in_(person_ids), Person.left_at.is_(None))
    return list(db.session.scalars(query.options(selectinload(Person.memberships)).order_by(Person.id)))


def count_in_work(person_ids: Collection[int]) -> dict[int, int]:
    """How many open tickets each of these people has, but those that wait for somebody else and those that
    another one stands for (its parent); who has none is not in it."""
    query = (
        select(Ticket.assignee_id, func.count())
        .where(
            Ticket.assignee_id.in_(person_ids),
            Ticket.is_open,
            Ticket.state != State.WAITING,
            Ticket.parent_id.is_(None),
        )
        .group_by(Ticket.assignee_id)
    )
    return {person_id: count for person_id, count in db.session.execute(query) if person_id is not None}


def list_open_of(person_ids: Collection[int], asker: Asker) -> dict[int, list[int]]:
    """The ids of the open tickets of each of these people that the asker reads as the desk does, the nearest
    deadline first; who has none is not in it."""
    query = (
        select(Ticket.assignee_id, Ticket.id)
        .where(Ticket.assignee_id.in_(person_ids), Ticket.is_open, desk_side(asker))
        .order_by(Ticket.next_due_at.is_(None), Ticket.next_due_at, Ticket.id)
    )
    found: dict[int, list[int]] = {}
    for person_id, ticket_id in db.session.execute(query):
        if person_id is not None:
            found.setdefault(person_id, []).append(ticket_id)
    return found

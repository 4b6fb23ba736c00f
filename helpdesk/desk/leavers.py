"""People who leave, and who come back: sessions, tickets and turns.

Turns need no change: desk/rosters takes those of whoever has left for gaps, also once they are back.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from helpdesk.desk import breaches, channels, follow_ups, people, triage
from helpdesk.desk.changes import By
from helpdesk.desk.roster_sources import gather
from helpdesk.desk.security import log_event
from helpdesk.desk.turn_news import told
from helpdesk.outbound import letters
from helpdesk.rules.access import Role
from helpdesk.rules.rosters import people_of
from helpdesk.store.channels import list_channels
from helpdesk.store.db import transaction
from helpdesk.store.escalations import list_ladders_naming
from helpdesk.store.feeds import list_feed_links
from helpdesk.store.people import (
    Person,
    get_person,
    get_person_for_change,
    is_last_administrator,
    list_people,
)
from helpdesk.store.rosters import Roster, list_rosters
from helpdesk.store.security import list_tokens
from helpdesk.store.teams import Team, list_leads, list_teams_managed_by
from helpdesk.store.tickets import Ticket, list_open_assigned

AHEAD = timedelta(days=3660)


def leave(person_id: int, by: By) -> list[Ticket]:
    """The person has left: every session, link, token and channel ends, their open tickets go back to the
    teams, and the leads hear which tickets, rosters, teams and ladders now need somebody. Returns those
    tickets; [] where they had left.

    Raises people.LastAdministrator, LookupError.
    """
    with transaction():
        person = get_person_for_change(person_id)
        if person.left_at is not None:
            return []
        if is_last_administrator(person):
            raise people.LastAdministrator
        person.left_at = by.now
        person.session_epoch += 1
        for token in list_tokens(person_id):
            token.revoked_at = by.now
        for link in list_feed_links(person_id):
            link.revoked_at = by.now
        for channel in list_channels(person_id=person_id):
            channels.remove(channel.id, by=by)
        given_back = hand_back(person, by)
        follow_ups.hand_on(person, by.now)
        breaches.hand_on(person)
        rosters = rosters_of(person_id, by.now)
        _log("person_left", person, by, {"tickets": len(given_back), "rosters": [r.name for r in rosters]})
        _tell(person, given_back, rosters, by)
    return given_back


def come_back(person_id: int, by: By) -> Person:
    """The person is here again, in their teams and turns as before, from now on; tickets stay where they are.

    They sign in with a new password: whoever had the old one must not. They hear which turns are
    theirs again. Raises LookupError.
    """
    with transaction():
        person = get_person_for_change(person_id)
        if person.left_at is not None:
            turns = [roster.id for roster in rosters_of(person_id, by.now)]
            with told(turns, now=by.now, actor_id=by.actor_id):
                span = [person.left_at.isoformat(), by.now.isoformat()]
                person.left_spans = [*person.left_spans, span]
                person.left_at, person.password_hash = None, None
                person.session_epoch += 1
            _log("person_returned", person, by, {})
    return person


def hand_back(person: Person, by: By) -> list[Ticket]:
    """Every open ticket of the person goes back to its team, with an entry each. Inside a transaction."""
    actor = get_person(by.actor_id)
    return [
        triage.assign(ticket_id, actor, None, now=by.now, door="web")
        for ticket_id in list_open_assigned(person.id)
    ]


def rosters_of(person_id: int, now: datetime) -> list[Roster]:
    """The rosters in which the person takes turns now or later, by name: in layers that hold or are to hold,
    in holidays to come, or by a swap or cover."""
    found = list_rosters()
    plans = gather([roster.id for roster in found], now, now + AHEAD)
    return [roster for roster in found if person_id in people_of(plans[roster.id])]


def _tell(person: Person, given_back: list[Ticket], rosters: list[Roster], by: By) -> None:
    teams = {member.team_id: member.team for member in person.memberships}
    teams |= {ticket.team_id: ticket.team for ticket in given_back}
    managed, ladders = list_teams_managed_by(person.id), list_ladders_naming(person.id)
    teams |= {team.id: team for team in managed}
    if not teams and not rosters and not ladders:
        return
    for hears in _who_hears(teams.values(), person):
        letters.write(
            "person_left",
            hears,
            key=f"person_left:{person.id}:{person.session_epoch}:{hears.id}",
            now=by.now,
            person=person,
            tickets=given_back,
            rosters=[roster.name for roster in rosters],
            managed=[team.name for team in managed],
            ladders=ladders,
        )


def _who_hears(teams: Iterable[Team], person: Person) -> list[Person]:
    """The leads of these teams, else their managers, else the administrators, but not who has left."""
    found: dict[int, Person] = {}
    for team in teams:
        leads = [lead for lead in list_leads(team.id) if lead.is_active]
        manager = [team.manager] if team.manager is not None and team.manager.is_active else []
        found |= {told.id: told for told in leads or manager}
    found.pop(person.id, None)
    return list(found.values()) or list_people(roles=(Role.ADMINISTRATOR,))


def _log(what: str, person: Person, by: By, detail: dict[str, object]) -> None:
    subject = f"person:{person.id}"
    log_event(what, now=by.now, actor_id=by.actor_id, subject=subject, detail=detail, address=by.address)

"""Who has to do with a swap: whom a turn can be offered to, who takes it, sees it, and agrees to it."""

from helpdesk.desk import rosters
from helpdesk.desk.turn_news import runs_of
from helpdesk.rules.access import Asker, Role, may
from helpdesk.rules.spans import Span
from helpdesk.store.people import Person, list_people
from helpdesk.store.rosters import Roster, Swap, list_people_by_id, list_teams_of_roster
from helpdesk.store.teams import list_leads


def takers(swap: Swap) -> list[Person]:
    """Who may take it: the one it is offered to, else all of the roster's people but the asker."""
    if swap.offered_to is not None:
        return [swap.offered_to] if swap.offered_to.is_active else []
    return pool(swap.roster, swap.asker_id)


def may_take(swap: Swap, person: Person) -> bool:
    """Whether the swap is offered to this person."""
    return any(each.id == person.id for each in takers(swap))


def may_see(asker: Asker, swap: Swap) -> bool:
    """Whether somebody sees the swap: who asked, who is or was asked, who took it, and who decides."""
    own = {swap.asker_id, swap.offered_to_id, swap.taken_by_id}
    if asker.person_id in own or rosters.may_edit(asker, swap.roster):
        return True
    return any(each.id == asker.person_id for each in takers(swap))


def pool(roster: Roster, but: int) -> list[Person]:
    """Whom a turn of the roster can be offered to, by name: those who stand in its layers and the members of
    its teams, as long as they are here and take turns at all; without the person `but`."""
    found = list_people_by_id({person for layer in roster.layers for person in layer.people})
    for team in list_teams_of_roster(roster.id):
        found |= {member.person_id: member.person for member in team.members}
    fit = (p for p in found.values() if p.is_active and p.id != but and may(p.asker, "swap.ask"))
    return sorted(fit, key=lambda person: (person.name, person.id))


def deciders(roster: Roster) -> list[Person]:
    """Who is asked to agree: the leads of the roster's teams, else the administrators."""
    teams = list_teams_of_roster(roster.id)
    leads = {p.id: p for team in teams for p in list_leads(team.id) if p.is_active and p.role == Role.LEAD}
    return list(leads.values()) or list_people(roles=(Role.ADMINISTRATOR,))


def has_turn(roster: Roster, person_id: int, span: Span) -> bool:
    """Whether all of the span is that person's turn."""
    return [person and person.id for person, _span in runs_of(roster, *span)] == [person_id]


def returned_of(swap: Swap) -> Span | None:
    """What the asker takes in return, or None."""
    if swap.return_starts_at is None or swap.return_ends_at is None:
        return None
    return swap.return_starts_at, swap.return_ends_at

"""Following up: after a bad rating or a second reopening the team's lead reaches the reporter, finds the
cause, names an action and tells the reporter. It closes only with all of that; a better rating closes
nothing."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from helpdesk.desk.changes import Refused
from helpdesk.desk.grounds import Grounds
from helpdesk.desk.timeline import record
from helpdesk.outbound import letters, links, opinions
from helpdesk.rules import hours
from helpdesk.rules.access import Role
from helpdesk.rules.follow_ups import WORKING_HOURS
from helpdesk.store.db import db, transaction
from helpdesk.store.follow_ups import (
    FollowUp,
    find_open_follow_up,
    get_follow_up,
    get_follow_up_for_change,
    list_overdue_ids,
    list_owned,
    list_owners_of,
)
from helpdesk.store.organisation import find_organisation
from helpdesk.store.people import Person, list_people
from helpdesk.store.tickets import Entry, Ticket, find_entry, get_ticket_for_change

HORIZON = timedelta(days=366)  # beyond it a calendar has no working hours to come


def open_for(ticket: Ticket, because: str, said: Entry, now: datetime) -> FollowUp:
    """Opens a follow-up of the ticket because of what its reporter `said` (a `rated` or `reopened` entry), or
    adds the occasion to the one that is open; its owner is told either way. Its deadline stays the first.

    Inside a transaction that holds the ticket's row.
    """
    stars = said.detail.get("stars")
    found = find_open_follow_up(ticket.id)
    if found is not None:
        occasion = {"because": because, "stars": stars, "at": now.isoformat()}
        found.further = [*found.further, occasion]
    else:
        found = _add(ticket, because, stars, now)
        detail = {"follow_up": found.id, "because": because, "due_at": found.due_at.isoformat()}
        record(ticket, "follow_up_opened", now=now, door="clock", detail=detail)
    for person in _who_hears(found):
        key = f"follow_up:{said.id}:{person.id}"
        _ask(person, found, key, now, because=because, stars=stars, entry=said)
    return found


def _add(ticket: Ticket, because: str, stars: int | None, now: datetime) -> FollowUp:
    owner = _owner_for(ticket.team_id, ticket.assignee_id)
    found = FollowUp(
        ticket_id=ticket.id,
        team_id=ticket.team_id,
        because=because,
        stars=stars,
        further=[],
        opened_at=now,
        due_at=_due_at(now),
        owner_id=owner.id if owner else None,
        owned_at=now if owner else None,
    )
    db.session.add(found)
    db.session.flush()
    return found


def _owner_for(team_id: int, but_id: int | None) -> Person | None:
    """The team's lead: of several rather one who did not work on it. None where the team has none."""
    leads = list_owners_of(team_id)
    return min(leads, key=lambda lead: (lead.id == but_id, lead.id), default=None)


def _due_at(now: datetime) -> datetime:
    """So many hours of the desk's working time later; by the clock where it never works."""
    organisation = find_organisation()
    options = organisation.options if organisation else {}
    length = timedelta(hours=int(options.get("follow_up_hours", WORKING_HOURS)))
    reached = hours.add_open(Grounds(now).office, now, int(length.total_seconds()), now + HORIZON)
    return reached or now + length


def _who_hears(follow_up: FollowUp) -> Sequence[Person]:
    """Its owner, while they lead the team; where it has none (any more) those above the team."""
    owner = next((p for p in list_owners_of(follow_up.team_id) if p.id == follow_up.owner_id), None)
    return [owner] if owner is not None else _above(follow_up)


def _above(follow_up: FollowUp) -> Sequence[Person]:
    """The team's manager, else the administrators."""
    manager = follow_up.team.manager
    if manager is not None and manager.is_active:
        return [manager]
    return list_people(roles=(Role.ADMINISTRATOR,))


def _ask(person: Person, follow_up: FollowUp, key: str, now: datetime, **occasion: Any) -> None:
    letters.write(
        "follow_up",
        person,
        key=key,
        now=now,
        ticket=follow_up.ticket,
        say_reasons=opinions.say_reasons,
        due_at=follow_up.due_at,
        url=_url(follow_up),
        **occasion,
    )


def _url(follow_up: FollowUp) -> str:
    return links.url(f"/figures/follow-ups/{follow_up.id}")


def reach(follow_up_id: int, actor: Person, words: str, *, now: datetime) -> FollowUp:
    """The reporter was reached, and this is what they said. Raises Refused (closed), LookupError."""
    with transaction():
        found = _open_for_change(follow_up_id)
        found.reached_at, found.reached_words = found.reached_at or now, words
    return found


def find_cause(follow_up_id: int, actor: Person, words: str, *, now: datetime) -> FollowUp:
    """Why it went wrong. Raises Refused (closed), LookupError."""
    with transaction():
        found = _open_for_change(follow_up_id)
        found.cause = words
    return found


def name_action(follow_up_id: int, actor: Person, words: str, *, now: datetime) -> FollowUp:
    """What is done about it; another action than the one that the reporter was told has to be told anew.

    Raises Refused (closed), LookupError.
    """
    with transaction():
        found = _open_for_change(follow_up_id)
        if words != found.action:
            found.action, found.told_at = words, None
    return found


def tell(follow_up_id: int, actor: Person, words: str, *, now: datetime) -> FollowUp:
    """Tells the reporter what is done about it: on their report's page, and by letter where they have an
    address. Raises Refused (closed, no_action), LookupError."""
    with transaction():
        ticket = get_ticket_for_change(get_follow_up(follow_up_id).ticket_id)
        found = _open_for_change(follow_up_id)
        if not found.action:
            raise Refused("words", "no_action")
        last = find_entry(ticket.id, "followed_up")
        if found.told_at and last and (last.detail["follow_up"], last.body) == (found.id, words):
            return found  # the same button, pressed twice
        found.told_at = now
        detail = {"follow_up": found.id}
        entry = record(
            ticket,
            "followed_up",
            now=now,
            door="web",
            actor_id=actor.id,
            is_public=True,
            body=words,
            detail=detail,
        )
        key = f"entry:{entry.id}:{ticket.reporter_id}"
        letters.write("followed_up", ticket.reporter, key=key, now=now, ticket=ticket, entry=entry)
    return found


STEPS: Mapping[str, Callable[..., FollowUp]] = {
    "reached": reach,
    "cause": find_cause,
    "action": name_action,
    "told": tell,
}
"""What does each of rules/follow_ups.STEPS: verb(id, actor, words, now=)."""


def close(follow_up_id: int, actor: Person, *, now: datetime) -> FollowUp:
    """Closes it for good. Raises Refused (closed; missing, `names` the steps to be done), LookupError."""
    with transaction():
        ticket = get_ticket_for_change(get_follow_up(follow_up_id).ticket_id)
        found = _open_for_change(follow_up_id)
        if found.missing:
            raise Refused("", "missing", ",".join(found.missing))
        found.closed_at, found.closed_by_id = now, actor.id
        detail = {"follow_up": found.id, "cause": found.cause, "action": found.action}
        record(ticket, "follow_up_closed", now=now, door="web", actor_id=actor.id, detail=detail)
    return found


def hand_to(follow_up_id: int, actor: Person, owner_id: int, *, now: datetime) -> FollowUp:
    """Another lead of its team takes it over, and is told.

    Raises Refused (closed, not_a_lead), LookupError.
    """
    with transaction():
        found = _open_for_change(follow_up_id)
        owner = next((lead for lead in list_owners_of(found.team_id) if lead.id == owner_id), None)
        if owner is None:
            raise Refused("owner_id", "not_a_lead")
        if owner.id != found.owner_id:
            _give(found, owner, now, is_told=owner.id != actor.id)
    return found


def hand_on(person: Person, now: datetime) -> int:
    """Whoever has left follows nothing up any more: another lead does, or nobody yet, and those above hear.

    Returns how many that were. Inside a transaction.
    """
    owned = list_owned(person.id)
    for each in owned:
        _give(each, _owner_for(each.team_id, each.ticket.assignee_id), now)
    return len(owned)


def _give(follow_up: FollowUp, owner: Person | None, now: datetime, is_told: bool = True) -> None:
    follow_up.owner_id, follow_up.owned_at = (owner.id, now) if owner else (None, None)
    for person in _who_hears(follow_up) if is_told else ():
        key = f"follow_up:{follow_up.id}:given:{person.id}:{now.timestamp()}"
        _ask(person, follow_up, key, now, because=follow_up.because, stars=follow_up.stars)


def take_back(ticket: Ticket, reopened: Entry, now: datetime) -> None:
    """The reopening was none, so nobody has to follow it up: unless somebody has begun to, or there was
    another occasion. Inside a transaction that holds the ticket's row."""
    found = find_open_follow_up(ticket.id)
    if found is None or found.because != "reopened" or found.opened_at != reopened.recorded_at:
        return
    if found.further or found.reached_at or found.cause or found.action or found.escalated_at:
        return
    opened = find_entry(ticket.id, "follow_up_opened")
    if opened is not None and opened.detail["follow_up"] == found.id:
        opened.voided_at = now
    db.session.delete(found)


def _open_for_change(follow_up_id: int) -> FollowUp:
    found = get_follow_up_for_change(follow_up_id)
    if found.closed_at is not None:
        raise Refused("", "closed")
    return found


def escalate_due(now: datetime) -> int:
    """Tells those above of each follow-up that has become overdue, once; returns of how many. From the next
    day on their digest names it (desk/digests)."""
    return sum(_escalate(follow_up_id, now) for follow_up_id in list_overdue_ids(now))


def _escalate(follow_up_id: int, now: datetime) -> bool:
    with transaction():
        found = get_follow_up_for_change(follow_up_id)
        if found.closed_at is not None or found.escalated_at is not None:
            return False  # meanwhile
        found.escalated_at = now
        for person in _above(found):
            letters.write(
                "follow_up_overdue",
                person,
                key=f"follow_up_overdue:{found.id}:{person.id}",
                now=now,
                ticket=found.ticket,
                follow_up=found,
                say_steps=opinions.say_steps,
                url=_url(found),
            )
    return True

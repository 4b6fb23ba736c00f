"""Passing an alarm on: whoever was told hands it to the next on the way up, who hears of it at once."""

from datetime import datetime

from helpdesk.desk import rings, surroundings
from helpdesk.desk.alarms import Due, Planned
from helpdesk.desk.grounds import Grounds
from helpdesk.desk.rings import Ring
from helpdesk.desk.tickets import is_asking
from helpdesk.desk.timeline import record
from helpdesk.rules.recipients import Told, next_after
from helpdesk.store.db import transaction
from helpdesk.store.escalations import Alarm
from helpdesk.store.people import Person
from helpdesk.store.tickets import Entry, Ticket, get_ticket_for_change, list_alarm_entries


def find_told(alarm: Alarm, person: Person) -> Entry | None:
    """The entry by which the person was told of the alarm, the latest; None if they were not."""
    entries = list_alarm_entries(alarm.ticket_id, alarm.id)
    return next((e for e in reversed(entries) if person.id in e.detail["people"]), None)


def find_next(alarm: Alarm, person: Person, now: datetime) -> Told | None:
    """Whom the alarm would go to if the person passed it on at `now`; reads only.

    None where there is nothing to pass on: the alarm no longer asks for anybody, the person was not told or
    has passed it on already, or nobody is left further up.
    """
    found = _next(alarm, alarm.ticket, person, now)
    return found.told if found else None


def pass_on(alarm: Alarm, person: Person, *, now: datetime, door: str) -> Told | None:
    """The next on the way up are told of the alarm at once, and the timeline says by whom.

    Once a person and alarm. None where there is nothing to pass on (see `find_next`).
    """
    with transaction():
        ticket = get_ticket_for_change(alarm.ticket_id)
        ring = _next(alarm, ticket, person, now)
        if ring is None:
            return None
        entry = record(ticket, "passed_on", now=now, door=door, actor_id=person.id, detail=ring.said)
        rings.write([(ring, entry.id)], now)
    return ring.told


def _next(alarm: Alarm, ticket: Ticket, person: Person, now: datetime) -> Ring | None:
    """Who is next, as a ring of its own."""
    if not ticket.is_open or not is_asking(alarm, ticket):
        return None
    entries = list_alarm_entries(ticket.id, alarm.id)
    passers = frozenset(e.actor_id for e in entries if e.kind == "passed_on" and e.actor_id is not None)
    told = next((e for e in reversed(entries) if person.id in e.detail["people"]), None)
    if told is None or person.id in passers:
        return None
    is_restricted = ticket.service is not None and ticket.service.is_restricted
    around = surroundings.gather(ticket.team, now, office=Grounds(now).office).about(
        is_restricted, ticket.assignee_id
    )
    following = next_after(told.detail["to"], around, ticket.assignee_id, passers | {person.id})
    if not following.people:
        return None
    said = told.detail | {
        "to": following.to,
        "people": list(following.people),
        "passed_over": [{"to": at, "why": why} for at, why in following.passed_over],
        "passed_by": person.name,
        "late_seconds": 0,
        "occurrence": 1,  # that nobody is on call was said when it rang
    }
    due = Due(alarm, Planned(alarm.key, alarm.kind, alarm.due_at, {}))
    return Ring(ticket, due, following, around, said)

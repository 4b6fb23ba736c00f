"""Urgent business during maintenance: a critical ticket that no window pauses, told to the window's owner and
whoever is on call at once (desk/attention plans both alarms), and what was decided about it."""

from datetime import datetime

from helpdesk.desk import registration, targets, window_steps
from helpdesk.desk.changes import By
from helpdesk.desk.grounds import Grounds
from helpdesk.desk.participants import tell
from helpdesk.desk.registration import Report
from helpdesk.desk.timeline import record
from helpdesk.rules.emergencies import OUTCOMES
from helpdesk.rules.severity import EMERGENCY, Severity
from helpdesk.store.db import Conflict, db, transaction
from helpdesk.store.emergencies import get_emergency_for_change
from helpdesk.store.maintenance import EmergencyRequest, Window, get_window_for_change
from helpdesk.store.people import Person, get_person_afresh
from helpdesk.store.tickets import Ticket, find_sent_ticket, get_ticket_for_change


class NotRunning(Exception):
    """The window does not run: what is urgent is reported as anything else."""


def ask(
    window_id: int, command: Report, asker: Person, *, now: datetime, door: str, sent_key: str | None = None
) -> Ticket:
    """Makes the critical ticket of an emergency request; the window's timeline says so.

    `command.service_id` is one of the window's services that the asker hears of. The same `sent_key` makes
    one ticket. Raises NotRunning; LookupError where there is no such window or service.
    """
    try:
        with transaction():
            if sent_key and (earlier := find_sent_ticket(sent_key)):
                return earlier
            window = get_window_for_change(window_id)
            if not window.is_running(now):
                raise NotRunning
            ticket = _register(window, command, get_person_afresh(asker.id), now, door, sent_key)
            request = EmergencyRequest(
                window_id=window.id, ticket_id=ticket.id, asked_by_id=asker.id, asked_at=now
            )
            db.session.add(request)
            window_steps.record(window, "emergency", now, asker.id, {"ticket": ticket.id})
            return ticket
    except Conflict:  # the same sending at the same time was faster
        if sent_key and (earlier := find_sent_ticket(sent_key)):
            return earlier
        raise


def _register(
    window: Window, command: Report, asker: Person, now: datetime, door: str, sent_key: str | None
) -> Ticket:
    grounds = Grounds(now)
    ticket = registration.new_ticket(command, asker, grounds, now)
    ticket.severity, ticket.severity_reason, ticket.is_triaged = Severity.CRITICAL, EMERGENCY, True
    ticket.sent_key = sent_key
    registration.register(
        ticket,
        command.body,
        grounds,
        now=now,
        door=door,
        actor_id=asker.id,
        detail={"window": window.id, "owner": window.owner_id},
    )
    return ticket


def decide(request_id: int, outcome: str, words: str, by: By, door: str = "web") -> EmergencyRequest:
    """What is done about it (OUTCOMES), in the timelines of ticket and window; the asker is told.

    It may be decided again while things change. LookupError where there is no such request.
    """
    if outcome not in OUTCOMES:
        raise ValueError(outcome)
    with transaction():
        request = get_emergency_for_change(request_id)
        ticket = get_ticket_for_change(request.ticket_id)
        request.outcome, request.words = outcome, words
        request.decided_by_id, request.decided_at = by.actor_id, by.now
        said = {"outcome": outcome, "window": request.window_id}
        entry = record(
            ticket,
            "emergency_decided",
            now=by.now,
            door=door,
            actor_id=by.actor_id,
            is_public=True,
            body=words,
            detail=said,
        )
        told = {"ticket": ticket.id, "outcome": outcome}
        window_steps.record(request.window, "outcome", by.now, by.actor_id, told)
        targets.refresh(ticket, by.now)
        decider = get_person_afresh(by.actor_id)
        tell("emergency_decided", ticket, entry, now=by.now, but=decider, agent=decider, outcome=outcome)
    return request

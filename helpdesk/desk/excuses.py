"""Excusing a breach: a lead says why it was not ours, with evidence; the figures then show both shares."""

from datetime import datetime

from helpdesk.desk import targets
from helpdesk.desk.security import log_event
from helpdesk.desk.timeline import record
from helpdesk.store.db import db, transaction
from helpdesk.store.excuses import Excuse, find_excuse
from helpdesk.store.people import Person
from helpdesk.store.tickets import Ticket, get_ticket_for_change


class ExcuseRefused(Exception):
    """`code`: not_breached (in time, or no such cycle), excused (already), not_excused (none to withdraw)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def excuse(
    ticket_id: int,
    actor: Person,
    target: str,
    cycle: int,
    *,
    reason: str,
    evidence: str,
    now: datetime,
    door: str = "web",
    address: str = "",
) -> Excuse:
    """Excuses the breach of a cycle, on the timeline and in the security log; also of a closed ticket.

    The breach stays what it is: only the adjusted figures leave it out. Raises ExcuseRefused (not_breached,
    excused), LookupError.
    """
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        if not _is_breached(ticket, target, cycle, now):
            raise ExcuseRefused("not_breached")
        if find_excuse(ticket_id, target, cycle) is not None:
            raise ExcuseRefused("excused")
        found = Excuse(
            ticket_id=ticket_id,
            target=target,
            cycle=cycle,
            reason=reason,
            evidence=evidence,
            given_at=now,
            given_by_id=actor.id,
        )
        db.session.add(found)
        _note("excused", found, ticket, actor, {"reason": reason, "evidence": evidence}, now, door, address)
    return found


def withdraw(
    ticket_id: int,
    actor: Person,
    target: str,
    cycle: int,
    *,
    reason: str,
    now: datetime,
    door: str = "web",
    address: str = "",
) -> Excuse:
    """Takes the excuse of a cycle back, with the reason; it is kept. Raises ExcuseRefused (not_excused)."""
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        found = find_excuse(ticket_id, target, cycle)
        if found is None:
            raise ExcuseRefused("not_excused")
        found.withdrawn_at, found.withdrawn_by_id, found.withdrawn_because = now, actor.id, reason
        _note("excuse_withdrawn", found, ticket, actor, {"reason": reason}, now, door, address)
    return found


def _is_breached(ticket: Ticket, target: str, cycle: int, now: datetime) -> bool:
    cycles = targets.explain(ticket, now)
    return any((c.target, c.cycle, c.state) == (target, cycle, "breached") for c in cycles)


def _note(
    kind: str,
    found: Excuse,
    ticket: Ticket,
    actor: Person,
    said: dict[str, str],
    now: datetime,
    door: str,
    address: str,
) -> None:
    detail = {"target": found.target, "cycle": found.cycle, **said}
    record(ticket, kind, now=now, door=door, actor_id=actor.id, detail=detail)
    what = {"excused": "breach_excused", "excuse_withdrawn": "excuse_withdrawn"}[kind]
    log_event(what, now=now, actor_id=actor.id, subject=ticket.number, detail=detail, address=address)

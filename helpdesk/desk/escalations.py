"""Rings alarms: claims what is due, asks the rules again, applies what still holds, many tickets at once.

After a time in which nothing rang, each missed step rings once, its entry saying how late. Of a step that
repeats only one ring is made up, and it goes on by the clock. Whom steps name hears of each that still
matters, that is whose target is still unmet; what has become pointless meanwhile is skipped, with the reason
and the lateness (desk/alarms.decide). A step that a later missed one has overtaken is told all the same: what
waits for one person goes into one letter that lists all (outbound/notices).
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias, TypeVar

from helpdesk.desk import alarms, closing, rings, surroundings, targets, waiting
from helpdesk.desk.alarms import Due
from helpdesk.desk.grounds import Grounds
from helpdesk.desk.rings import Ring
from helpdesk.desk.targets import Decision
from helpdesk.desk.timeline import record_all
from helpdesk.rules import escalation
from helpdesk.store.db import savepoint, transaction
from helpdesk.store.escalations import claim_due_tickets, is_pending, put_off_alarms, update_alarms
from helpdesk.store.services import list_restricted_ids
from helpdesk.store.targets import Facts, list_facts, list_rows, touch_tickets
from helpdesk.store.teams import get_team

log = logging.getLogger(__name__)

BATCH = 400  # alarms a transaction: SQLite's other writers wait for it
TRY_AGAIN_AFTER = timedelta(minutes=5)


@dataclass(frozen=True)
class Rang:
    """What a batch did: alarms that rang, those that had nothing left to do, tickets looked at, and
    tickets whose ringing failed (tried again after TRY_AGAIN_AFTER)."""

    fired: int = 0
    skipped: int = 0
    tickets: int = 0
    failed: int = 0


def ring(now: datetime, batch: int = BATCH) -> Rang:
    """Rings alarms that are due at `now`, at most `batch` tickets' of them. Zero `tickets`: none is left.

    One winner: a ticket is locked while its alarms ring, and who comes second finds them rung. Each ring is
    one timeline entry and a notice a person and way, in one transaction; letters are made of them after it.
    A ticket in disorder is put off and keeps no other from ringing.
    """
    with transaction():
        ids = claim_due_tickets(now, batch)
        if not ids:
            return Rang()
        written = _write_each(_decide(list_facts(list_rows(ids)), now), now)
        done = {decision.facts.ticket.id: decision.alarms for decision, _told in written}
        called = [_call(id_, due, now) for id_, changes in done.items() for due in changes.called]
        for ticket_id in ids:
            if ticket_id not in done:
                put_off_alarms(ticket_id, now + TRY_AGAIN_AFTER)
    fired = sum(len(changes.told) for changes in done.values()) + called.count("fired")
    skipped = [row for changes in done.values() for row in changes.changed if row.get("state") == "skipped"]
    return Rang(fired, len(skipped) + called.count("skipped"), len(ids), len(ids) - len(done))


T = TypeVar("T")
_Decided: TypeAlias = tuple[Decision, list[Ring]]


def _decide(found: Sequence[Facts], now: datetime) -> list[_Decided]:
    """What is to ring of each ticket, and whom that tells; those in disorder left out."""
    grounds = Grounds(min(facts.ticket.reported_at for facts in found))
    decisions = [
        decision
        for facts in found
        for decision in _unless_in_disorder(facts.ticket.id, targets.decide, facts, grounds, now, True)
    ]
    around, restricted = _around(decisions, grounds, now), list_restricted_ids()
    return [
        (decision, told)
        for decision in decisions
        for told in _unless_in_disorder(decision.facts.ticket.id, _tell, decision, around, restricted, now)
    ]


def _unless_in_disorder(ticket_id: int, work: Callable[..., T], *given: Any) -> Iterator[T]:
    """What the work returns; nothing where it fails, which is logged."""
    try:
        yield work(*given)
    except Exception:
        log.exception("alarms of ticket %s could not ring", ticket_id)


def _around(decisions: Sequence[Decision], grounds: Grounds, now: datetime) -> dict[int, escalation.Around]:
    """Who could be told, by team; a team that cannot be gathered is left out, and its tickets are put off."""
    by_team: dict[int, list[Decision]] = {}
    for each in decisions:
        if each.alarms.told:
            by_team.setdefault(each.facts.ticket.team_id, []).append(each)
    found = {}
    for team_id, of_team in by_team.items():
        details = [due.planned.detail for each in of_team for due in each.alarms.told]
        people = {each.facts.ticket.assignee_id for each in of_team} | {d.get("person") for d in details}
        try:
            found[team_id] = surroundings.gather(
                get_team(team_id),
                now,
                office=grounds.office,
                roster_ids={d["roster"] for d in details if "roster" in d},
                person_ids={person for person in people if person is not None},
                with_next=any(d.get("to") == "next_turn" for d in details),
            )
        except Exception:
            log.exception("who could be told in team %s cannot be found out", team_id)
    return found


def _tell(
    decision: Decision, around: Mapping[int, escalation.Around], restricted: frozenset[int], now: datetime
) -> list[Ring]:
    if not decision.alarms.told:
        return []
    ticket = decision.facts.ticket
    of_ticket = around[ticket.team_id].about(ticket.service_id in restricted, ticket.assignee_id)
    return [_ring(decision, due, of_ticket, now) for due in decision.alarms.told]


def _ring(decision: Decision, due: Due, around: escalation.Around, now: datetime) -> Ring:
    """Whom an alarm tells, and the timeline's entry that says so."""
    ticket, planned = decision.facts.ticket, due.planned
    detail = planned.detail
    told = escalation.whom(
        detail.get("to") or _TO[planned.kind],
        around,
        ticket.assignee_id,
        person=detail.get("person"),
        roster=detail.get("roster"),
        channel=detail.get("channel", "all"),
    )
    said = {
        "alarm": due.alarm.id,
        "about": planned.kind,
        "target": detail.get("target"),
        "cycle": detail.get("cycle"),
        "occurrence": detail.get("occurrence", 0),
        "to": told.to,
        "people": list(told.people),
        "passed_over": [{"to": at, "why": why} for at, why in told.passed_over],
        "late_seconds": alarms.late_seconds(planned.due_at, now),
        **({"repeats": True} if detail.get("repeats") else {}),
    }
    return Ring(ticket, due, told, around, said)


# Whom an alarm tells that does not say so itself.
_TO: Mapping[str, escalation.To] = {"triage": "on_call", "supplier": "assignee"}


def _write_each(decided: list[_Decided], now: datetime) -> list[_Decided]:
    """Writes all at once; where that fails each by itself. Returns what was written."""
    try:
        with savepoint():
            _write(decided, now)
        return decided
    except Exception:
        log.exception("alarms of %d tickets could not ring together", len(decided))
    return [
        written
        for each in decided
        for written in _unless_in_disorder(each[0].facts.ticket.id, _write_one, each, now)
    ]


def _write_one(decided: _Decided, now: datetime) -> _Decided:
    with savepoint():
        _write([decided], now)
    return decided


def _write(decided: Sequence[_Decided], now: datetime) -> None:
    targets.write([decision for decision, _told in decided], now)
    told = [ring for _decision, of_ticket in decided for ring in of_ticket]
    said = [{"ticket_id": ring.ticket.id, "detail": ring.said} for ring in told]
    entries = record_all(said, kind="escalated", now=now, door="clock")
    touch_tickets([decision.facts.ticket.id for decision, of_ticket in decided if of_ticket], now)
    rings.write(list(zip(told, entries, strict=True)), now)


def _call(ticket_id: int, due: Due, now: datetime) -> str:
    """Has the alarm's verb done, if it is not pointless by now; the state that the alarm takes, "" where it
    failed or another's verb has made it pointless."""
    if not is_pending(due.alarm.id):
        return ""
    try:
        with savepoint():
            happened = _VERBS[due.planned.kind](ticket_id, due.planned.detail, now) is not None
            state = "fired" if happened else "skipped"
            update_alarms([alarms.row(due.alarm.id, state, due.planned, now)])
    except Exception:
        log.exception("alarm %s of ticket %s could not ring", due.alarm.id, ticket_id)
        put_off_alarms(ticket_id, now + TRY_AGAIN_AFTER)
        return ""
    return state


# What rings as a verb of the desk does; None where nothing was left to do.
_VERBS: Mapping[str, Callable[[int, Mapping[str, Any], datetime], object]] = {
    "wake": lambda ticket_id, _detail, now: waiting.wake(ticket_id, now=now),
    "nudge": lambda ticket_id, detail, now: waiting.nudge(ticket_id, detail["n"], now=now),
    "silence_resolve": lambda ticket_id, _detail, now: closing.resolve_silent(ticket_id, now=now),
    "remind_confirm": lambda ticket_id, _detail, now: closing.remind_confirm(ticket_id, now=now),
    "close_silent": lambda ticket_id, _detail, now: closing.close_silent(ticket_id, now=now),
}

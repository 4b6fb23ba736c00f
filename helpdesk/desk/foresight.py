"""What a change would do before it is made: which open deadlines another calendar would move."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from helpdesk.desk import calendars, targets
from helpdesk.desk.grounds import Grounds
from helpdesk.desk.reference import calendar_with
from helpdesk.store.foresight import count_due_after, list_due_after
from helpdesk.store.names import find_row
from helpdesk.store.policies import Calendar
from helpdesk.store.targets import Facts, list_facts, list_rows

LOOKED_AT = 400  # tickets: a page that asks must not keep anybody waiting
EXAMPLES = 5


@dataclass(frozen=True)
class Move:
    """An open deadline of a ticket, told for `was`, which would be at `to` (None: never)."""

    ticket_id: int
    target: str
    was: datetime
    to: datetime | None


@dataclass(frozen=True)
class Foresight:
    """How many of the `looked_at` tickets get a later or an earlier deadline, and a few of them, the nearest
    first; `concerned` tickets are due under the calendar after the day, whether looked at or not."""

    concerned: int
    looked_at: int
    later: int
    earlier: int
    examples: tuple[Move, ...]


def foresee_calendar(
    calendar_id: int, week: dict[str, Any], dates: dict[str, Any], effective_on: date, now: datetime
) -> Foresight:
    """What calendars.publish would move, by the rules; nothing is written. One ticket counts once, by its
    nearest deadline that moves.

    Raises Refused and ScenarioError as calendars.publish does, LookupError where there is no such calendar.
    """
    calendar = find_row(Calendar, calendar_id)
    if calendar is None:
        raise LookupError(f"no calendar {calendar_id}")
    definition, effective_at = calendars.version_from(calendar, week, dates, effective_on, now)
    foreseen = {calendar_id: calendar_with(calendar, effective_at, definition)}
    present = Grounds(now)
    versions = _versions_by(present, calendar_id)
    tickets = list_rows(list_due_after(versions, effective_at, LOOKED_AT))
    reported_at = min((ticket.reported_at for ticket in tickets), default=now)
    grounds = Grounds(reported_at, foreseen)
    moves = [next(_moves(facts, grounds, now), None) for facts in list_facts(tickets)]
    moved = [move for move in moves if move is not None]
    later = sum(move.to is None or move.to > move.was for move in moved)
    return Foresight(
        concerned=count_due_after(versions, effective_at),
        looked_at=len(tickets),
        later=later,
        earlier=len(moved) - later,
        examples=tuple(moved[:EXAMPLES]),
    )


def _versions_by(grounds: Grounds, calendar_id: int) -> list[int]:
    """The policy versions some target of which counts by that calendar."""
    counted = grounds.reference.calendars[calendar_id]
    return [
        terms.id
        for terms in grounds.reference.terms.values()
        if any(
            target is not None and target.calendar is counted
            for of in terms.targets.values()
            for target in (of.response, of.resolution, of.update)
        )
    ]


def _moves(facts: Facts, grounds: Grounds, now: datetime) -> Iterator[Move]:
    """The open deadlines of one ticket that move, the nearest first."""
    told = {(row.target, row.cycle): row.due_at for row in facts.targets if row.stopped_at is None}
    cycles = targets.cycles_of(facts.ticket, targets.happenings_of(facts), grounds, now)
    ruled = {(cycle.target, cycle.cycle): cycle.due_at for cycle in cycles}
    for key, was in sorted(told.items(), key=lambda each: (each[1] is None, each[1])):
        if was is not None and key in ruled and ruled[key] != was:
            yield Move(facts.ticket.id, key[0], was, ruled[key])

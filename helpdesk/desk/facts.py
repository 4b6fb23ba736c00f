"""Facts made from the timelines: after an upgrade, to be sure, to be proved, and of an earlier instant."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from helpdesk.desk import fact_keeping, reference, targets
from helpdesk.desk.grounds import Grounds
from helpdesk.rules import facts as rules
from helpdesk.rules.figures import Verdict
from helpdesk.rules.scenario import ScenarioError
from helpdesk.rules.timeline import Happening
from helpdesk.store.check import start_afresh
from helpdesk.store.db import transaction
from helpdesk.store.fact_keeping import (
    COLUMNS,
    add_gaps,
    copy_facts,
    count_sums,
    delete_facts,
    find_span,
    find_summed_days,
    is_stale,
    list_between,
    list_kept_between,
    list_lines,
    list_lines_between,
    list_sums,
    take_gap,
)
from helpdesk.store.facts import find_tickets_left
from helpdesk.store.promises import (
    Promise,
    Question,
    get_beside,
    list_open_now,
    list_open_then,
    list_tickets_of_promises,
)

log = logging.getLogger(__name__)

BATCH = 500  # tickets a transaction: SQLite's other writers wait for it
GAP = 5_000  # tickets that one process makes in a row
READ_AT_ONCE = 2_000  # tickets


def settled(question: Question) -> Question:
    """The question made ready to be asked (store.facts.count, list_promises ...), several times if need be:
    with what is counted beside the facts, promises open at its instant and excuses that stood then.

    As of an earlier instant both come from the timelines as they were known then: entries, windows,
    calendars, policies. So a report run again gives the same for ever.
    """
    found = list_open_now(question) if question.as_of is None else open_cycles_at(question)
    return replace(question, beside=get_beside(question, found))


def open_cycles_at(question: Question) -> list[Promise]:
    """The promises that were open at `as_of`, by what was known then, given in the period to tickets of the
    kind; what was past due is breached."""
    then = question.as_of
    assert then is not None  # noqa: S101 - settled says so
    ids = list_open_then(question)
    found: list[Promise] = []
    calendars = reference.calendars_known(then)
    for batch in (ids[n : n + READ_AT_ONCE] for n in range(0, len(ids), READ_AT_ONCE)):
        lines = list_lines(batch, then)
        tickets = [row for row in list_tickets_of_promises(batch) if row.kind == question.kind]
        grounds = Grounds(min((row.reported_at for row in tickets), default=then), calendars, then)
        for ticket in tickets:
            known = [e for e in lines.get(ticket.id, ()) if e.voided_at is None or e.voided_at > then]
            if known:
                found += _open(ticket, known, grounds, then)
    return found


def _open(ticket: Any, known: Sequence[Any], grounds: Grounds, then: datetime) -> Iterator[Promise]:
    whose = rules.whose_at_end(known)
    timeline = [Happening(line.kind, line.at, line.detail) for line in known]
    for cycle in targets.cycles_of(ticket, timeline, grounds, then):
        if cycle.stopped_at is None:
            yield Promise(
                ticket_id=ticket.id,
                target=cycle.target,
                cycle=cycle.cycle,
                kind=ticket.kind,
                severity=cycle.severity,
                service_id=whose.service_id,
                team_id=whose.team_id or ticket.team_id,
                person_id=whose.person_id,
                department_id=ticket.department_id,
                door=ticket.door,
                policy_version_id=ticket.policy_version_id,
                started_at=cycle.started_at,
                due_at=cycle.due_at,
                ended_at=None,
                allowance_seconds=cycle.allowance_seconds,
                elapsed_seconds=cycle.elapsed_seconds,
                waiting_seconds=cycle.waiting_seconds,
                verdict=Verdict.BREACHED if cycle.state == "breached" else Verdict.RUNNING,
                ended_by="",
            )


def begin_rebuild() -> int:
    """Has the facts of all tickets and all sums made anew, unless such work is left from before: then that is
    carried on. Returns of about how many tickets. What is stopped the clock carries on."""
    with transaction():
        add_gaps(GAP)
        fact_keeping.note_all_stale()
    return find_tickets_left()


def tickets_left() -> int:
    """Of about how many tickets facts are still to be made, as others have come along by now."""
    start_afresh()
    return find_tickets_left()


def make_next(batch: int = BATCH) -> int:
    """Makes the facts of the next tickets anew, in one transaction; returns of how many, 0 where none is left
    but what others are making."""
    with transaction():
        ids = take_gap(batch)
        if ids is None:
            return 0
        _make(*ids)
    return ids[1] - ids[0] + 1


def _make(first_id: int, last_id: int) -> None:
    """Has the tickets of these ids bear exactly the facts of their timelines, with when each was known.

    What is so already is left alone. A timeline in disorder leaves its ticket without facts, and says so.
    """
    tickets = list_between(first_id, last_id)
    lines = list_lines_between(first_id, last_id)
    grounds = Grounds(min((row.reported_at for row in tickets), default=datetime.max.replace(tzinfo=UTC)))
    kept = list_kept_between(first_id, last_id)
    new: list[tuple[Any, ...]] = []
    for ticket in tickets:
        for row in history_rows(ticket, lines.get(ticket.id, ()), grounds):
            if kept.pop(row, None) is None:
                new.append(row)
    delete_facts(list(kept.values()))
    copy_facts(new)
    started = COLUMNS.index("started_at")
    fact_keeping.note([row[started] for row in (*kept, *new)])


def history_rows(ticket: Any, lines: Sequence[Any], grounds: Grounds) -> Iterator[tuple[Any, ...]]:
    """The facts that a ticket ever had, as rows of COLUMNS and `gone_at`."""
    try:
        found = rules.history(lines, partial(targets.clock_of, ticket, grounds))
    except (ScenarioError, LookupError):
        log.exception("the timeline of ticket %s is in disorder: it has no facts", ticket.id)
        return
    for known in found:
        row = fact_keeping.row_of(ticket, known.fact) | {"known_at": known.known_at}
        yield (*(row[name] for name in COLUMNS), known.gone_at)


def sweep(batches: int) -> int:
    """Makes facts of tickets of before, at most so many batches of them, and sums stale days; returns of how
    many tickets facts are still to be made. For the clock, again and again."""
    for _batch in range(batches):
        if not find_tickets_left() or not make_next():
            break
    for _batch in range(batches):
        if not fact_keeping.sum_stale():
            break
    return find_tickets_left()


@dataclass(frozen=True)
class WrongSum:
    """A day whose kept sum differs from its facts: `what` is kind, dimension, target and key; met, breached
    and cancelled as kept and as counted (None: no such sum)."""

    day: date
    what: tuple[str, str, str, str]
    kept: tuple[int, int, int] | None
    counted: tuple[int, int, int] | None


def wrong_sums() -> Iterator[WrongSum]:
    """Compares the sums of every day with its facts; what waits to be summed anew is left out. Reads only."""
    zone = fact_keeping.zone_of_days()
    for day in _days_to_compare(zone):
        kept, counted = list_sums(day), count_sums(day, *fact_keeping.bounds(day, zone))
        if kept == counted or is_stale(day):
            continue
        for what in sorted(kept.keys() | counted.keys()):
            if kept.get(what) != counted.get(what):
                yield WrongSum(day, what, kept.get(what), counted.get(what))


def _days_to_compare(zone: ZoneInfo) -> Iterator[date]:
    """Every day from the first that has a fact or a sum to the last."""
    span = find_span()
    ends = [at.astimezone(zone).date() for at in span] if span else []
    ends += find_summed_days() or ()
    first, last = min(ends, default=date.max), max(ends, default=date.min)
    for n in range((last - first).days + 1):
        yield first + timedelta(days=n)

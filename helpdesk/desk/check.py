"""Proves that what is kept of deadlines, alarms and facts is what the rules make of the timelines, and that
tickets are found by what they say. That sums are those of the facts proves desk/facts.wrong_sums."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from operator import attrgetter
from typing import Any

from helpdesk.desk import alarms, fact_keeping, search, targets
from helpdesk.desk.grounds import Grounds
from helpdesk.rules import facts as rules
from helpdesk.rules import sla
from helpdesk.rules.scenario import ScenarioError
from helpdesk.rules.timeline import Happening
from helpdesk.store.check import Kept, find_first_report, list_kept, start_afresh
from helpdesk.store.feedback import Said, list_ratings, list_ratings_said
from helpdesk.store.targets import Facts

BATCH = 500
AT_ONCE = timedelta(minutes=1)
COMPARED = (
    "state",
    "severity",
    "started_at",
    "stopped_at",
    "due_at",
    "breached_at",
    "allowance_seconds",
    "elapsed_seconds",
)


@dataclass(frozen=True)
class Difference:
    """Of ticket `number`, `what` ("response 1 due_at", "alarm response:1:minor:0:0 due_at", "fact response 1
    outcome"): what is kept and what the rule says; None where one of them has no such thing."""

    number: str
    what: str
    kept: Any
    ruled: Any


@dataclass(frozen=True)
class Batch:
    """Some tickets that were looked at, those of them that wait to be computed anew, and what differs."""

    tickets: int
    waiting: int
    differences: list[Difference]


def check() -> Iterator[Batch]:
    """Looks at every ticket, batch by batch. Reads only.

    A ticket whose window or calendar has just changed is counted as waiting: a worker is about to compute
    it. One that differs is read once more, so that a change in between is not taken for an error.
    """
    after_id = 0
    while kept := list_kept(after_id, BATCH):
        # Made anew for each batch: a long check must not hold calendars of long ago against fresh deadlines.
        grounds = Grounds(find_first_report() or datetime.min.replace(tzinfo=UTC))
        doubtful = [each.facts.ticket.id for each in kept if any(_differences(each, grounds))]
        waiting = sum(each.is_stale or each.ended is None for each in kept)
        numbers = {each.facts.ticket.id: each.facts.ticket.number for each in kept}
        after_id = max(numbers)
        differences = [d for ticket_id in doubtful for d in _look_again(ticket_id)]
        differences += _rated_otherwise(numbers)
        yield Batch(len(kept), waiting, differences + _found_by_other_words(numbers))


def _look_again(ticket_id: int) -> list[Difference]:
    kept = list_kept(ticket_id - 1, 1)[0]
    return list(_differences(kept, Grounds(kept.facts.ticket.reported_at)))


def _rated_otherwise(numbers: dict[int, str]) -> list[Difference]:
    """Ratings that are not what their timelines last tell of; read twice, as one may be given just now."""
    doubtful = [ticket_id for ticket_id, kept, said in _ratings(list(numbers)) if kept != said]
    if not doubtful:
        return []
    start_afresh()
    return [
        Difference(numbers[ticket_id], "rating", kept, said)
        for ticket_id, kept, said in _ratings(doubtful)
        if kept != said
    ]


def _ratings(ticket_ids: list[int]) -> list[tuple[int, Said | None, Said | None]]:
    kept, said = list_ratings(ticket_ids), list_ratings_said(ticket_ids)
    return [(each, kept.get(each), said.get(each)) for each in sorted(kept.keys() | said.keys())]


def _found_by_other_words(numbers: dict[int, str]) -> list[Difference]:
    doubtful = search.list_found_by_other_words(list(numbers))
    if not doubtful:
        return []
    start_afresh()
    wrong = search.list_found_by_other_words(doubtful)
    return [Difference(numbers[each], "words it is found by", "others", "those it says") for each in wrong]


def _differences(kept: Kept, grounds: Grounds) -> Iterator[Difference]:
    if kept.is_stale:
        return
    facts, ticket = kept.facts, kept.facts.ticket
    timeline = targets.happenings_of(facts)
    # A target's state and elapsed time are those of its last refresh; nothing the clock hears came after.
    at = max((target.refreshed_at for target in facts.targets), default=ticket.reported_at)
    try:
        cycles = targets.cycles_of(ticket, timeline, grounds, at)
    except ScenarioError as fault:
        yield Difference(ticket.number, "timeline", "", str(fault))
        return
    yield from _target_differences(facts, timeline, cycles)
    yield from _alarm_differences(facts, timeline, cycles, grounds)
    if kept.ended is not None:
        yield from _fact_differences(kept, kept.ended, grounds)
    due = targets.next_due(cycles) if ticket.is_open else (None, None)
    for name, ruled in zip(("next_due_at", "next_target"), due, strict=True):
        if getattr(ticket, name) != ruled:
            yield Difference(ticket.number, name, getattr(ticket, name), ruled)


def _target_differences(
    facts: Facts, timeline: list[Happening], cycles: tuple[sla.Cycle, ...]
) -> Iterator[Difference]:
    number = facts.ticket.number
    rows = {(row.target, row.cycle): row for row in facts.targets}
    ruled: dict[tuple[str, int], sla.Cycle] = {(cycle.target, cycle.cycle): cycle for cycle in cycles}
    severities = _severities(timeline, cycles)
    for key in sorted(rows.keys() | ruled.keys()):
        name = f"{key[0]} {key[1]}"
        row, cycle = rows.get(key), ruled.get(key)
        if row is None or cycle is None:
            yield Difference(number, name, row and row.state, cycle and cycle.state)
            continue
        for column in COMPARED:
            right = severities[key] if column == "severity" else getattr(cycle, column)
            if getattr(row, column) != right:
                yield Difference(number, f"{name} {column}", getattr(row, column), right)


def _fact_differences(kept: Kept, ended: Sequence[Any], grounds: Grounds) -> Iterator[Difference]:
    """Of the facts that stand, and of since when and until when all that there ever were did."""
    ticket = kept.facts.ticket
    try:
        history = rules.history(kept.lines, partial(targets.clock_of, ticket, grounds))
    except ScenarioError as fault:
        yield Difference(ticket.number, "timeline as once known", "", str(fault))
        return
    right = {(k.fact.target, k.fact.cycle): k.fact for k in history if k.gone_at is None}
    rows = {(row.target, row.cycle): row for row in ended if row.gone_at is None}
    named = set[rules.Key]()
    for key in sorted(rows.keys() | right.keys()):
        for what, kept_so, ruled in _column_differences(ticket, rows.get(key), right.get(key)):
            named.add(key)
            yield Difference(ticket.number, f"fact {key[0]} {key[1]}{what}", kept_so, ruled)
    stood = _spans((_counted(row), row.known_at, row.gone_at) for row in ended)
    ruled_so = _spans((_counted(known.fact), known.known_at, known.gone_at) for known in history)
    for counted in sorted(stood.keys() | ruled_so.keys(), key=repr):
        here, there = stood.get(counted, []), ruled_so.get(counted, [])
        if counted[:2] not in named and not _are_close(here, there):
            what = f"fact {counted[0]} {counted[1]} {counted[2]} known and gone"
            yield Difference(ticket.number, what, _said(here), _said(there))


def _column_differences(ticket: Any, row: Any, fact: rules.Fact | None) -> Iterator[tuple[str, Any, Any]]:
    """What differs between a standing fact and the rule's, as kept and as ruled."""
    if row is None or fact is None:
        yield "", row and row.outcome, fact and fact.outcome
        return
    for column, ruled in fact_keeping.row_of(ticket, fact).items():
        if getattr(row, column) != ruled:
            yield f" {column}", getattr(row, column), ruled


def _said(instants: Sequence[datetime | None]) -> str | None:
    return ", ".join(at.isoformat() if at else "still so" for at in instants) or None


_counted = attrgetter("target", "cycle", "outcome", "ended_by", "severity", "service_id", "person_id")


def _spans(known: Iterable[tuple[Any, datetime, datetime | None]]) -> dict[Any, list[datetime | None]]:
    """When what figures count became known and ceased to hold, by turns: another deadline of what had ended
    before it is no news to them."""
    found: dict[Any, list[datetime | None]] = {}
    for what, known_at, gone_at in sorted(known, key=lambda each: each[1]):
        instants = found.setdefault(what, [])
        if instants and instants[-1] == known_at:
            instants.pop()
            instants.append(gone_at)
        else:
            instants += [known_at, gone_at]
    return found


def _are_close(here: Sequence[datetime | None], there: Sequence[datetime | None]) -> bool:
    """Whether these are the same instants. Of two requests at once either may be written first: a few seconds
    are no difference."""
    return len(here) == len(there) and all(
        a == b or (a is not None and b is not None and abs(a - b) < AT_ONCE)
        for a, b in zip(here, there, strict=True)
    )


def _severities(timeline: Iterable[Happening], cycles: tuple[sla.Cycle, ...]) -> dict[tuple[str, int], str]:
    """The severity in force at the start of each cycle."""
    changes = sorted((h for h in timeline if h.kind in _SETS_SEVERITY), key=lambda h: h.at)
    found: dict[tuple[str, int], str] = {}
    for cycle in cycles:
        until = [h for h in changes if h.at.replace(microsecond=0) <= cycle.started_at]
        # What was changed in the second of the report came after it.
        first = until[:1] if cycle.cycle == 1 and cycle.target != "update" else until
        found[cycle.target, cycle.cycle] = str(first[-1].detail[_SETS_SEVERITY[first[-1].kind]])
    return found


_SETS_SEVERITY = {"reported": "severity", "severity_changed": "to"}


def _alarm_differences(
    facts: Facts, timeline: list[Happening], cycles: tuple[sla.Cycle, ...], grounds: Grounds
) -> Iterator[Difference]:
    number = facts.ticket.number
    planned = alarms.planned(
        facts.ticket, timeline, cycles, alarms.rung_of(facts.alarms), grounds, alarms.wait_of(facts)
    )
    ruled = {each.key: each for each in planned}
    pending = {alarm.key: alarm for alarm in facts.alarms if alarm.state == "pending"}
    for key in sorted(ruled.keys() | pending.keys()):
        here, there = pending.get(key), ruled.get(key)
        if here is None or there is None:
            known = here.due_at if here else None
            yield Difference(number, f"alarm {key}", known, there and there.due_at)
            continue
        for column in ("due_at", "kind", "detail"):
            if getattr(here, column) != getattr(there, column):
                yield Difference(
                    number, f"alarm {key} {column}", getattr(here, column), getattr(there, column)
                )

"""Plans alarms: which a ticket needs as it stands. escalations rings them.

A plan is a function of the ticket, its cycles and what has rung, so that `helpdesk check` can prove it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from helpdesk.desk import attention
from helpdesk.desk.grounds import Grounds
from helpdesk.outbound.alarms import ring_soon
from helpdesk.rules import escalation, hours, sla
from helpdesk.rules.attention import ladder_name
from helpdesk.rules.lifecycle import State
from helpdesk.rules.sla_cycles import CycleCount
from helpdesk.rules.timeline import Happening
from helpdesk.store.db import after_commit
from helpdesk.store.escalations import fire_alarms, insert_alarms, update_alarms
from helpdesk.store.targets import Facts
from helpdesk.store.tickets import Ticket

# Alarms that a desk verb does when they ring; all others tell somebody.
VERBS = frozenset({"wake", "nudge", "silence_resolve", "remind_confirm", "close_silent"})


class Planned(NamedTuple):
    """An alarm that should be pending: see store.Alarm."""

    key: str
    kind: str
    due_at: datetime
    detail: dict[str, Any]


@dataclass(frozen=True)
class Wait:
    """The entry since which a ticket waits."""

    entry_id: int
    at: datetime


class Known(Protocol):
    """What planning asks of an alarm that is there: see store.Alarm."""

    @property
    def key(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def fired_at(self) -> datetime | None: ...
    @property
    def detail(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class _Rang:
    """An alarm that rings just now."""

    key: str
    kind: str
    fired_at: datetime
    detail: Mapping[str, Any]
    state: str = "fired"


@dataclass(frozen=True, slots=True)
class Due:
    """An alarm (its row) that is due and that the rules still want, as they want it."""

    alarm: Any
    planned: Planned

    @property
    def is_as_planned(self) -> bool:
        """Whether the row says so already."""
        return bool((self.alarm.due_at, self.alarm.detail) == (self.planned.due_at, self.planned.detail))


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be written of a ticket's alarms: rows to add, rows by id to change (update_alarms), and ids
    of those that have rung as they stood.

    `told` ring by telling somebody, `called` are for their verbs to do.
    """

    new: list[dict[str, Any]]
    changed: list[dict[str, Any]]
    rang: list[int]
    told: list[Due]
    called: list[Due]


def decide(
    facts: Facts,
    timeline: Sequence[Happening],
    cycles: tuple[sla.Cycle, ...],
    grounds: Grounds,
    now: datetime,
    is_ringing: bool = False,
) -> Changes:
    """What brings the ticket's pending alarms in line with its cycles; reads and writes nothing.

    What has rung stays as it is. One that was due but is no longer wanted is skipped, its detail saying
    `because` (_why) and `late_seconds`; should it be wanted again it comes back. `is_ringing`: what is due
    rings as well, and what follows it is planned.
    """
    rung: dict[str, Known] = rung_of(facts.alarms)
    wanted = _wanted(facts, timeline, cycles, rung, grounds)
    due = _due(facts.alarms, wanted, now) if is_ringing else []
    told = [each for each in due if each.alarm.kind not in VERBS]
    changed = [row(each.alarm.id, "fired", each.planned, now) for each in told if not each.is_as_planned]
    rang = [each.alarm.id for each in told if each.is_as_planned]
    for each in told:
        del wanted[each.planned.key]
        rung[each.planned.key] = _Rang(each.planned.key, each.planned.kind, now, each.planned.detail)
    wanted |= _repeats(facts, timeline, cycles, rung, grounds, told)
    for alarm in facts.alarms:
        following = wanted.pop(alarm.key, None)
        if alarm.key not in rung:
            changed += _change(alarm, following, facts.ticket, cycles, now)
    new = [_new(facts.ticket.id, each) for each in wanted.values()]
    return Changes(new, changed, rang, told, [each for each in due if each.alarm.kind in VERBS])


def _wanted(
    facts: Facts,
    timeline: Sequence[Happening],
    cycles: tuple[sla.Cycle, ...],
    rung: Mapping[str, Known],
    grounds: Grounds,
) -> dict[str, Planned]:
    found = planned(facts.ticket, timeline, cycles, rung, grounds, wait_of(facts))
    return {each.key: each for each in found}


def _repeats(
    facts: Facts,
    timeline: Sequence[Happening],
    cycles: tuple[sla.Cycle, ...],
    rung: Mapping[str, Known],
    grounds: Grounds,
    told: Iterable[Due],
) -> dict[str, Planned]:
    """What follows rings of steps that repeat: of the ladders that rang alone, not all planned anew."""
    details = [each.planned.detail for each in told if each.planned.detail.get("repeats")]
    rang = {(detail["target"], detail["cycle"]) for detail in details}
    theirs = tuple(cycle for cycle in cycles if (cycle.target, cycle.cycle) in rang)
    if len(theirs) < len(rang):  # a ladder of attention's
        return _wanted(facts, timeline, cycles, rung, grounds)
    last = _last_rings(rung.values()) if rang else {}
    found = _ladders(facts.ticket, timeline, theirs, last, grounds)
    return {each.key: each for each in found if each.key not in rung}


def wait_of(facts: Facts) -> Wait | None:
    """Since when the ticket waits; None where it does not."""
    if facts.ticket.state != State.WAITING:
        return None
    return next((Wait(e.id, e.at) for e in reversed(facts.timeline) if e.kind == "waiting"), None)


def _due(known: Iterable[Any], wanted: Mapping[str, Planned], now: datetime) -> list[Due]:
    """What was pending and rings, the longest overdue first. What the plan adds is another batch's."""
    pending = (alarm for alarm in known if alarm.state == "pending" and alarm.key in wanted)
    due = [Due(alarm, wanted[alarm.key]) for alarm in pending if wanted[alarm.key].due_at <= now]
    return sorted(due, key=lambda each: (each.planned.due_at, each.alarm.id))


def _change(
    alarm: Any, wanted: Planned | None, ticket: Any, cycles: Iterable[sla.Cycle], now: datetime
) -> Iterator[dict[str, Any]]:
    """The new row of an alarm that has not rung; nothing where it stays as it is."""
    if wanted is not None:
        if alarm.state != "pending" or alarm.detail != wanted.detail:
            yield row(alarm.id, "pending", wanted, None)
        elif alarm.due_at != wanted.due_at:
            yield {"id": alarm.id, "due_at": wanted.due_at}
    elif alarm.state == "pending":
        kept = Planned(alarm.key, alarm.kind, alarm.due_at, dict(alarm.detail))
        if alarm.due_at > now:
            yield row(alarm.id, "cancelled", kept, None)
            return
        because = {"because": _why(alarm, ticket, cycles), "late_seconds": late_seconds(alarm.due_at, now)}
        yield row(alarm.id, "skipped", kept._replace(detail=kept.detail | because), now)


def _why(alarm: Any, ticket: Any, cycles: Iterable[sla.Cycle]) -> str:
    """Why an alarm that was due is pointless: over (its target is met or has ended), waiting, adopted (its
    parent's ring), accepted (a repeat, or what asked for it), changed (the severity, the ladder or when it is
    due)."""
    about = alarm.detail.get("target"), alarm.detail.get("cycle")
    stopped = any(c.stopped_at is not None for c in cycles if (c.target, c.cycle) == about)
    if stopped or not ticket.is_open or alarm.kind in ("silent", "news"):
        return "over"
    if ticket.state == State.WAITING:
        return "waiting"
    if ticket.parent_id is not None:
        return "adopted"
    asks = alarm.detail.get("occurrence") or alarm.detail.get("target") == "acceptance"
    return "accepted" if asks and ticket.accepted_at else "changed"


def late_seconds(due_at: datetime, now: datetime) -> int:
    """How late it rings."""
    return max(0, int((now - due_at).total_seconds()))


def row(alarm_id: int, state: str, planned: Planned, fired_at: datetime | None) -> dict[str, Any]:
    """The row of an alarm as it is to be, for update_alarms."""
    return {
        "id": alarm_id,
        "state": state,
        "due_at": planned.due_at,
        "fired_at": fired_at,
        "detail": planned.detail,
    }


def _new(ticket_id: int, planned: Planned) -> dict[str, Any]:
    return {
        "ticket_id": ticket_id,
        "kind": planned.kind,
        "key": planned.key,
        "due_at": planned.due_at,
        "detail": planned.detail,
    }


def write(changes: Iterable[Changes], now: datetime) -> None:
    """Writes what was decided for some tickets; new alarms already due ring after the commit."""
    decided = list(changes)
    new = [row for each in decided for row in each.new]
    insert_alarms(new)
    update_alarms([row for each in decided for row in each.changed])
    fire_alarms([alarm_id for each in decided for alarm_id in each.rang], now)
    if any(row["due_at"] <= now for row in new):
        after_commit("ring alarms", ring_soon)


def has_rung(alarm: Known) -> bool:
    """Whether it has done what it was for; one that was skipped as pointless may come back."""
    return alarm.state == "fired" or (alarm.state == "skipped" and "because" not in alarm.detail)


def rung_of(known: Iterable[Known]) -> dict[str, Known]:
    """Those of these alarms that have done what they were for, by key."""
    return {alarm.key: alarm for alarm in known if has_rung(alarm)}


def planned(
    ticket: Ticket,
    timeline: Sequence[Happening],
    cycles: tuple[sla.Cycle, ...],
    rung: Mapping[str, Known],
    grounds: Grounds,
    wait: Wait | None,
) -> list[Planned]:
    """Every alarm that should be pending for the ticket as it stands, and its instant.

    `timeline` has nothing voided. `rung` are its alarms that have rung (`rung_of`): none is wanted again, and
    repeats count on from it. `wait`: since when it waits, where it does. A child tells nobody at the desk.
    """
    wanted: list[Planned] = []
    if ticket.state == State.RESOLVED:
        wanted.extend(_silence(ticket, grounds))
    elif ticket.is_open:
        if ticket.parent_id is None:  # else its parent's alarms are for all who have the fault
            last = _last_rings(rung.values())
            wanted.extend(_ladders(ticket, timeline, cycles, last, grounds))
            watched = attention.planned(ticket, timeline, cycles, last, grounds)
            wanted.extend(Planned(*each) for each in watched)
            wanted.extend(_triage(ticket, cycles, grounds))
        wanted.extend(_waiting(ticket, wait, grounds))
    return [each for each in wanted if each.key not in rung]


def _last_rings(known_rung: Iterable[Known]) -> dict[str, escalation.Rung]:
    """The last ring of each step, by escalation.step_key."""
    rung: dict[str, escalation.Rung] = {}
    for alarm in known_rung:
        step, _, occurrence = alarm.key.rpartition(":")
        if alarm.kind == "step" and alarm.fired_at is not None:
            last = escalation.Rung(int(occurrence), alarm.fired_at)
            rung[step] = max(last, rung.get(step, last), key=lambda r: r.occurrence)
    return rung


def _ladders(
    ticket: Ticket,
    timeline: Sequence[Happening],
    cycles: tuple[sla.Cycle, ...],
    rung: Mapping[str, escalation.Rung],
    grounds: Grounds,
) -> Iterator[Planned]:
    by_target = grounds.ladders_of(ticket.severity)
    name = ladder_name(timeline, ticket.severity)
    for cycle in cycles:
        ladder = by_target.get(cycle.target, ())
        for f in escalation.firings(ladder, cycle, name, rung, ticket.accepted_at):
            yield Planned(f.key, "step", f.due_at, f.detail)


def _triage(ticket: Ticket, cycles: tuple[sla.Cycle, ...], grounds: Grounds) -> Iterator[Planned]:
    """A report that nobody has looked at: after so many minutes that count for its response, met or not."""
    if ticket.is_triaged:
        return
    terms, response = grounds.terms_of(ticket.policy_version_id), cycles[0]
    afresh = CycleCount(
        "response", 1, response.started_at, terms.targets[ticket.severity], response.count.windows
    )
    due_at = afresh.reaches_at(terms.triage_minutes * 60)
    if due_at is not None:
        yield Planned("triage", "triage", due_at, {})


def _waiting(ticket: Ticket, wait: Wait | None, grounds: Grounds) -> Iterator[Planned]:
    """While we wait: the wake-up, and for a reporter the nudges and the end of our patience."""
    if ticket.state != State.WAITING or wait is None:
        return
    if ticket.waiting_for == "supplier":
        if ticket.wake_at is not None and ticket.parent_id is None:
            yield Planned(f"wait:{wait.entry_id}:supplier", "supplier", ticket.wake_at, {})
        return
    if ticket.wake_at is not None:
        yield Planned(f"wait:{wait.entry_id}:wake", "wake", ticket.wake_at, {})
    office = grounds.office
    for n, days in enumerate(escalation.NUDGED_AFTER, start=1):
        nudge_at = hours.after_working_days(office, wait.at, days)
        if nudge_at is not None:
            yield Planned(f"wait:{wait.entry_id}:nudge:{n}", "nudge", nudge_at, {"n": n})
    resolve_at = hours.after_working_days(office, wait.at, escalation.RESOLVED_AFTER)
    if resolve_at is not None:
        yield Planned(f"wait:{wait.entry_id}:silence", "silence_resolve", resolve_at, {})


def _silence(ticket: Ticket, grounds: Grounds) -> Iterator[Planned]:
    """Once resolved: a reminder to say whether it holds, and closing when nobody says."""
    if ticket.resolved_at is None:
        return
    office = grounds.office
    for kind, days in (
        ("remind_confirm", escalation.CONFIRM_REMINDED_AFTER),
        ("close_silent", escalation.CLOSED_AFTER),
    ):
        due_at = hours.after_working_days(office, ticket.resolved_at, days)
        if due_at is not None:
            yield Planned(f"resolved:{ticket.reopen_count}:{kind}", kind, due_at, {})

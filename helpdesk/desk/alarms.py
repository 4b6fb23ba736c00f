"""Plans alarms: which a ticket needs as it stands. escalations rings them.

A plan is a function of the ticket, its cycles and what has rung, so that `helpdesk check` can prove it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from helpdesk.desk.grounds import Grounds
from helpdesk.outbound.alarms import ring_soon
from helpdesk.rules import escalation, hours, sla
from helpdesk.rules.lifecycle import State
from helpdesk.rules.sla_cycles import CycleCount
from helpdesk.store.db import after_commit
from helpdesk.store.escalations import Alarm, insert_alarms, list_alarms
from helpdesk.store.tickets import Ticket, find_entry

RUNG = ("fired", "skipped")


@dataclass(frozen=True)
class Planned:
    """An alarm that should be pending: see store.Alarm."""

    key: str
    kind: str
    due_at: datetime
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Wait:
    """The entry since which a ticket waits."""

    entry_id: int
    at: datetime


def plan(
    ticket: Ticket,
    cycles: tuple[sla.Cycle, ...],
    grounds: Grounds,
    now: datetime,
    stored: Iterable[Alarm] | None = None,
) -> None:
    """Brings the ticket's pending alarms in line with its cycles; those already due ring after the commit.

    What has rung stays as it is. `stored`: its alarms so far, where the caller has them all. Inside a
    transaction that holds the ticket's row.
    """
    if stored is None:
        stored = list_alarms([ticket.id])[ticket.id]
    known = {alarm.key: alarm for alarm in stored}
    entry = find_entry(ticket.id, "waiting") if ticket.state == State.WAITING else None
    wait = Wait(entry.id, entry.at) if entry else None
    wanted = {each.key: each for each in planned(ticket, cycles, known.values(), grounds, wait)}
    for key, alarm in known.items():
        if alarm.state in RUNG:
            continue
        if key in wanted:
            alarm.state, alarm.due_at, alarm.detail = "pending", wanted[key].due_at, wanted[key].detail
        else:
            alarm.state = "cancelled"
    new = [each for key, each in wanted.items() if key not in known]
    if new:
        insert_alarms(
            [
                {"ticket_id": ticket.id, "kind": p.kind, "key": p.key, "due_at": p.due_at, "detail": p.detail}
                for p in new
            ]
        )
    if any(each.due_at <= now for each in new):
        after_commit("ring alarms", ring_soon)


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


def planned(
    ticket: Ticket,
    cycles: tuple[sla.Cycle, ...],
    known: Iterable[Known],
    grounds: Grounds,
    wait: Wait | None,
) -> list[Planned]:
    """Every alarm that should be pending for the ticket as it stands, and its instant.

    `known` are its alarms so far: one that has rung is not wanted again, and repeats count on from it.
    `wait`: since when it waits, where it does.
    """
    rung = {alarm.key: alarm for alarm in known if alarm.state in RUNG}
    wanted: list[Planned] = []
    if ticket.state == State.RESOLVED:
        wanted.extend(_silence(ticket, grounds))
    elif ticket.is_open:
        wanted.extend(_ladders(ticket, cycles, rung.values(), grounds))
        wanted.extend(_triage(ticket, cycles, grounds))
        wanted.extend(_waiting(ticket, wait, grounds))
    return [each for each in wanted if each.key not in rung]


def _ladders(
    ticket: Ticket, cycles: tuple[sla.Cycle, ...], known_rung: Iterable[Known], grounds: Grounds
) -> Iterator[Planned]:
    rung: dict[str, escalation.Rung] = {}
    for alarm in known_rung:
        step, _, occurrence = alarm.key.rpartition(":")
        if alarm.kind == "step" and alarm.fired_at is not None:
            last = escalation.Rung(int(occurrence), alarm.fired_at)
            rung[step] = max(last, rung.get(step, last), key=lambda r: r.occurrence)
    by_target = grounds.ladders_of(ticket.severity)
    for cycle in cycles:
        ladder = by_target.get(cycle.target, ())
        for f in escalation.firings(ladder, cycle, ticket.severity, rung, ticket.accepted_at):
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
        yield Planned("triage", "triage", due_at)


def _waiting(ticket: Ticket, wait: Wait | None, grounds: Grounds) -> Iterator[Planned]:
    """While we wait: the wake-up, and for a reporter the nudges and the end of our patience."""
    if ticket.state != State.WAITING or wait is None:
        return
    if ticket.waiting_for == "supplier":
        if ticket.wake_at is not None:
            yield Planned(f"wait:{wait.entry_id}:supplier", "supplier", ticket.wake_at)
        return
    if ticket.wake_at is not None:
        yield Planned(f"wait:{wait.entry_id}:wake", "wake", ticket.wake_at)
    office = grounds.office
    for n, days in enumerate(escalation.NUDGED_AFTER, start=1):
        nudge_at = hours.after_working_days(office, wait.at, days)
        if nudge_at is not None:
            yield Planned(f"wait:{wait.entry_id}:nudge:{n}", "nudge", nudge_at, {"n": n})
    resolve_at = hours.after_working_days(office, wait.at, escalation.RESOLVED_AFTER)
    if resolve_at is not None:
        yield Planned(f"wait:{wait.entry_id}:silence", "silence_resolve", resolve_at)


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
            yield Planned(f"resolved:{ticket.reopen_count}:{kind}", kind, due_at)

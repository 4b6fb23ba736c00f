"""One invented ticket, lived through under the real rules: what happens to it, and which alarms ring.

Nothing here is stored; desk/seed writes the rows. Alarms ring as desk/escalations rings them, a second or two
late, but no letters are written: nobody wants mail about history.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from helpdesk.desk import alarms, targets
from helpdesk.desk.grounds import Grounds
from helpdesk.rules import escalation, facts, sla
from helpdesk.rules.lifecycle import State
from helpdesk.rules.timeline import Happening
from helpdesk.store.tickets import Ticket


class Present(Exception):
    """The story has reached the present: what comes next has not happened yet."""


@dataclass
class World:
    """What lives share: the present, what the rules rest on, who could be told, new ids."""

    now: datetime
    grounds: Grounds
    around: Callable[[int, datetime], escalation.Around]
    entry_ids: Iterator[int]
    alarm_ids: Iterator[int]
    random: Random


class Line(NamedTuple):
    """An entry with the columns of store.Entry that facts rest on."""

    kind: str
    at: datetime
    detail: dict[str, Any]
    actor_id: int | None
    recorded_at: datetime
    voided_at: datetime | None = None


@dataclass(slots=True)
class Ring:
    """An alarm with the columns of store.Alarm, without the weight of an entity: there are ten a ticket."""

    id: int
    ticket_id: int
    key: str
    kind: str
    due_at: datetime
    detail: dict[str, Any]
    state: str = "pending"
    fired_at: datetime | None = None
    retry_at: datetime | None = None


@dataclass
class Life:
    """A ticket (in no database session) on its way: `go_to` lets time pass, `happen` lets things happen."""

    ticket: Ticket
    world: World
    timeline: list[Happening] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    rings: dict[str, Ring] = field(default_factory=dict)
    rating: dict[str, Any] | None = None
    cycles: tuple[sla.Cycle, ...] = ()
    heard_at: datetime | None = None
    severities: dict[tuple[str, int], str] = field(default_factory=dict)
    _wait: alarms.Wait | None = None

    def happen(
        self,
        kind: str,
        at: datetime,
        actor_id: int | None = None,
        *,
        door: str = "web",
        body: str = "",
        is_public: bool = True,
        detail: dict[str, Any] | None = None,
    ) -> int:
        """Writes an entry and has deadlines and alarms follow; returns the entry's id."""
        entry_id = next(self.world.entry_ids)
        self.timeline.append(Happening(kind, at, detail or {}))
        if kind in facts.READ:
            self.lines.append(Line(kind, at, detail or {}, actor_id, at))
        self.entries.append(
            {
                "id": entry_id,
                "ticket_id": self.ticket.id,
                "kind": kind,
                "at": at,
                "recorded_at": at,
                "actor_id": actor_id,
                "door": door,
                "is_public": is_public,
                "body": body,
                "detail": detail or {},
            }
        )
        self.ticket.changed_at = at
        if kind == "waiting":
            self._wait = alarms.Wait(entry_id, at)
        return entry_id

    def refresh(self, at: datetime) -> None:
        """As desk/targets.refresh: cycles as they now stand, and the alarms that should be pending."""
        ticket, world = self.ticket, self.world
        self.cycles = targets.cycles_of(ticket, self.timeline, world.grounds, at)
        self.heard_at = at
        for cycle in self.cycles:
            self.severities.setdefault((cycle.target, cycle.cycle), ticket.severity)
        self._plan()

    def _plan(self) -> None:
        rung, grounds = alarms.rung_of(self.rings.values()), self.world.grounds
        found = alarms.planned(self.ticket, self.timeline, self.cycles, rung, grounds, self._wait)
        wanted = {each.key: each for each in found}
        for key, alarm in self.rings.items():
            if not alarms.has_rung(alarm):
                alarm.state = "pending" if key in wanted else "cancelled"
        for key, each in wanted.items():
            ring = self.rings.get(key)
            if ring is None:
                ring_id = next(self.world.alarm_ids)
                self.rings[key] = Ring(ring_id, self.ticket.id, key, each.kind, each.due_at, each.detail)
            else:
                ring.state, ring.due_at, ring.detail = "pending", each.due_at, each.detail

    def go_to(self, at: datetime) -> datetime:
        """Time passes until `at`, or until just after what happened last; what is due rings.

        Returns the instant then reached. Raises Present where that is still to come.
        """
        while True:
            pending = [alarm for alarm in self.rings.values() if alarm.state == "pending"]
            due = min(pending, key=lambda a: (a.due_at, a.id), default=None)
            if due is None or due.due_at > min(at, self.world.now):
                break
            self._ring(due)
        reached = max(at.replace(microsecond=0), self.timeline[-1].at + timedelta(seconds=1))
        if reached > self.world.now:
            raise Present
        return reached

    def _ring(self, alarm: Ring) -> None:
        at = max(alarm.due_at, self.timeline[-1].at) + timedelta(seconds=self.world.random.randrange(3))
        at = min(at, self.world.now)
        alarm.state, alarm.fired_at = "fired", at
        if alarm.kind in _ACTS:
            _ACTS[alarm.kind](self, alarm, at)
        else:
            self._tell(alarm, at)
            if self._repeats(alarm):
                self._plan()

    def _repeats(self, alarm: Ring) -> bool:
        """Whether the ring may be followed by another; nothing else is planned anew for it."""
        return bool(alarm.detail.get("repeats"))

    def _tell(self, alarm: Ring, at: datetime) -> None:
        ticket = self.ticket
        to: escalation.To = {"triage": "on_call", "supplier": "assignee"}.get(alarm.kind) or alarm.detail[
            "to"
        ]  # type: ignore[assignment]
        told = escalation.whom(to, self.world.around(ticket.team_id, at), ticket.assignee_id)
        self.happen(
            "escalated",
            at,
            door="clock",
            is_public=False,
            detail={
                "alarm": alarm.id,
                "about": alarm.kind,
                "target": alarm.detail.get("target"),
                "cycle": alarm.detail.get("cycle"),
                "occurrence": alarm.detail.get("occurrence", 0),
                "to": told.to,
                "people": list(told.people),
                "passed_over": [{"to": was, "why": why} for was, why in told.passed_over],
                "late_seconds": int((at - alarm.due_at).total_seconds()),
            },
        )

    def accept(self, at: datetime, actor_id: int) -> None:
        """The actor takes it."""
        self.ticket.assignee_id, self.ticket.accepted_at = actor_id, at
        self.happen("accepted", at, actor_id)
        self.ticket.enter(State.IN_WORK)
        self.refresh(at)

    def wait(self, at: datetime, actor_id: int, for_whom: str, wake_at: datetime, words: str) -> None:
        """Waits for the reporter (who is asked) or a supplier."""
        asked = for_whom == "reporter"
        if asked:
            self.happen("replied", at, actor_id, body=words)
        detail = {"for": for_whom, "until": wake_at.isoformat()}
        self.happen("waiting", at, actor_id, body="" if asked else words, is_public=asked, detail=detail)
        self.ticket.enter(State.WAITING)
        self.ticket.waiting_for, self.ticket.wake_at = for_whom, wake_at
        self.refresh(at)

    def answer(self, at: datetime, actor_id: int, words: str) -> None:
        """The reporter writes; it ends a waiting for them."""
        self.happen("reporter_replied", at, actor_id, body=words)
        if self.ticket.waiting_for == "reporter":
            self.ticket.enter(State.IN_WORK)
        self.refresh(at)

    def resume(self, at: datetime, actor_id: int | None, reason: str, door: str = "web") -> None:
        """Nobody is waited for any more."""
        self.happen(
            "resumed",
            at,
            actor_id,
            door=door,
            is_public=False,
            detail={"reason": reason, "from": self.ticket.waiting_for},
        )
        self.ticket.enter(State.IN_WORK)
        self.refresh(at)

    def resolve(
        self, at: datetime, actor_id: int | None, solution: str, door: str = "web", **detail: str
    ) -> None:
        """Resolved; the reporter is asked whether it holds."""
        self.happen("resolved", at, actor_id, door=door, body=solution, detail=detail)
        self.ticket.enter(State.RESOLVED)
        self.ticket.resolved_at = at
        self.ticket.cause, self.ticket.solution = detail.get("cause", ""), solution
        self.refresh(at)

    def reopen(self, at: datetime, actor_id: int, words: str) -> None:
        """Not solved."""
        self.ticket.reopen_count += 1
        self.happen("reopened", at, actor_id, body=words, detail={"step": self.ticket.reopen_count})
        self.ticket.enter(State.NEW)
        self.ticket.resolved_at = self.ticket.accepted_at = None
        self.refresh(at)

    def end(self, at: datetime, kind: str, actor_id: int | None, door: str = "web", **detail: Any) -> None:
        """Closed, cancelled or merged."""
        self.happen(kind, at, actor_id, door=door, detail=detail)
        self.ticket.enter(State.CLOSED if kind == "closed" else State.CANCELLED)
        self.ticket.closed_at = at
        self.refresh(at)


def _nudge(life: Life, alarm: Ring, at: datetime) -> None:
    life.happen("nudged", at, door="clock", detail={"about": "question", "n": alarm.detail["n"]})


def _remind(life: Life, alarm: Ring, at: datetime) -> None:
    life.happen("nudged", at, door="clock", detail={"about": "solution"})


_ACTS: dict[str, Callable[[Life, Ring, datetime], None]] = {
    "wake": lambda life, alarm, at: life.resume(at, None, "woken", "clock"),
    "nudge": _nudge,
    "silence_resolve": lambda life, alarm, at: life.resolve(at, None, "", "clock", because="silence"),
    "remind_confirm": _remind,
    "close_silent": lambda life, alarm, at: life.end(at, "closed", None, "clock", because="silence"),
}

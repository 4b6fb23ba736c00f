"""Rings alarms: claims what is due, asks the rules again, applies what still holds, in batches."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk.desk import alarms, closing, rosters, targets, waiting
from helpdesk.desk.grounds import Grounds
from helpdesk.desk.timeline import record
from helpdesk.outbound import letters, links
from helpdesk.rules import access, escalation, hours, sla
from helpdesk.store.db import savepoint, transaction
from helpdesk.store.escalations import (
    Alarm,
    claim_due_tickets,
    list_alarms,
    list_timelines,
    put_off_alarms,
)
from helpdesk.store.people import Person, get_person, list_people
from helpdesk.store.rosters import list_away
from helpdesk.store.teams import Team, list_leads
from helpdesk.store.tickets import Entry, Ticket

log = logging.getLogger(__name__)

BATCH = 50  # alarms a transaction: SQLite's other writers wait for it
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
    """Rings alarms that are due at `now`, at most `batch` of them. Zero `tickets`: none is left.

    One winner: a ticket is locked while its alarms ring, and who comes second finds them rung. Each ring
    is one timeline entry and one letter a person, in one transaction; letters leave after it.
    """
    fired = skipped = failed = 0
    with transaction():
        claimed = claim_due_tickets(now, batch)
        ids = [ticket.id for ticket in claimed]
        timelines, stored = list_timelines(ids), list_alarms(ids)
        grounds = Grounds(min((ticket.reported_at for ticket in claimed), default=now))
        around = _Surroundings(grounds, now)
        for ticket_id, ticket in zip(ids, claimed, strict=True):
            try:
                with savepoint():
                    states = _ring_ticket(
                        ticket, timelines[ticket_id], stored[ticket_id], grounds, around, now
                    )
                fired += states.count("fired")
                skipped += states.count("skipped")
            except Exception:  # one ticket in disorder must not keep the others from ringing
                log.exception("alarms of ticket %s could not ring", ticket_id)
                put_off_alarms(ticket_id, now + TRY_AGAIN_AFTER)
                failed += 1
    return Rang(fired, skipped, len(ids), failed)


def _ring_ticket(
    ticket: Ticket,
    timeline: list[Entry],
    stored: list[Alarm],
    grounds: Grounds,
    around: "_Surroundings",
    now: datetime,
) -> list[str]:
    """Rings what is due once the plan is fresh; returns the states that the alarms took.

    What the plan adds is another batch's, should it be due.
    """
    cycles = targets.refresh(ticket, now, timeline, grounds, stored)
    due = [a for a in stored if a.state == "pending" and a.due_at <= now]
    states = []
    for alarm in sorted(due, key=lambda a: (a.due_at, a.id)):
        if alarm.state != "pending":  # what rang before it has made it pointless
            continue
        happened = _RINGS[alarm.kind](_Ring(alarm, ticket, timeline, cycles, around, now))
        alarm.state, alarm.fired_at = ("fired" if happened else "skipped"), now
        states.append(alarm.state)
    if any(alarm.detail.get("repeats") for alarm in due):
        alarms.plan(ticket, cycles, grounds, now)
    return states


@dataclass(frozen=True)
class _Ring:
    """One alarm about to ring."""

    alarm: Alarm
    ticket: Ticket
    timeline: list[Entry]
    cycles: tuple[sla.Cycle, ...]
    around: "_Surroundings"
    now: datetime

    def tell(self, to: escalation.To) -> bool:
        """The timeline says so, and whom the step names (or who stands in) gets a letter."""
        ticket, alarm = self.ticket, self.alarm
        told = escalation.whom(to, self.around.of(ticket.team), ticket.assignee_id)
        entry = record(
            ticket,
            "escalated",
            now=self.now,
            door="clock",
            detail={
                "alarm": alarm.id,
                "about": alarm.kind,
                "target": alarm.detail.get("target"),
                "cycle": alarm.detail.get("cycle"),
                "occurrence": alarm.detail.get("occurrence", 0),
                "to": told.to,
                "people": list(told.people),
                "passed_over": [{"to": at, "why": why} for at, why in told.passed_over],
                "late_seconds": max(0, int((self.now - alarm.due_at).total_seconds())),
            },
        )
        for person_id in told.people:
            person = self.around.person(person_id)
            letters.write(
                "escalated",
                person,
                key=f"alarm:{alarm.id}:person:{person_id}",
                now=self.now,
                ticket=ticket,
                entry=entry,
                due_at=self._due_at(),
                reporter=ticket.reporter,
                report=self.timeline[0].body,
                accept_url=self._accept_url(person),
            )
        self._report_gap(told, entry)
        return True

    def _due_at(self) -> datetime | None:
        """When the target is due that the alarm is about."""
        return next(
            (
                c.due_at
                for c in self.cycles
                if (c.target, c.cycle) == (self.alarm.detail.get("target"), self.alarm.detail.get("cycle"))
            ),
            None,
        )

    def _accept_url(self, person: Person) -> str | None:
        if self.ticket.accepted_at is not None or not access.may(person.asker, "ticket.work"):
            return None
        return links.alarm_url(self.alarm.id, person)

    def _report_gap(self, told: escalation.Told, entry: Entry) -> None:
        """Nobody where somebody should be on call: whoever can mend it hears of it, once a step."""
        empty = [
            at for at, why in told.passed_over if why == "nobody" and at in ("on_call", "backup", "team")
        ]
        if not empty or self.alarm.detail.get("occurrence", 0) > 0:
            return
        around = self.around.of(self.ticket.team)
        for person_id in around.leads or around.administrators:
            letters.write(
                "uncovered",
                self.around.person(person_id),
                key=f"alarm:{self.alarm.id}:uncovered:{person_id}",
                now=self.now,
                ticket=self.ticket,
                entry=entry,
                empty=empty,
            )


class _Surroundings:
    """Who could be told at an instant, gathered once a team for a whole batch."""

    def __init__(self, grounds: Grounds, now: datetime) -> None:
        self.now = now
        self._office = grounds.office
        self._people: dict[int, Person] = {}
        self._away = frozenset(list_away(now))
        self._teams: dict[int, escalation.Around] = {}

    def of(self, team: Team) -> escalation.Around:
        if team.id not in self._teams:
            self._teams[team.id] = _gather(team, self._away, self._office, self.now)
        return self._teams[team.id]

    def person(self, person_id: int) -> Person:
        if person_id not in self._people:
            self._people[person_id] = get_person(person_id)
        return self._people[person_id]


def _gather(
    team: Team, away: frozenset[int], office: hours.Calendar | None, now: datetime
) -> escalation.Around:
    members = [m.person_id for m in team.members if m.person.is_active]
    leads = [person.id for person in list_leads(team.id) if person.is_active]
    manager = team.manager_id if team.manager is not None and team.manager.is_active else None
    administrators = [p.id for p in list_people(roles=(access.Role.ADMINISTRATOR,))]
    on_call = rosters.who_is_on_call(team.roster_id, now)
    backup = rosters.who_is_on_call(team.backup_roster_id, now)
    moment = now + timedelta.resolution
    return escalation.Around(
        team=tuple(members),
        leads=tuple(leads),
        manager=manager,
        administrators=tuple(administrators),
        on_call=on_call.id if on_call else None,
        backup=backup.id if backup else None,
        away=away,
        is_open=any(True for _ in hours.open_spans(office, now, moment)),
    )


def _step(ring: _Ring) -> bool:
    return ring.tell(ring.alarm.detail["to"])


# What each kind of alarm does when it rings; True if it happened, False if nothing was left to do.
_RINGS: Mapping[str, Callable[[_Ring], bool]] = {
    "step": _step,
    "triage": lambda ring: ring.tell("on_call"),
    "supplier": lambda ring: ring.tell("assignee"),
    "wake": lambda ring: waiting.wake(ring.ticket.id, now=ring.now) is not None,
    "nudge": lambda ring: waiting.nudge(ring.ticket.id, ring.alarm.detail["n"], now=ring.now) is not None,
    "silence_resolve": lambda ring: closing.resolve_silent(ring.ticket.id, now=ring.now) is not None,
    "remind_confirm": lambda ring: closing.remind_confirm(ring.ticket.id, now=ring.now) is not None,
    "close_silent": lambda ring: closing.close_silent(ring.ticket.id, now=ring.now) is not None,
}

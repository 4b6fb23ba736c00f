"""Reporting and working a ticket, one verb each.

Every verb runs in a transaction, writes one timeline entry, refreshes the deadlines and says by letter
what the reporter should know. Doors have looked the ticket up through the asker's rights before.
"""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any

from helpdesk.desk import attachments, policies, targets
from helpdesk.desk.attachments import Kept, Upload
from helpdesk.desk.grounds import Grounds
from helpdesk.desk.participants import tell, tell_staff
from helpdesk.desk.promises import promise_in
from helpdesk.desk.timeline import record
from helpdesk.outbound import letters
from helpdesk.rules.lifecycle import Kind, State, require
from helpdesk.rules.severity import Affected, Answers, Severity, Works, severity_of
from helpdesk.rules.timeline import Happening
from helpdesk.store.db import Conflict, db, transaction
from helpdesk.store.people import Person, get_person, get_person_afresh
from helpdesk.store.services import Service, find_service_to_report
from helpdesk.store.tickets import Entry, Ticket, find_entry, find_sent_ticket, get_ticket_for_change


@dataclass(frozen=True)
class Report:
    """What somebody reports, as schemas/tickets.ReportSchema loads it from every door.

    `reported_at` None: now (a call may be logged later, with `backdate_reason`). `works` and `affected`
    None: not asked (mail), so the ticket starts minor and untriaged.
    """

    subject: str
    body: str
    kind: Kind = Kind.FAULT
    service_id: int | None = None
    works: Works | None = None
    affected: Affected | None = None
    core_work_stands_still: bool = False
    since: str = ""
    reported_at: datetime | None = None
    backdate_reason: str = ""
    files: list[Upload] = field(default_factory=list)


def sent_key(door: str, sender: int | str, *parts: object) -> str:
    """Names one sending, for `report`. The sender (person id or address) is part of it, so that nobody's
    key leads to what somebody else has sent."""
    return sha256(repr((door, sender, *parts)).encode()).hexdigest()


def report(
    command: Report,
    reporter: Person | Callable[[], Person],
    *,
    now: datetime,
    door: str,
    actor: Person | None = None,
    raw_mail_id: int | None = None,
    detail: dict[str, Any] | None = None,
    receipt: bool = True,
    sent_key: str | None = None,
) -> Ticket:
    """Registers a report and promises an answer: ticket, entry, targets, alarms and receipt in one unit.

    `reporter` may be what finds or makes them, in that unit. `actor` is the agent who logs it for the
    reporter (None: the reporter). `detail` joins the entry's (a mail's quoted text); no `receipt` where
    letters to the reporter would feed a loop. With a `sent_key` that has made a ticket already, that one
    is returned as it is; such a report stands in no other transaction. LookupError where the service is
    gone or no policy fits.
    """
    files, actor_id = attachments.keep(command.files), actor.id if actor else None
    find_reporter = reporter if callable(reporter) else partial(get_person_afresh, reporter.id)
    try:
        with transaction():
            if sent_key and (earlier := find_sent_ticket(sent_key)):
                return earlier
            person = find_reporter()
            return _register(
                command,
                person,
                actor_id or person.id,
                files,
                now=now,
                door=door,
                raw_mail_id=raw_mail_id,
                detail=detail,
                receipt=receipt,
                sent_key=sent_key,
            )
    except Conflict:  # the same sending at the same time was faster
        if sent_key and (earlier := find_sent_ticket(sent_key)):
            return earlier
        raise


def _register(
    command: Report,
    reporter: Person,
    actor_id: int,
    files: list[Kept],
    *,
    now: datetime,
    door: str,
    raw_mail_id: int | None,
    detail: dict[str, Any] | None,
    receipt: bool,
    sent_key: str | None,
) -> Ticket:
    service = find_service_to_report(command.service_id) if command.service_id else None
    at = command.reported_at or now
    grounds = Grounds(at)
    ticket = _new_ticket(command, reporter, service, grounds, now)
    ticket.door, ticket.sent_key = door, sent_key
    said = {
        "severity": ticket.severity,
        "reason": ticket.severity_reason,
        "service": service.id if service else None,
        **({"backdated": command.backdate_reason} if command.backdate_reason else {}),
        **(detail or {}),
    }
    timeline = [Happening("reported", at, said)]
    cycles = targets.cycles_of(ticket, timeline, grounds, now)
    ticket.next_due_at, ticket.next_target = targets.next_due(cycles)
    db.session.add(ticket)
    db.session.flush()
    entry = record(
        ticket,
        "reported",
        now=now,
        at=at,
        door=door,
        actor_id=actor_id,
        is_public=True,
        body=command.body,
        raw_mail_id=raw_mail_id,
        detail=said,
    )
    attachments.attach(entry, files)
    targets.begin(ticket, cycles, grounds, now)
    if receipt:
        letters.write(
            "received",
            reporter,
            key=f"received:{ticket.id}",
            now=now,
            ticket=ticket,
            entry=entry,
            promised=promise_in(ticket, timeline, cycles, grounds, now),
        )
    return ticket


def _new_ticket(
    command: Report, reporter: Person, service: Service | None, grounds: Grounds, now: datetime
) -> Ticket:
    """The ticket of a report with what the severity rule and the policies make of it; in no session yet."""
    at = command.reported_at or now
    verdict = severity_of(
        Answers(command.works, command.affected, command.core_work_stands_still),
        service.is_core if service else False,
    )
    return Ticket(
        subject=command.subject,
        kind=command.kind,
        state=State.NEW,
        is_open=True,
        severity=verdict.severity,
        severity_reason=verdict.reason,
        is_triaged=command.works is not None or command.kind is not Kind.FAULT,
        service=service,
        team_id=service.team_id if service else _default_team_id(grounds),
        reporter=reporter,
        department_id=reporter.department_id,
        answers={
            "works": command.works,
            "affected": command.affected,
            "core_work_stands_still": command.core_work_stands_still,
            "since": command.since,
        },
        policy_version_id=policies.choose_policy(
            grounds.reference, command.kind, command.service_id, reporter.department_id, at
        ).id,
        reported_at=at,
        changed_at=now,
        link_salt=secrets.token_hex(5),
    )


def _default_team_id(grounds: Grounds) -> int:
    if grounds.organisation is None or grounds.organisation.default_team_id is None:
        raise LookupError("no default team")
    return grounds.organisation.default_team_id


class Taken(Exception):
    """Somebody else has taken the ticket since the actor looked at it."""

    def __init__(self, holder: Person) -> None:
        super().__init__(f"{holder.id} has it")
        self.holder = holder


def accept(
    ticket_id: int, actor: Person, *, now: datetime, door: str = "web", seen: int | None = None
) -> Ticket:
    """The actor takes the ticket: it counts as the response, and the reporter is told who has it.

    `seen` is the last entry's id that the actor has read; Taken where it went to somebody else since (None:
    they take it over from whomever). Accepting what the actor already has changes nothing. NotAllowed once
    it is resolved.
    """
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        require("accept", ticket.state)
        if ticket.assignee_id == actor.id and ticket.accepted_at is not None:
            return ticket
        if seen is not None and ticket.assignee is not None and ticket.assignee_id != actor.id:
            handed = [find_entry(ticket.id, kind) for kind in ("accepted", "assigned")]
            if any(entry is not None and entry.id > seen for entry in handed):
                raise Taken(ticket.assignee)
        entry = record(ticket, "accepted", now=now, door=door, actor_id=actor.id, is_public=True)
        ticket.assignee_id = actor.id
        ticket.accepted_at = ticket.accepted_at or now
        if ticket.state == State.NEW:
            ticket.enter(State.IN_WORK)
        targets.refresh(ticket, now)
        tell("accepted", ticket, entry, now=now, agent=actor)
    return ticket


def accept_first(ticket_id: int, actor: Person, *, now: datetime, door: str) -> bool:
    """As `accept`, unless somebody has accepted it already: then nothing changes. Whether it was taken."""
    with transaction():
        if get_ticket_for_change(ticket_id).accepted_at is not None:
            return False
        accept(ticket_id, actor, now=now, door=door)
    return True


def reply(
    ticket_id: int,
    actor: Person,
    body: str,
    *,
    files: Iterable[Upload] = (),
    now: datetime,
    door: str = "web",
) -> Entry:
    """A public answer of staff: stops the response clock and goes to the reporter by letter."""
    kept = attachments.keep(files)
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        require("reply", ticket.state)
        entry = record(ticket, "replied", now=now, door=door, actor_id=actor.id, is_public=True, body=body)
        attachments.attach(entry, kept)
        targets.refresh(ticket, now)
        tell("replied", ticket, entry, now=now, agent=actor)
    return entry


def note(
    ticket_id: int,
    actor: Person,
    body: str,
    *,
    files: Iterable[Upload] = (),
    now: datetime,
    door: str = "web",
) -> Entry:
    """A note to colleagues: the reporter never sees it, no clock hears it."""
    kept = attachments.keep(files)
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        entry = record(ticket, "noted", now=now, door=door, actor_id=actor.id, body=body)
        attachments.attach(entry, kept)
    return entry


def reporter_reply(
    ticket_id: int,
    author: Person,
    body: str,
    *,
    files: Iterable[Upload] = (),
    now: datetime,
    door: str,
    raw_mail_id: int | None = None,
    detail: dict[str, Any] | None = None,
    letter: bool = True,
) -> Entry:
    """A message of the reporter or another participant; it ends a waiting for the reporter.

    Whoever has the ticket is told by letter, or its team; no `letter` where another one says so.
    NotAllowed once the ticket is closed or cancelled.
    """
    kept = attachments.keep(files)
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        require("reporter_reply", ticket.state)
        entry = record(
            ticket,
            "reporter_replied",
            now=now,
            door=door,
            actor_id=author.id,
            is_public=True,
            body=body,
            raw_mail_id=raw_mail_id,
            detail=detail,
        )
        attachments.attach(entry, kept)
        if ticket.state == State.WAITING and ticket.waiting_for == "reporter":
            ticket.enter(State.IN_WORK)
        targets.refresh(ticket, now)
        if letter:
            tell_staff("reporter_wrote", ticket, entry, now=now, author=author)
    return entry


def change_severity(
    ticket_id: int, actor: Person, severity: Severity, reason: str, *, now: datetime, door: str = "web"
) -> Ticket:
    """Another severity, with the reason; the deadlines follow by the rule of the SLA clock."""
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        require("change_severity", ticket.state)
        record(
            ticket,
            "severity_changed",
            now=now,
            door=door,
            actor_id=actor.id,
            is_public=True,
            detail={"from": ticket.severity, "to": severity, "reason": reason},
        )
        ticket.severity, ticket.severity_reason, ticket.is_triaged = severity, "by_hand", True
        targets.refresh(ticket, now)
    return ticket


def assign(
    ticket_id: int, actor: Person, assignee_id: int | None, *, now: datetime, door: str = "web"
) -> Ticket:
    """Hands the ticket to a person (None: back to the team). It does not count as a response."""
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        require("assign", ticket.state)
        assignee = get_person(assignee_id) if assignee_id is not None else None
        record(
            ticket,
            "assigned",
            now=now,
            door=door,
            actor_id=actor.id,
            detail={"from": ticket.assignee_id, "to": assignee_id},
        )
        ticket.assignee_id = assignee.id if assignee else None
        targets.refresh(ticket, now)
        if assignee is not None and assignee.id != actor.id:
            letters.write(
                "assigned",
                assignee,
                key=f"assigned:{ticket.id}:{now.timestamp()}",
                now=now,
                ticket=ticket,
                agent=actor,
            )
    return ticket

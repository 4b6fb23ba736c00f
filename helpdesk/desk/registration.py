"""What a report becomes: ticket, first entry, targets, alarms and receipt, in the caller's transaction."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from helpdesk.desk import attachments, dispatch, policies, targets, window_audience
from helpdesk.desk.attachments import Kept, Upload
from helpdesk.desk.grounds import Grounds
from helpdesk.desk.promises import promise_in
from helpdesk.desk.timeline import record
from helpdesk.outbound import letters
from helpdesk.rules.lifecycle import Kind, State
from helpdesk.rules.severity import Affected, Answers, Works, severity_of
from helpdesk.rules.timeline import Happening
from helpdesk.store.db import db
from helpdesk.store.people import Person
from helpdesk.store.services import find_service_to_report
from helpdesk.store.tickets import Entry, Ticket


@dataclass(frozen=True)
class Report:
    """What somebody reports, as schemas/tickets.ReportSchema loads it from every door.

    `reported_at` None: now (a call may be logged later, with `backdate_reason`). `works` and `affected`
    None: not asked (mail), so the ticket starts minor and untriaged. `fields`: what the service's own
    questions were answered, by id; `is_shared`: colleagues of the department may read it.
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
    fields: dict[str, str] = field(default_factory=dict)
    is_shared: bool = False

    @property
    def answers(self) -> Answers:
        """What the severity rule asks."""
        return Answers(self.works, self.affected, self.core_work_stands_still)


def new_ticket(command: Report, reporter: Person, grounds: Grounds, now: datetime) -> Ticket:
    """The ticket of a report with what the severity rule and the policies make of it; in no session yet.

    LookupError where the service is gone or no policy fits.
    """
    service = find_service_to_report(command.service_id) if command.service_id else None
    at = command.reported_at or now
    verdict = severity_of(command.answers, service.is_core if service else False)
    version = policies.choose_policy(
        grounds.reference, command.kind, command.service_id, reporter.department_id, at
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
        fields=command.fields,
        is_shared=command.is_shared and reporter.department_id is not None,
        policy_version_id=version.id,
        reported_at=at,
        changed_at=now,
        link_salt=secrets.token_hex(5),
    )


def _default_team_id(grounds: Grounds) -> int:
    if grounds.organisation is None or grounds.organisation.default_team_id is None:
        raise LookupError("no default team")
    return grounds.organisation.default_team_id


def register(
    ticket: Ticket,
    body: str,
    grounds: Grounds,
    *,
    now: datetime,
    door: str,
    actor_id: int | None,
    files: Sequence[Kept] = (),
    raw_mail_id: int | None = None,
    detail: dict[str, Any] | None = None,
    letter: str | None = "received",
    is_taken: bool = False,
    **words: Any,
) -> Entry:
    """Adds a ticket as new_ticket makes it with all that follows from it; returns its first entry.

    `actor_id` None: the house itself reports. `detail` joins the entry's. The `letter` to the reporter
    promises an answer, and is given `words`; None writes none. Where nobody has the ticket already, nor
    `is_taken` says that somebody is about to, its team's rule gives it to somebody (desk/dispatch). Inside a
    transaction.
    """
    said = {
        "severity": ticket.severity,
        "reason": ticket.severity_reason,
        "service": ticket.service.id if ticket.service else None,
        "team": ticket.team_id,
        "department": ticket.department_id,
        **(detail or {}),
    }
    ticket.door = door
    timeline = [Happening("reported", ticket.reported_at, said)]
    cycles = targets.cycles_of(ticket, timeline, grounds, now)
    ticket.next_due_at, ticket.next_target = targets.next_due(cycles)
    db.session.add(ticket)
    db.session.flush()
    entry = record(
        ticket,
        "reported",
        now=now,
        at=ticket.reported_at,
        door=door,
        actor_id=actor_id,
        is_public=True,
        body=body,
        raw_mail_id=raw_mail_id,
        detail=said,
    )
    attachments.attach(entry, files)
    given = None if is_taken else dispatch.dispatch(ticket, now=now, door=door)
    if given is not None:
        timeline.append(Happening(given.kind, given.at, given.detail))
    targets.begin(ticket, timeline, cycles, grounds, now)
    dispatch.tell(ticket, given, cycles, now=now)
    if letter:
        letters.write(
            letter,
            ticket.reporter,
            key=f"received:{ticket.id}",
            now=now,
            ticket=ticket,
            entry=entry,
            promised=promise_in(ticket, timeline, cycles, grounds, now),
            maintenance=window_audience.about(ticket, now),
            **words,
        )
    return entry

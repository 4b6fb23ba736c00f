"""Reopenings that were none: something else is wrong, so it goes on as a report of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpdesk.desk import attention, excuses, follow_ups, registration, search, targets
from helpdesk.desk.attachments import kept_of
from helpdesk.desk.grounds import Grounds
from helpdesk.desk.links import keep
from helpdesk.desk.timeline import record
from helpdesk.rules.lifecycle import Kind, NotAllowed, State, require
from helpdesk.rules.severity import Affected, Answers, Works
from helpdesk.store.breaches import delete_groundless
from helpdesk.store.db import transaction
from helpdesk.store.escalations import set_aside_alarms
from helpdesk.store.excuses import list_excuses
from helpdesk.store.people import Person
from helpdesk.store.tickets import Entry, Ticket, get_ticket_for_change, list_entries

# What a resolved ticket does not allow: taken out of its timeline, the reopening would leave it in disorder.
_GOES_ON = frozenset({"waiting", "resolved"})


def not_a_reopening(
    ticket_id: int,
    actor: Person,
    reason: str,
    *,
    subject: str = "",
    answers: Answers | None = None,
    service_id: int | None = None,
    now: datetime,
    door: str = "web",
) -> Ticket:
    """Voids the ticket's last reopening and makes a report of its words; returns the new ticket.

    The new one counts from the reopening's instant, with the same reporter; subject, service, team and
    severity are the old one's unless `subject`, `service_id` or `answers` say otherwise. The old one is
    resolved as it was before: the clock leaves out what is voided, and what rang for the reopening counts for
    no other. Both name each other, with the reason, which the reporter is told. NotAllowed where it is not
    reopened (verb `unreopen`) or has been waiting or resolved since (`unreopen_later`); LookupError where the
    service is gone.
    """
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        require("unreopen", ticket.state)
        entries = [entry for entry in list_entries(ticket.id) if entry.voided_at is None]
        place = max((n for n, entry in enumerate(entries) if entry.kind == "reopened"), default=None)
        if place is None:
            raise NotAllowed("unreopen", State(ticket.state))
        if any(entry.kind in _GOES_ON for entry in entries[place:]):
            raise NotAllowed("unreopen_later", State(ticket.state))
        reopened, words = entries[place], _words_of(entries[: place + 1])
        judgement = _Judgement(actor, reason, now, door)
        new = _ticket_of(ticket, reopened, subject or ticket.subject, answers, service_id, now)
        _report_anew(new, ticket, reopened, words, judgement)
        _link(ticket, new, reopened, judgement)
        _resolve_as_before(ticket, reopened, entries, judgement)
    return new


@dataclass(frozen=True)
class _Judgement:
    """Who says so and why, when, and through which door."""

    actor: Person
    reason: str
    now: datetime
    door: str


def _words_of(entries: Sequence[Entry]) -> Entry:
    """The entry with what the reporter wrote: the last, or where that is empty the mail that came with it."""
    *before, reopened = entries
    came_with = before[-1:] if not reopened.body else []
    mails = [e for e in came_with if e.kind == "reporter_replied" and e.actor_id == reopened.actor_id]
    return mails[0] if mails else reopened


def _ticket_of(
    ticket: Ticket,
    reopened: Entry,
    subject: str,
    answers: Answers | None,
    service_id: int | None,
    now: datetime,
) -> Ticket:
    said = answers or _answers_of(ticket)
    command = registration.Report(
        subject=subject,
        body="",
        kind=Kind(ticket.kind),
        service_id=service_id or ticket.service_id,
        works=said.works,
        affected=said.affected,
        core_work_stands_still=said.core_work_stands_still,
        reported_at=reopened.at,
    )
    new = registration.new_ticket(command, ticket.reporter, Grounds(reopened.at), now)
    if answers is None:
        new.severity, new.severity_reason = ticket.severity, ticket.severity_reason
        new.is_triaged = ticket.is_triaged
    if service_id is None:
        new.team_id = ticket.team_id
    return new


def _report_anew(new: Ticket, old: Ticket, reopened: Entry, words: Entry, judgement: _Judgement) -> None:
    registration.register(
        new,
        words.body,
        Grounds(reopened.at),
        now=judgement.now,
        door=reopened.door,
        actor_id=reopened.actor_id or old.reporter_id,
        files=kept_of(words),
        raw_mail_id=words.raw_mail_id,
        # What their mail brought besides its words, quoted history and all.
        detail=words.detail if words.kind == "reporter_replied" else None,
        letter="not_reopened",
        old=old,
        reason=judgement.reason,
    )


def _answers_of(ticket: Ticket) -> Answers:
    known = ticket.answers or {}
    works, affected = known.get("works"), known.get("affected")
    return Answers(
        Works(works) if works else None,
        Affected(affected) if affected else None,
        bool(known.get("core_work_stands_still")),
    )


def _link(old: Ticket, new: Ticket, reopened: Entry, judgement: _Judgement) -> None:
    by: dict[str, Any] = {"now": judgement.now, "door": judgement.door, "actor_id": judgement.actor.id}
    there = {"how": "became", "ticket": new.id, "reason": judgement.reason, "voids": reopened.id}
    here = {"how": "came_of", "ticket": old.id, "reason": judgement.reason}
    keep(new, "relates_to", old, judgement.now)
    record(old, "linked", is_public=True, detail=there, **by)
    record(new, "linked", is_public=True, detail=here, **by)


def _resolve_as_before(
    ticket: Ticket, reopened: Entry, entries: Sequence[Entry], judgement: _Judgement
) -> None:
    now = judgement.now
    reopened.voided_at = now
    search.index([ticket.id])
    last = {entry.kind: entry.at for entry in entries}
    ticket.reopen_count -= 1
    ticket.resolved_at, ticket.accepted_at = last["resolved"], last.get("accepted")
    ticket.enter(State.RESOLVED)
    follow_ups.take_back(ticket, reopened, now)
    attention.promise_news(ticket, now)
    set_aside_alarms(ticket.id, reopened.recorded_at, f"voided:{reopened.id}:")
    cycles = targets.refresh(ticket, now)
    delete_groundless(ticket.id)
    late = {(cycle.target, cycle.cycle) for cycle in cycles if cycle.state == "breached"}
    by: dict[str, Any] = {"reason": judgement.reason, "now": now, "door": judgement.door}
    for excuse in list_excuses(ticket.id):
        if (excuse.target, excuse.cycle) not in late:
            excuses.withdraw(ticket.id, judgement.actor, excuse.target, excuse.cycle, **by)

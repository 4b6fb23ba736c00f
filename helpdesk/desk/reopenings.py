"""Reopenings that were none: something else is wrong, so it goes on as a report of its own."""

from collections.abc import Sequence
from datetime import datetime

from helpdesk.desk import attention, excuses, registration, targets
from helpdesk.desk.attachments import Kept
from helpdesk.desk.grounds import Grounds
from helpdesk.desk.timeline import record
from helpdesk.rules.lifecycle import Kind, NotAllowed, State, require
from helpdesk.rules.severity import Affected, Answers, Works
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
    answers: Answers | None = None,
    service_id: int | None = None,
    now: datetime,
    door: str = "web",
) -> Ticket:
    """Voids the ticket's last reopening and makes a report of its words; returns the new ticket.

    The new one counts from the reopening's instant, with the same reporter; service, team and severity are the
    old one's unless `service_id` or `answers` say otherwise. The old one is resolved as it was before: the
    clock leaves out what is voided, and what rang for the reopening counts for no other. Both name each other,
    with the reason, which the reporter is told. NotAllowed where it is not reopened (verb `unreopen`) or has
    been waiting or resolved since (`unreopen_later`); LookupError where the service is gone.
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
        new = _report_anew(ticket, reopened, words, reason, answers, service_id, now)
        _link(ticket, new, reopened, actor, reason, now, door)
        _resolve_as_before(ticket, reopened, entries, actor, reason, now, door)
    return new


def _words_of(entries: Sequence[Entry]) -> Entry:
    """The entry with what the reporter wrote: the last, or where that is empty the mail that came with it."""
    *before, reopened = entries
    came_with = before[-1:] if not reopened.body else []
    mails = [e for e in came_with if e.kind == "reporter_replied" and e.actor_id == reopened.actor_id]
    return mails[0] if mails else reopened


def _report_anew(
    ticket: Ticket,
    reopened: Entry,
    words: Entry,
    reason: str,
    answers: Answers | None,
    service_id: int | None,
    now: datetime,
) -> Ticket:
    said = answers or _answers_of(ticket)
    command = registration.Report(
        subject=ticket.subject,
        body=words.body,
        kind=Kind(ticket.kind),
        service_id=service_id or ticket.service_id,
        works=said.works,
        affected=said.affected,
        core_work_stands_still=said.core_work_stands_still,
        reported_at=reopened.at,
    )
    grounds = Grounds(reopened.at)
    new = registration.new_ticket(command, ticket.reporter, grounds, now)
    if answers is None:
        new.severity, new.severity_reason = ticket.severity, ticket.severity_reason
        new.is_triaged = ticket.is_triaged
    if service_id is None:
        new.team_id = ticket.team_id
    registration.register(
        new,
        words.body,
        grounds,
        now=now,
        door=reopened.door,
        actor_id=reopened.actor_id or ticket.reporter_id,
        files=[Kept(a.name, a.media_type, a.size, a.sha256, a.content_id) for a in words.attachments],
        raw_mail_id=words.raw_mail_id,
        letter="not_reopened",
        old=ticket,
        reason=reason,
    )
    return new


def _answers_of(ticket: Ticket) -> Answers:
    known = ticket.answers or {}
    works, affected = known.get("works"), known.get("affected")
    return Answers(
        Works(works) if works else None,
        Affected(affected) if affected else None,
        bool(known.get("core_work_stands_still")),
    )


def _link(
    old: Ticket, new: Ticket, reopened: Entry, actor: Person, reason: str, now: datetime, door: str
) -> None:
    for one, detail in (
        (old, {"how": "became", "ticket": new.id, "reason": reason, "voids": reopened.id}),
        (new, {"how": "came_of", "ticket": old.id, "reason": reason}),
    ):
        record(one, "linked", now=now, door=door, actor_id=actor.id, is_public=True, detail=detail)


def _resolve_as_before(
    ticket: Ticket,
    reopened: Entry,
    entries: Sequence[Entry],
    actor: Person,
    reason: str,
    now: datetime,
    door: str,
) -> None:
    reopened.voided_at = now
    last = {entry.kind: entry.at for entry in entries}
    ticket.reopen_count -= 1
    ticket.resolved_at, ticket.accepted_at = last["resolved"], last.get("accepted")
    ticket.enter(State.RESOLVED)
    attention.promise_news(ticket, now)
    set_aside_alarms(ticket.id, reopened.recorded_at, f"voided:{reopened.id}:")
    cycles = targets.refresh(ticket, now)
    late = {(cycle.target, cycle.cycle) for cycle in cycles if cycle.state == "breached"}
    for excuse in list_excuses(ticket.id):
        if (excuse.target, excuse.cycle) not in late:
            excuses.withdraw(ticket.id, actor, excuse.target, excuse.cycle, reason=reason, now=now, door=door)

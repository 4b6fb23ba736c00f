"""What the page of a ticket shows those who work it."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import abort, g, render_template
from flask_babel import gettext as _
from flask_login import current_user

from helpdesk.desk import explanation, hand_up, presence
from helpdesk.rules import access
from helpdesk.rules.attention import is_accepted_by
from helpdesk.rules.lifecycle import State, is_allowed
from helpdesk.rules.severity import Affected, Answers, Works, severity_of
from helpdesk.store.drafts import find_draft
from helpdesk.store.escalations import list_alarms
from helpdesk.store.excuses import list_excuses
from helpdesk.store.participants import FOLLOWER, list_participation
from helpdesk.store.people import Person, get_person
from helpdesk.store.tickets import Entry, Ticket, find_ticket, is_desk_side, list_entries, ticket_id_of
from helpdesk.web import deadlines, deliveries, words
from helpdesk.web.forms import Errors
from helpdesk.web.frame import asker, may
from helpdesk.web.rich_text import rendered
from helpdesk.web.sentences import severity_word
from helpdesk.web.ticket_forms import FORMS, proposed_news
from helpdesk.web.ticket_thread import conversation


def desk_ticket(number: str) -> Ticket:
    """The ticket of that number if the asker reads it as the desk does; 404 otherwise."""
    found = find_ticket(ticket_id_of(number) or 0, asker())
    if found is None or not is_desk_side(found, asker()):
        abort(404)
    return found


def worked_ticket(number: str) -> Ticket:
    """As `desk_ticket`, for what is done by those who write on tickets: whoever only reads finds a 404."""
    if not may_write():
        abort(404)
    return desk_ticket(number)


def may_write() -> bool:
    """Whether the asker answers reporters, or at least writes notes."""
    return may("ticket.work") or may("ticket.note")


def me() -> Person:
    """Who is at the door."""
    return get_person(current_user.id)


def show(
    ticket: Ticket,
    errors: Errors,
    typed: Mapping[str, str],
    newer: Sequence[Entry] = (),
    *,
    is_preview: bool = False,
) -> str:
    """The page; `typed` is what came back with the form, without it the draft stands there. `is_preview`: as
    it would look when it is sent."""
    entries = list_entries(ticket.id)
    works = may("ticket.work")
    thread = conversation(ticket, entries)
    is_why_said = any(t.tone == "late" for told in thread["troubles"].values() for t in told)
    found = explanation.explain(ticket, g.now, entries)
    excuses = list_excuses(ticket.id) if any(e.kind == "excused" for e in entries) else []
    draft = find_draft(ticket.id, current_user.id) if not typed and may_write() else None
    has_ended = ticket.state in ("closed", "cancelled")
    return render_template(
        "tickets/page.html",
        ticket=ticket,
        state=_state(ticket),
        errors=errors,
        typed={"as": draft.mode, "body": draft.body} if draft else typed,
        draft=draft,
        preview=rendered(typed.get("body", "")) if is_preview else None,
        newer=newer,
        others=presence.others(ticket.id, current_user.id, now=g.now),
        deadlines=deadlines.cards(found, excuses),
        can_excuse=access.may_for_team(asker(), "breach.excuse", ticket.team_id),
        ahead=[] if has_ended else deadlines.ahead(list_alarms([ticket.id])[ticket.id]),
        severity_said=_severity(ticket, entries),
        about=_about(ticket),
        failing=deliveries.say_failing(ticket.reporter, is_why_said),
        can={name: works and _is_possible(name, ticket) for name in FORMS},
        can_accept=works and is_allowed("accept", ticket.state) and not _has_accepted(ticket, entries),
        news=proposed_news(ticket, found.grounds),
        can_resume=works and is_allowed("resume", ticket.state),
        can_reply=works and is_allowed("reply", ticket.state),
        can_note=may_write(),
        **_people(ticket),
        **thread,
    )


def _is_possible(deed: str, ticket: Ticket) -> bool:
    if deed == "not-a-reopening" and not ticket.reopen_count:
        return False
    if deed == "news" and ticket.waiting_for == "reporter":
        return False
    if deed == "hand-up" and not hand_up.has_above(ticket, current_user.id):
        return False
    return is_allowed(FORMS[deed].verb, ticket.state)


def _has_accepted(ticket: Ticket, entries: Sequence[Entry]) -> bool:
    """Whether there is nothing left for whoever looks at it to accept (rules/attention)."""
    told = [e.at for e in entries if e.kind == "escalated"]
    return is_accepted_by(current_user.id, ticket.assignee_id, ticket.accepted_at, max(told, default=None))


def _people(ticket: Ticket) -> dict[str, Any]:
    """Who takes part, and whether the asker follows (None: they hear of it anyway, or only read)."""
    part = list_participation(ticket)
    how = {person.id: how for person, how in part}.get(current_user.id)
    is_concerned = current_user.id in (ticket.reporter_id, ticket.assignee_id)
    can_choose = may_write() and not is_concerned and how in (None, FOLLOWER)
    return {
        "participants": [person for person, _how in part],
        "follows": (how == FOLLOWER) if can_choose or how == FOLLOWER else None,
    }


def _state(ticket: Ticket) -> tuple[str, str]:
    """The state's chip: words and tone."""
    if ticket.state == State.WAITING:
        for_whom = (
            _("Waiting for reporter") if ticket.waiting_for == "reporter" else _("Waiting for supplier")
        )
        return for_whom, "wait"
    if ticket.state == State.RESOLVED:
        return _("Resolved, to be confirmed"), "ok"
    return str(words.STATES[State(ticket.state)]), "ok" if ticket.state == State.CLOSED else ""


def _severity(ticket: Ticket, entries: Sequence[Entry]) -> dict[str, Any]:
    """Why the ticket has its severity: the rule's words, or who decided it and why; the answers that it came
    from; and what these alone would say, where somebody decided otherwise."""
    answers = ticket.answers or {}
    said = [
        (_("What still works"), str(words.WORKS.get(answers.get("works", ""), ""))),
        (_("Affected"), str(words.AFFECTED.get(answers.get("affected", ""), ""))),
        (_("Core work"), _("stands still") if answers.get("core_work_stands_still") else ""),
        (_("Since"), answers.get("since") or ""),
    ]
    by_hand = ticket.severity_reason == "by_hand"
    return {
        "why": words.why_severity(ticket.severity_reason),
        "decided": _decided(entries) if by_hand else None,
        "otherwise": _by_answers(ticket) if by_hand else "",
        "answers": [(name, text) for name, text in said if text],
    }


def _decided(entries: Sequence[Entry]) -> Entry | None:
    """The entry by which somebody set the severity, or None (it was set when it was reported)."""
    found = [
        e
        for e in entries
        if e.voided_at is None
        and (
            (e.kind == "severity_changed" and e.detail.get("rule", "by_hand") == "by_hand")
            or (e.kind == "triaged" and e.detail.get("reason"))
        )
    ]
    return found[-1] if found else None


def _by_answers(ticket: Ticket) -> str:
    """The severity that the answers alone would give, in words; empty where it is the same or none were
    given."""
    answers = ticket.answers or {}
    works, affected = answers.get("works"), answers.get("affected")
    if not works and not affected:
        return ""
    given = Answers(
        Works(works) if works else None,
        Affected(affected) if affected else None,
        bool(answers.get("core_work_stands_still")),
    )
    verdict = severity_of(given, bool(ticket.service and ticket.service.is_core))
    return severity_word(verdict.severity) if verdict.severity != ticket.severity else ""


def _about(ticket: Ticket) -> list[tuple[str, str]]:
    """The facts, as pairs of name and text; empty ones are left out."""
    reporter = ticket.reporter
    pairs = [
        (_("Service"), ticket.service.name if ticket.service else _("No service")),
        (_("Team"), ticket.team.name),
        (_("Kind"), str(words.KINDS.get(ticket.kind, ticket.kind))),  # type: ignore[call-overload]
        (_("Phone"), reporter.phone),
        (_("Mail"), reporter.email or ""),
        (_("Place"), reporter.location),
        (_("Cause"), ticket.cause),
    ]
    return [(name, text) for name, text in pairs if text]

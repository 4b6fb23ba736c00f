"""A ticket on one screen for those who work it: conversation, deadlines, and everything that can be done."""

import hashlib
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import closing, explanation, tickets, waiting
from helpdesk.desk.tickets import Taken
from helpdesk.rules import access
from helpdesk.rules.attention import is_accepted_by
from helpdesk.rules.lifecycle import NotAllowed, State, is_allowed
from helpdesk.schemas.tickets import NoteSchema
from helpdesk.store.attachments import list_attachments
from helpdesk.store.deliveries import list_undelivered
from helpdesk.store.escalations import list_alarms
from helpdesk.store.excuses import list_excuses
from helpdesk.store.participants import list_participants
from helpdesk.store.people import Person, get_person
from helpdesk.store.rosters import list_people_by_id
from helpdesk.store.services import list_services
from helpdesk.store.teams import list_teams
from helpdesk.store.tickets import (
    Attachment,
    Entry,
    Ticket,
    find_ticket,
    is_desk_side,
    list_entries,
    ticket_id_of,
)
from helpdesk.web import deadlines, deliveries, sentences, timeline, words
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import asker, may, needs, viewer_zone
from helpdesk.web.mail_parts import Parts, parts_of, reopenable
from helpdesk.web.rich_text import rendered
from helpdesk.web.ticket_forms import FORMS, Refused, answer_schema, form_of, proposed_news
from helpdesk.web.uploads import upload_errors, uploads

bp = Blueprint("tickets", __name__, url_prefix="/tickets")
Page = Answer | str | tuple[str, int]


@bp.get("/<number>")
@needs("ticket.see_own")
def page(number: str) -> Page:
    """The ticket; who only takes part in it is sent to the page that is made for them."""
    found = find_ticket(ticket_id_of(number) or 0, asker())
    if found is None:
        abort(404)
    if not is_desk_side(found, asker()):
        return redirect(url_for("follow.page", number=found.number))
    return _page(found, {}, {})


@bp.get("/<number>/thread")
@needs("ticket.see")
def thread(number: str) -> Answer:
    """The conversation alone, for the page that keeps itself fresh: 304 while nothing has happened."""
    ticket = _ticket(number)
    entries = list_entries(ticket.id)
    facts = (
        entries[-1].id,
        [(each.id, each.state, each.fault, each.report) for each in list_undelivered(ticket.id)],
        str(get_locale()),
        viewer_zone(),
        g.now.astimezone(ZoneInfo(viewer_zone())).date(),
    )
    response: Response = make_response()
    response.set_etag(hashlib.sha256(repr(facts).encode()).hexdigest()[:32])
    if response.make_conditional(request).status_code != 304:
        response.set_data(render_template("tickets/thread.html", ticket=ticket, **_thread(ticket, entries)))
        response.status_code = 200
    return response


@bp.post("/<number>/say")
@needs("ticket.see")
def say(number: str) -> Page:
    """An answer to the reporter, or a note to colleagues."""
    ticket = _ticket(number)
    is_note = request.form.get("as") == "note"
    if not may("ticket.work") and not (is_note and may("ticket.note")):
        abort(404)
    data, errors = load(NoteSchema if is_note else answer_schema(), request.form)
    files = uploads()
    errors |= upload_errors(files, errors)
    newer = [] if errors else _unseen(ticket)
    if errors or newer or data is None:
        return _page(ticket, errors, request.form.to_dict(), newer), 422
    try:
        act = tickets.note if is_note else tickets.reply
        act(ticket.id, _me(), **data, files=files, now=g.now)
    except NotAllowed as refusal:
        return _page(_ticket(number), {"": [words.not_allowed(refusal)]}, request.form.to_dict()), 422
    return redirect(url_for(".page", number=ticket.number), 303)


@bp.post("/<number>/accept")
@needs("ticket.work")
def accept(number: str) -> Page:
    """Whoever is at the door takes it, unless somebody took it since they looked."""
    ticket = _ticket(number)
    try:
        tickets.accept(ticket.id, _me(), now=g.now, seen=_last_seen())
    except Taken as taken:
        flash(_("%(name)s has taken this in the meantime.", name=taken.holder.name), "warning")
    else:
        flash(_("It is yours. The reporter has been told."))
    return redirect(url_for(".page", number=ticket.number), 303)


@bp.post("/<number>/resume")
@needs("ticket.work")
def resume(number: str) -> Page:
    """Nobody waits any more."""
    ticket = _ticket(number)
    waiting.resume(ticket.id, _me(), now=g.now)
    return redirect(url_for(".page", number=ticket.number), 303)


@bp.post("/<number>/reopen")
@needs("ticket.work")
def reopen(number: str) -> Page:
    """What was taken for thanks, or came without proof, was a complaint: open again."""
    ticket = _ticket(number)
    closing.reopen(ticket.id, _me(), "", now=g.now)
    flash(_("It is open again. Whoever had it and their lead know it."))
    return redirect(url_for(".page", number=ticket.number), 303)


@bp.get("/<number>/<deed>")
@needs("ticket.work")
def ask(number: str, deed: str) -> Page:
    """The form for one deed: a page of its own, which the script shows over the ticket."""
    form_of(deed)
    ticket = _ticket(number)
    return _form(ticket, deed, {}, {} if deed == "not-a-reopening" else _first_values(ticket))


@bp.post("/<number>/<deed>")
@needs("ticket.work")
def act(number: str, deed: str) -> Page:
    """Does it, or shows the form again with what was typed."""
    form = form_of(deed)
    ticket = _ticket(number)
    data, errors = load(form.schema(), request.form)
    newer = [] if errors else _unseen(ticket)
    if errors or newer or data is None:
        return _form(ticket, deed, errors, request.form.to_dict(), newer), 422
    try:
        form.do(ticket, _me(), data)
    except Refused as refusal:
        return _form(_ticket(number), deed, refusal.errors, request.form.to_dict()), 422
    except NotAllowed as refusal:
        said = {"": [words.not_allowed(refusal)]}
        return _form(_ticket(number), deed, said, request.form.to_dict()), 422
    if form.done:
        flash(form.done)
    left = find_ticket(ticket.id, asker())
    if left is None or not is_desk_side(left, asker()):  # moved to where they may not see it any more
        flash(_("Done. The ticket is with another team now."))
        return redirect(url_for("queue.index"), 303)
    return redirect(url_for(".page", number=f"HD-{ticket.id}"), 303)


def _ticket(number: str) -> Ticket:
    """The ticket of that number if the asker reads it as the desk does; 404 otherwise."""
    found = find_ticket(ticket_id_of(number) or 0, asker())
    if found is None or not is_desk_side(found, asker()):
        abort(404)
    return found


def _me() -> Person:
    return get_person(current_user.id)


def _last_seen() -> int | None:
    """The id of the last entry on the page as it was loaded (its hidden field `seen`)."""
    seen = request.form.get("seen", "")
    return int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 19 else None


def _unseen(ticket: Ticket) -> list[Entry]:
    """What others have written since the page was loaded: said once, for the form that comes back has
    seen it."""
    seen = _last_seen()
    if seen is None:
        return []
    newer = [e for e in list_entries(ticket.id) if e.id > seen]
    return [e for e in newer if e.actor_id is not None and e.actor_id != current_user.id]


def _page(ticket: Ticket, errors: Errors, typed: dict[str, str], newer: Sequence[Entry] = ()) -> str:
    entries = list_entries(ticket.id)
    works = may("ticket.work")
    thread = _thread(ticket, entries)
    is_why_said = any(t.tone == "late" for told in thread["troubles"].values() for t in told)
    found = explanation.explain(ticket, g.now, entries)
    excuses = list_excuses(ticket.id) if any(e.kind == "excused" for e in entries) else []
    return render_template(
        "tickets/page.html",
        ticket=ticket,
        state=_state(ticket),
        errors=errors,
        typed=typed,
        newer=newer,
        deadlines=deadlines.cards(found, excuses),
        can_excuse=access.may_for_team(asker(), "breach.excuse", ticket.team_id),
        ahead=deadlines.ahead(list_alarms([ticket.id])[ticket.id])
        if ticket.state not in ("closed", "cancelled")
        else [],
        about=_about(ticket),
        participants=list_participants(ticket),
        failing=deliveries.say_failing(ticket.reporter, is_why_said),
        can={name: works and _is_possible(name, ticket) for name in FORMS},
        can_accept=works and is_allowed("accept", ticket.state) and not _has_accepted(ticket, entries),
        news=proposed_news(ticket, found.grounds),
        can_resume=works and is_allowed("resume", ticket.state),
        can_reply=works and is_allowed("reply", ticket.state),
        can_note=works or may("ticket.note"),
        **thread,
    )


def _is_possible(deed: str, ticket: Ticket) -> bool:
    if deed == "not-a-reopening" and not ticket.reopen_count:
        return False
    if deed == "news" and ticket.waiting_for == "reporter":
        return False
    return is_allowed(FORMS[deed].verb, ticket.state)


def _has_accepted(ticket: Ticket, entries: Sequence[Entry]) -> bool:
    """Whether there is nothing left for whoever looks at it to accept (rules/attention)."""
    told = [e.at for e in entries if e.kind == "escalated"]
    me: int = current_user.id
    return is_accepted_by(me, ticket.assignee_id, ticket.accepted_at, max(told, default=None))


def _thread(ticket: Ticket, entries: Sequence[Entry]) -> dict[str, Any]:
    """The conversation: messages with their files, everything else as a line."""
    files: dict[int, list[Attachment]] = {}
    for each in list_attachments(ticket.id):
        files.setdefault(each.entry_id, []).append(each)
    names = _names(entries)
    return {
        "entries": entries,
        "parts_of": lambda entry: _parts(entry, files.get(entry.id, ())),
        "via_of": timeline.via,
        "troubles": deliveries.troubles(list_undelivered(ticket.id)),
        "reopenable": reopenable(entries, ticket.state) if may("ticket.work") else None,
        "messages": timeline.MESSAGES,
        "say": lambda entry: timeline.say(entry, names),
        "promised": timeline.promised,
        "tone": timeline.tone,
        "promised_news": timeline.promised_news,
        "voided": timeline.voided_by(entries),
        "clock_time": sentences.clock_time,
        "rendered": rendered,
        "last_entry": entries[-1].id if entries else 0,
    }


def _parts(entry: Entry, files: Sequence[Attachment]) -> Parts:
    return parts_of(
        entry,
        files,
        lambda each: url_for("attachments.attachment", attachment_id=each.id, name=each.name),
        for_desk=True,
    )


def _names(entries: Sequence[Entry]) -> sentences.Names:
    known = {e.actor.id: e.actor.name for e in entries if e.actor is not None}
    missing = timeline.people_in(entries) - known.keys()
    if missing:
        known |= {p.id: p.name for p in list_people_by_id(missing).values()}
    moved = any(e.kind == "moved" for e in entries)
    return sentences.Names(
        known,
        {t.id: t.name for t in list_teams(active_only=False)} if moved else {},
        {s.id: s.name for s in list_services(active_only=False)} if moved else {},
    )


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


def _about(ticket: Ticket) -> list[tuple[str, str]]:
    """The facts, as pairs of name and text; empty ones are left out."""
    answers = ticket.answers or {}
    reporter = ticket.reporter
    still = _("stands still") if answers.get("core_work_stands_still") else ""
    pairs = [
        (_("Service"), ticket.service.name if ticket.service else _("No service")),
        (_("Team"), ticket.team.name),
        (_("Kind"), str(words.KINDS.get(ticket.kind, ticket.kind))),  # type: ignore[call-overload]
        (_("Severity"), words.why_severity(ticket.severity_reason)),
        (_("Works"), str(words.WORKS.get(answers.get("works", ""), ""))),
        (_("Affected"), str(words.AFFECTED.get(answers.get("affected", ""), ""))),
        (_("Core work"), still),
        (_("Since"), answers.get("since") or ""),
        (_("Phone"), reporter.phone),
        (_("Mail"), reporter.email or ""),
        (_("Place"), reporter.location),
        (_("Cause"), ticket.cause),
    ]
    return [(name, text) for name, text in pairs if text]


def _first_values(ticket: Ticket) -> dict[str, Any]:
    """What a form starts with."""
    answers = {name: value for name, value in (ticket.answers or {}).items() if value}
    return answers | {
        "waiting_for": "reporter",
        "service_id": ticket.service_id,
        "assignee_id": ticket.assignee_id or "",
        "how": "related",
    }


def _form(
    ticket: Ticket, deed: str, errors: Errors, typed: dict[str, Any], newer: Sequence[Entry] = ()
) -> str:
    form = FORMS[deed]
    entries = list_entries(ticket.id)
    names = _names(entries)
    return render_template(
        f"tickets/{deed}.html",
        ticket=ticket,
        form=form,
        deed=deed,
        errors=errors,
        typed=typed,
        newer=newer,
        say=lambda entry: timeline.say(entry, names),
        clock_time=sentences.clock_time,
        last_entry=entries[-1].id,
        **form.choices(ticket),
    )

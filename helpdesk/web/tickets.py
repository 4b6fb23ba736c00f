"""A ticket on one screen for those who work it: conversation, deadlines, and everything that can be done."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import closing, drafts, presence, tickets, waiting
from helpdesk.desk.tickets import Taken
from helpdesk.rules.lifecycle import NotAllowed
from helpdesk.schemas.fields import LONGEST_TEXT
from helpdesk.schemas.tickets import NoteSchema
from helpdesk.store.tickets import Entry, Ticket, find_ticket, is_desk_side, list_entries, ticket_id_of
from helpdesk.web import sentences, timeline, words
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import asker, may, needs
from helpdesk.web.fresh import if_new
from helpdesk.web.numbers import last_seen
from helpdesk.web.rich_text import rendered
from helpdesk.web.ticket_forms import FORMS, Refused, answer_schema, form_of
from helpdesk.web.ticket_page import desk_ticket, me, show, worked_ticket
from helpdesk.web.ticket_thread import conversation, facts_of, names_in
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
    return show(found, {}, {})


@bp.get("/<number>/thread")
@needs("ticket.see")
def thread(number: str) -> Answer:
    """The conversation alone, for the page that keeps itself fresh: 304 while nothing has happened."""
    ticket = desk_ticket(number)

    def draw() -> str:
        shown = conversation(ticket, list_entries(ticket.id))
        return render_template("tickets/thread.html", ticket=ticket, **shown)

    return if_new(facts_of(ticket), draw)


@bp.post("/<number>/say")
@needs("ticket.see")
def say(number: str) -> Page:
    """An answer to the reporter, or a note to colleagues."""
    ticket = desk_ticket(number)
    is_note = request.form.get("as") == "note"
    if not may("ticket.work") and not (is_note and may("ticket.note")):
        abort(404)
    data, errors = load(NoteSchema if is_note else answer_schema(), request.form)
    files = uploads()
    errors |= upload_errors(files, errors)
    newer = [] if errors else _unseen(ticket)
    if errors or newer or data is None:
        return show(ticket, errors, request.form.to_dict(), newer), 422
    try:
        act = tickets.note if is_note else tickets.reply
        act(ticket.id, me(), **data, files=files, now=g.now)
    except NotAllowed as refusal:
        return show(desk_ticket(number), {"": [words.not_allowed(refusal)]}, request.form.to_dict()), 422
    drafts.drop(ticket.id, current_user.id)
    presence.rest(ticket.id, current_user.id)
    return redirect(url_for(".page", number=ticket.number), 303)


@bp.post("/<number>/preview")
@needs("ticket.see")
def preview(number: str) -> Page:
    """What is being written as it will look; nothing is kept. `alone`: for the script, without its page."""
    ticket = worked_ticket(number)
    if request.args.get("alone"):
        return str(rendered(request.form.get("body", "")[:LONGEST_TEXT]))
    return show(ticket, {}, request.form.to_dict(), is_preview=True)


@bp.post("/<number>/accept")
@needs("ticket.work")
def accept(number: str) -> Page:
    """Whoever is at the door takes it, unless somebody took it since they looked."""
    ticket = desk_ticket(number)
    try:
        tickets.accept(ticket.id, me(), now=g.now, seen=last_seen())
    except Taken as taken:
        flash(_("%(name)s has taken this in the meantime.", name=taken.holder.name), "warning")
    else:
        flash(_("It is yours. The reporter has been told."))
    return redirect(url_for(".page", number=ticket.number), 303)


@bp.post("/<number>/resume")
@needs("ticket.work")
def resume(number: str) -> Page:
    """Nobody waits any more."""
    ticket = desk_ticket(number)
    waiting.resume(ticket.id, me(), now=g.now)
    return redirect(url_for(".page", number=ticket.number), 303)


@bp.post("/<number>/reopen")
@needs("ticket.work")
def reopen(number: str) -> Page:
    """What was taken for thanks, or came without proof, was a complaint: open again."""
    ticket = desk_ticket(number)
    closing.reopen(ticket.id, me(), "", now=g.now)
    flash(_("It is open again. Whoever had it and their lead know it."))
    return redirect(url_for(".page", number=ticket.number), 303)


@bp.get("/<number>/<deed>")
@needs("ticket.work")
def ask(number: str, deed: str) -> Page:
    """The form for one deed: a page of its own, which the script shows over the ticket."""
    form_of(deed)
    ticket = desk_ticket(number)
    return _form(ticket, deed, {}, {} if deed == "not-a-reopening" else _first_values(ticket))


@bp.post("/<number>/<deed>")
@needs("ticket.work")
def act(number: str, deed: str) -> Page:
    """Does it, or shows the form again with what was typed."""
    form = form_of(deed)
    ticket = desk_ticket(number)
    data, errors = load(form.schema(), request.form)
    newer = [] if errors else _unseen(ticket)
    if errors or newer or data is None:
        return _form(ticket, deed, errors, request.form.to_dict(), newer), 422
    try:
        form.do(ticket, me(), data)
    except Refused as refusal:
        return _form(desk_ticket(number), deed, refusal.errors, request.form.to_dict()), 422
    except NotAllowed as refusal:
        said = {"": [words.not_allowed(refusal)]}
        return _form(desk_ticket(number), deed, said, request.form.to_dict()), 422
    if form.done:
        flash(form.done)
    left = find_ticket(ticket.id, asker())
    if left is None or not is_desk_side(left, asker()):  # moved to where they may not see it any more
        flash(_("Done. The ticket is with another team now."))
        return redirect(url_for("queue.index"), 303)
    return redirect(url_for(".page", number=f"HD-{ticket.id}"), 303)


def _unseen(ticket: Ticket) -> list[Entry]:
    """What others have written since the page was loaded: said once, for the form that comes back has
    seen it."""
    seen = last_seen()
    if seen is None:
        return []
    newer = [e for e in list_entries(ticket.id) if e.id > seen]
    return [e for e in newer if e.actor_id is not None and e.actor_id != current_user.id]


def _first_values(ticket: Ticket) -> dict[str, Any]:
    """What a form starts with."""
    answers = {name: value for name, value in (ticket.answers or {}).items() if value}
    return answers | {
        "waiting_for": "reporter",
        "service_id": ticket.service_id,
        "assignee_id": ticket.assignee_id or "",
        "how": "relates_to",
    }


def _form(
    ticket: Ticket, deed: str, errors: Errors, typed: dict[str, Any], newer: Sequence[Entry] = ()
) -> str:
    form = FORMS[deed]
    entries = list_entries(ticket.id)
    names = names_in(entries)
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

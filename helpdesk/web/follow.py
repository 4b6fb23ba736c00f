"""A ticket as its reporter sees it: signed in (/my/HD-12), or by a letter's signed link (/follow/...)."""

from typing import Any

from flask import Blueprint, Response, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import (
    closing,
    explanation,
    guests,
    tickets,
    triage,
    window_notices,
)
from helpdesk.desk.outages import people_with
from helpdesk.desk.sign_in import Throttled
from helpdesk.desk.window_audience import about
from helpdesk.i18n import say_duration, say_instant, say_list
from helpdesk.outbound import links
from helpdesk.rules.severity import Answers
from helpdesk.schemas.tickets import CancelSchema, QuestionsSchema, ReplySchema
from helpdesk.store.attachments import find_public_attachment
from helpdesk.store.feedback import find_rating
from helpdesk.store.portal import list_public_entries
from helpdesk.store.tickets import Entry
from helpdesk.web import plain_words, words
from helpdesk.web.auth import address, retry_after
from helpdesk.web.colleagues import can_share
from helpdesk.web.deliveries import failing_address
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import viewer_zone
from helpdesk.web.mail_parts import Parts, parts_of, reopenable
from helpdesk.web.next_step import next_step
from helpdesk.web.own_rows import state_for
from helpdesk.web.rich_text import rendered
from helpdesk.web.uploads import hand_out, upload_errors, uploads
from helpdesk.web.visits import Visit, come_in, visitors

bp = Blueprint("follow", __name__)
Page = Answer | str | tuple[str, int] | tuple[str, int, dict[str, str]]
MESSAGES = ("reported", "replied", "reporter_replied", "resolved", "reopened")
WRITTEN_BY_REPORTER = ("reported", "reporter_replied", "reopened", "cancelled", "rated")


@visitors(bp, "")
def page(number: str | None = None, token: str | None = None) -> Page:
    """What was reported, what was said, and what happens next by when."""
    return _page(come_in(number, token), {})


@visitors(bp, "/reply", methods=["POST"])
def reply(number: str | None = None, token: str | None = None) -> Page:
    """A message to the desk."""
    visit = come_in(number, token)
    if not visit.takes_part:
        abort(404)
    data, errors = load(ReplySchema, request.form)
    files = uploads()
    errors |= upload_errors(files, errors)
    if errors or data is None:
        return _page(visit, errors), 422
    tickets.reporter_reply(visit.ticket.id, visit.person, data["body"], files=files, now=g.now, door="web")
    flash(_("Your message is with us."))
    return redirect(url_for("follow.page", **visit.way), 303)


@visitors(bp, "/answers", methods=["POST"])
def answers(number: str | None = None, token: str | None = None) -> Page:
    """The form's questions, answered later: a report by mail could not ask them."""
    visit = come_in(number, token)
    data, errors = load(QuestionsSchema, request.form)
    if data is None:
        return _page(visit, errors), 422
    if not visit.is_reporter:
        abort(404)
    if not visit.ticket.is_triaged:
        triage.triage(visit.ticket.id, visit.person, answers=Answers(**data), now=g.now)
    flash(_("Thank you. Your answers are with us."))
    return redirect(url_for("follow.page", **visit.way), 303)


@visitors(bp, "/withdraw", methods=["POST"])
def withdraw(number: str | None = None, token: str | None = None) -> Page:
    """The reporter takes the report back."""
    visit = come_in(number, token)
    data, errors = load(CancelSchema, request.form)
    if data is None:
        return _page(visit, errors), 422
    if not visit.is_reporter:
        abort(404)
    closing.cancel(visit.ticket.id, visit.person, data["reason"], now=g.now)
    flash(_("Your report is withdrawn."))
    return redirect(url_for("follow.page", **visit.way), 303)


@visitors(bp, "/maintenance", methods=["POST"])
def is_maintenance(number: str | None = None, token: str | None = None) -> Page:
    """What they reported is the maintenance that runs: they hear of that, and the report is withdrawn."""
    visit = come_in(number, token)
    found = about(visit.ticket, g.now)
    if found is None or not visit.can("cancel"):
        abort(404)
    reason = _("It is about the maintenance of %(services)s.", services=say_list(found.names))
    window_notices.join(found.window.id, visit.ticket.id, visit.person, reason, g.now)
    flash(_("You get a letter when the maintenance takes longer or is over. There is nothing else to do."))
    return redirect(url_for("follow.page", **visit.way), 303)


@visitors(bp, "/reopen", methods=["POST"])
def reopen(number: str | None = None, token: str | None = None) -> Page:
    """What they answered was taken for thanks, and it is not solved."""
    visit = come_in(number, token)
    if not visit.is_reporter:
        abort(404)
    closing.reopen(visit.ticket.id, visit.person, "", now=g.now)
    flash(_("It is open again. Whoever had it and their lead know it."))
    return redirect(url_for("follow.page", **visit.way), 303)


@visitors(bp, "/files/<int:attachment_id>/<path:name>")
def file(attachment_id: int, name: str, number: str | None = None, token: str | None = None) -> Response:
    """A file of the conversation."""
    visit = come_in(number, token)
    found = find_public_attachment(attachment_id, visit.ticket.id)
    if found is None or found.entry_id not in {entry.id for entry in _entries(visit)}:
        abort(404)
    return hand_out(found)


@bp.errorhandler(links.ExpiredLink)
def expired(_fault: links.ExpiredLink) -> tuple[str, int]:
    """Offers a fresh link, sent to the same address."""
    args = request.view_args or {}
    purpose = "confirm" if request.path.startswith("/confirm/") else "follow"
    return render_template("follow/expired.html", purpose=purpose, token=args.get("token", "")), 410


@bp.post("/fresh-link/<purpose>/<token>")
def fresh(purpose: str, token: str) -> Page:
    """Sends a fresh link to the address that the expired one was for."""
    if purpose not in ("follow", "confirm"):
        abort(404)
    try:
        guests.send_fresh_link(purpose, token, now=g.now, address=address())
    except Throttled as fault:
        page = render_template("errors/429.html", wait=say_duration(fault.until - g.now))
        return page, 429, retry_after(fault.until)
    except links.BadLink:
        abort(404)
    return render_template("follow/fresh.html")


def _entries(visit: Visit) -> list[Entry]:
    """What they read of the timeline."""
    found = list_public_entries(visit.ticket.id)
    return [e for e in found if e.kind not in WRITTEN_BY_REPORTER] if visit.reads_desk_alone else found


def _page(visit: Visit, errors: Errors) -> str:
    entries = _entries(visit)
    return render_template(
        "follow/ticket.html",
        visit=visit,
        ticket=visit.ticket,
        state=state_for(visit.ticket, visit.person.id),
        step=next_step(visit.ticket, visit.is_reporter),
        why=plain_words.why_then(explanation.explain(visit.ticket, g.now)),
        entries=entries,
        maintenance=about(visit.ticket, g.now) if visit.can("cancel") else None,
        messages=MESSAGES,
        parts_of=lambda entry: _parts(entry, visit.way),
        reopenable=reopenable(entries, visit.ticket.state) if visit.can("reopen") else None,
        failing=failing_address(visit.person),
        html=rendered,
        event=lambda e: words.event_for_reporter(e, lambda at: say_instant(at, viewer_zone())),
        rating=find_rating(visit.ticket.id),
        people=people_with(visit.ticket),
        can_share=can_share(visit),
        asks=not visit.ticket.is_triaged and visit.can("triage"),
        works=list(words.WORKS.items()),
        affected=list(words.AFFECTED.items()),
        quiet_url=links.quiet_url(visit.person.id),
        typed=request.form.to_dict(),
        errors=errors,
    )


def _parts(entry: Entry, way: dict[str, Any]) -> Parts:
    return parts_of(
        entry,
        entry.attachments,
        lambda each: url_for("follow.file", attachment_id=each.id, name=each.name, **way),
        for_desk=False,
    )

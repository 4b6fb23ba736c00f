"""A ticket as its reporter sees it: signed in (/my/HD-12), or by a letter's signed link (/follow/...)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import closing, explanation, guests, promises, tickets, triage, waiting, window_notices
from helpdesk.desk.sign_in import Throttled
from helpdesk.desk.window_audience import about
from helpdesk.i18n import say_answer_by, say_duration, say_instant, say_list, say_sentences
from helpdesk.outbound import links
from helpdesk.rules import access
from helpdesk.rules.lifecycle import State, is_allowed
from helpdesk.rules.severity import Answers
from helpdesk.schemas.tickets import CancelSchema, QuestionsSchema, ReplySchema
from helpdesk.store.attachments import find_public_attachment
from helpdesk.store.feedback import find_rating
from helpdesk.store.people import Person, get_person
from helpdesk.store.portal import find_own_ticket, list_public_entries
from helpdesk.store.tickets import Entry, Ticket, ticket_id_of
from helpdesk.web import plain_words, words
from helpdesk.web.auth import address, retry_after
from helpdesk.web.deliveries import failing_address
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import may, viewer_zone
from helpdesk.web.mail_parts import Parts, parts_of, reopenable
from helpdesk.web.rich_text import rendered
from helpdesk.web.uploads import hand_out, upload_errors, uploads

bp = Blueprint("follow", __name__)
Page = Answer | str | tuple[str, int] | tuple[str, int, dict[str, str]]
MESSAGES = ("reported", "replied", "reporter_replied", "resolved", "reopened")


@dataclass(frozen=True)
class Visit:
    """Who looks at which ticket, and `way`: how they came, for addresses of further pages."""

    ticket: Ticket
    person: Person
    way: dict[str, Any]

    @property
    def is_reporter(self) -> bool:
        return self.ticket.reporter_id == self.person.id

    def can(self, verb: str) -> bool:
        """Whether they may do it now: what ends a ticket is for its reporter alone."""
        of_all = verb == "reporter_reply"
        return self.may_act and (of_all or self.is_reporter) and is_allowed(verb, self.ticket.state)

    @property
    def may_act(self) -> bool:
        """Whether their role changes anything at all; an auditor only reads."""
        return access.may(self.person.asker, "ticket.answer_own")


def come_in(number: str | None, token: str | None, purpose: str = "follow") -> Visit:
    """The visit, through the rights of an account or of a link; 404 where there is none.

    Raises links.ExpiredLink.
    """
    visit = _by_account(number or "") if token is None else _by_link(token, purpose)
    if request.method == "POST" and not visit.may_act:
        abort(404)
    return visit


def _by_link(token: str, purpose: str) -> Visit:
    try:
        ticket, person = guests.open_link(purpose, token)
    except links.ExpiredLink:
        raise
    except links.BadLink:
        abort(404)
    return Visit(ticket, person, {"token": token})


def _by_account(number: str) -> Visit:
    if not current_user.is_authenticated:
        onward = request.path if request.method == "GET" else None
        abort(redirect(url_for("auth.sign_in", next=onward)))
    found = find_own_ticket(ticket_id_of(number) or 0, current_user.id)
    if found is None or not may("ticket.see_own"):
        abort(404)
    return Visit(found, get_person(current_user.id), {"number": found.number})


def visitors(path: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A view at /my/<number>... and at /follow/<token>... alike."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        for start in ("/my/<number>", "/follow/<token>"):
            bp.add_url_rule(start + path, view.__name__, view, **options)
        return view

    return decorate


@visitors("")
def page(number: str | None = None, token: str | None = None) -> Page:
    """What was reported, what was said, and what happens next by when."""
    return _page(come_in(number, token), {})


@visitors("/reply", methods=["POST"])
def reply(number: str | None = None, token: str | None = None) -> Page:
    """A message to the desk."""
    visit = come_in(number, token)
    data, errors = load(ReplySchema, request.form)
    files = uploads()
    errors |= upload_errors(files, errors)
    if errors or data is None:
        return _page(visit, errors), 422
    tickets.reporter_reply(visit.ticket.id, visit.person, data["body"], files=files, now=g.now, door="web")
    flash(_("Your message is with us."))
    return redirect(url_for("follow.page", **visit.way), 303)


@visitors("/answers", methods=["POST"])
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


@visitors("/withdraw", methods=["POST"])
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


@visitors("/maintenance", methods=["POST"])
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


@visitors("/reopen", methods=["POST"])
def reopen(number: str | None = None, token: str | None = None) -> Page:
    """What they answered was taken for thanks, and it is not solved."""
    visit = come_in(number, token)
    if not visit.is_reporter:
        abort(404)
    closing.reopen(visit.ticket.id, visit.person, "", now=g.now)
    flash(_("It is open again. Whoever had it and their lead know it."))
    return redirect(url_for("follow.page", **visit.way), 303)


@visitors("/files/<int:attachment_id>/<path:name>")
def file(attachment_id: int, name: str, number: str | None = None, token: str | None = None) -> Response:
    """A file of the conversation."""
    found = find_public_attachment(attachment_id, come_in(number, token).ticket.id)
    if found is None:
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


def _page(visit: Visit, errors: Errors) -> str:
    entries = list_public_entries(visit.ticket.id)
    return render_template(
        "follow/ticket.html",
        visit=visit,
        ticket=visit.ticket,
        state=words.state_for_reporter(visit.ticket),
        step=next_step(visit),
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


def next_step(visit: Visit) -> tuple[str, str]:
    """What happens next and by when, as title and text."""
    ticket, zone = visit.ticket, viewer_zone()
    if ticket.state == State.WAITING and ticket.waiting_for == "reporter":
        decides = _("Without one we take this as solved after five working days.")
        text = decides if waiting.does_silence_decide(ticket) else _("As soon as we have it we go on.")
        return _("We wait for your answer"), text
    promised = promises.promise_of(ticket, g.now)
    if promised is not None:
        if promised.due_at is not None and promised.due_at < g.now:
            at = say_instant(promised.due_at, zone)
            late = _("We promised an answer by %(time)s. Those responsible have been told.", time=at)
            return _("We are late, and sorry for it"), late
        why = words.why_then(promised.seconds, promised.calendar, promised.pauses, zone)
        return say_answer_by(promised.due_at, zone, g.now), say_sentences(why)
    if ticket.is_open:
        return _step_in_work(ticket, zone)
    ended = {
        State.RESOLVED: (_("We believe that this is solved"), _("Please tell us whether it works again.")),
        State.CLOSED: (_("This is closed"), _("If it happens again, please report it anew.")),
    }
    if ticket.merged_into_id is not None:
        number = f"HD-{ticket.merged_into_id}"
        return _("This goes on as %(number)s", number=number), _("Others reported the same before you.")
    return ended.get(State(ticket.state), (_("This was withdrawn or cancelled"), ""))


def _step_in_work(ticket: Ticket, zone: str) -> tuple[str, str]:
    name = ticket.assignee.name if ticket.assignee and ticket.accepted_at else ""
    title = _("%(name)s is working on it", name=name) if name else _("We are working on it")
    if ticket.state == State.WAITING:
        title = _("We wait for a supplier")
    due_at = next((t.due_at for t in ticket.targets if t.target == "resolution"), None)
    said = [_news(ticket.update_by, zone)]
    if due_at is not None and due_at < g.now:
        said.append(_("It takes longer than we promised. Those responsible have been told."))
    elif due_at is not None:
        said.append(_("We mean to have it solved by %(time)s.", time=say_instant(due_at, zone)))
    return title, say_sentences([each for each in said if each])


def _news(update_by: datetime | None, zone: str) -> str:
    """By when they hear from us, whatever happens; empty where nothing is promised."""
    if update_by is None:
        return ""
    at = say_instant(update_by, zone)
    return (
        _("Next news by %(time)s.", time=at)
        if update_by >= g.now
        else _("News was due by %(time)s.", time=at)
    )

"""Canned answers on a ticket: chosen from a list, filled for it, and put into what is being written."""

from typing import Any

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask_babel import force_locale
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import drafts
from helpdesk.desk.promises import promise_of
from helpdesk.i18n import say_instant
from helpdesk.rules.canned_answers import fill, text_for
from helpdesk.store.canned_answers import list_canned_answers
from helpdesk.store.organisation import find_organisation
from helpdesk.store.tickets import Ticket
from helpdesk.web.frame import may, needs
from helpdesk.web.ticket_page import desk_ticket, me

bp = Blueprint("canned_answers", __name__, url_prefix="/tickets/<number>/answers")


@bp.get("")
@needs("ticket.work")
def choose(number: str) -> str:
    """The answers of the ticket's team and of all teams, as they would be sent here: a page of its own, which
    the script shows over the ticket."""
    ticket = desk_ticket(number)
    return render_template(
        "tickets/answers.html", ticket=ticket, answers=_filled(ticket), may_edit=may("canned_answer.edit")
    )


@bp.post("")
@needs("ticket.work")
def put_in(number: str) -> Answer:
    """Adds one to the draft and goes back to it: what the script does in the page itself."""
    ticket = desk_ticket(number)
    chosen = request.form.get("answer", type=int)
    text = next((each["text"] for each in _filled(ticket) if each["id"] == chosen), None)
    if text is None:
        abort(404)
    drafts.append(ticket.id, current_user.id, text, now=g.now)
    return redirect(url_for("tickets.page", number=ticket.number, _anchor="write"), 303)


def _filled(ticket: Ticket) -> list[dict[str, Any]]:
    """Each answer with its text in the reporter's language, else the organisation's, else any."""
    answers = list_canned_answers([ticket.team_id])
    if not answers:
        return []
    organisation = find_organisation()
    ours = organisation.locale if organisation else None
    locale = ticket.reporter.locale or ours or "en"
    values = _values(ticket, locale)
    return [
        {"id": each.id, "name": each.name, "text": fill(text_for(each.texts, (locale, ours)), values)}
        for each in answers
    ]


def _values(ticket: Ticket, locale: str) -> dict[str, str]:
    """What the variables say to the reporter."""
    organisation = find_organisation()
    promise = promise_of(ticket, g.now)
    due_at = ticket.update_by or (promise.due_at if promise else None)
    zone = ticket.reporter.zone or (organisation.zone if organisation else "UTC")
    with force_locale(locale):
        promised = say_instant(due_at, zone) if due_at else ""
    return {
        "ticket.number": ticket.number,
        "ticket.subject": ticket.subject,
        "reporter.name": ticket.reporter.name,
        "service": ticket.service.name if ticket.service else "",
        "team": ticket.team.name,
        "agent.name": me().name,
        "promise": promised,
        "organisation": organisation.name if organisation else "",
        "hotline": organisation.hotline if organisation else "",
    }

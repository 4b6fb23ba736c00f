"""What belongs to a ticket: links shown and taken back, and messages that become tickets of their own."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import links, splitting
from helpdesk.rules.lifecycle import State
from helpdesk.rules.links import SAID_BY_HAND
from helpdesk.schemas.tickets import SplitSchema, UnlinkSchema, with_answers
from helpdesk.store.services import list_services
from helpdesk.store.ticket_links import Linked, list_links
from helpdesk.store.tickets import Entry, Ticket, find_ticket, list_entries, ticket_id_of
from helpdesk.web import words
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import asker, may, needs
from helpdesk.web.ticket_page import desk_ticket, me

bp = Blueprint("links", __name__, url_prefix="/tickets/<number>")
Page = Answer | str | tuple[str, int]
LONGEST_SUBJECT = 80  # as proposed
HOWS = {
    "relates_to": _l("Related to"),
    "caused_by": _l("Caused by"),
    "causes": _l("Causes"),
    "duplicate_of": _l("Duplicate of"),
    "has_duplicate": _l("Has a duplicate"),
    "split_from": _l("Made of a message in"),
    "split_into": _l("A message became"),
}
TONES = {State.WAITING: "wait", State.RESOLVED: "ok", State.CLOSED: "ok"}


@bp.app_context_processor
def _links() -> dict[str, Callable[..., Any]]:
    """For the page of a ticket, whoever draws it."""
    return {"links_of": lambda ticket: [_drawn(ticket, link) for link in list_links(ticket.id, asker())]}


def _drawn(ticket: Ticket, link: Linked) -> dict[str, Any]:
    return {
        "other": link.other,
        "how": HOWS[link.how],
        "state": words.STATES[State(link.other.state)],
        "tone": TONES.get(State(link.other.state), ""),
        "said": link.said,
        "is_ours": link.is_ours,
        "can_unlink": _can_unlink(ticket, link),
    }


def _can_unlink(ticket: Ticket, link: Linked) -> bool:
    """What was merged or split is no opinion."""
    first, second = (ticket, link.other) if link.is_ours else (link.other, ticket)
    was_merged = link.said == "duplicate_of" and first.merged_into_id == second.id
    return may("ticket.work") and link.said in SAID_BY_HAND and not was_merged


@bp.post("/unlink")
@needs("ticket.work")
def unlink(number: str) -> Page:
    """Takes a link back."""
    ticket = desk_ticket(number)
    data, _errors = load(UnlinkSchema, request.form)
    other_id = ticket_id_of(data["number"]) if data else None
    other = find_ticket(other_id, asker()) if other_id else None
    if data is None or other is None:
        abort(404)
    first, second = (ticket, other) if data["is_ours"] else (other, ticket)
    links.unlink(first.id, me(), second.id, data["how"], now=g.now)
    flash(_("The link with %(number)s is taken back.", number=f"HD-{other_id}"))
    return redirect(url_for("tickets.page", number=number), 303)


@bp.get("/split/<int:entry_id>")
@needs("ticket.work")
def ask_split(number: str, entry_id: int) -> Page:
    """The form that makes a ticket of a message."""
    ticket = desk_ticket(number)
    message = _message(ticket, entry_id)
    first = next((line.strip() for line in message.body.splitlines() if line.strip()), ticket.subject)
    subject = first if len(first) <= LONGEST_SUBJECT else f"{first[:LONGEST_SUBJECT]}…"
    return _page(ticket, message, {}, {"subject": subject, "kind": "fault", "service_id": ticket.service_id})


@bp.post("/split/<int:entry_id>")
@needs("ticket.work")
def split(number: str, entry_id: int) -> Page:
    """Makes the ticket, and goes there."""
    ticket = desk_ticket(number)
    message = _message(ticket, entry_id)
    data, errors = load(SplitSchema, request.form)
    service_id = (data["service_id"] if data else None) or ticket.service_id
    if data and service_id not in {None, *(s.id for s in list_services())}:
        errors = {"service_id": [_("This service is gone. Choose another.")]}
    if errors or data is None:
        return _page(ticket, message, errors, request.form.to_dict()), 422
    new = splitting.split(ticket.id, me(), entry_id, **with_answers(data), now=g.now)
    flash(_("This is a ticket of its own now. Who wrote the message has been told."))
    return redirect(url_for("tickets.page", number=f"HD-{new.id}"), 303)


def _message(ticket: Ticket, entry_id: int) -> Entry:
    """The message of the ticket that can become one; 404 otherwise."""
    found = splitting.find_message(list_entries(ticket.id), entry_id)
    if found is None:
        abort(404)
    return found


def _page(ticket: Ticket, message: Entry, errors: Errors, typed: dict[str, Any]) -> str:
    return render_template(
        "tickets/split.html",
        ticket=ticket,
        message=message,
        became=splitting.became(list_entries(ticket.id)).get(message.id),
        form={"title": _("A ticket of its own"), "button": _("Make it a ticket")},
        action=url_for(".split", number=ticket.number, entry_id=message.id),
        errors=errors,
        typed=typed,
        kinds=[(kind.value, str(label)) for kind, label in words.KINDS.items()],
        works=list(words.WORKS.items()),
        affected=list(words.AFFECTED.items()),
        services=[(s.id, s.name) for s in list_services()],
    )

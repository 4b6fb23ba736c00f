"""The page behind an alarm letter's button: accept the ticket without signing in."""

from contextlib import suppress

from flask import Blueprint, abort, g, redirect, render_template, url_for
from werkzeug.wrappers import Response

from helpdesk.desk import tickets
from helpdesk.outbound import links
from helpdesk.rules import access
from helpdesk.rules.lifecycle import NotAllowed, is_allowed
from helpdesk.store.escalations import find_alarm
from helpdesk.store.people import Person, find_person
from helpdesk.store.tickets import Ticket, find_ticket, is_desk_side

bp = Blueprint("alarms", __name__)


@bp.get("/alarm/<token>")
def show(token: str) -> str:
    """Says what the alarm is about and who has it; opening it changes nothing (mail scanners open links)."""
    person, ticket = _read(token)
    return render_template(
        "alarms/show.html",
        ticket=ticket,
        person=person,
        token=token,
        may_accept=ticket.accepted_at is None and is_allowed("accept", ticket.state),
    )


@bp.post("/alarm/<token>")
def accept(token: str) -> Response:
    """Accepts the ticket for whom the letter was written to; if somebody has it, the page says who."""
    person, ticket = _read(token)
    with suppress(NotAllowed):  # resolved or ended meanwhile: the page says so
        tickets.accept_first(ticket.id, person, now=g.now, door="mail")
    return redirect(url_for("alarms.show", token=token), 303)


def _read(token: str) -> tuple[Person, Ticket]:
    """Who the letter was written to and the ticket; 404 where the link or their right has ended."""
    try:
        payload = links.read("alarm", token)
    except links.BadLink:
        abort(404)
    person, alarm = find_person(payload["p"]), find_alarm(payload["a"])
    if person is None or alarm is None or not person.is_active or person.session_epoch != payload["e"]:
        abort(404)
    ticket = find_ticket(alarm.ticket_id, person.asker)
    if (
        ticket is None
        or not is_desk_side(ticket, person.asker)
        or not access.may(person.asker, "ticket.work")
    ):
        abort(404)
    return person, ticket

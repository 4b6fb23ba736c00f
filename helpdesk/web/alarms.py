"""The page behind an alarm letter's button: accept the ticket, or pass the alarm on, without signing in."""

from contextlib import suppress
from datetime import datetime

from flask import Blueprint, abort, flash, g, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from helpdesk.desk import paging, tickets
from helpdesk.i18n import say_instant, say_list, zone_city
from helpdesk.outbound import links
from helpdesk.rules import access
from helpdesk.rules.lifecycle import NotAllowed, is_allowed
from helpdesk.store.escalations import Alarm, find_alarm
from helpdesk.store.people import Person, find_person, get_names
from helpdesk.store.tickets import Ticket, find_ticket, is_desk_side
from helpdesk.web.frame import viewer_zone

bp = Blueprint("alarms", __name__)


@bp.get("/alarm/<token>")
def show(token: str) -> str:
    """Says what the alarm is about, what is due and who has it; opening it changes nothing (mail scanners
    open links)."""
    person, alarm, ticket = _read(token)
    following = paging.find_next(alarm, person, g.now)
    return render_template(
        "alarms/show.html",
        ticket=ticket,
        person=person,
        token=token,
        told=paging.find_told(alarm, person),
        due_at=_due_at(alarm, ticket),
        is_asked=tickets.is_asking(alarm, ticket) and is_allowed("accept", ticket.state),
        may_accept=access.may(person.asker, "ticket.work"),
        following=_names(following.people) if following else "",
        say_instant=lambda at: say_instant(at, viewer_zone()),
        say_zone=lambda: zone_city(viewer_zone()),
    )


@bp.post("/alarm/<token>")
def accept(token: str) -> Response:
    """Accepts the ticket for whom the letter was written to; if somebody has it, the page says who."""
    person, alarm, _ticket = _read(token)
    if not access.may(person.asker, "ticket.work"):
        abort(404)
    with suppress(NotAllowed):  # resolved or ended meanwhile: the page says so
        tickets.accept_first(alarm, person, now=g.now, door="mail")
    return redirect(url_for("alarms.show", token=token), 303)


@bp.post("/alarm/<token>/pass-on")
def pass_on(token: str) -> Response:
    """The next on the way up are told at once."""
    person, alarm, _ticket = _read(token)
    told = paging.pass_on(alarm, person, now=g.now, door="mail")
    if told is not None:
        flash(_("Passed on: %(names)s hears of it now.", names=_names(told.people)))
    return redirect(url_for("alarms.show", token=token), 303)


def _due_at(alarm: Alarm, ticket: Ticket) -> datetime | None:
    """When the target is due that the alarm is about."""
    cycle = (alarm.detail.get("target"), alarm.detail.get("cycle"))
    return next((t.due_at for t in ticket.targets if (t.target, t.cycle) == cycle), None)


def _names(people: tuple[int, ...]) -> str:
    names = get_names(set(people))
    return say_list(names[person_id] for person_id in people if person_id in names)


def _read(token: str) -> tuple[Person, Alarm, Ticket]:
    """Who the letter was written to, the alarm and its ticket; 404 where link or right have ended."""
    try:
        payload = links.read("alarm", token)
    except links.BadLink:
        abort(404)
    person, alarm = find_person(payload["p"]), find_alarm(payload["a"])
    if person is None or alarm is None or not person.is_active or person.session_epoch != payload["e"]:
        abort(404)
    ticket = find_ticket(alarm.ticket_id, person.asker)
    if ticket is None or not is_desk_side(ticket, person.asker) or not access.may(person.asker, "alarm.hear"):
        abort(404)
    if person.zone:
        g.zone = person.zone  # they are not signed in
    return person, alarm, ticket

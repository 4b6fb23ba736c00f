"""Who follows a ticket: oneself, at a click, and colleagues whom one adds."""

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import followers as desk
from helpdesk.store.participants import list_participation
from helpdesk.store.people import Person, find_person, list_people
from helpdesk.store.tickets import Ticket
from helpdesk.web.forms import Errors
from helpdesk.web.frame import needs
from helpdesk.web.ticket_page import desk_ticket, me, worked_ticket

bp = Blueprint("followers", __name__, url_prefix="/tickets/<number>")
Page = Answer | str | tuple[str, int]
MOST_SHOWN = 6


@bp.post("/follow")
@needs("ticket.see")
def follow(number: str) -> Answer:
    """The asker hears of it from now on."""
    ticket = worked_ticket(number)
    desk.follow(ticket.id, me(), now=g.now)
    flash(_("You follow this ticket now: what is written comes to you too."))
    return redirect(url_for("tickets.page", number=ticket.number), 303)


@bp.post("/unfollow")
@needs("ticket.see")
def unfollow(number: str) -> Answer:
    """The asker hears of it no more."""
    ticket = worked_ticket(number)
    desk.unfollow(ticket.id, me().id, now=g.now)
    flash(_("You follow this ticket no more."))
    return redirect(url_for("tickets.page", number=ticket.number), 303)


@bp.get("/followers")
@needs("ticket.work")
def index(number: str) -> str:
    """Who hears of it, and a form that adds somebody: a page of its own, which the script shows over the
    ticket."""
    return _page(desk_ticket(number), request.args.get("who", "")[:120], {})


@bp.get("/followers/people")
@needs("ticket.work")
def suggestions(number: str) -> str:
    """Who fits what is being typed: a choice for the form."""
    who = request.args.get("q", "")[:120]
    desk_ticket(number)
    return render_template("tickets/found_people.html", who=who, found=_found(who))


@bp.post("/followers")
@needs("ticket.work")
def add(number: str) -> Page:
    """Adds whoever was chosen, or the only one who fits what was typed."""
    ticket, who = desk_ticket(number), request.form.get("who", "")[:120]
    found = _found(who)
    chosen = request.form.get("person_id", type=int)
    person = find_person(chosen) if chosen and 0 < chosen < 2**31 else found[0] if len(found) == 1 else None
    if person is None or not person.is_active:
        said = _("Choose one of them.") if found else _("Nobody is found by that. Try a part of the name.")
        return _page(ticket, who, {"who": [said]}), 422
    if desk.follow(ticket.id, person, now=g.now, actor=me()):
        flash(_("%(name)s follows this ticket now.", name=person.name))
    else:
        flash(_("%(name)s takes part in this ticket already.", name=person.name))
    return redirect(url_for("tickets.page", number=ticket.number), 303)


@bp.post("/followers/<int:person_id>/remove")
@needs("ticket.work")
def remove(number: str, person_id: int) -> Answer:
    """Takes somebody off who follows, or was copied into a mail."""
    ticket, person = desk_ticket(number), find_person(person_id) or abort(404)
    if desk.unfollow(ticket.id, person_id, now=g.now, actor=me()):
        flash(_("%(name)s hears of this ticket no more.", name=person.name))
    return redirect(url_for("tickets.page", number=ticket.number), 303)


def _found(who: str) -> list[Person]:
    return list_people(search=who, limit=MOST_SHOWN) if len(who.strip()) > 1 else []


def _page(ticket: Ticket, who: str, errors: Errors) -> str:
    return render_template(
        "tickets/followers.html",
        ticket=ticket,
        participation=list_participation(ticket),
        leaves=desk.LEAVES,
        who=who,
        found=_found(who),
        errors=errors,
    )

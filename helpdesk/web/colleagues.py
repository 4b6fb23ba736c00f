"""What colleagues of one's department have reported and share with it: read, followed, and left again."""

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import colleagues
from helpdesk.store.organisation import is_shared_with_colleagues
from helpdesk.store.portal import list_colleagues_tickets
from helpdesk.web.frame import needs
from helpdesk.web.numbers import page_given
from helpdesk.web.own_rows import LAST_PAGE, PAGE, rows
from helpdesk.web.visits import Visit, come_in, may_read_colleagues, visitors

bp = Blueprint("colleagues", __name__)


@bp.get("/my/department")
@needs("ticket.see_own")
def index() -> str:
    """What goes on there, or has ended; 404 where the organisation does not allow it."""
    if not may_read_colleagues():
        abort(404)
    ended = request.args.get("ended") == "1"
    number = page_given(LAST_PAGE)
    offset = (number - 1) * PAGE
    found = list_colleagues_tickets(current_user.person, ended=ended, limit=PAGE + 1, offset=offset)
    return render_template(
        "portal/department.html",
        department=current_user.person.department,
        tickets=rows(found[:PAGE], current_user.id, g.now),
        ended=ended,
        page=number,
        has_more=len(found) > PAGE,
    )


@visitors(bp, "/share", methods=["POST"])
def share(number: str | None = None, token: str | None = None) -> Answer:
    """The reporter shows the report to their department, or no longer."""
    visit = come_in(number, token)
    if not can_share(visit):
        abort(404)
    is_shared = request.form.get("is_shared") == "1"
    colleagues.share(visit.ticket.id, visit.person, is_shared, now=g.now)
    flash(_("Your department can read it now.") if is_shared else _("Only you and the desk read it now."))
    return redirect(url_for("follow.page", **visit.way), 303)


@visitors(bp, "/join", methods=["POST"])
def join(number: str | None = None, token: str | None = None) -> Answer:
    """A colleague follows what is shared with their department."""
    visit = come_in(number, token)
    if not visit.takes_part:
        colleagues.follow(visit.ticket.id, visit.person, now=g.now)
    flash(_("You get our letters about it from now on."))
    return redirect(url_for("follow.page", **visit.way), 303)


@visitors(bp, "/leave", methods=["POST"])
def leave(number: str | None = None, token: str | None = None) -> Answer:
    """Whoever takes part beside the reporter wants to hear of it no more."""
    visit = come_in(number, token)
    if not visit.how:
        abort(404)
    colleagues.leave(visit.ticket.id, visit.person.id)
    flash(_("You get no more letters about %(number)s.", number=visit.ticket.number))
    return redirect(url_for("portal.home"), 303)


def can_share(visit: Visit) -> bool:
    """Whether it is theirs to show to their department, or to hide from it."""
    ticket = visit.ticket
    is_secret = ticket.service is not None and ticket.service.is_restricted
    is_for_it = ticket.department_id is not None and not is_secret and is_shared_with_colleagues()
    return visit.is_reporter and visit.may_act and is_for_it

"""The start page, and a reporter's own tickets."""

from datetime import datetime

from flask import Blueprint, current_app, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.i18n import say_instant, say_promise_time
from helpdesk.store.organisation import find_organisation
from helpdesk.store.portal import count_own_tickets, list_own_tickets
from helpdesk.store.tickets import Ticket
from helpdesk.web import words
from helpdesk.web.frame import may, needs, viewer_zone

bp = Blueprint("portal", __name__)
PAGE = 25
LAST_PAGE = 1000


@bp.get("/")
def home() -> Answer | str:
    """Where one's work is: the queue, one's own tickets, or the way in."""
    if current_user.is_authenticated:
        to_queue = may("queue.see") and "queue.index" in current_app.view_functions
        return redirect(url_for("queue.index" if to_queue else "portal.my_tickets"))
    if find_organisation() is None:
        return render_template("portal/not_set_up.html")
    return render_template("portal/welcome.html", organisation=find_organisation())


@bp.get("/my")
@needs("ticket.see_own")
def my_tickets() -> str:
    """What one has reported or takes part in, and what happens next with each."""
    ended = request.args.get("ended") == "1"
    number = min(max(request.args.get("page", 1, int), 1), LAST_PAGE)
    offset = (number - 1) * PAGE
    found = list_own_tickets(current_user.id, ended=ended, limit=PAGE + 1, offset=offset)
    return render_template(
        "portal/my_tickets.html",
        tickets=[(t, words.state_for_reporter(t), _next(t, g.now)) for t in found[:PAGE]],
        ended=ended,
        counts={each: count_own_tickets(current_user.id, ended=each) for each in (False, True)},
        page=number,
        has_more=len(found) > PAGE,
    )


def _next(ticket: Ticket, now: datetime) -> str:
    """What happens next and by when, as the stored deadlines say."""
    zone = viewer_zone()
    if not ticket.is_open:
        ended_at = ticket.closed_at or ticket.resolved_at
        return say_instant(ended_at, zone) if ended_at else ""
    if ticket.next_due_at is None:
        return ""
    if ticket.next_due_at < now:
        return _("We are late: promised by %(time)s", time=say_instant(ticket.next_due_at, zone))
    by = say_promise_time(ticket.next_due_at, zone, now)
    if ticket.next_target == "resolution":
        return _("To be solved by %(time)s", time=by)
    return _("Someone answers by %(time)s", time=by)

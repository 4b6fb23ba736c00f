"""The start page, and a reporter's own tickets."""

from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, g, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import search
from helpdesk.store.organisation import find_organisation
from helpdesk.store.portal import count_own_tickets, list_own_tickets
from helpdesk.web.frame import may, needs, viewer_zone
from helpdesk.web.numbers import page_given
from helpdesk.web.own_rows import LAST_PAGE, PAGE, rows, state_for
from helpdesk.web.search import say_problems
from helpdesk.web.visits import may_read_colleagues

bp = Blueprint("portal", __name__)
LONGEST_QUESTION = 400


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
    if request.args.get("q", "").strip():
        return _found(request.args["q"][:LONGEST_QUESTION])
    ended = request.args.get("ended") == "1"
    number = page_given(LAST_PAGE)
    offset = (number - 1) * PAGE
    found = list_own_tickets(current_user.id, ended=ended, limit=PAGE + 1, offset=offset)
    return render_template(
        "portal/my_tickets.html",
        tickets=rows(found[:PAGE], current_user.id, g.now),
        ended=ended,
        counts={each: count_own_tickets(current_user.id, ended=each) for each in (False, True)},
        page=number,
        has_more=len(found) > PAGE,
        has_colleagues=may_read_colleagues(),
    )


def _found(question: str) -> str:
    """Those of one's own with these words."""
    number = page_given(search.LAST_PAGE)
    zone = ZoneInfo(viewer_zone())
    found = search.look(current_user.asker, question, zone=zone, now=g.now, page=number, is_own=True)
    return render_template(
        "portal/found.html",
        question=question,
        found=found,
        problems=say_problems(found.problems),
        states={hit.ticket.id: state_for(hit.ticket, current_user.id) for hit in found.hits},
        page=number,
    )

"""The queue: tickets by their nearest deadline, in views that keep themselves fresh."""

from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from helpdesk.desk.queue import shares
from helpdesk.desk.rosters import teams_to_cover
from helpdesk.rules.access import Role
from helpdesk.rules.lifecycle import Kind, State
from helpdesk.rules.severity import Severity
from helpdesk.store.locations import list_locations
from helpdesk.store.organisation import list_departments
from helpdesk.store.people import list_people
from helpdesk.store.queue import LAST_PAGE, PAGE, Wanted, get_counts, list_queue
from helpdesk.store.services import list_services
from helpdesk.store.teams import list_teams
from helpdesk.store.views import list_views
from helpdesk.web import queue_look, queue_views, words
from helpdesk.web.frame import asker, needs
from helpdesk.web.fresh import if_new
from helpdesk.web.numbers import page_given
from helpdesk.web.queue_address import DAYS, address_of, chips, say_days, wanted_of
from helpdesk.web.queue_look import look_of
from helpdesk.web.queue_rail import Rail, pages
from helpdesk.web.queue_rows import Rows

bp = Blueprint("queue", __name__, url_prefix="/queue")
for part in (queue_views, queue_look):
    bp.register_blueprint(part.bp)

STAFF = (Role.AGENT, Role.LEAD, Role.ADMINISTRATOR)
EMPTY = {
    "mine": _l("Tickets that you accept, or that somebody assigns to you, stand here."),
    "teams": _l("Your teams have nothing open. Well done."),
    "unaccepted": _l("Somebody has accepted every ticket."),
    "due": _l("No deadline falls within the next hour."),
    "waiting": _l("Tickets that wait for their reporter or a supplier stand here."),
    "resolved": _l("Tickets that are resolved and wait for their reporter's word stand here."),
    "all": _l("Nothing is open."),
}


@bp.get("")
@needs("queue.see")
def index() -> str | AnyResponse:
    """A view of the queue, narrowed by filters; its address is the view."""
    if request.args.get("q"):  # from when the queue was searched here
        return redirect(url_for("search.index", q=request.args["q"]))
    wanted, page = wanted_of(request.args), page_given(LAST_PAGE)
    address = address_of(wanted)
    if "" in request.args.values():  # sent by the form of filters: the address says what is asked, no more
        return redirect(url_for(".index", **address))
    rail = _rail(wanted)
    rows, more = _rows(wanted, page)
    return render_template(
        "queue/index.html",
        title=rail.title,
        view=rail.own,
        address=address,
        poll_url=url_for(".fragment", **address, page=page),
        chips=chips(wanted),
        page=page,
        previous_url=url_for(".index", **address, page=page - 1) if page > 1 else None,
        next_url=url_for(".index", **address, page=page + 1) if more else None,
        uncovered=[team.name for team in teams_to_cover(asker())],
        navigation=[*rail.items, *pages()],
        **_drawn(wanted, rows, rail),
    )


@bp.get("/rows")
@needs("queue.see")
def fragment() -> AnyResponse:
    """The rows and the counts alone, for the page that keeps itself fresh: 304 while nothing has changed."""
    wanted, page = wanted_of(request.args), page_given(LAST_PAGE)
    rail = _rail(wanted)
    rows, _more = _rows(wanted, page)
    facts = (
        [tuple(row) for row in rows],
        [item["count"] for item in rail.items],
        current_user.person.desk_look,
    )
    return if_new(
        facts,
        lambda: render_template("queue/fragment.html", navigation=rail.items, **_drawn(wanted, rows, rail)),
    )


@bp.get("/filter")
@needs("queue.see")
def filters() -> str:
    """What the queue can be narrowed by."""
    wanted = wanted_of(request.args)
    return render_template(
        "queue/filter.html",
        wanted=wanted,
        states=[(s.value, str(words.STATES[s])) for s in State],
        severities=[(s.value, str(words.SEVERITIES[s])) for s in Severity],
        kinds=[(k.value, str(words.KINDS[k])) for k in Kind],
        services=[(s.id, s.name) for s in list_services()],
        teams=[(t.id, t.name) for t in list_teams()],
        people=[(0, _("Nobody"))] + [(p.id, p.name) for p in list_people(roles=STAFF, limit=500)],
        departments=[(d.id, d.name) for d in list_departments()],
        locations=[(place.id, place.name) for place in list_locations()],
        periods=[(days, say_days(days)) for days in DAYS],
        back_url=url_for(".index", **address_of(wanted)),
    )


def _rail(wanted: Wanted) -> Rail:
    """The views with their counts, those that the asker keeps among them."""
    kept = [(view, wanted_of(view.asked)) for view in list_views(asker())]
    counts = get_counts(asker(), [each for _view, each in kept], g.now)
    return Rail(wanted, kept, counts)


def _rows(wanted: Wanted, page: int) -> tuple[list[Any], bool]:
    """The page's rows, and whether there are more."""
    found = list_queue(asker(), wanted, g.now, page)
    return found[:PAGE], len(found) > PAGE and page < LAST_PAGE


def _drawn(wanted: Wanted, rows: list[Any], rail: Rail) -> dict[str, Any]:
    """What the page and its live part both show."""
    used, drawer = shares(rows, g.now), Rows()
    return {
        "rows": [drawer.draw(row, used.get(row.id)) for row in rows],
        "look": look_of(current_user.person.desk_look),
        "seen": rail.last_entry_id,
        **_when_empty(wanted),
    }


def _when_empty(wanted: Wanted) -> dict[str, Any]:
    """What stands where no ticket does."""
    if wanted.filters:
        said, url = _("Nothing fits these filters."), url_for(".index", view=wanted.view)
        return {"empty": said, "clear_url": url}
    return {"empty": EMPTY[wanted.view], "clear_url": None}

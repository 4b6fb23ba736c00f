"""The queue: tickets by their nearest deadline, and logging a call."""

import hashlib
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as AnyResponse

from helpdesk.desk.queue import shares
from helpdesk.desk.rosters import teams_to_cover
from helpdesk.rules.access import Role
from helpdesk.rules.lifecycle import Kind, State
from helpdesk.rules.severity import Severity
from helpdesk.store.people import find_person, list_people
from helpdesk.store.queue import LAST_PAGE, PAGE, VIEWS, Wanted, get_view_counts, list_queue
from helpdesk.store.services import list_services
from helpdesk.store.teams import list_teams
from helpdesk.web import words
from helpdesk.web.frame import asker, navigation, needs, viewer_zone
from helpdesk.web.queue_rows import Rows

bp = Blueprint("queue", __name__, url_prefix="/queue")

STAFF = (Role.AGENT, Role.LEAD, Role.ADMINISTRATOR)
NAMES = {
    "mine": _l("Mine"),
    "teams": _l("My teams"),
    "unaccepted": _l("Not accepted"),
    "due": _l("Due within the hour"),
    "waiting": _l("Waiting"),
    "resolved": _l("To be confirmed"),
    "all": _l("All open"),
}
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
def index() -> str:
    """A view of the queue, narrowed by filters; its address is the view."""
    wanted, page = _wanted(), _page()
    rows, more = _rows(wanted, page)
    counts, drawer = get_view_counts(asker(), g.now), Rows()
    return render_template(
        "queue/index.html",
        title=_("Search") if wanted.words and wanted.view == "all" else NAMES[wanted.view],
        rows=[drawer.draw(row, share) for row, share in rows],
        navigation=_views(wanted, counts),
        poll_url=url_for(".fragment", **_address(wanted), page=page),
        chips=_chips(wanted),
        filter_url=url_for(".filters", **_address(wanted)),
        query=wanted.words,
        page=page,
        previous_url=url_for(".index", **_address(wanted), page=page - 1) if page > 1 else None,
        next_url=url_for(".index", **_address(wanted), page=page + 1) if more else None,
        uncovered=[team.name for team in teams_to_cover(asker())],
        **_when_empty(wanted),
    )


@bp.get("/rows")
@needs("queue.see")
def fragment() -> AnyResponse:
    """The rows and the counts alone, for the page that keeps itself fresh: 304 while nothing has changed."""
    wanted, page = _wanted(), _page()
    rows, _more = _rows(wanted, page, with_shares=False)
    counts = get_view_counts(asker(), g.now)
    today = g.now.astimezone(ZoneInfo(viewer_zone())).date()
    facts = repr(([tuple(row) for row, _share in rows], counts, today, str(get_locale()), viewer_zone()))
    response: Response = make_response()
    response.set_etag(hashlib.sha256(facts.encode()).hexdigest()[:32])
    if response.make_conditional(request).status_code == 304:
        return response
    used, drawer = shares([row for row, _share in rows], g.now), Rows()
    drawn = [drawer.draw(row, used.get(row.id)) for row, _share in rows]
    views = _views(wanted, counts)
    html = render_template("queue/fragment.html", rows=drawn, navigation=views, **_when_empty(wanted))
    response.set_data(html)
    response.status_code = 200
    return response


@bp.get("/filter")
@needs("queue.see")
def filters() -> str:
    """What the queue can be narrowed by."""
    wanted = _wanted()
    return render_template(
        "queue/filter.html",
        wanted=wanted,
        states=[(s.value, str(words.STATES[s])) for s in State],
        severities=[(s.value, str(words.SEVERITIES[s])) for s in Severity],
        kinds=[(k.value, str(words.KINDS[k])) for k in Kind],
        services=[(s.id, s.name) for s in list_services()],
        teams=[(t.id, t.name) for t in list_teams()],
        people=[(0, _("Nobody"))] + [(p.id, p.name) for p in list_people(roles=STAFF, limit=500)],
        back_url=url_for(".index", **_address(wanted)),
    )


def _wanted() -> Wanted:
    """The address as a question; what it says wrongly is not asked for."""
    given = request.args
    view = given.get("view", "")
    fallback = "all" if given.get("q") or not asker().team_ids else "teams"
    return Wanted(
        view=view if view in VIEWS else fallback,
        state=_one_of(State, given.get("state")),
        severity=_one_of(Severity, given.get("severity")),
        kind=_one_of(Kind, given.get("kind")),
        service_id=_id(given.get("service")),
        team_id=_id(given.get("team")),
        assignee_id=_id(given.get("assignee")),
        words=" ".join(given.get("q", "").replace("\0", "").split())[:200],
    )


def _one_of(values: type[State] | type[Severity] | type[Kind], given: str | None) -> str | None:
    return values(given).value if given in {v.value for v in values} else None


def _id(given: str | None) -> int | None:
    """A number up to what fits into a database's integer."""
    return int(given) if given and given.isascii() and given.isdigit() and len(given) < 10 else None


def _page() -> int:
    return min(max(_id(request.args.get("page")) or 1, 1), LAST_PAGE)


def _address(wanted: Wanted, **instead: Any) -> dict[str, Any]:
    """The arguments of the address that asks for it."""
    found = {
        "view": wanted.view,
        "state": wanted.state,
        "severity": wanted.severity,
        "kind": wanted.kind,
        "service": wanted.service_id,
        "team": wanted.team_id,
        "assignee": wanted.assignee_id,
        "q": wanted.words or None,
    }
    return found | instead


def _rows(wanted: Wanted, page: int, with_shares: bool = True) -> tuple[list[tuple[Any, float | None]], bool]:
    """The page's rows, each with its used-up share, and whether there are more."""
    found = list_queue(asker(), wanted, g.now, page)
    shown = found[:PAGE]
    used = shares(shown, g.now) if with_shares else {}
    return [(row, used.get(row.id)) for row in shown], len(found) > PAGE and page < LAST_PAGE


def _views(wanted: Wanted, counts: dict[str, int]) -> list[dict[str, Any]]:
    """The rail: the views with their counts, then the pages."""
    views = [
        {
            "id": view,
            "label": label,
            "url": url_for(".index", view=view),
            "current": view == wanted.view,
            "group": "",
            "count": counts[view],
            "hot": view in ("unaccepted", "due") and counts[view] > 0,
        }
        for view, label in NAMES.items()
        if view != "teams" or asker().team_ids
    ]
    pages = [item | {"group": item["group"] or _("Pages")} for item in navigation() if not item["current"]]
    return [*views, *pages]


def _when_empty(wanted: Wanted) -> dict[str, Any]:
    """What stands where no ticket does."""
    if wanted.filters:
        said, url = _("Nothing fits these filters."), url_for(".index", view=wanted.view)
        return {"empty": said, "clear_url": url}
    return {"empty": EMPTY[wanted.view], "clear_url": None}


def _chips(wanted: Wanted) -> list[tuple[str, str]]:
    """The filters that are on: what each says, and the address without it."""
    said: dict[str, str] = {}
    if wanted.words:
        said["q"] = _("Search: %(words)s", words=wanted.words)
    if wanted.state:
        said["state"] = _("State: %(state)s", state=words.STATES[State(wanted.state)])
    if wanted.severity:
        said["severity"] = _("Severity: %(severity)s", severity=words.SEVERITIES[Severity(wanted.severity)])
    if wanted.kind:
        said["kind"] = _("Kind: %(kind)s", kind=words.KINDS[Kind(wanted.kind)])
    if wanted.service_id is not None:
        names = {s.id: s.name for s in list_services(active_only=False)}
        said["service"] = _("Service: %(name)s", name=names.get(wanted.service_id, "?"))
    if wanted.team_id is not None:
        names = {t.id: t.name for t in list_teams(active_only=False)}
        said["team"] = _("Team: %(name)s", name=names.get(wanted.team_id, "?"))
    if wanted.assignee_id is not None:
        person = find_person(wanted.assignee_id) if wanted.assignee_id else None
        said["assignee"] = _("Assignee: %(name)s", name=person.name if person else _("Nobody"))
    return [(text, url_for(".index", **_address(wanted, **{name: None}))) for name, text in said.items()]

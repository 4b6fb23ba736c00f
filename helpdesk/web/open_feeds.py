"""What a secret address opens without a sign-in: an iCal feed, a screen on the wall."""

from hashlib import sha256

from flask import Blueprint, Response, abort, g, render_template, request
from flask_babel import force_locale

from helpdesk.desk import feeds
from helpdesk.desk.on_call import by_team
from helpdesk.desk.rosters import OnCall, on_call_now
from helpdesk.store.organisation import find_organisation
from helpdesk.store.rosters import FeedLink
from helpdesk.web.feed_calendar import calendar_of, contents_of

bp = Blueprint("open_feeds", __name__)

REFRESH = 60  # seconds after which a wall screen asks anew
WALL_CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors *"
)


@bp.get("/feeds/<secret>.ics")
def calendar(secret: str) -> Response:
    """The turns as RFC 5545 has them; the ETag changes only when a turn does."""
    link = _open(secret, ("person", "roster"))
    turns = feeds.turns_for(link, g.now)
    with force_locale(_locale(link)):
        contents = contents_of(turns, link.roster)
        answer = Response(content_type="text/calendar; charset=utf-8")
        # Weak: the file also says when it was made.
        answer.set_etag(sha256(repr(contents).encode()).hexdigest()[:32], weak=True)
        answer.headers["Cache-Control"] = "private, no-cache"
        answer.headers["Content-Disposition"] = "inline; filename=on-call.ics"
        if answer.make_conditional(request).status_code != 304:
            answer.set_data(calendar_of(contents, g.now))
    return answer


@bp.get("/wall/<secret>")
def wall(secret: str) -> Response:
    """Who is on call now, to be read across a room; it may stand in a frame of any page."""
    link = _open(secret, ("wall",))
    organisation = find_organisation()
    g.zone = organisation.zone if organisation else "UTC"
    if link.roster is not None:
        rows: list[tuple[str, OnCall | None, OnCall | None]] = [
            (link.roster.name, on_call_now([link.roster], g.now)[0], None)
        ]
    else:
        rows = [(each.team.name, each.first or each.backup, each.backup) for each in by_team(g.now)]
    with force_locale(_locale(link)):
        page = render_template("rosters/wall.html", rows=rows, refresh=REFRESH, zone=g.zone)
    return Response(page)


@bp.after_request
def _hang_up(answer: Response) -> Response:
    """A screen hangs on its wall through faults too: in its frame, and asking anew by itself."""
    if request.endpoint == f"{bp.name}.wall":
        g.may_be_framed = True
        answer.headers["Content-Security-Policy"] = WALL_CSP
        answer.headers["Referrer-Policy"] = "no-referrer"
        answer.headers["Cache-Control"] = "private, no-store"
        if answer.status_code >= 400:
            answer.headers["Refresh"] = str(REFRESH)
    return answer


def _open(secret: str, kinds: tuple[str, ...]) -> FeedLink:
    return feeds.open_link(secret, kinds, g.now) or abort(404)


def _locale(link: FeedLink) -> str:
    """That of the link's owner: whoever reads it has not said theirs."""
    organisation = find_organisation()
    return link.person.locale or (organisation.locale if organisation else "en")

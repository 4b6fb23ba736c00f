"""Calendar feeds and wall screens: links of one's own, each shown once and revocable."""

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import feeds
from helpdesk.desk.changes import By
from helpdesk.outbound import links
from helpdesk.schemas.feeds import FeedSchema
from helpdesk.store.feeds import list_feed_links
from helpdesk.store.rosters import FeedLink, list_rosters
from helpdesk.web.auth import address
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import needs
from helpdesk.web.roster_doors import Options

bp = Blueprint("feeds", __name__, url_prefix="/feeds")


@bp.get("")
@needs("feed.own")
def index() -> str:
    """The asker's links, and a form for another."""
    return _page()


@bp.post("")
@needs("feed.own")
def add() -> str | tuple[str, int]:
    """A new link, its address shown on this one answer."""
    data, errors = load(FeedSchema, request.form)
    if data is not None and data["what"] not in [what for _group, them in _options() for what, _name in them]:
        errors = {"what": [_("Choose one of the list.")]}
    if data is None or errors:
        return _page(errors), 422
    kind, _colon, roster_id = data["what"].partition(":")
    secret = feeds.add_link(kind, int(roster_id) if roster_id else None, _by())
    endpoint = "open_feeds.wall" if kind == "wall" else "open_feeds.calendar"
    return _page(made=links.url(url_for(endpoint, secret=secret)), is_wall=kind == "wall")


@bp.post("/<int:link_id>/revoke")
@needs("feed.own")
def revoke(link_id: int) -> Answer:
    """Closes a link at once."""
    try:
        feeds.revoke_link(link_id, _by())
    except LookupError:
        abort(404)
    flash(_("The link no longer opens."))
    return redirect(url_for("rosters.feeds.index"), 303)


def _by() -> By:
    return By(g.now, current_user.id, address())


def _options() -> Options:
    """What a link can be for: "person", "roster:3", "wall", "wall:3"."""
    rosters = list_rosters()
    return [
        (
            _("Calendar"),
            [("person", _("My turns in all rosters")), *((f"roster:{r.id}", r.name) for r in rosters)],
        ),
        (_("Wall screen"), [("wall", _("All teams")), *((f"wall:{r.id}", r.name) for r in rosters)]),
    ]


def _name(link: FeedLink) -> str:
    roster = link.roster.name if link.roster else ""
    if link.kind == "wall":
        return _("Wall screen: %(what)s", what=roster or _("All teams"))
    return _("Calendar: %(what)s", what=roster or _("My turns in all rosters"))


def _page(errors: Errors | None = None, made: str | None = None, is_wall: bool = False) -> str:
    return render_template(
        "rosters/feeds.html",
        errors=errors or {},
        typed=request.form if errors else {"what": request.args.get("what", "person")},
        options=_options(),
        links=[(link, _name(link)) for link in list_feed_links(current_user.id)],
        made=made,
        is_wall=is_wall,
    )

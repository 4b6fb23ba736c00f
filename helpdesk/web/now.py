"""Who is on call now, for all teams on one page."""

from flask import Blueprint, g, render_template

from helpdesk.desk.on_call import by_team
from helpdesk.web.frame import may, needs

bp = Blueprint("now", __name__, url_prefix="/now")


@bp.get("")
@needs("roster.see")
def index() -> str:
    """For each team who is on call, until when, who is next, and who is the backup."""
    return render_template("rosters/now.html", teams=by_team(g.now), may_feed=may("feed.own"))

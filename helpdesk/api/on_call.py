"""Who is on call, and who is the backup."""

from typing import Any

from flask import g
from flask_smorest import Blueprint

from helpdesk.api.door import guarded, need
from helpdesk.desk.rosters import who_is_on_call
from helpdesk.schemas.answers import OnCallShape
from helpdesk.store.teams import list_teams

bp = guarded(Blueprint("api_on_call", __name__, url_prefix="/api/v1/on-call", description="On call"))


@bp.get("")
@bp.response(200, OnCallShape(many=True))
def index() -> list[dict[str, Any]]:
    """For each team who is on call now; null: nobody."""
    need("roster.see")
    return [
        {
            "team": team,
            "on_call": who_is_on_call(team.roster_id, g.now),
            "backup": who_is_on_call(team.backup_roster_id, g.now),
        }
        for team in list_teams()
    ]

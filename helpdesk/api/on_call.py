"""Who is on call, and who is the backup."""

from typing import Any

from flask import g
from flask_smorest import Blueprint

from helpdesk.api.door import guarded, need
from helpdesk.desk.on_call import by_team
from helpdesk.desk.rosters import OnCall
from helpdesk.schemas.answers import OnCallShape

bp = guarded(Blueprint("api_on_call", __name__, url_prefix="/api/v1/on-call", description="On call"))


@bp.get("")
@bp.response(200, OnCallShape(many=True))
def index() -> list[dict[str, Any]]:
    """For each team who is on call now, until when, and who is next; the same of the backup. null: nobody, or
    no change in sight; a team without such a roster has null throughout."""
    need("roster.see")
    return [
        {"team": each.team, **_turn(each.first, "on_call", ""), **_turn(each.backup, "backup", "backup_")}
        for each in by_team(g.now)
    ]


def _turn(turn: OnCall | None, who: str, prefix: str) -> dict[str, Any]:
    if turn is None:
        return {who: None, f"{prefix}until": None, f"{prefix}next": None}
    return {who: turn.person, f"{prefix}until": turn.until, f"{prefix}next": turn.next}

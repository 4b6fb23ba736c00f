"""Follow-ups: those that the asker's teams owe somebody, and what is done about each."""

from typing import Any

from flask import abort, g
from flask_smorest import Blueprint

from helpdesk.api.door import guarded, need, refusals
from helpdesk.api.problems import Forbidden, Invalid
from helpdesk.desk import follow_ups as desk
from helpdesk.desk.changes import Refused
from helpdesk.outbound.opinions import say_steps
from helpdesk.rules import access
from helpdesk.schemas.follow_ups import (
    REFUSALS,
    STEP_SCHEMAS,
    FollowUpShape,
    FollowUpsPageSchema,
    OwnerSchema,
)
from helpdesk.store.follow_ups import FollowUp, find_follow_up, list_follow_ups

bp = guarded(Blueprint("api_follow_ups", __name__, url_prefix="/api/v1/follow-ups", description="Follow-ups"))
refuses = refusals(bp)


@bp.get("")
@refuses(403, 422)
@bp.arguments(FollowUpsPageSchema, location="query")
@bp.response(200, FollowUpShape(many=True))
def index(wanted: dict[str, Any]) -> list[FollowUp]:
    """Open ones, the next due first; with `is_open=false` closed ones, the latest first."""
    need("followup.see")
    return list_follow_ups(g.asker, wanted["is_open"], wanted["limit"], wanted["offset"])


@bp.get("/<int:follow_up_id>")
@refuses(403, 404)
@bp.response(200, FollowUpShape)
def one(follow_up_id: int) -> FollowUp:
    """A follow-up with its steps."""
    need("followup.see")
    return _found(follow_up_id)


def _step(name: str, said: str) -> None:
    """An address for a step, with its words."""

    def view(data: dict[str, Any], follow_up_id: int) -> FollowUp:
        return _do(follow_up_id, desk.STEPS[name], data["words"])

    view.__name__, view.__doc__ = name, said
    view = bp.response(200, FollowUpShape)(bp.arguments(STEP_SCHEMAS[name])(view))
    bp.post(f"/<int:follow_up_id>/{name}")(refuses(403, 404, 422)(view))


_step("reached", "The reporter was reached: what did they say?")
_step("cause", "Why it went badly.")
_step("action", "What is done about it. Another action has to be told anew.")
_step("told", "Tell the reporter, in these words: by letter, and on their report's page.")


@bp.post("/<int:follow_up_id>/close")
@refuses(403, 404, 422)
@bp.response(200, FollowUpShape)
def close(follow_up_id: int) -> FollowUp:
    """Close it; 422 while a step is still to be done."""
    return _do(follow_up_id, desk.close)


@bp.post("/<int:follow_up_id>/owner")
@refuses(403, 404, 422)
@bp.arguments(OwnerSchema)
@bp.response(200, FollowUpShape)
def hand_to(data: dict[str, Any], follow_up_id: int) -> FollowUp:
    """Give it to another lead of its team, who is told."""
    return _do(follow_up_id, desk.hand_to, data["owner_id"])


def _do(follow_up_id: int, verb: Any, *given: Any) -> FollowUp:
    found = _found(follow_up_id)
    if not access.may_for_team(g.asker, "followup.work", found.team_id):
        raise Forbidden
    try:
        verb(found.id, g.person, *given, now=g.now)
    except Refused as refusal:
        left = say_steps(refusal.names.split(",")) if refusal.names else ""
        raise Invalid({refusal.field or "_schema": [str(REFUSALS[refusal.code]) % {"names": left}]}) from None
    return _found(follow_up_id)


def _found(follow_up_id: int) -> FollowUp:
    if not access.may(g.asker, "followup.see"):
        raise Forbidden
    return find_follow_up(follow_up_id, g.asker) or abort(404)

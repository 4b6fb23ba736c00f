"""What every address of the API asks first: who, which ticket, and whether they may."""

from collections.abc import Callable
from typing import Any

from flask import Request, Response, abort, g, request
from flask_babel import gettext as _
from flask_smorest import Blueprint
from marshmallow import Schema
from webargs.flaskparser import FlaskParser

from helpdesk import clock
from helpdesk.api.problems import Forbidden, answer_faults, problem
from helpdesk.desk import tokens
from helpdesk.rules import access
from helpdesk.schemas.answers import ProblemShape
from helpdesk.store.tickets import Ticket, find_ticket, ticket_id_of

MAX_BODY = 1_000_000  # bytes; texts are far shorter


class _Parser(FlaskParser):
    """A body nested too deep, or with a number of thousands of digits, is as little to be read as no JSON."""

    def load_json(self, req: Request, schema: Schema) -> Any:
        try:
            return super().load_json(req, schema)
        except (ValueError, RecursionError):
            abort(400)


def guarded(bp: Blueprint) -> Blueprint:
    """The blueprint, open to those with a token alone."""
    bp.ARGUMENTS_PARSER = _Parser()
    bp.before_request(_authenticate)
    answer_faults(bp)
    return bp


def refusals(bp: Blueprint) -> Callable[..., Any]:
    """A decorator for the blueprint's views: the problems that each answers with, beside 401 and 429."""

    def refuses(*codes: int) -> Any:
        def decorate(view: Any) -> Any:
            for code in (401, 429, *codes):
                view = bp.alt_response(
                    code, schema=ProblemShape, content_type="application/problem+json", description=f"{code}"
                )(view)
            return view

        return decorate

    return refuses


def need(*actions: str) -> None:
    """Raises Forbidden unless the asker may do one of these."""
    if not any(access.may(g.asker, action) for action in actions):
        raise Forbidden


def ticket_of(number: str) -> Ticket:
    """The ticket of that number; 404 where there is none that the asker may see."""
    ticket_id = ticket_id_of(number)
    ticket = find_ticket(ticket_id, g.asker) if ticket_id is not None else None
    if ticket is None:
        abort(404)
    return ticket


def _authenticate() -> Response | None:
    """Whose token the request bears; a browser's session counts for nothing here."""
    request.max_content_length = MAX_BODY
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    now = g.get("now") or clock.now()
    person = None
    if scheme.lower() == "bearer" and token.strip():
        person = tokens.bearer_of(token.strip(), now=now, address=request.remote_addr or "")
    if person is None:
        said = _("Send a token of your profile page: Authorization: Bearer hd_...")
        return problem(401, said, headers={"WWW-Authenticate": 'Bearer realm="Helpdesk"'})
    g.person, g.asker, g.now = person, person.asker, now
    return None

"""What goes wrong, as the API says it: application/problem+json (RFC 9457)."""

from collections.abc import Mapping
from typing import Any

from flask import Response, json
from flask_babel import gettext as _
from flask_smorest import Blueprint
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from helpdesk import clock
from helpdesk.desk.sign_in import Throttled
from helpdesk.desk.tickets import Taken
from helpdesk.rules.lifecycle import NotAllowed


class Forbidden(Exception):
    """The asker sees the thing, but their role does not allow the action."""


class Invalid(Exception):
    """What was sent fits the schema but not what is there; messages by field."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__(", ".join(errors))
        self.errors = errors


def problem(
    status: int,
    detail: str,
    *,
    errors: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """What went wrong, as application/problem+json; `errors` by field."""
    body: dict[str, Any] = {"type": "about:blank", "title": HTTP_STATUS_CODES[status], "status": status}
    body |= {"detail": detail} | ({"errors": errors} if errors else {})
    return Response(json.dumps(body), status, dict(headers or {}), content_type="application/problem+json")


def answer_faults(bp: Blueprint) -> None:
    """Has the blueprint answer every fault as a problem."""
    bp.register_error_handler(HTTPException, _http_fault)
    bp.register_error_handler(Throttled, _throttled)
    bp.register_error_handler(Forbidden, lambda _fault: problem(403, _("Your role does not allow this.")))
    bp.register_error_handler(Invalid, lambda fault: _invalid(fault.errors))
    bp.register_error_handler(NotAllowed, _not_allowed)
    bp.register_error_handler(Taken, _taken)
    bp.register_error_handler(OperationalError, _database_fault)


def _http_fault(fault: HTTPException) -> Response:
    code = fault.code or 500
    messages = getattr(fault, "data", {}).get("messages")
    if code == 422 and messages:
        # By place (json, query): a field stands in one of them only.
        return _invalid({name: texts for fields in messages.values() for name, texts in fields.items()})
    said = {
        400: _("The body must be JSON."),
        404: _("There is nothing here, or you may not see it."),
        405: _("This address does not take that method."),
        413: _("This is too large."),
        415: _("Send JSON, with Content-Type: application/json."),
    }
    return problem(code, said.get(code) or fault.description or "")


def _invalid(errors: Mapping[str, Any]) -> Response:
    return problem(422, _("Some fields need another look."), errors=errors)


def _not_allowed(fault: NotAllowed) -> Response:
    return problem(409, _("The ticket's state does not allow this: it is %(state)s.", state=fault.state))


def _taken(fault: Taken) -> Response:
    said = _("%(name)s has it. To take it over, send take_over: true.", name=fault.holder.name)
    return problem(409, said)


def _throttled(fault: Throttled) -> Response:
    seconds = max(1, int((fault.until - clock.now()).total_seconds()) + 1)
    said = _("Too many tries. Wait %(seconds)d seconds.", seconds=seconds)
    return problem(429, said, headers={"Retry-After": str(seconds)})


def _database_fault(_fault: OperationalError) -> Response:
    said = _("The database does not answer. Try again soon.")
    return problem(503, said, headers={"Retry-After": "10"})

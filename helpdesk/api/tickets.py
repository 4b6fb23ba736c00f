"""Tickets: report, read and work them. The same schemas and verbs as on the pages."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Response, g, jsonify, request, url_for
from flask.views import MethodView
from flask_babel import gettext as _
from flask_smorest import Blueprint
from marshmallow import Schema, ValidationError

from helpdesk.api.door import guarded, need, ticket_of
from helpdesk.api.problems import Forbidden, Invalid
from helpdesk.desk import closing, dispatch, hand_up, outages, reopenings, targets, tickets, triage, waiting
from helpdesk.desk import explanation as explanations
from helpdesk.desk.registration import Report
from helpdesk.rules import access
from helpdesk.rules.dispatch import way_of
from helpdesk.rules.sla import cycles_as_json
from helpdesk.schemas.answers import (
    DetailShape,
    ExplanationShape,
    ListShape,
    PageSchema,
    ProblemShape,
    ReportersDetailShape,
    ReportersExplanationShape,
    TicketShape,
)
from helpdesk.schemas.outages import ReleaseSchema
from helpdesk.schemas.service_fields import load_answers
from helpdesk.schemas.tickets import (
    LONGEST_WAIT,
    AcceptSchema,
    AnswerSchema,
    AssignSchema,
    CancelSchema,
    FeedbackSchema,
    HandUpSchema,
    MergeSchema,
    NewsSchema,
    NotAReopeningSchema,
    NoteSchema,
    RatingSchema,
    ResolveSchema,
    SentReportSchema,
    SeveritySchema,
    WaitSchema,
    with_answers,
)
from helpdesk.store.people import find_person
from helpdesk.store.service_fields import list_service_fields
from helpdesk.store.services import Service, find_service
from helpdesk.store.tickets import (
    Ticket,
    is_desk_side,
    is_participant,
    list_entries,
    list_tickets,
    ticket_id_of,
)

bp = guarded(Blueprint("api_tickets", __name__, url_prefix="/api/v1/tickets", description="Tickets"))
DOOR: Any = {"door": "api"}


def refuses(*codes: int) -> Any:
    """Documents the problems an address answers with, beside 401 and 429."""

    def decorate(view: Any) -> Any:
        for code in (401, 429, *codes):
            view = bp.alt_response(
                code, schema=ProblemShape, content_type="application/problem+json", description=f"{code}"
            )(view)
        return view

    return decorate


@bp.route("")
class Tickets(MethodView):
    @refuses(422)
    @bp.arguments(PageSchema, location="query")
    @bp.response(200, ListShape)
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """List the tickets you may see, newest first."""
        limit, before = wanted.pop("limit"), wanted.pop("before", None)
        before_id = ticket_id_of(before) if before else None
        if before and before_id is None:
            raise Invalid({"before": [_("Enter a ticket's number, for example HD-12.")]})
        found = list_tickets(g.asker, limit=limit + 1, before_id=before_id, **wanted)
        onward = request.args.to_dict() | {"before": found[limit - 1].number} if len(found) > limit else None
        following = url_for("api_tickets.Tickets", **onward) if onward else None
        return {"tickets": found[:limit], "next": following}

    @refuses(403, 422)
    @bp.doc(parameters=[{"in": "header", "name": "Idempotency-Key", "schema": {"type": "string"}}])
    @bp.arguments(SentReportSchema)
    @bp.response(201, TicketShape)
    def post(self, data: dict[str, Any]) -> tuple[Ticket, int, dict[str, str]]:
        """Report something, in your own name. Sent again with the same Idempotency-Key, it is not reported
        twice: the answer is the ticket that the first one made."""
        need("ticket.report")
        service = find_service(data["service_id"]) if data["service_id"] else None
        if data["service_id"] and (service is None or not service.is_active):
            raise Invalid({"service_id": [_("Choose a service from the list.")]})
        answers = _answers(service, data.pop("field_answers"))
        key = request.headers.get("Idempotency-Key")
        key = tickets.sent_key("api", g.person.id, key) if key else None
        ticket = tickets.report(Report(**data, fields=answers), g.person, now=g.now, sent_key=key, **DOOR)
        return ticket, 201, {"Location": url_for("api_tickets.one", number=ticket.number)}


@bp.get("/<number>")
@refuses(404)
@bp.response(200, DetailShape)
def one(number: str) -> Response:
    """A ticket with its timeline, and each target with the intervals that counted or did not, and why.

    Entries' `detail` is whole for the desk alone."""
    ticket = ticket_of(number)
    at_desk = is_desk_side(ticket, g.asker)
    shape = DetailShape() if at_desk else ReportersDetailShape()
    found = {
        "ticket": ticket,
        "targets": cycles_as_json(targets.explain(ticket, g.now))["cycles"],
        "entries": list_entries(ticket.id, public_only=not at_desk),
    }
    return jsonify(shape.dump(found))


@bp.get("/<number>/explanation")
@refuses(404)
@bp.response(200, ExplanationShape)
def explanation(number: str) -> Response:
    """Why each deadline is when it is: every interval that counted or did not, what changed it, and all that
    it was computed from.

    The `reason` of a calendar's change or a window is for the desk alone."""
    ticket = ticket_of(number)
    shape = ExplanationShape() if is_desk_side(ticket, g.asker) else ReportersExplanationShape()
    return jsonify(shape.dump(explanations.as_json(explanations.explain(ticket, g.now))))


def verb(path: str, schema: type[Schema] | Schema | None = None) -> Any:
    """An address that does something to a ticket, and answers with the ticket as it then stands."""

    def decorate(view: Any) -> Any:
        view = bp.response(200, TicketShape)(view)
        view = bp.arguments(schema)(view) if schema else view
        return bp.post(f"/<number>/{path}")(refuses(403, 404, 409, 422)(view))

    return decorate


@verb("accept", AcceptSchema)
def accept(data: dict[str, Any], number: str) -> Ticket:
    """Take the ticket: it counts as the response, and the reporter is told who has it.

    Refused with 409 where somebody else has it, unless you send the id of the last entry you have read
    (`seen`) and it was theirs by then, or `take_over`."""
    seen = None if data["take_over"] else data["seen"] or 0
    return tickets.accept(_to_work_on(number).id, g.person, now=g.now, seen=seen, **DOOR)


@verb("replies", AnswerSchema)
def reply(data: dict[str, Any], number: str) -> Ticket:
    """Answer: as the desk, or as the reporter where you take part without working on it.

    The desk may promise the next news (`update_by`)."""
    ticket = ticket_of(number)
    works = access.may(g.asker, "ticket.work") and is_desk_side(ticket, g.asker)
    if works and ticket.reporter_id != g.person.id:
        _require_ahead("update_by", data["update_by"])
        tickets.reply(ticket.id, g.person, now=g.now, **data, **DOOR)
    elif access.may(g.asker, "ticket.answer_own") and _takes_part(ticket):
        tickets.reporter_reply(ticket.id, g.person, data["body"], now=g.now, **DOOR)
    else:
        raise Forbidden
    return ticket_of(number)


@verb("notes", NoteSchema)
def note(data: dict[str, Any], number: str) -> Ticket:
    """Write to colleagues; the reporter never sees it."""
    ticket = _desk_side_of(number)
    need("ticket.work", "ticket.note")
    tickets.note(ticket.id, g.person, data["body"], now=g.now, **DOOR)
    return ticket_of(number)


@verb("wait", WaitSchema)
def wait(data: dict[str, Any], number: str) -> Ticket:
    """Wait for the reporter or a supplier until `wake_at`."""
    ticket = _to_work_on(number)
    _require_ahead("wake_at", data["wake_at"])
    return waiting.wait(ticket.id, g.person, now=g.now, **data, **DOOR)


@verb("resume")
def resume(number: str) -> Ticket:
    """Go on before the waiting is over."""
    return waiting.resume(_to_work_on(number).id, g.person, now=g.now, **DOOR)


@verb("resolve", ResolveSchema)
def resolve(data: dict[str, Any], number: str) -> Ticket:
    """Solved: the reporter is asked to confirm it."""
    return closing.resolve(_to_work_on(number).id, g.person, now=g.now, **data, **DOOR)


@verb("severity", SeveritySchema)
def severity(data: dict[str, Any], number: str) -> Ticket:
    """Change the severity, with the reason; the deadlines follow."""
    return triage.change_severity(_to_work_on(number).id, g.person, now=g.now, **data, **DOOR)


@verb("news", NewsSchema)
def news(data: dict[str, Any], number: str) -> Ticket:
    """Promise the reporter news, or take the promise back (null); a critical ticket always bears one."""
    ticket = _to_work_on(number)
    _require_ahead("update_by", data["update_by"])
    return tickets.promise_update(ticket.id, g.person, now=g.now, **data, **DOOR)


@verb("not-a-reopening", NotAReopeningSchema)
def not_a_reopening(data: dict[str, Any], number: str) -> Ticket:
    """Say that the last reopening is about something else: it goes on as a ticket of its own, which is the
    answer. Subject, service, team and severity are the old one's unless you send others."""
    ticket = _to_work_on(number)
    service_id = data["service_id"] or ticket.service_id
    service = find_service(service_id) if service_id else None
    if service_id and (service is None or not service.is_active):
        raise Invalid({"service_id": [_("This service is gone. Choose another.")]})
    new = reopenings.not_a_reopening(ticket.id, g.person, now=g.now, **with_answers(data), **DOOR)
    return ticket_of(new.number)


@verb("assign", AssignSchema)
def assign(data: dict[str, Any], number: str) -> Ticket:
    """Hand the ticket to somebody at the desk, who has to accept it; nobody: back to the team. To yourself:
    you accept it. With a `way` the desk finds somebody in its team, you among them, who has to accept it:
    who is on call, next in turn, or with the fewest tickets in work; 422 where nobody fits."""
    ticket = _desk_side_of(number)
    need("ticket.assign")
    way = way_of(data.pop("way"))
    if way is not None:
        return _or_nobody("way", lambda: dispatch.assign_by(ticket.id, g.person, way, now=g.now, **DOOR))
    assignee = find_person(data["assignee_id"]) if data["assignee_id"] else None
    if data["assignee_id"] and not (
        assignee and assignee.is_active and access.may(assignee.asker, "ticket.work")
    ):
        raise Invalid({"assignee_id": [_("Choose a person from the list.")]})
    return triage.assign(ticket.id, g.person, now=g.now, **data, **DOOR)


@verb("hand-up", HandUpSchema)
def hand_it_up(data: dict[str, Any], number: str) -> Ticket:
    """Hand the ticket up, with the reason: to a senior of its team, else to the team above. It counts as no
    answer. 422 where there is nobody to hand it up to."""
    ticket = _to_work_on(number)
    return _or_nobody("reason", lambda: hand_up.hand_up(ticket.id, g.person, now=g.now, **data, **DOOR))


def _or_nobody(field: str, give: Callable[[], Ticket]) -> Ticket:
    try:
        return give()
    except dispatch.Nobody as fault:
        raise Invalid({field: [_("There is nobody who could be given this at the moment.")]}) from fault


@verb("cancel", CancelSchema)
def cancel(data: dict[str, Any], number: str) -> Ticket:
    """Withdraw your report, or end one that needs no work."""
    ticket = _own_or_to_work_on(number)
    return closing.cancel(ticket.id, g.person, now=g.now, **data, **DOOR)


@verb("merge", MergeSchema)
def merge(data: dict[str, Any], number: str) -> Ticket:
    """Join this duplicate to another ticket."""
    ticket = _to_work_on(number)
    return closing.merge(ticket.id, g.person, _desk_side_of(data["number"]).id, now=g.now, **DOOR)


@verb("adopt", MergeSchema)
def adopt(data: dict[str, Any], number: str) -> Ticket:
    """Put this report under the one that stands for all who have the fault."""
    ticket, parent = _to_work_on(number), _desk_side_of(data["number"])
    outages.adopt(parent.id, [ticket.id], g.person, now=g.now, **DOOR)
    return ticket_of(number)


@verb("release", ReleaseSchema)
def release(data: dict[str, Any], number: str) -> Ticket:
    """Take this report out from under another: it goes on by itself."""
    return outages.release(_to_work_on(number).id, g.person, now=g.now, **data, **DOOR)


@verb("confirm", RatingSchema)
def confirm(data: dict[str, Any], number: str) -> Ticket:
    """Say, as its reporter, that it is solved; with a rating, if you like."""
    ticket = ticket_of(number)
    if ticket.reporter_id != g.person.id:
        raise Forbidden
    need("ticket.answer_own")
    return closing.confirm(ticket.id, g.person, now=g.now, **data, **DOOR)


@verb("reopen", FeedbackSchema(only=("words",)))
def reopen(data: dict[str, Any], number: str) -> Ticket:
    """Not solved: say what still does not work."""
    if not data["words"]:
        raise Invalid({"words": [_("Tell us what still does not work.")]})
    ticket = _own_or_to_work_on(number)
    return closing.reopen(ticket.id, g.person, data["words"], now=g.now, **DOOR)


def _answers(service: Service | None, given: dict[str, Any]) -> dict[str, str]:
    """What was answered to the service's own questions, as a ticket keeps it."""
    try:
        return load_answers(list_service_fields(service.id) if service else [], given)
    except ValidationError as fault:
        said = {str(name): [str(text) for text in texts] for name, texts in fault.messages_dict.items()}
        raise Invalid(said) from fault


def _require_ahead(name: str, at: datetime | None) -> None:
    if at is not None and not g.now < at <= g.now + LONGEST_WAIT:
        raise Invalid({name: [_("Choose a time that is still to come, within a year.")]})


def _desk_side_of(number: str) -> Ticket:
    ticket = ticket_of(number)
    if not is_desk_side(ticket, g.asker):
        raise Forbidden
    return ticket


def _to_work_on(number: str) -> Ticket:
    ticket = _desk_side_of(number)
    need("ticket.work")
    return ticket


def _own_or_to_work_on(number: str) -> Ticket:
    ticket = ticket_of(number)
    if ticket.reporter_id == g.person.id:
        need("ticket.answer_own")
        return ticket
    return _to_work_on(number)


def _takes_part(ticket: Ticket) -> bool:
    """Whether the asker has to do with the ticket themselves, beyond what their role shows them."""
    return is_participant(ticket, g.person.id)

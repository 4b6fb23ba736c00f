"""Reporting a fault, a request or a question, with the promise before and after."""

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, abort, g, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import guests, promises, tickets
from helpdesk.desk.registration import Report
from helpdesk.desk.sign_in import Throttled
from helpdesk.desk.window_audience import Heard, about, windows_for
from helpdesk.rules.lifecycle import Kind
from helpdesk.rules.severity import Answers
from helpdesk.schemas.tickets import FormReportSchema, GuestSchema, ReportSchema
from helpdesk.store.organisation import find_organisation
from helpdesk.store.people import get_person
from helpdesk.store.portal import find_own_ticket
from helpdesk.store.services import find_service, list_services
from helpdesk.store.tickets import ticket_id_of
from helpdesk.web import words
from helpdesk.web.auth import address, retry_after, say_wait
from helpdesk.web.forms import Errors, load, sending, sent_key
from helpdesk.web.frame import may, needs, viewer_zone
from helpdesk.web.uploads import upload_errors, uploads
from helpdesk.web.windows import viewer

bp = Blueprint("report", __name__)
Page = Answer | str | tuple[str, int] | tuple[str, int, dict[str, str]]
ANNOUNCED_WITHIN = timedelta(days=3)
TRAP = "website"  # a field that no person sees: what fills it in is a machine


@bp.get("/report")
def new() -> Page:
    """The form; `kind` and `service_id` may be given in the address."""
    _require_allowed()
    return _form_page(request.args.to_dict(), {})


@bp.post("/report")
def send() -> Page:
    """Registers the report, or shows the form again with what was typed."""
    _require_allowed()
    data, errors = load(FormReportSchema, request.form)
    guest, guest_errors = (None, {}) if current_user.is_authenticated else load(GuestSchema, request.form)
    files = uploads()
    errors |= guest_errors
    errors |= upload_errors(files, errors)
    if data is not None and not _is_offered(data["service_id"]):
        errors["service_id"] = [_("This service is gone. Choose another, or none.")]
    if errors or data is None:
        return _form_page(request.form.to_dict(), errors), 422
    command, sent = Report(**data, files=files), data | {"files": [file.name for file in files]}
    if guest is None:
        key = sent_key(request.form, current_user.id, sent)
        ticket = tickets.report(command, get_person(current_user.id), now=g.now, door="web", sent_key=key)
        return redirect(url_for("report.sent", number=ticket.number), 303)
    return _send_for_guest(command, guest, sent_key(request.form, guest["email"], sent))


def _is_offered(service_id: int | None) -> bool:
    service = find_service(service_id) if service_id is not None else None
    return service_id is None or (service is not None and service.is_active)


def _send_for_guest(command: Report, guest: dict[str, Any], key: str | None) -> Page:
    promised = promises.promise_for(command.kind, command.service_id, None, _answers(command), now=g.now)
    if not request.form.get(TRAP):
        try:
            guests.report_as_guest(command, **guest, now=g.now, address=address(), sent_key=key)
        except Throttled as fault:
            page = _form_page(request.form.to_dict(), {"": [say_wait(fault.until)]})
            return page, 429, retry_after(fault.until)
    due_at = promised.due_at.isoformat() if promised.due_at else None
    session["sent"] = {"due_at": due_at, "why": _why(promised, viewer_zone()), "email": guest["email"]}
    return redirect(url_for("report.sent_by_guest"), 303)


@bp.get("/report/sent/<number>")
@needs("ticket.report")
def sent(number: str) -> Page:
    """Number, promise and link, right after reporting."""
    ticket = find_own_ticket(ticket_id_of(number) or 0, current_user.id)
    if ticket is None:
        abort(404)
    promised = promises.promise_of(ticket, g.now)
    return render_template(
        "report/sent.html", ticket=ticket, promise=promised, why=_why, maintenance=about(ticket, g.now)
    )


@bp.get("/report/sent")
def sent_by_guest() -> Page:
    """The same without an account: the link goes to the address alone, for it may be somebody else's."""
    about = session.get("sent")
    if not isinstance(about, dict):
        return redirect(url_for("report.new"), 303)
    due_at = datetime.fromisoformat(about["due_at"]) if about["due_at"] else None
    return render_template(
        "report/sent_by_guest.html", due_at=due_at, why=about.get("why", []), email=about["email"]
    )


@bp.post("/report/promise")
def preview() -> str:
    """The promise box for the answers so far; what is not answered yet, or wrong, is left out."""
    _require_allowed()
    return render_template("report/promise.html", promise=_promise(request.form.to_dict()), why=_why)


def _require_allowed() -> None:
    if current_user.is_authenticated and not may("ticket.report"):
        abort(404)
    if find_organisation() is None:
        abort(404)


def _form_page(typed: dict[str, str], errors: Errors) -> str:
    kind = typed.get("kind") if typed.get("kind") in set(Kind) else Kind.FAULT
    services = list_services()
    return render_template(
        "report/new.html",
        typed=typed,
        errors=errors,
        kind=kind,
        kinds=[(k, label) for k, label in words.KINDS.items()],
        services=[(s.id, s.name) for s in services],
        works=list(words.WORKS.items()),
        affected=list(words.AFFECTED.items()),
        heard=_heard(typed.get("service_id", "")),
        promise=_promise({**typed, "kind": str(kind)}),
        why=_why,
        trap=TRAP,
        sending=sending(typed),
    )


def _heard(service_id: str) -> list[Heard]:
    """Maintenance that concerns whoever reports, that of the chosen service first."""
    found = windows_for(viewer(), g.now, ANNOUNCED_WITHIN)
    return sorted(found, key=lambda each: service_id not in [str(s.id) for s in each.services])[:4]


def _promise(typed: dict[str, str]) -> promises.Promise | None:
    """The promise for what fits of the answers; None where nothing can be promised."""
    schema = ReportSchema(only=("kind", "service_id", "works", "affected", "core_work_stands_still"))
    fields = {name: value for name, value in typed.items() if name in schema.fields and value}
    for name in schema.validate(fields):
        fields.pop(name, None)
    data = schema.load(fields)
    answers = Answers(data["works"], data["affected"], data["core_work_stands_still"])
    department_id = current_user.person.department_id if current_user.is_authenticated else None
    try:
        return promises.promise_for(data["kind"], data["service_id"], department_id, answers, now=g.now)
    except LookupError:
        return None


def _answers(command: Report) -> Answers:
    return Answers(command.works, command.affected, command.core_work_stands_still)


def _why(promise: promises.Promise, zone: str) -> list[str]:
    """Why the promise is what it is, a sentence each."""
    said = []
    reason = words.why_severity(promise.reason)
    if promise.reason != "otherwise" and reason:
        name = words.SEVERITIES[promise.severity]  # type: ignore[index]
        said.append(_("%(severity)s: %(reason)s.", severity=name, reason=reason))
    return [*said, *words.why_then(promise.seconds, promise.calendar, promise.pauses, zone)]

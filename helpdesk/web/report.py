"""Reporting a fault, a request or a question, with the promise before and after."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import guests, outages, promises, tickets
from helpdesk.desk.outages import KnownFault, known_faults
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
from helpdesk.web import machines, words
from helpdesk.web.auth import address, retry_after, say_wait
from helpdesk.web.forms import Errors, load, sending, sent_key
from helpdesk.web.frame import asker, may, needs, viewer_zone
from helpdesk.web.numbers import id_of
from helpdesk.web.service_fields import answered, answers_of, asked
from helpdesk.web.uploads import upload_errors, uploads
from helpdesk.web.visits import may_read_colleagues
from helpdesk.web.windows import viewer

bp = Blueprint("report", __name__)
Page = Answer | str | tuple[str, int] | tuple[str, int, dict[str, str]]
ANNOUNCED_WITHIN = timedelta(days=3)


@bp.app_context_processor
def _shown_on_tickets() -> dict[str, Any]:
    # A function, so that only pages which show it ask the database.
    return {"service_answers": answers_of}


@bp.get("/report")
def new() -> Page:
    """The form; `kind` and `service_id` may be given in the address."""
    _require_allowed()
    return _form_page(request.args.to_dict(), {})


@bp.post("/report")
def send() -> Page:
    """Registers the report, or shows the form again with what was typed; with another service's questions
    where the button asks for them."""
    _require_allowed()
    if request.form.get("do") == "questions":
        return _form_page(request.form.to_dict(), {})
    data, errors = load(FormReportSchema, request.form)
    guest, guest_errors = (None, {}) if current_user.is_authenticated else load(GuestSchema, request.form)
    answers = answered(asked(request.form.get("service_id")), asks=True)
    files = [*uploads(), *answers.files]
    errors |= guest_errors | answers.errors
    if data is not None and not _is_offered(data["service_id"]):
        errors["service_id"] = [_("This service is gone. Choose another, or none.")]
    is_hurried = guest is not None and machines.is_hurried(request.form)
    if not errors and (is_hurried or _is_untold(request.form)):
        errors = {"": [_("Nothing is sent yet. Please press the button once more.")]}
    errors |= upload_errors(files, errors)
    if errors or data is None:
        return _form_page(request.form.to_dict(), errors), 422
    data |= {"fields": answers.answers, "is_shared": data["is_shared"] and may_read_colleagues()}
    command, sent = Report(**data, files=files), data | {"files": [file.name for file in files]}
    if guest is None:
        key = sent_key(request.form, current_user.id, sent)
        ticket = tickets.report(command, get_person(current_user.id), now=g.now, door="web", sent_key=key)
        return redirect(url_for("report.sent", number=ticket.number), 303)
    return _send_for_guest(command, guest, sent_key(request.form, guest["email"], sent))


def _is_offered(service_id: int | None) -> bool:
    service = find_service(service_id) if service_id is not None else None
    return service_id is None or (service is not None and service.is_active)


def _is_untold(form: Mapping[str, str]) -> bool:
    """Whether a fault is known of the chosen service of which the form, without script, has not told yet."""
    service_id = form.get("service_id", "")
    is_told = form.get("kind") != Kind.FAULT or form.get("about", "") == service_id
    return not is_told and bool(_known(service_id))


def _send_for_guest(command: Report, guest: dict[str, Any], key: str | None) -> Page:
    promised = promises.promise_for(command.kind, command.service_id, None, _answers(command), now=g.now)
    if not machines.is_sprung(request.form):
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
    due_at = datetime.fromisoformat(about["due_at"]) if about.get("due_at") else None
    return render_template(
        "report/sent_by_guest.html",
        due_at=due_at,
        why=about.get("why", []),
        email=about["email"],
        has_joined="joined" in about,
    )


@bp.post("/report/promise")
def preview() -> str:
    """The promise box for the answers so far; what is not answered yet, or wrong, is left out."""
    _require_allowed()
    return render_template("report/promise.html", promise=_promise(request.form.to_dict()), why=_why)


@bp.post("/report/about-service")
def about_service() -> str:
    """What depends on the service chosen: its maintenance, known faults and questions, answers kept."""
    _require_allowed()
    return render_template("report/about_service.html", **_about_service(request.form.to_dict(), {}))


@bp.route("/report/same/<number>", methods=["GET", "POST"])
def join(number: str) -> Page:
    """Whoever has a fault that is known hears of it like its reporter, and need not report it."""
    _require_allowed()
    found = _known(request.values.get("service_id", ""))
    known = next((each for each in found if each.parent.id == ticket_id_of(number)), None)
    if known is None:
        flash(_("This is solved, or was found to be something else. If it still does not work, report it."))
        return redirect(url_for("report.new", service_id=request.values.get("service_id")), 303)
    if request.method == "GET":
        return _join_page(known, {}, {})
    if current_user.is_authenticated:
        outages.join(known.parent.id, get_person(current_user.id), now=g.now)
        flash(_("You get our letters about it. There is nothing else to do."))
        return redirect(url_for("follow.page", number=known.parent.number), 303)
    return _join_as_guest(known)


def _join_as_guest(known: KnownFault) -> Page:
    guest, errors = load(GuestSchema, request.form)
    if guest is not None and machines.is_hurried(request.form):
        guest, errors = None, {"": [_("Nothing is sent yet. Please press the button once more.")]}
    if guest is None:
        return _join_page(known, request.form.to_dict(), errors), 422
    if not machines.is_sprung(request.form):
        try:
            guests.join_as_guest(known.parent.id, **guest, now=g.now, address=address())
        except Throttled as fault:
            page = _join_page(known, request.form.to_dict(), {"": [say_wait(fault.until)]})
            return page, 429, retry_after(fault.until)
    session["sent"] = {"email": guest["email"], "joined": True}
    return redirect(url_for("report.sent_by_guest"), 303)


def _join_page(known: KnownFault, typed: dict[str, str], errors: Errors) -> str:
    return render_template(
        "report/join.html", known=known, typed=typed, errors=errors, **_against_machines(typed)
    )


def _require_allowed() -> None:
    if current_user.is_authenticated and not may("ticket.report"):
        abort(404)
    if find_organisation() is None:
        abort(404)


def _form_page(typed: dict[str, str], errors: Errors) -> str:
    kind = typed.get("kind") if typed.get("kind") in set(Kind) else Kind.FAULT
    services, organisation = list_services(), find_organisation()
    return render_template(
        "report/new.html",
        hotline=organisation.hotline if organisation else "",
        kinds=[(k, label) for k, label in words.KINDS.items()],
        services=[(s.id, s.name) for s in services],
        works=list(words.WORKS.items()),
        affected=list(words.AFFECTED.items()),
        may_share=may_read_colleagues(),
        promise=_promise({**typed, "kind": str(kind)}),
        why=_why,
        sending=sending(typed),
        **_about_service({**typed, "kind": str(kind)}, errors),
        **_against_machines(typed),
    )


def _about_service(typed: dict[str, str], errors: Errors) -> dict[str, Any]:
    service_id = typed.get("service_id", "")
    return {
        "typed": typed,
        "errors": errors,
        "kind": typed.get("kind") or Kind.FAULT,
        "asks": True,
        "questions": asked(service_id),
        "known": _known(service_id),
        "heard": _heard(service_id),
    }


def _against_machines(typed: dict[str, str]) -> dict[str, str]:
    return {"trap": machines.TRAP, "shown": machines.shown_since(typed)}


def _known(service_id: str) -> list[KnownFault]:
    """The faults of the chosen service that many have reported; a stranger hears of those alone of which the
    public status page may speak."""
    found = known_faults(id_of(service_id), asker())
    if current_user.is_authenticated:
        return found
    return [each for each in found if each.parent.service is not None and each.parent.service.is_shown]


def _heard(service_id: str) -> list[Heard]:
    """Maintenance that concerns whoever reports; that of the service alone where one is chosen."""
    found = windows_for(viewer(), g.now, ANNOUNCED_WITHIN)
    return [each for each in found if service_id in {"", *(str(s.id) for s in each.services)}][:4]


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

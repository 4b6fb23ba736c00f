"""Logging a call or a walk-in for somebody: found by name, address or staff number, or made on the spot."""

from collections.abc import Callable
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import people, tickets
from helpdesk.desk.people import AddressTaken
from helpdesk.desk.registration import Report
from helpdesk.schemas.calls import CallSchema
from helpdesk.store.people import Person, find_person, get_person, list_people
from helpdesk.store.services import list_services
from helpdesk.web import words
from helpdesk.web.auth import address
from helpdesk.web.forms import Errors, load, sending, sent_key
from helpdesk.web.frame import needs, viewer_zone
from helpdesk.web.numbers import id_of
from helpdesk.web.service_fields import answered, asked

bp = Blueprint("calls", __name__, url_prefix="/queue/log")
MOST_SHOWN = 6
CALL_FIELDS = ("door", "who", "person_id", "email", "phone")


@bp.get("")
@needs("ticket.report_for")
def new() -> str:
    """The form; `who` may be given in the address."""
    return _page(request.args.to_dict(), {})


@bp.get("/people")
@needs("person.see")
def suggestions() -> str:
    """Who fits what is being typed: a choice for the form."""
    who = request.args.get("q", "")[:120]
    return render_template("calls/people.html", who=who, found=_found(who), chosen=None)


@bp.post("")
@needs("ticket.report_for")
def log() -> Answer | str | tuple[str, int]:
    """Registers it for whoever called, or shows the form again with what was typed."""
    if request.form.get("do") == "questions":
        return _page(request.form.to_dict(), {})
    schema = CallSchema(zone=ZoneInfo(viewer_zone()), now=g.now)
    data, errors = load(schema, request.form)
    answers = answered(asked(request.form.get("service_id")), asks=False)
    errors |= answers.errors
    if data is not None and data["service_id"] not in {None, *(s.id for s in list_services())}:
        errors["service_id"] = [_("This service is gone. Choose another, or none.")]
    if errors or data is None:
        return _page(request.form.to_dict(), errors), 422
    data["fields"] = answers.answers
    key = sent_key(request.form, current_user.id, data)
    call = {name: data.pop(name) for name in CALL_FIELDS}
    reporter = _reporter(call)
    if reporter is None:
        return _page(request.form.to_dict(), {"who": [_("Choose who it is, or “somebody new”.")]}), 422
    actor, command = get_person(current_user.id), Report(**data, files=answers.files)
    is_taken = request.form.get("then") == "accept"
    logged: dict[str, Any] = {"door": call["door"], "actor": actor, "sent_key": key, "is_taken": is_taken}
    try:
        ticket = tickets.report(command, reporter, now=g.now, **logged)
    except AddressTaken as taken:
        said = _("This address is %(name)s's. Choose them, or leave the address out.", name=taken.person.name)
        return _page(request.form.to_dict(), {"email": [said]}), 422
    if is_taken:
        tickets.accept(ticket.id, actor, now=g.now)
    flash(_("%(number)s is logged for %(name)s.", number=ticket.number, name=ticket.reporter.name))
    return redirect(url_for("tickets.page", number=ticket.number), 303)


@bp.post("/about-service")
@needs("ticket.report_for")
def about_service() -> str:
    """What the service chosen asks, with the answers so far."""
    return render_template("report/questions.html", **_questions(request.form.to_dict(), {}))


def _questions(typed: dict[str, str], errors: Errors) -> dict[str, Any]:
    questions = asked(typed.get("service_id"))
    return {"typed": typed, "errors": errors, "asks": False, "questions": questions}


def _reporter(call: dict[str, Any]) -> Person | Callable[[], Person] | None:
    """The person chosen; what makes somebody new (or raises AddressTaken) if so chosen or if nobody fits;
    None where the choice is open."""
    chosen = call["person_id"]
    if (person_id := id_of(chosen)) is not None:
        person = find_person(person_id)
        return person if person is not None and person.is_active else None
    if chosen != "new" and _found(call["who"]):
        return None
    return partial(
        people.add_person,
        call["who"],
        call["email"] or None,
        now=g.now,
        actor_id=current_user.id,
        address=address(),
        phone=call["phone"],
    )


def _found(who: str) -> list[Person]:
    return list_people(search=who, limit=MOST_SHOWN) if len(who.strip()) > 1 else []


def _page(typed: dict[str, str], errors: Errors) -> str:
    return render_template(
        "calls/new.html",
        **_questions(typed, errors),
        sending=sending(typed),
        found=_found(typed.get("who", "")),
        who=typed.get("who", ""),
        chosen=typed.get("person_id"),
        kinds=[(kind.value, str(label)) for kind, label in words.KINDS.items()],
        services=[(s.id, s.name) for s in list_services()],
        works=list(words.WORKS.items()),
        affected=list(words.AFFECTED.items()),
    )

"""A service's own questions on the forms, and their answers on a ticket's pages."""

from dataclasses import dataclass, field
from datetime import date

from flask import request
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict

from helpdesk.desk.attachments import Upload, file_name
from helpdesk.i18n import say_date
from helpdesk.rules.service_fields import FieldKind
from helpdesk.schemas.service_fields import answers_by_id, answers_schema, name_of
from helpdesk.store.service_fields import ServiceField, list_answered_fields, list_service_fields
from helpdesk.store.tickets import Ticket
from helpdesk.web.forms import Errors, load
from helpdesk.web.numbers import id_of
from helpdesk.web.uploads import uploads

KINDS = {
    FieldKind.TEXT: _l("A line of text"),
    FieldKind.CHOICE: _l("One of several answers"),
    FieldKind.DATE: _l("A day"),
    FieldKind.NUMBER: _l("A number"),
    FieldKind.FILE: _l("A file"),
}


@dataclass(frozen=True)
class Answered:
    """What a posted form answers to a service's questions, as a ticket keeps it, and the files among it."""

    answers: dict[str, str] = field(default_factory=dict)
    files: list[Upload] = field(default_factory=list)
    errors: Errors = field(default_factory=dict)


def asked(service_id: int | str | None) -> list[ServiceField]:
    """What the form asks about that service (as in the address or the form; junk: nothing)."""
    found = id_of(str(service_id or ""))
    return list_service_fields(found) if found is not None else []


def answered(questions: list[ServiceField], *, asks: bool) -> Answered:
    """The answers in the posted form; `asks`: what is required must be there."""
    if not questions:
        return Answered()
    form: MultiDict[str, str] = MultiDict(request.form)
    files = []
    for question in questions:
        if question.kind == FieldKind.FILE:
            found = uploads(name_of(question))[:1]
            form.setlist(name_of(question), [file_name(each.name) for each in found])
            files += found
    data, errors = load(answers_schema(questions, asks=asks), form)
    return Answered(answers_by_id(questions, data) if data is not None else {}, files, errors)


def answers_of(ticket: Ticket) -> list[tuple[str, str]]:
    """Question and answer, in the order of the form; no query where nothing was asked."""
    asked_then = list_answered_fields([int(each) for each in ticket.fields])
    return [(each.label, _say(each.kind, ticket.fields[str(each.id)])) for each in asked_then]


def _say(kind: str, answer: str) -> str:
    return say_date(date.fromisoformat(answer)) if kind == FieldKind.DATE else answer

"""A service's own questions and what is answered to them, as every door validates them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, ValidationError, fields, post_load

from helpdesk.rules.service_fields import FieldKind
from helpdesk.schemas.fields import Line, Text, choice, one_of, whole

MOST_CHOICES = 50
LONGEST_ANSWER = 500
_NUMBER = re.compile(r"[-+]?[0-9]{1,15}([.,][0-9]{1,6})?")


class Question(Protocol):
    """A question as schemas know it (store/service_fields.ServiceField)."""

    id: Any
    kind: Any
    label: Any
    choices: Any
    is_required: Any


class ServiceFieldSchema(Schema):
    """A question as an administrator writes it; `choices` one a line."""

    label = Line(missing=_l("Write the question."), longest=120)
    kind = choice(FieldKind, _l("Choose how it is answered."), required=True)
    hint = Line()
    choices = Text(longest=10_000)
    position = whole(1, 999)
    is_required = fields.Boolean(load_default=False)
    is_active = fields.Boolean(load_default=False)

    @post_load
    def _as_list(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        lines = [" ".join(line.split()) for line in data["choices"].splitlines()]
        choices = list(dict.fromkeys(line for line in lines if line))
        if data["kind"] is not FieldKind.CHOICE:
            choices = []
        elif not 2 <= len(choices) <= MOST_CHOICES or max(map(len, choices)) > 120:
            raise ValidationError([_l("Write two to fifty choices, one a line, each short.")], "choices")
        return {**data, "choices": choices}


class Day(Line):
    """A day of the calendar, kept as 2026-11-24."""

    def _deserialize(self, *args: Any, **kwargs: Any) -> str:
        text = super()._deserialize(*args, **kwargs)
        try:
            return date.fromisoformat(text).isoformat() if text else text
        except ValueError as fault:
            raise ValidationError([_l("Enter a day, for example 2026-11-24.")]) from fault


class Amount(Line):
    """A number in figures, kept with a point as it was typed."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        text = super()._deserialize(str(value) if is_number else value, *args, **kwargs)
        if text and not _NUMBER.fullmatch(text):
            raise ValidationError([_l("Enter a number in figures, for example 12 or 1.5.")])
        return text.replace(",", ".").removeprefix("+")


def name_of(question: Question) -> str:
    """What the question's field is called in a form."""
    return f"field_{question.id}"


def answers_schema(questions: Iterable[Question], *, asks: bool) -> Schema:
    """Loads {field name: answer as text}, "" where it is left open. `asks`: required ones must be answered,
    for the reporter sits before the form."""
    return Schema.from_dict({name_of(each): _field(each, asks) for each in questions}, name="Answers")()


def answers_by_id(questions: Sequence[Question], loaded: Mapping[str, str]) -> dict[str, str]:
    """What answers_schema loaded as a ticket keeps it (store/tickets.Ticket.fields): by id, without what was
    left open."""
    return {str(each.id): loaded[name_of(each)] for each in questions if loaded[name_of(each)]}


def load_answers(questions: Sequence[Question], given: Mapping[str, Any]) -> dict[str, str]:
    """What a program answers, by the questions' ids; none need be answered. Raises ValidationError by
    "fields.ID"; files it cannot bring."""
    askable = [each for each in questions if each.kind != FieldKind.FILE]
    schema = answers_schema(askable, asks=False)
    unknown = given.keys() - {str(each.id) for each in askable}
    if unknown:
        said = _l("This service does not ask that.")
        raise ValidationError({f"fields.{each}": [said] for each in sorted(unknown)})
    try:
        loaded = schema.load({f"field_{key}": value for key, value in given.items()})
    except ValidationError as fault:
        found = fault.normalized_messages()
        messages = {f"fields.{name.removeprefix('field_')}": texts for name, texts in found.items()}
        raise ValidationError(messages) from fault
    return answers_by_id(askable, loaded)


def _field(question: Question, asks: bool) -> fields.Field[Any]:
    missing = _missing(question) if asks and question.is_required else None
    if question.kind == FieldKind.CHOICE:
        said = missing or _l("Choose one of the answers.")
        settings: dict[str, Any] = {"required": True} if missing else {"load_default": ""}
        return one_of(tuple(question.choices), said, **settings)
    kinds = {FieldKind.DATE: Day, FieldKind.NUMBER: Amount, FieldKind.FILE: Line}
    return kinds.get(question.kind, Line)(missing=missing, longest=LONGEST_ANSWER)


def _missing(question: Question) -> Any:
    label = question.label
    if question.kind == FieldKind.FILE:
        return _l("Add a file: %(question)s", question=label)
    return _l("Please answer this: %(question)s", question=label)

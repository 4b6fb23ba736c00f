"""Forms: what was posted, through a schema."""

import secrets
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields
from werkzeug.datastructures import MultiDict

from helpdesk.desk import tickets

Errors = dict[str, list[str]]


def load(
    schema: Schema | type[Schema], form: MultiDict[str, str], files: MultiDict[str, Any] | None = None
) -> tuple[dict[str, Any] | None, Errors]:
    """(what the schema loaded, {}), or (None, the messages of each field in the reader's language).

    A field left empty counts as not given, one that the schema does not know is not looked at. List fields
    take every value of their name. Uploads (`files`) are handed on as they came under the names of theirs:
    a list of FileStorage each.
    """
    schema = schema() if isinstance(schema, type) else schema
    try:
        loaded: dict[str, Any] = schema.load(_given(schema, form))
    except ValidationError as fault:
        return None, say(fault.normalized_messages())
    for name in files or ():
        loaded[name] = [each for each in (files or {}).getlist(name) if each.filename]  # type: ignore[union-attr]
    return loaded, {}


def sending(typed: Mapping[str, str]) -> str:
    """The token that a report's form bears, and keeps while its errors are put right."""
    return typed.get("sending") or secrets.token_urlsafe(12)


def sent_key(form: Mapping[str, str], sender: int | str, data: Mapping[str, Any]) -> str | None:
    """Names this sending of the form: twice the same is one report, but whoever goes back to the page and
    writes something else reports that too. None where the form bears no token."""
    token = form.get("sending")
    return tickets.sent_key("web", sender, token, sorted(data.items())) if token else None


def say(messages: Mapping[str, Any]) -> Errors:
    """marshmallow's messages as a flat list for each field; those of list items count as the list's."""
    return {str(name): _flat(found) for name, found in messages.items()}


def _flat(found: Any) -> list[str]:
    if isinstance(found, Mapping):
        return [text for inner in found.values() for text in _flat(inner)]
    if isinstance(found, (list, tuple)):
        return [text for inner in found for text in _flat(inner)]
    return [str(found)]


def _given(schema: Schema, form: MultiDict[str, str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name, field in schema.fields.items():
        key = field.data_key or name
        values = [value for value in form.getlist(key) if value.strip()]
        if values:
            given[key] = values if isinstance(field, fields.List) else values[-1]
    return given

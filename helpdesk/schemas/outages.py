"""Putting reports under one that stands for all, and taking one out again."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from helpdesk.schemas.fields import Line, number

MOST = 500


def _tickets() -> fields.List:
    said = _l("Choose at least one report.")
    return fields.List(
        number(said),
        required=True,
        validate=validate.Length(1, MOST, error=said),
        error_messages={"required": said, "invalid": said},
    )


class ApartSchema(Schema):
    """Which reports are not one fault."""

    ticket = _tickets()


class AdoptSchema(ApartSchema):
    """Which reports are one fault, and under which ticket: `parent_id`, or its `number`."""

    parent_id = number(_l("Choose the ticket that stands for all."), load_default=None, allow_none=True)
    number = Line(longest=24)
    subject = Line()

    @validates_schema
    def _require_parent(self, data: Mapping[str, Any], **_kwargs: Any) -> None:
        if data.get("parent_id") is None and not data.get("number"):
            raise ValidationError(_l("Choose the ticket that stands for all."), "parent_id")


class ReleaseSchema(Schema):
    """Why a report is something else; it may be left out."""

    reason = Line()

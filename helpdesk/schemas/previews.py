"""What an escalation preview is asked for, and what the API answers."""

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, ValidationError, fields, validates

from helpdesk.rules.lifecycle import Kind
from helpdesk.rules.severity import Severity
from helpdesk.schemas.answers import NamedShape
from helpdesk.schemas.fields import Instant, number, one_of
from helpdesk.schemas.spans import YEARS, LocalInstant, ZonedSchema

_SAY_CHOICE = _l("Choose one of the list.")
_SAY_INSTANT = _l("Enter an instant, for example 2026-11-24T09:00:00Z.")


class _WhatSchema(Schema):
    """A ticket of this kind, severity and service, by somebody of that department (None: of none)."""

    service = number(_SAY_CHOICE, load_default=None)
    severity = one_of(tuple(Severity), _SAY_CHOICE, load_default=Severity.CRITICAL.value)
    kind = one_of(tuple(Kind), _SAY_CHOICE, load_default=Kind.FAULT.value)
    department = number(_SAY_CHOICE, load_default=None)


class PreviewSchema(ZonedSchema, _WhatSchema):
    """It comes in at a local time (None: now)."""

    at = LocalInstant(load_default=None)


class PreviewAtSchema(_WhatSchema):
    """It comes in at an instant (None: now)."""

    at = Instant(format="iso", load_default=None, error_messages={"invalid": _SAY_INSTANT})

    @validates("at")
    def _is_in_our_time(self, value: datetime | None, **_kwargs: Any) -> None:
        if value is not None and value.year not in YEARS:
            raise ValidationError([_SAY_INSTANT])


class PromiseShape(Schema):
    """A target of the ticket and when it would be due; null: never."""

    target = fields.String()
    due_at = fields.DateTime(allow_none=True)
    allowance_seconds = fields.Integer()


class PassedShape(Schema):
    """As what somebody was passed over, and why."""

    to = fields.String()
    why = fields.String()


class RingShape(Schema):
    """Rings of one step that tell the same; `is_gap`: somebody has to mend something."""

    from_at = fields.DateTime()
    to_at = fields.DateTime()
    times = fields.Integer()
    goes_on = fields.Boolean()
    target = fields.String()
    repeat_minutes = fields.Integer(allow_none=True)
    repeat_most = fields.Integer(allow_none=True)
    to = fields.String()
    channel = fields.String()
    people = fields.List(fields.Nested(NamedShape))
    passed_over = fields.List(fields.Nested(PassedShape))
    is_gap = fields.Boolean()


class PreviewShape(Schema):
    """What would ring, in order."""

    starts_at = fields.DateTime()
    team = fields.Nested(NamedShape)
    targets = fields.List(fields.Nested(PromiseShape))
    rings = fields.List(fields.Nested(RingShape))

"""Excuses of breaches."""

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields, validate

from helpdesk.schemas.fields import Line, Text, one_of

TARGETS = ("response", "resolution", "update")


class ExcuseSchema(Schema):
    """Why a breach was not ours, and where that can be seen."""

    reason = Line(missing=_l("Say why this was not in our hands."), longest=500)
    evidence = Text(missing=_l("Say where that can be seen: a link, a letter, a note."), longest=2000)


class ExcuseCycleSchema(ExcuseSchema):
    """The same with the cycle that was breached, as programs say it."""

    target = one_of(TARGETS, _l("Choose response, resolution or update."), required=True)
    cycle = fields.Integer(load_default=1, validate=validate.Range(1, 10_000))

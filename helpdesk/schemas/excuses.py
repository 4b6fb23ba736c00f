"""Excuses of breaches."""

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields, validate

from helpdesk.schemas.fields import Line, Text, one_of
from helpdesk.schemas.tickets import ReasonSchema

TARGETS = ("response", "resolution", "update")
# Why an excuse was refused (desk/excuses).
REFUSALS = {
    "not_breached": _l("This was in time, so there is nothing to excuse."),
    "excused": _l("Somebody has excused this in the meantime. Look at the ticket as it is now."),
    "not_excused": _l("Somebody has withdrawn this in the meantime. Look at the ticket as it is now."),
}


class ExcuseSchema(Schema):
    """Why a breach was not ours, and where that can be seen."""

    reason = Line(missing=_l("Say why this was not in our hands."), longest=500)
    evidence = Text(missing=_l("Say where that can be seen: a link, a letter, a note."), longest=2000)


class _CycleSchema(Schema):
    """Which cycle of which target, as programs say it."""

    target = one_of(TARGETS, _l("Choose response, resolution or update."), required=True)
    cycle = fields.Integer(load_default=1, validate=validate.Range(1, 10_000))


class ExcuseCycleSchema(ExcuseSchema, _CycleSchema):
    """An excuse, with the cycle that was breached."""


class WithdrawCycleSchema(ReasonSchema, _CycleSchema):
    """Why an excuse does not hold, with its cycle."""

"""Following up, as every door validates it, and what the API answers of it."""

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields, validate

from helpdesk.rules.follow_ups import STEPS
from helpdesk.rules.lifecycle import Kind
from helpdesk.schemas.answers import NamedShape
from helpdesk.schemas.fields import Text, number, one_of
from helpdesk.schemas.figures import DaysSchema

SAY_LEAD = _l("Choose a lead of the team from the list.")
REFUSALS = {
    "closed": _l("This is closed already, so nothing was changed."),
    "no_action": _l("Name an action first: it is what the reporter is told."),
    "missing": _l("Something is still to be done before it can be closed: %(names)s."),
    "not_a_lead": SAY_LEAD,
}
_SAY_WORDS = {
    "reached": _l("Write what they said, or how you tried to reach them."),
    "cause": _l("Write why it went badly."),
    "action": _l("Write what is done about it."),
    "told": _l("Write what the reporter is to read."),
}
STEP_SCHEMAS = {
    step: Schema.from_dict({"words": Text(missing=said, longest=5_000)}, name=f"{step.capitalize()}Schema")
    for step, said in _SAY_WORDS.items()
}
"""The words of each step: for people at the desk, and of the last one for the reporter."""


class OwnerSchema(Schema):
    owner_id = number(SAY_LEAD, required=True)


class LoopSchema(DaysSchema):
    """Of which kind and days; and which of them (`what`: an outcome, or how their reporters rated next)."""

    kind = one_of(tuple(Kind), _l("Choose one of the list."), load_default=Kind.FAULT.value)
    what = one_of(
        ("in_time", "late", "overdue", "running", "better", "not_better"),
        _l("Choose one of the list."),
        load_default=None,
    )


class FollowUpsPageSchema(Schema):
    """Which follow-ups, and how many at most; `offset` pages on."""

    is_open = fields.Boolean(load_default=True)
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 100))
    offset = fields.Integer(load_default=0, validate=validate.Range(0, 1_000_000))


class TicketNumberShape(Schema):
    number = fields.String(metadata={"example": "HD-12"})


class FollowUpShape(Schema):
    """A follow-up; `missing`: which steps are still to be done before it can be closed."""

    id = fields.Integer()
    ticket = fields.Nested(TicketNumberShape)
    team = fields.Nested(NamedShape)
    owner = fields.Nested(NamedShape, allow_none=True)
    because = fields.String(metadata={"enum": ["rating", "reopened"]})
    stars = fields.Integer(allow_none=True)
    opened_at = fields.DateTime()
    due_at = fields.DateTime()
    reached_at = fields.DateTime(allow_none=True)
    reached_words = fields.String()
    cause = fields.String()
    action = fields.String()
    told_at = fields.DateTime(allow_none=True)
    closed_at = fields.DateTime(allow_none=True)
    missing = fields.List(fields.String(metadata={"enum": list(STEPS)}))

"""A step of a ladder, as every door validates it."""

from typing import Any, get_args

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields, post_load

from helpdesk.rules.escalation import LATEST, Step, To
from helpdesk.schemas.fields import one_of, whole

RECIPIENTS = tuple(to for to in get_args(To) if to != "administrators")


class StepSchema(Schema):
    """When (`at` in `unit`: percent of the allowance, or minutes), to whom, and how often again; loaded as
    rules/escalation.Step. What it means in its ladder is judged by the rule."""

    number = fields.Integer(load_default=None)
    at = whole(0, LATEST)
    unit = one_of(("minutes", "percent"), _l("Choose minutes or percent."), required=True)
    to = one_of(RECIPIENTS, _l("Choose whom to tell."), required=True)
    repeat_minutes = whole(1, LATEST, load_default=None)
    repeat_most = whole(0, 1000, load_default=0)

    @post_load
    def _as_step(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        at, unit = data.pop("at"), data.pop("unit")
        return {"step": Step(**{unit: at}, **data)}

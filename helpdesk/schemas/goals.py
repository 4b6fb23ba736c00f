"""A goal as a form gives it."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, ValidationError, fields

from helpdesk.rules.figures import TARGETS
from helpdesk.rules.lifecycle import Kind
from helpdesk.schemas.fields import one_of

_SAY_CHOICE = _l("Choose one of the list.")
_SAY_PERCENT = _l("Enter a share from 0 to 100, for example 95 or 97.5.")


class Tenths(fields.Field):
    """A share as people write it ("97.5", "97,5", "97.5 %"), kept in tenths of a percent."""

    default_error_messages = {"required": _SAY_PERCENT, "null": _SAY_PERCENT}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        text = str(value).replace(",", ".").replace("%", "").replace("％", "").strip()
        try:
            tenths = (Decimal(text) * 10).quantize(Decimal(1), ROUND_HALF_UP)
            is_share = 0 <= tenths <= 1000
        except ArithmeticError:  # of a number of a million digits, too
            is_share = False
        if not is_share:
            raise ValidationError([_SAY_PERCENT])
        return int(tenths)


class GoalSchema(Schema):
    """From which quarter on, of which promises, and the share."""

    first_on = fields.Date(
        required=True,
        error_messages={"required": _SAY_CHOICE, "invalid": _SAY_CHOICE, "null": _SAY_CHOICE},
    )
    kind = one_of(tuple(Kind), _SAY_CHOICE, required=True)
    target = one_of(TARGETS, _SAY_CHOICE, required=True)
    tenths = Tenths(required=True, data_key="percent")

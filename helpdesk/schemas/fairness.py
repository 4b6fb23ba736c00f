"""What figures about being on call are asked for."""

from flask_babel import lazy_gettext as _l
from marshmallow import fields, validate

from helpdesk.schemas.figures import DaysSchema

_SAY_ROSTER = _l("Choose one of the list.")


class FairnessSchema(DaysSchema):
    """Days of one's own choice (none: the last three months), and one roster (none: all)."""

    roster = fields.Integer(
        load_default=None,
        validate=validate.Range(1, 2**31 - 1, error=_SAY_ROSTER),
        error_messages={"invalid": _SAY_ROSTER, "too_large": _SAY_ROSTER},
    )

"""What is ordered to be taken away."""

from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, validates_schema

from helpdesk.schemas.figures import DaysSchema


class RegisterSchema(DaysSchema):
    """Of which days the register is, both included."""

    @validates_schema
    def _has_days(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data["since"] is None and data["until"] is None:
            raise ValidationError([_l("Say from which day to which.")], "since")

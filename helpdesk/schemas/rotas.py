"""The commands of rotas, as the pages validate them."""

from datetime import timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, ValidationError, fields, validates_schema

from helpdesk.schemas.figures import DaysSchema

LONGEST = timedelta(days=366)


class HandoverSchema(Schema):
    """When each day of a rota begins; left out, it is up to the roster."""

    handover = fields.Time(
        format="%H:%M", error_messages={"invalid": _l("Enter a time, for example 09:00.")}, load_default=None
    )


class RotaPeriodSchema(DaysSchema, HandoverSchema):
    """Which days a rota shows, and when each begins."""

    @validates_schema
    def _is_within_a_year(self, data: dict[str, Any], **_kwargs: Any) -> None:
        since, until = data["since"], data["until"]
        if since is not None and until is not None and until - since > LONGEST:
            raise ValidationError([_l("Choose a year at most.")], "until")

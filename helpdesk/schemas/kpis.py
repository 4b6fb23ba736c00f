"""The organisation's key figures, as forms and programs send them, and as the API answers."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, ValidationError, fields, validates_schema

from helpdesk.rules.kpi_tables import LONGEST_WORDS, read_number
from helpdesk.rules.kpis import PLACES, Standing
from helpdesk.schemas.answers import NamedShape
from helpdesk.schemas.fields import Line, Text, whole

_SAY_NUMBER = _l("Write a number, for example 1234.5.")
_SAY_DAY = _l("Write a day, for example 2026-03-31.")
SAY_FUTURE = _l("This day is still to come. Choose the day on which it was measured.")
YEARS = range(1990, 2201)


class Exact(fields.Field[Decimal]):
    """A decimal with up to four places, as a number or as text."""

    default_error_messages = {"required": _SAY_NUMBER, "null": _SAY_NUMBER}

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_kwargs: Any
    ) -> Decimal:
        found = read_number(value) if isinstance(value, str | int | float) else None
        if found is None:
            raise ValidationError([_SAY_NUMBER])
        if found != found.quantize(PLACES):
            raise ValidationError([_l("Write at most four decimal places.")])
        return found

    def _serialize(self, value: Decimal | None, attr: str | None, obj: Any, **_kwargs: Any) -> str | None:
        return None if value is None else f"{value.normalize():f}"


class Day(fields.Date):
    """A day of our time."""

    def __init__(self, **kwargs: Any) -> None:
        said = {"invalid": _SAY_DAY, "required": _SAY_DAY, "null": _SAY_DAY}
        super().__init__(error_messages=said, **kwargs)

    def _deserialize(self, *args: Any, **kwargs: Any) -> date:
        found: date = super()._deserialize(*args, **kwargs)
        if found.year not in YEARS:
            raise ValidationError([_SAY_DAY])
        return found


class KpiSchema(Schema):
    """A key figure: from where it sets out, where it is to be, and when."""

    name = Line(missing=_l("Enter a name."), longest=80)
    unit = Line(longest=20)
    baseline = Exact(required=True)
    baseline_on = Day(required=True)
    target = Exact(required=True)
    target_on = Day(required=True)
    position = whole(0, 999, load_default=0)
    is_active = fields.Boolean(load_default=False)

    @validates_schema
    def _leads_somewhere(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data["target"] == data["baseline"]:
            raise ValidationError([_l("The target must differ from the baseline.")], "target")
        if data["target_on"] <= data["baseline_on"]:
            raise ValidationError([_l("This day must be after that of the baseline.")], "target_on")


class ValueSchema(Schema):
    """What was measured, and words about it."""

    value = Exact(required=True)
    words = Text(longest=LONGEST_WORDS)


class ActualSchema(ValueSchema):
    """What was measured on a day."""

    on = Day(required=True)


class ActualShape(Schema):
    """What was measured on a day; numbers are texts, so that none is rounded on its way."""

    on = fields.Date()
    value = Exact()
    words = fields.String()
    door = fields.String()
    by = fields.Nested(NamedShape)
    at = fields.DateTime()


class KpiShape(Schema):
    """A key figure with all that was measured, and how it stands."""

    id = fields.Integer()
    name = fields.String()
    unit = fields.String()
    baseline = Exact()
    baseline_on = fields.Date()
    target = Exact()
    target_on = fields.Date()
    is_active = fields.Boolean()
    standing = fields.String(metadata={"enum": [each.value for each in Standing]})
    percent = fields.Integer(
        allow_none=True, metadata={"description": "How much of the way is gone; null: nothing was measured."}
    )
    actuals = fields.List(fields.Nested(ActualShape))

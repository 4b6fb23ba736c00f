"""The commands of rosters and absences, as every door validates them."""

import re
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, ValidationError, fields, post_load, validate, validates

from helpdesk.rules.oncall import UNITS
from helpdesk.schemas.fields import Line, Text, number, one_of
from helpdesk.schemas.hours import WEEKDAYS, read_dates, read_hours
from helpdesk.schemas.people import zones
from helpdesk.schemas.spans import SpanSchema

_LOCAL = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?")
_SAY_PERSON = _l("Choose a person from the list.")


class RosterSchema(Schema):
    """A roster's name and zone; `slot` says for which team: "3:first", "3:backup", or nothing."""

    name = Line(missing=_l("Give the roster a name."), longest=80)
    zone = fields.String(required=True, error_messages={"required": _l("Choose a time zone from the list.")})
    slot = fields.String(load_default="")

    @validates("zone")
    def _is_zone(self, value: str, **_kwargs: Any) -> None:
        if value not in zones():
            raise ValidationError([_l("Choose a time zone from the list.")])


class LocalText(fields.String):
    """A local date and time, kept as text: "2026-03-02T09:00"."""

    def _deserialize(self, *args: Any, **kwargs: Any) -> str:
        text = super()._deserialize(*args, **kwargs)
        if not _LOCAL.fullmatch(text):
            raise ValidationError([_l("Enter a day and time, for example 2026-11-24 09:00.")])
        return text


class Hours(Line):
    """A day's hours as typed, loaded as intervals."""

    def _deserialize(self, *args: Any, **kwargs: Any) -> Any:
        return read_hours(super()._deserialize(*args, **kwargs))


class Dates(Text):
    """Dates with hours of their own as typed, loaded as {date: intervals}."""

    longest = 20_000

    def _deserialize(self, *args: Any, **kwargs: Any) -> Any:
        return read_dates(super()._deserialize(*args, **kwargs))


class LayerSchema(Schema):
    """A layer of a roster, loaded as desk/rosters.LayerDraft; what it means is judged by the rule.

    `always`: at all hours; else in those of `mon` ... `sun`, and of `dates` in their place.
    """

    name = Line(missing=_l("Give the layer a name."), longest=60)
    people = fields.List(number(_SAY_PERSON), required=True, error_messages={"required": _SAY_PERSON})
    starts_at = LocalText(required=True, error_messages={"required": _l("Say when the first turn begins.")})
    ends_at = LocalText(load_default=None)
    every = fields.Integer(
        required=True,
        validate=validate.Range(1, 1000, error=_l("Enter a whole number from 1 to 1000.")),
        error_messages={
            "required": _l("Say how long a turn is."),
            "invalid": _l("Enter a whole number from 1 to 1000."),
            "too_large": _l("Enter a whole number from 1 to 1000."),
        },
    )
    unit = one_of(UNITS, _l("Choose hours, days or weeks."), required=True)
    always = fields.Boolean(load_default=False)
    mon = Hours(load_default=[])
    tue = Hours(load_default=[])
    wed = Hours(load_default=[])
    thu = Hours(load_default=[])
    fri = Hours(load_default=[])
    sat = Hours(load_default=[])
    sun = Hours(load_default=[])
    dates = Dates(load_default={})

    @post_load
    def _with_hours(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        week = {day: data.pop(day) for day in WEEKDAYS}
        dates, always = data.pop("dates"), data.pop("always")
        hours = {"week": {day: found for day, found in week.items() if found}, "dates": dates}
        return {**data, "hours": None if always else hours}


class OverrideSchema(SpanSchema):
    """A person takes a span of the roster."""

    person_id = number(_SAY_PERSON, required=True)


class AbsenceSchema(SpanSchema):
    """A person is away; `person_id` None: who asks."""

    person_id = number(_SAY_PERSON, load_default=None)

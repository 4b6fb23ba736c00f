"""A calendar's hours and dates, as every door validates them."""

from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields, post_load, validate

from helpdesk.schemas.fields import Line
from helpdesk.schemas.hours import WEEKDAYS
from helpdesk.schemas.people import WithZone
from helpdesk.schemas.rosters import Dates, Hours

_SAY_DAY = _l("Enter a day, for example 2027-01-01.")


class HoursSchema(Schema):
    """`mon` ... `sun` and `dates` as typed, loaded as "week" and "dates"."""

    mon = Hours(load_default=[])
    tue = Hours(load_default=[])
    wed = Hours(load_default=[])
    thu = Hours(load_default=[])
    fri = Hours(load_default=[])
    sat = Hours(load_default=[])
    sun = Hours(load_default=[])
    dates = Dates(load_default={})

    @post_load
    def _as_week(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        week = {day: data.pop(day) for day in WEEKDAYS}
        return {**data, "week": {day: found for day, found in week.items() if found}}


class NewCalendarSchema(HoursSchema, WithZone):
    name = Line(missing=_l("Give the calendar a name."), longest=80)
    zone = fields.String(required=True, error_messages={"required": _l("Choose a time zone from the list.")})


class CalendarVersionSchema(HoursSchema):
    """Other hours from a day on."""

    effective_on = fields.Date(required=True, error_messages={"required": _SAY_DAY, "invalid": _SAY_DAY})
    reason = Line(missing=_l("Say why the hours change."), longest=300)


class HolidaysSchema(Schema):
    """Which holidays to look up."""

    country = fields.String(required=True, validate=validate.Length(equal=2))
    region = fields.String(load_default=None)
    year = fields.Integer(required=True, validate=validate.Range(2000, 2100))

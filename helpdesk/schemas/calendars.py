"""A calendar's hours and dates, as every door validates them."""

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields, validate

from helpdesk.schemas.fields import Line
from helpdesk.schemas.hours import HoursSchema
from helpdesk.schemas.people import WithZone

_SAY_DAY = _l("Enter a day, for example 2027-01-01.")


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

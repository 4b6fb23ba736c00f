"""The commands of rosters and absences, as every door validates them."""

import re
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, ValidationError, fields, post_load, validate, validates

from helpdesk.rules.oncall import UNITS
from helpdesk.schemas.fields import Line, number, one_of
from helpdesk.schemas.hours import HoursSchema
from helpdesk.schemas.people import zones
from helpdesk.schemas.spans import LocalInstant, SpanSchema, ZonedSchema

_LOCAL = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?")
ALWAYS, OWN = "always", "own"
_SAY_PERSON = _l("Choose a person from the list.")
_SAY_HOURS = _l("Enter hours from 0 (never) to 336.")


class RosterSchema(Schema):
    """A roster's name and zone; `slot` says for which team: "3:first", "3:backup", or nothing."""

    name = Line(missing=_l("Give the roster a name."), longest=80)
    zone = fields.String(required=True, error_messages={"required": _l("Choose a time zone from the list.")})
    slot = fields.String(load_default="")

    @validates("zone")
    def _is_zone(self, value: str, **_kwargs: Any) -> None:
        if value not in zones():
            raise ValidationError([_l("Choose a time zone from the list.")])


class SettingsSchema(RosterSchema):
    """What can be set of a roster that there is."""

    swaps_need_lead = fields.Boolean(load_default=False)
    holiday_calendar_id = number(_l("Choose a calendar from the list."), load_default=None)
    remind_hours = fields.Integer(
        load_default=0,
        validate=validate.Range(0, 336, error=_SAY_HOURS),
        error_messages=dict.fromkeys(("invalid", "too_large", "null"), _SAY_HOURS),
    )


class LocalText(fields.String):
    """A local date and time, kept as text: "2026-03-02T09:00"."""

    def _deserialize(self, *args: Any, **kwargs: Any) -> str:
        text = super()._deserialize(*args, **kwargs)
        if not _LOCAL.fullmatch(text):
            raise ValidationError([_l("Enter a day and time, for example 2026-11-24 09:00.")])
        return text


class LayerSchema(HoursSchema):
    """A layer of a roster, loaded as desk/rosters.LayerDraft; what it means is judged by the rule.

    `when`: "always"; "own": in the hours of `mon` ... `sun`, and of `dates` in their place; else in those of
    the calendar with that id.
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
    when = fields.String(
        load_default=ALWAYS,
        validate=validate.Regexp(r"always|own|\d{1,9}", error=_l("Choose hours from the list.")),
    )

    @post_load
    def _as_week(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        data = super()._as_week(data)
        hours, when = {name: data.pop(name) for name in ("week", "dates")}, data.pop("when")
        calendar_id = int(when) if when not in (ALWAYS, OWN) else None
        return {**data, "hours": hours if when == OWN else None, "calendar_id": calendar_id}


class VersionSchema(ZonedSchema):
    """From when on layers hold (nothing: from now on), and why they change."""

    since = LocalInstant(load_default=None)
    reason = Line(longest=300)


class ArrangementSchema(Schema):
    """Who takes each day of a holiday arrangement, in order, and what it is called."""

    name = Line(longest=60)
    people = fields.List(number(_SAY_PERSON), load_default=list)


class OverrideSchema(SpanSchema):
    """A person takes a span of the roster."""

    person_id = number(_SAY_PERSON, required=True)


class AbsenceSchema(SpanSchema):
    """A person is away; `person_id` None: who asks."""

    person_id = number(_SAY_PERSON, load_default=None)

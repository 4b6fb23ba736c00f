"""What figures are asked for."""

from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from helpdesk.rules.figures import DIMENSIONS, LONGEST, TARGETS, Grain, Period, Verdict
from helpdesk.rules.lifecycle import Kind
from helpdesk.rules.severity import Severity
from helpdesk.schemas.fields import Line, one_of

_SAY_CHOICE = _l("Choose one of the list.")
_SAY_DAY = _l("Write a day, for example 2026-03-31.")
_SAY_NUMBER = {"invalid": _SAY_CHOICE, "too_large": _SAY_CHOICE}


_SAY_INSTANT = _l("Enter an instant, for example 2026-09-30T18:00.")
require_in_reach = validate.Range(date(1990, 1, 1), date(2200, 1, 1), error=_SAY_DAY)


def _day(**kwargs: Any) -> fields.Date:
    return fields.Date(error_messages={"invalid": _SAY_DAY}, validate=require_in_reach, **kwargs)


def _id() -> fields.Integer:
    """An id, or 0: of none."""
    in_reach = validate.Range(0, 2**31 - 1, error=_SAY_CHOICE)
    return fields.Integer(load_default=None, validate=in_reach, error_messages=_SAY_NUMBER)


class DaysSchema(Schema):
    """Two days of one's own choice, both included, or none."""

    since = _day(load_default=None)
    until = _day(load_default=None)

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_kwargs: Any) -> None:
        since, until = data["since"], data["until"]
        if (since is None) != (until is None):
            missing = "since" if since is None else "until"
            raise ValidationError([_l("Give both days, or neither.")], missing)
        if since is not None and until < since:
            raise ValidationError([_l("This day is before the first one.")], "until")
        if since is not None and until - since > timedelta(days=LONGEST):
            raise ValidationError([_l("Choose ten years at most.")], "until")


class FiguresSchema(DaysSchema):
    """A kind, a period (named, or two days of its own), as of which instant (none: now; without an offset it
    is of the organisation's zone), how it is parted, and what narrows it: a department with those below it,
    unless `alone`."""

    kind = one_of(tuple(Kind), _SAY_CHOICE, load_default=Kind.FAULT.value)
    period = one_of(tuple(Period), _SAY_CHOICE, load_default=Period.DAYS_30.value)
    as_of = fields.DateTime(
        format="iso",
        load_default=None,
        error_messages={"invalid": _SAY_INSTANT},
        validate=lambda at: require_in_reach(at.date()),
    )
    grain = one_of(tuple(Grain), _SAY_CHOICE, load_default=None)
    by = one_of(DIMENSIONS, _SAY_CHOICE, load_default="severity")
    target = one_of(TARGETS, _SAY_CHOICE, load_default=None)
    verdict = one_of(tuple(Verdict), _SAY_CHOICE, load_default=None)
    excused = fields.Boolean(load_default=None, error_messages={"invalid": _SAY_CHOICE})
    severity = one_of(tuple(Severity), _SAY_CHOICE, load_default=None)
    service = _id()
    team = _id()
    person = _id()
    door = Line(longest=20, load_default=None)
    department = _id()
    alone = fields.Boolean(load_default=None, error_messages={"invalid": _SAY_CHOICE})


class ComplianceSchema(FiguresSchema):
    """What the API is asked: what narrows a list alone is no question of its figures."""

    class Meta:
        exclude = ("target", "verdict", "excused")

    @post_load
    def _with_nothing_else(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return {**dict.fromkeys(self.Meta.exclude), **data}


class ListedSchema(FiguresSchema):
    """The same, and which page of its list."""

    page = fields.Integer(load_default=1, validate=validate.Range(1, 10**6), error_messages=_SAY_NUMBER)


class KeptShape(Schema):
    """How many of one promise were kept."""

    promise = fields.String(metadata={"enum": list(TARGETS)})
    met = fields.Integer()
    breached = fields.Integer()
    running = fields.Integer()
    excused = fields.Integer()
    share = fields.Float(allow_none=True, metadata={"example": 95.4})
    adjusted_share = fields.Float(allow_none=True)
    goal = fields.Float(allow_none=True)


class PartShape(Schema):
    """A part of the period, by its first day."""

    since = fields.Date()
    kept = fields.List(fields.Nested(KeptShape))


class RowShape(Schema):
    """A row of the dimension: `key` is what narrows the question to it; null: of none."""

    key = fields.Raw(allow_none=True)
    name = fields.String(allow_none=True)
    kept = fields.List(fields.Nested(KeptShape))


class ComplianceShape(Schema):
    """The figures, with the days, zone and instant that they are of."""

    kind = fields.String()
    since = fields.Date()
    until = fields.Date(metadata={"description": "Included."})
    zone = fields.String(metadata={"example": "Europe/Berlin"})
    as_of = fields.DateTime()
    by = fields.String()
    grain = fields.String()
    totals = fields.List(fields.Nested(KeptShape))
    parts = fields.List(fields.Nested(PartShape))
    rows = fields.List(fields.Nested(RowShape))

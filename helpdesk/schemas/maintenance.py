"""The commands of maintenance windows, series and freezes, as every door validates them."""

import re
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, ValidationError, fields, post_load, validate, validates

from helpdesk.rules.maintenance import EFFECTS
from helpdesk.rules.recurrence import KINDS, BadRule, ending, parse_rule, repeating
from helpdesk.schemas.fields import Line, Text, number, one_of, whole
from helpdesk.schemas.spans import YEARS, LocalInstant, SpanSchema, ZonedSchema

REPEATS = (*KINDS, "rule")
FREEZE_KINDS = ("once", "month", "quarter", "year", "rule")
_SAY_RULE = _l("Write a rule for days as in RFC 5545, for example FREQ=MONTHLY;BYDAY=2TU.")
_SAY_DAY = _l("Enter a day, for example 2026-11-24.")


class Rule(Line):
    """An RRULE that names days, as rules/recurrence keeps it."""

    def _deserialize(self, *args: Any, **kwargs: Any) -> str:
        text = super()._deserialize(*args, **kwargs)
        try:
            return parse_rule(text) if text else ""
        except BadRule as fault:
            if fault.code == "part":
                raise ValidationError(
                    [_l("%(name)s is not possible in such a rule: it names days.", name=fault.part)]
                ) from fault
            raise ValidationError([_SAY_RULE]) from fault


class Day(fields.Date):
    """A day in the years that calendars have."""

    def __init__(self, **kwargs: Any) -> None:
        within = validate.Range(date(YEARS.start, 1, 1), date(YEARS.stop - 1, 12, 31), error=_SAY_DAY)
        messages = {"required": _SAY_DAY, "null": _SAY_DAY, "invalid": _SAY_DAY}
        super().__init__(validate=within, error_messages=messages, **kwargs)


class WindowSchema(SpanSchema):
    """A window that is planned, or changed before it is announced."""

    service_ids = fields.List(
        number(_l("Choose a service from the list.")),
        required=True,
        validate=validate.Length(1, 500, error=_l("Choose at least one service.")),
        error_messages={"required": _l("Choose at least one service.")},
    )
    reason = Line(missing=_l("Say what is done, so that people understand the wait."), longest=300)
    effect = one_of(EFFECTS, _l("Say how the services will be meanwhile."), required=True)
    owner_id = number(_l("Choose a person from the list."), load_default=None)
    rollback_plan = Text(longest=5000)


class SeriesSchema(WindowSchema):
    """A window that recurs, loaded in the shapes of the columns of a series; the times are those of the
    first. `exceptions`: days, in any order, apart by blanks, commas or line ends."""

    repeats = one_of(REPEATS, _l("Say how often it recurs."), required=True)
    rule = Rule()
    last_on = Day(load_default=None)
    exceptions = Text(longest=5000)

    @validates("exceptions")
    def _are_days(self, value: str, **_kwargs: Any) -> None:
        for text in _apart(value):
            _day(text)

    @post_load
    def _as_columns(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        starts_at, ends_at = data.pop("starts_at"), data.pop("ends_at")
        local = starts_at.astimezone(self.zone).replace(tzinfo=None)
        repeats, rule, last_on = (data.pop(name) for name in ("repeats", "rule", "last_on"))
        if repeats == "rule" and not rule:
            raise ValidationError([_SAY_RULE], "rule")
        if repeats != "rule":
            rule = repeating(repeats, local)
            rule = ending(rule, last_on, self.zone) if last_on else rule
        days = sorted({_day(text) for text in _apart(data["exceptions"])})
        return {
            **data,
            "service_ids": sorted(set(data["service_ids"])),
            "rule": rule,
            "zone": self.zone.key,
            "starts_at": _text(local),
            "minutes": (ends_at - starts_at) // timedelta(minutes=1),
            "exceptions": [_text(datetime.combine(day, local.time())) for day in days],
        }


class MoveSchema(SpanSchema):
    """Other times for a window that is announced; `reason` says why."""


class ExtendSchema(ZonedSchema):
    """A later end for a window that runs."""

    ends_at = LocalInstant(_l("Say when it ends."))
    reason = Line(longest=300)


class WhySchema(Schema):
    """Why a step is taken."""

    reason = Line(longest=300)


class FreezeSchema(Schema):
    """Days without changes, loaded in the shapes of the columns. `when` once, or again by `rule`: from
    `first_on` on `days` days; month, quarter, year: the last `days` of each, from that day on."""

    name = Line(missing=_l("Give the freeze a name, so that people know what it is for."), longest=80)
    when = one_of(FREEZE_KINDS, _l("Say when it is."), required=True)
    first_on = Day(required=True)
    days = whole(1, 366)
    rule = Rule()

    @post_load
    def _as_columns(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        when = data.pop("when")
        if when == "rule" and not data["rule"]:
            raise ValidationError([_SAY_RULE], "rule")
        if when in LAST_DAYS:
            if data["days"] > 28:
                raise ValidationError(
                    [_l("Enter a whole number from %(least)s to %(most)s.", least=1, most=28)], "days"
                )
            data["rule"] = f"{LAST_DAYS[when]};BYMONTHDAY=-{data['days']}"
        elif when == "once":
            data["rule"] = ""
        return data


LAST_DAYS = {
    "month": "FREQ=MONTHLY",
    "quarter": "FREQ=YEARLY;BYMONTH=3,6,9,12",
    "year": "FREQ=YEARLY;BYMONTH=12",
}


def freeze_kind(rule: str, days: int) -> str:
    """Which of FREEZE_KINDS a freeze of that rule and length is."""
    if not rule:
        return "once"
    found = {f"{start};BYMONTHDAY=-{days}": kind for kind, start in LAST_DAYS.items()}
    return found.get(rule, "rule")


def _apart(text: str) -> list[str]:
    return [each for each in re.split(r"[\s,;]+", text) if each]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as fault:
        raise ValidationError([_l("Write each day like this: 2026-12-24.")]) from fault


def _text(local: datetime) -> str:
    return local.strftime("%Y-%m-%dT%H:%M")

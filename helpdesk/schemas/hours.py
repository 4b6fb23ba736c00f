"""Opening hours as people type them: "09:00-12:00, 13:00-18:00" a day, and dates of their own."""

import re
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, ValidationError, post_load

from helpdesk.schemas.fields import Line, Text

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLOSED = "-"
_INTERVAL = re.compile(r"(\d{1,2})[:.：](\d{2})\s*[-–—~～至]\s*(\d{1,2})[:.：](\d{2})")


def read_hours(text: str) -> list[list[str]]:
    """The intervals in one line of typed hours; "" and "-" are none. Else raises ValidationError.

    Whether they are in order and apart is the rule's question (rules/hours).
    """
    text = text.strip()
    if text in ("", CLOSED):
        return []
    found = []
    for part in re.split(r"[,;，；、]", text):
        match = _INTERVAL.fullmatch(part.strip())
        if match is None:
            raise ValidationError([_l("Write hours like 09:00-12:00, 13:00-18:00.")])
        start_hour, start_minute, end_hour, end_minute = match.groups()
        found.append([f"{start_hour:0>2}:{start_minute}", f"{end_hour:0>2}:{end_minute}"])
    return found


def read_dates(text: str) -> dict[str, list[list[str]]]:
    """Lines like "2026-12-25 -" or "2026-12-24 09:00-12:00" as {date: intervals}. Raises ValidationError."""
    found: dict[str, list[list[str]]] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        date, _space, hours = line.partition(" ")
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", date) or not hours.strip():
            raise ValidationError(
                [_l("Write a line for each date, like 2026-12-24 09:00-12:00, or 2026-12-25 - for none.")]
            )
        if date in found:
            raise ValidationError([_l("%(date)s stands here twice.", date=date)])
        found[date] = read_hours(hours)
    return found


class Hours(Line):
    """A day's hours as typed, loaded as intervals."""

    def _deserialize(self, *args: Any, **kwargs: Any) -> Any:
        return read_hours(super()._deserialize(*args, **kwargs))


class Dates(Text):
    """Dates with hours of their own as typed, loaded as {date: intervals}."""

    longest = 20_000

    def _deserialize(self, *args: Any, **kwargs: Any) -> Any:
        return read_dates(super()._deserialize(*args, **kwargs))


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


def hours_text(intervals: list[list[str]]) -> str:
    """Intervals as one line, the way read_hours takes them."""
    return ", ".join(f"{start}-{end}" for start, end in intervals)


def dates_text(dates: dict[str, list[list[str]]]) -> str:
    """Dates as lines, the way read_dates takes them."""
    return "\n".join(f"{date} {hours_text(dates[date]) or CLOSED}" for date in sorted(dates))


def hours_form(hours: dict[str, Any] | None, prefix: str = "") -> dict[str, str]:
    """{"week", "dates"} as form values: a line for each weekday under `prefix` + "mon" ..., and "dates"."""
    week = (hours or {}).get("week", {})
    values = {prefix + day: hours_text(week.get(day, [])) for day in WEEKDAYS}
    return {**values, prefix + "dates": dates_text((hours or {}).get("dates", {}))}

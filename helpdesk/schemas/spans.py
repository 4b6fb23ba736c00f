"""Spans of local time as people type them: from and to, in a zone that the form names."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, ValidationError, fields, validates_schema

from helpdesk.rules.hours import local_to_instant
from helpdesk.schemas.fields import Line

YEARS = range(2000, 2200)


class LocalInstant(fields.Field[datetime]):
    """A local date and time ("2026-03-02T09:00") as the instant it means in the schema's zone.

    A skipped local time means the first instant after the gap, a repeated one its first occurrence.
    """

    def __init__(self, missing: Any = None, **kwargs: Any) -> None:
        """`missing`: what to say where it is required and empty."""
        messages = {"required": missing, "null": missing} if missing else {}
        super().__init__(required=missing is not None, error_messages=messages, **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> datetime:
        try:
            local = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            local = None
        if local is None or local.tzinfo is not None or local.year not in YEARS:
            raise ValidationError([_l("Enter a day and time, for example 2026-11-24 09:00.")])
        assert isinstance(self.parent, ZonedSchema)  # noqa: S101 -- a mistake of ours, not of who types
        return local_to_instant(self.parent.zone, local)


class ZonedSchema(Schema):
    """A schema with local times; `zone` is where the typed ones are meant."""

    def __init__(self, zone: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.zone = ZoneInfo(zone)


class SpanSchema(ZonedSchema):
    """From and to."""

    starts_at = LocalInstant(_l("Say when it begins."))
    ends_at = LocalInstant(_l("Say when it ends."))
    reason = Line(longest=300)

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data["ends_at"] <= data["starts_at"]:
            raise ValidationError([_l("The end must be later than the beginning.")], "ends_at")

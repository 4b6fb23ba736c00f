"""A call or a walk-in, as an agent logs it for somebody else."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, cast

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields, validates, validates_schema
from marshmallow.validate import Email

from helpdesk.schemas.fields import Instant, Line, one_of
from helpdesk.schemas.tickets import FormReportSchema

LONGEST_AGO = timedelta(days=31)


class CallSchema(FormReportSchema):
    """A report with who called and how. `person_id` names somebody known, "new" somebody who is not;
    without it `who` is looked for. `zone` is where a time without an offset is meant."""

    def __init__(self, *, zone: tzinfo = UTC, now: datetime | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.now = now
        cast(Instant, self.fields["reported_at"]).default_timezone = zone

    door = one_of(("phone", "walk_in"), _l("Say whether they called or came by."), load_default="phone")
    who = Line(missing=_l("Say who called: a name, a mail address or a staff number."), longest=120)
    person_id = fields.String(load_default=None)
    email = Line(longest=254)
    phone = Line(longest=40)
    reported_at = Instant(
        load_default=None,
        format="iso",
        default_timezone=UTC,
        error_messages={"invalid": _l("Enter a day and time, for example 2026-11-24 09:00.")},
    )
    backdate_reason = Line(longest=500)

    @validates("email")
    def _is_address(self, value: str, **_kwargs: Any) -> None:
        if value:
            Email(error=str(_l("Check this mail address; it should look like name@example.org.")))(value)

    @validates("reported_at")
    def _is_past(self, value: datetime | None, **_kwargs: Any) -> None:
        if value is not None and self.now is not None and not self.now - LONGEST_AGO <= value <= self.now:
            raise ValidationError([_l("Choose a time that has passed, within the last month.")])

    @validates_schema(skip_on_field_errors=False)
    def _says_why_late(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data.get("reported_at") and not data.get("backdate_reason"):
            raise ValidationError(_l("Say why it is entered later, in a few words."), "backdate_reason")

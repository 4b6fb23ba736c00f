"""Reports that are sent by themselves, as every door validates them."""

import re
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields, post_load, validate, validates
from marshmallow.validate import Email

from helpdesk.i18n import LOCALES
from helpdesk.rules.figures import Period
from helpdesk.rules.lifecycle import Kind
from helpdesk.rules.schedules import RHYTHMS, rule_of
from helpdesk.rules.severity import Severity
from helpdesk.schemas.fields import Line, Text, number, one_of
from helpdesk.schemas.maintenance import Rule
from helpdesk.schemas.people import LONGEST_ADDRESS, zones
from helpdesk.schemas.spans import LocalInstant, ZonedSchema

_SAY_CHOICE = _l("Choose one of the list.")
_SAY_RULE = _l("Write a rule for days as in RFC 5545, for example FREQ=MONTHLY;BYDAY=2TU.")
ASKED = ("kind", "period", "team", "service", "severity")


class ScheduleSchema(ZonedSchema):
    """A schedule in the shapes of its columns: `reports` are the codes there are; `zone` is where its times
    are meant, and that of letters to addresses which belong to nobody, in `locale`."""

    def __init__(self, zone: str, reports: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(zone=zone, **kwargs)
        self.reports = reports

    name = Line(missing=_l("Give it a name: it is the subject of the letter."), longest=80)
    report = Line(missing=_l("Choose a report."))
    kind = one_of(tuple(Kind), _SAY_CHOICE, load_default=Kind.FAULT.value)
    period = one_of(tuple(Period), _SAY_CHOICE, load_default=Period.LAST_WEEK.value)
    team = number(_SAY_CHOICE, load_default=None)
    service = number(_SAY_CHOICE, load_default=None)
    severity = one_of(tuple(Severity), _SAY_CHOICE, load_default=None)
    starts_at = LocalInstant(_l("Say when the first letter leaves."))
    rhythm = one_of((*RHYTHMS, "rule"), _l("Say how often it is sent."), required=True)
    rule = Rule()
    people = fields.List(number(_SAY_CHOICE), load_default=list, validate=validate.Length(0, 200))
    addresses = Text(longest=20_000)
    locale = one_of(tuple(LOCALES), _l("Choose a language from the list."), load_default="en")

    @validates("report")
    def _is_one(self, value: str, **_kwargs: Any) -> None:
        if value not in self.reports:
            raise ValidationError([_l("Choose a report.")])

    @validates("addresses")
    def _are_addresses(self, value: str, **_kwargs: Any) -> None:
        for each in _apart(value):
            if len(each) > LONGEST_ADDRESS:
                raise ValidationError([_l("This address is too long: %(address)s", address=each[:40])])
            Email(error=_l("Check this address: {input}. It should look like name@example.org."))(each)

    @post_load
    def _as_columns(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        local = data["starts_at"].astimezone(self.zone).replace(tzinfo=None)
        if data["rhythm"] == "rule" and not data["rule"]:
            raise ValidationError([_SAY_RULE], "rule")
        strangers = {"locale": data["locale"], "zone": self.zone.key}
        people: list[dict[str, Any]] = [{"person": each} for each in sorted(set(data["people"]))]
        return {
            "name": data["name"],
            "report": data["report"],
            "asked": {name: data[name] for name in ASKED if data[name] is not None},
            "recipients": people + [{"email": each, **strangers} for each in _apart(data["addresses"])],
            "rule": data["rule"] if data["rhythm"] == "rule" else rule_of(data["rhythm"], local.date()),
            "zone": self.zone.key,
            "starts_at": local.strftime("%Y-%m-%dT%H:%M"),
        }


def zone_of(text: str | None, otherwise: str) -> str:
    """The zone that a form names, or the other where it names none of ours."""
    return text if text in zones() else otherwise


def _apart(text: str) -> list[str]:
    """The addresses of a text, apart by blanks, commas, semicolons or line ends, each once, in lower case."""
    return list(dict.fromkeys(each.lower() for each in re.split(r"[\s,;]+", text) if each))

"""A line of a table that is taken in. An empty cell says nothing: what is known stays."""

from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, ValidationError, fields, missing, post_load, pre_load, validates
from marshmallow.validate import Email

from helpdesk.i18n import LOCALES
from helpdesk.rules.access import Role
from helpdesk.rules.imports import full_name, meaning_of
from helpdesk.schemas.fields import Line, Text, one_of
from helpdesk.schemas.people import LONGEST_ADDRESS, zones

SAY_YES = _l("Write yes or no.")


def _line(longest: int) -> Line:
    return Line(longest=longest, load_default=missing)


def _yes_or_no() -> fields.Boolean:
    return fields.Boolean(error_messages={"invalid": SAY_YES})


class _Row(Schema):
    """`MEANT`: which fields are written in words of ours, of which kind (rules/imports.meaning_of)."""

    MEANT: dict[str, str] = {}

    @pre_load
    def _understood(self, data: dict[str, str], **_kwargs: Any) -> dict[str, str]:
        meant = {name: meaning_of(kind, data[name]) for name, kind in self.MEANT.items() if name in data}
        return {**data, **meant}


class PersonRow(_Row):
    MEANT = {"role": "role", "locale": "locale"}

    name = Line(missing=_l("The name is missing."), longest=120)
    email = _line(LONGEST_ADDRESS)
    staff_number = _line(40)
    department = _line(400)
    location = _line(120)
    phone = _line(40)
    external_id = _line(120)
    role = one_of(tuple(Role), _l("There is no such role."))
    locale = one_of(tuple(LOCALES), _l("Choose a language that there is here."))
    zone = fields.String()

    @pre_load
    def _whole_name(self, data: dict[str, str], **_kwargs: Any) -> dict[str, str]:
        given = dict(data)
        first, last = given.pop("first_name", ""), given.pop("last_name", "")
        return given if "name" in given else {**given, "name": full_name(first, last)}

    @validates("email")
    def _is_address(self, value: str, **_kwargs: Any) -> None:
        Email(error=_l("Check this mail address; it should look like name@example.org."))(value)

    @validates("zone")
    def _is_zone(self, value: str, **_kwargs: Any) -> None:
        if value not in zones():
            raise ValidationError([_l("There is no such time zone. Write it like Europe/Berlin.")])

    @post_load
    def _lower(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return {**data, "email": data["email"].lower()} if "email" in data else data


class DepartmentRow(_Row):
    name = Line(missing=_l("The name is missing."), longest=400)
    parent = _line(400)


class LocationRow(_Row):
    name = Line(missing=_l("The name is missing."), longest=120)
    address = _line(300)


class ServiceRow(_Row):
    MEANT = {"is_core": "bool", "is_restricted": "bool"}

    name = Line(missing=_l("The name is missing."), longest=80)
    description = Text(longest=300, load_default=missing)
    team = _line(80)
    owner = _line(LONGEST_ADDRESS)
    is_core = _yes_or_no()
    is_restricted = _yes_or_no()


ROWS: dict[str, type[Schema]] = {
    "people": PersonRow,
    "departments": DepartmentRow,
    "locations": LocationRow,
    "services": ServiceRow,
}

"""The commands of signing in, set-up, passwords and profiles, as every door validates them."""

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, ValidationError, fields, post_load, validate, validates, validates_schema
from marshmallow.validate import Email

from helpdesk.i18n import LOCALES
from helpdesk.rules.access import Role
from helpdesk.rules.letters import MODES
from helpdesk.rules.passwords import LONGEST, PasswordRules
from helpdesk.schemas.fields import Line, Text, choice, number, one_of

LONGEST_ADDRESS = 254
ROLE_NAMES = {
    Role.REPORTER: _l("Reporter"),
    Role.AGENT: _l("Agent"),
    Role.LEAD: _l("Lead"),
    Role.MANAGER: _l("Manager"),
    Role.ADMINISTRATOR: _l("Administrator"),
    Role.AUDITOR: _l("Auditor"),
}


@cache
def zones() -> tuple[str, ...]:
    """The zones to choose from: places, and UTC."""
    return (*sorted(z for z in available_timezones() if "/" in z and not z.startswith("Etc/")), "UTC")


def say_password_fault(code: str, rules: PasswordRules) -> Any:
    """Why a password was not taken (a code of rules/passwords.fault_of), in words that say the mend."""
    if code == "too_short":
        return _l("Use at least %(length)d characters; a few words are fine.", length=rules.min_length)
    return {
        "too_long": _l("Use at most %(length)d characters.", length=LONGEST),
        "too_plain": _l("This password repeats itself or counts up. Use a few unrelated words."),
        "known": _l("Attackers try this password first. Use a few unrelated words."),
        "too_close": _l("Do not build the password from your name, your address or the organisation's name."),
        "composition": _l("The password needs capital and small letters, a digit and a sign."),
    }[code]


class Password(fields.String):
    """A password exactly as typed: nothing is trimmed."""

    def __init__(self, said: Any) -> None:
        super().__init__(
            required=True,
            load_only=True,
            validate=validate.Length(max=LONGEST, error=_l("Use at most 1024 characters.")),
            error_messages={"required": said, "null": said, "invalid": said},
        )


class MailAddress(Line):
    """A mail address, in lower case."""

    def __init__(self, missing: Any) -> None:
        super().__init__(missing=missing, longest=LONGEST_ADDRESS)

    def _deserialize(self, *args: Any, **kwargs: Any) -> str:
        address = super()._deserialize(*args, **kwargs).lower()
        Email(error=_l("Check this mail address; it should look like name@example.org."))(address)
        return address


class SignInSchema(Schema):
    email = Line(missing=_l("Enter your mail address."), longest=LONGEST_ADDRESS)
    password = Password(_l("Enter your password."))


class ResetSchema(Schema):
    email = MailAddress(_l("Enter your mail address."))


class NewPasswordSchema(Schema):
    password = Password(_l("Choose a password."))


class ChangePasswordSchema(NewPasswordSchema):
    current = Password(_l("Enter the password that you have now."))


class WithZone(Schema):
    """A schema whose `zone` is one of zones(), or empty."""

    @validates("zone")
    def _is_zone(self, value: str | None, **_kwargs: Any) -> None:
        if value and value not in zones():
            raise ValidationError([_l("Choose a time zone from the list.")])


class MailModeSchema(Schema):
    """Which letters somebody wants."""

    mail_mode = one_of(MODES, _l("Choose which letters you want."), required=True)


class ByLinkSchema(WithZone, MailModeSchema):
    """What people settle by a letter's link; zone and locale empty: the organisation's."""

    locale = one_of(tuple(LOCALES), _l("Choose a language from the list."), load_default=None)
    zone = fields.String(load_default=None)


class ProfileSchema(WithZone):
    """What people may change about themselves; zone and locale empty: the organisation's."""

    name = Line(missing=_l("Enter your name."), longest=120)
    phone = Line(longest=40)
    locale = one_of(tuple(LOCALES), _l("Choose a language from the list."), load_default=None)
    zone = fields.String(load_default=None)
    primary_address = Line(longest=LONGEST_ADDRESS)
    mail_mode = one_of(MODES, _l("Choose which letters you want."))


class TokenSchema(Schema):
    name = Line(missing=_l("Say what the token is for."), longest=80, data_key="token_name")


class SetupSchema(WithZone, NewPasswordSchema):
    """The first set-up: the organisation and its first administrator."""

    organisation = Line(missing=_l("Enter the name of your organisation."), longest=120)
    zone = fields.String(required=True, error_messages={"required": _l("Choose a time zone from the list.")})
    locale = one_of(tuple(LOCALES), _l("Choose a language from the list."), required=True)
    night_answer = one_of(("roster", "nobody"), _l("Say who answers at night."), required=True)
    cover_reason = Line(longest=300)
    team = Line(longest=80)
    service = Line(longest=80)
    name = Line(missing=_l("Enter your name."), longest=120)
    email = MailAddress(_l("Enter your mail address."))

    @validates_schema
    def _says_who_comes(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data["night_answer"] == "roster" and not data["cover_reason"]:
            said = _l("Say who watches at night until there is a roster, or choose “Nobody” for now.")
            raise ValidationError([said], "cover_reason")


class PersonSchema(WithZone):
    """A person as the desk adds them; `email` may be left out for those reached by phone alone."""

    name = Line(missing=_l("Enter the name."), longest=120)
    email = Line(longest=LONGEST_ADDRESS)
    role = choice(Role, _l("Choose a role from the list."), load_default=Role.REPORTER)
    phone = Line(longest=40)
    staff_number = Line(longest=40)
    location = Line(longest=120)
    locale = one_of(tuple(LOCALES), _l("Choose a language from the list."), load_default=None)
    zone = fields.String(load_default=None)

    @validates("email")
    def _is_address(self, value: str, **_kwargs: Any) -> None:
        if value:
            _check_address(value)


class RecordSchema(WithZone):
    """All about a person that an administrator sets; `addresses` one a line, letters go to the first."""

    name = Line(missing=_l("Enter the name."), longest=120)
    role = choice(Role, _l("Choose a role from the list."), required=True)
    addresses = Text(longest=2000)
    phone = Line(longest=40)
    staff_number = Line(longest=40, load_default=None)
    external_id = Line(longest=120, load_default=None)
    department_id = number(_l("Choose a department from the list."), load_default=None)
    location = Line(longest=120)
    locale = one_of(tuple(LOCALES), _l("Choose a language from the list."), load_default=None)
    zone = fields.String(load_default=None)
    skills = fields.List(number(_l("Choose skills from the list.")), load_default=list)
    with_letter = fields.Boolean(load_default=False)

    @post_load
    def _as_list(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        addresses = tuple(dict.fromkeys(data["addresses"].lower().split()))
        for address in addresses:
            try:
                _check_address(address)
            except ValidationError as fault:
                raise ValidationError(fault.messages, "addresses") from fault
        return {**data, "addresses": addresses}


def _check_address(address: str) -> None:
    Email(error=_l("Check this mail address; it should look like name@example.org."))(address)

"""The organisation's settings, departments and services, as every door validates them."""

from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields, validate

from helpdesk.i18n import LOCALES
from helpdesk.rules.dispatch import BY_HAND, WAYS
from helpdesk.rules.outages import MINUTES, PEOPLE
from helpdesk.rules.passwords import SHORTEST_ALLOWED
from helpdesk.rules.window_notices import CHOICES
from helpdesk.schemas.fields import Line, Text, number, one_of, whole
from helpdesk.schemas.people import WithZone

SAY_TEAM = _l("Choose a team from the list.")
SAY_TIMES = _l("Choose times from the list.")
SAY_PERSON = _l("Choose a person from the list.")
SAY_SKILL = _l("Choose skills from the list.")


class OrganisationSchema(WithZone):
    """Who the desk works for, and what it asks of passwords; 0 is an option that is off."""

    name = Line(missing=_l("Enter the name of your organisation."), longest=120)
    zone = fields.String(required=True, error_messages={"required": _l("Choose a time zone from the list.")})
    locale = one_of(tuple(LOCALES), _l("Choose a language from the list."), required=True)
    hotline = Line(longest=80)
    default_team_id = number(SAY_TEAM, required=True)
    calendar_id = number(_l("Choose a calendar from the list."), required=True)
    night_answer = one_of(("roster", "nobody"), _l("Say who answers at night."), required=True)
    password_min_length = whole(SHORTEST_ALLOWED, 64)
    password_composition = fields.Boolean(load_default=False)
    password_expiry_days = whole(0, 3650, load_default=0)
    idle_timeout_minutes = whole(0, 10_080, load_default=0)
    security_log_days = whole(180, 36_500)
    colleagues = fields.Boolean(load_default=False)
    outage_people = whole(2, 1000, load_default=PEOPLE)
    outage_minutes = whole(1, 240, load_default=MINUTES)
    window_notice_minutes = fields.List(
        fields.Integer(
            validate=validate.OneOf(CHOICES, error=SAY_TIMES), error_messages={"invalid": SAY_TIMES}
        ),
        load_default=list,
    )


class DepartmentSchema(Schema):
    name = Line(missing=_l("Give the department a name."), longest=120)
    parent_id = number(_l("Choose a department from the list."), load_default=None)


class ServiceSchema(Schema):
    """A service that people report about."""

    name = Line(missing=_l("Give the service a name, as people call it."), longest=80)
    description = Text(longest=300)
    team_id = number(SAY_TEAM, required=True)
    owner_id = number(SAY_PERSON, load_default=None)
    is_core = fields.Boolean(load_default=False)
    is_restricted = fields.Boolean(load_default=False)
    is_active = fields.Boolean(load_default=False)
    is_on_status_page = fields.Boolean(load_default=False)
    needs = fields.List(number(_l("Choose a service from the list.")), load_default=list)
    departments = fields.List(number(_l("Choose a department from the list.")), load_default=list)
    skills = fields.List(number(SAY_SKILL), load_default=list)


class TeamSchema(Schema):
    """A team's own columns; its members come beside it (MembersSchema)."""

    name = Line(missing=_l("Give the team a name."), longest=80)
    email = fields.String(
        load_default=None,
        validate=validate.Email(error=_l("Check this mail address; it should look like name@example.org.")),
    )
    manager_id = number(SAY_PERSON, load_default=None)
    roster_id = number(_l("Choose a roster from the list."), load_default=None)
    backup_roster_id = number(_l("Choose a roster from the list."), load_default=None)
    is_active = fields.Boolean(load_default=False)
    dispatch = one_of((BY_HAND, *WAYS), _l("Choose who is given new tickets."), load_default=BY_HAND)
    hands_up_to_id = number(SAY_TEAM, load_default=None)
    people = fields.List(number(SAY_PERSON), load_default=list)
    leads = fields.List(number(SAY_PERSON), load_default=list)
    seniors = fields.List(number(SAY_PERSON), load_default=list)


class SkillSchema(Schema):
    name = Line(missing=_l("Give the skill a name."), longest=80)


def members_of(data: dict[str, Any]) -> dict[int, bool]:
    """Takes `people` and `leads` out of what TeamSchema loaded: who is in the team, and whether they lead."""
    leads = set(data.pop("leads"))
    return {person: person in leads for person in data.pop("people")}

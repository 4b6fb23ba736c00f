"""Set-up: what an administrator decides, and an auditor reads. A module for each tab."""

from helpdesk.web.admin import (
    calendars,
    canned_answers,
    departments,
    imports,
    ladders,
    letter_templates,
    locations,
    mail,
    mailboxes,
    organisation,
    people,
    policies,
    policy_rules,
    service_fields,
    services,
    skills,
    teams,
)
from helpdesk.web.admin.frame import bp

__all__ = [
    "bp",
    "calendars",
    "canned_answers",
    "departments",
    "imports",
    "ladders",
    "letter_templates",
    "locations",
    "mail",
    "mailboxes",
    "organisation",
    "people",
    "policies",
    "policy_rules",
    "service_fields",
    "services",
    "skills",
    "teams",
]

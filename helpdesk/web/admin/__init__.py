"""Set-up: what an administrator decides, and an auditor reads. A module for each tab."""

from helpdesk.web.admin import (
    calendars,
    canned_answers,
    departments,
    ladders,
    letter_templates,
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
    "ladders",
    "letter_templates",
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

"""REMEMBER. Models and every query; one file a feature."""

from helpdesk.store import (
    escalations,
    feedback,
    letters,
    mail,
    maintenance,
    organisation,
    people,
    periodic,
    policies,
    revision,
    rosters,
    security,
    services,
    stale,
    teams,
    tickets,
)
from helpdesk.store.db import db

__all__ = [
    "db",
    "escalations",
    "feedback",
    "letters",
    "mail",
    "maintenance",
    "organisation",
    "people",
    "periodic",
    "policies",
    "revision",
    "rosters",
    "security",
    "services",
    "stale",
    "teams",
    "tickets",
]

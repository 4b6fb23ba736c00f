"""The organisation's own settings and its departments."""

from typing import Any

from helpdesk.desk import changes
from helpdesk.desk.changes import By, Refused, State
from helpdesk.desk.security import SHORTEST_LOG
from helpdesk.desk.stale import after_ladder_change
from helpdesk.rules.mail_watch import SILENT_AFTER
from helpdesk.rules.outages import MINUTES, PEOPLE
from helpdesk.rules.passwords import PasswordRules
from helpdesk.rules.window_notices import BEFORE
from helpdesk.store.db import db, transaction
from helpdesk.store.names import get_row_for_change
from helpdesk.store.organisation import Department, Organisation

FIELDS = ("name", "zone", "locale", "hotline", "default_team_id", "calendar_id", "night_answer")
OPTIONS = (
    "password_min_length",
    "password_composition",
    "password_expiry_days",
    "idle_timeout_minutes",
    "security_log_days",
    "mailbox_silent_minutes",
    "mail_authserv",
    "reply_to_domains",
    "agent_mail",
    "window_notice_minutes",
    "colleagues",
    "outage_people",
    "outage_minutes",
)
DEFAULT_OPTIONS: State = {
    "password_min_length": PasswordRules.min_length,
    "password_composition": False,
    "password_expiry_days": 0,
    "idle_timeout_minutes": 0,
    "security_log_days": SHORTEST_LOG,
    "mailbox_silent_minutes": int(SILENT_AFTER.total_seconds() // 60),
    "mail_authserv": "",
    "reply_to_domains": [],
    "agent_mail": False,
    "window_notice_minutes": list(BEFORE),
    "colleagues": False,
    "outage_people": PEOPLE,
    "outage_minutes": MINUTES,
}


def state_of(organisation: Organisation) -> State:
    """What the form shows: columns and options side by side; 0 or False is an option that is off."""
    options = {name: organisation.options.get(name, DEFAULT_OPTIONS[name]) for name in OPTIONS}
    return {name: getattr(organisation, name) for name in FIELDS} | options


def change(values: State, by: By, seen: str | None = None) -> None:
    """Other settings of the organisation. Raises ChangedMeanwhile; LookupError before the first set-up.

    Another office calendar moves reminders and silent closing of what is open or resolved.
    """
    with transaction():
        organisation = get_row_for_change(Organisation, 1)
        calendar_id = organisation.calendar_id
        options = {name: values[name] for name in OPTIONS if name in values}
        columns: dict[str, Any] = {name: values[name] for name in FIELDS if name in values}
        columns["options"] = {**organisation.options, **options}
        changes.apply(organisation, columns, state_of, "organisation", by, seen)
        if organisation.calendar_id != calendar_id:
            after_ladder_change(by.now)


def state_of_department(department: Department) -> State:
    """What the form shows."""
    return {"name": department.name, "parent_id": department.parent_id}


def save_department(department_id: int | None, values: State, by: By, seen: str | None = None) -> Department:
    """A new department (None) or another name or place of one.

    Raises Refused (name_taken, own_parent), ChangedMeanwhile, LookupError.
    """
    with transaction():
        changes.require_free_name(Department, values["name"], department_id)
        if department_id is None:
            department = Department(**values)
            db.session.add(department)
            db.session.flush()
            changes.log_change(f"department:{department.name}", None, state_of_department(department), by)
            return department
        department = get_row_for_change(Department, department_id)
        _require_no_circle(department_id, values["parent_id"])
        subject = f"department:{department.name}"
        changes.apply(department, values, state_of_department, subject, by, seen)
    return department


def _require_no_circle(department_id: int, parent_id: int | None) -> None:
    while parent_id is not None:
        if parent_id == department_id:
            raise Refused("parent_id", "own_parent")
        parent_id = get_row_for_change(Department, parent_id).parent_id

"""Services that people report about: whose they are, and how much hangs on them."""

from helpdesk.desk import changes
from helpdesk.desk.changes import By, Refused, State
from helpdesk.rules import dependencies
from helpdesk.store.db import db, transaction
from helpdesk.store.names import get_row_for_change
from helpdesk.store.organisation import lock_organisation
from helpdesk.store.services import (
    Service,
    get_service,
    list_audience_ids,
    list_dependencies,
    list_needed_ids,
    replace_audience,
    replace_needed,
)
from helpdesk.store.skills import list_skill_ids_of_service, replace_skills_of_service

FIELDS = (
    "name",
    "description",
    "team_id",
    "owner_id",
    "is_core",
    "is_restricted",
    "is_active",
    "is_on_status_page",
)

NEW: State = dict.fromkeys(FIELDS) | {
    "description": "",
    "is_core": False,
    "is_restricted": False,
    "is_active": True,
    "is_on_status_page": True,
    "needs": [],
    "departments": [],
}
"""What holds for a service of which nobody has said otherwise."""


def state_of(service: Service) -> State:
    """What the form shows: the columns, `needs` (ids of the services that it does not work without),
    `departments` (ids of those whose people use it; none: everybody) and `skills` (ids of those that its
    tickets ask for)."""
    return {name: getattr(service, name) for name in FIELDS} | {
        "needs": list_needed_ids(service.id),
        "departments": list_audience_ids(service.id),
        "skills": list_skill_ids_of_service(service.id),
    }


def save(service_id: int | None, values: State, by: By, seen: str | None = None) -> Service:
    """A new service (None), or all about one. Tickets reported before stay with their team and their policy,
    windows announced before with the services they cover. Without `skills` among the values it asks for those
    that it asked for.

    Raises Refused (name_taken; needs: circle), ChangedMeanwhile, LookupError.
    """
    columns = {name: values[name] for name in FIELDS}
    with transaction():
        changes.require_free_name(Service, values["name"], service_id)
        if service_id is None:
            service = Service(**columns)
            db.session.add(service)
            db.session.flush()
            before = None
        else:
            service = get_row_for_change(Service, service_id)
            before = state_of(service)
            changes.require_unchanged(before, seen)
            for name, value in columns.items():
                setattr(service, name, value)
        _relate(service.id, values["needs"], values["departments"])
        if "skills" in values:
            replace_skills_of_service(service.id, values["skills"])
        db.session.flush()
        changes.log_change(f"service:{service.name}", before, state_of(service), by)
    return service


def _relate(service_id: int, needs: list[int], departments: list[int]) -> None:
    lock_organisation()  # two services, each made to need the other at once, would make a circle
    circle = dependencies.in_circle(service_id, needs, list_dependencies())
    if circle:
        raise Refused("needs", "circle", ", ".join(sorted(get_service(each).name for each in circle)))
    replace_needed(service_id, sorted(set(needs)))
    replace_audience(service_id, sorted(set(departments)))

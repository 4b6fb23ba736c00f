"""Services that people report about: whose they are, and how much hangs on them."""

from helpdesk.desk import changes
from helpdesk.desk.changes import By, State
from helpdesk.store.db import db, transaction
from helpdesk.store.names import get_row_for_change
from helpdesk.store.services import Service

FIELDS = (
    "name",
    "description",
    "team_id",
    "owner_id",
    "is_core",
    "is_restricted",
    "is_active",
)


def state_of(service: Service) -> State:
    """What the form shows."""
    return {name: getattr(service, name) for name in FIELDS}


def save(service_id: int | None, values: State, by: By, seen: str | None = None) -> Service:
    """A new service (None), or all about one. Tickets reported before stay with their team and their policy.

    Raises Refused (name_taken), ChangedMeanwhile, LookupError.
    """
    with transaction():
        changes.require_free_name(Service, values["name"], service_id)
        if service_id is None:
            service = Service(**values)
            db.session.add(service)
            db.session.flush()
            changes.log_change(f"service:{service.name}", None, state_of(service), by)
            return service
        service = get_row_for_change(Service, service_id)
        changes.apply(service, values, state_of, f"service:{service.name}", by, seen)
    return service

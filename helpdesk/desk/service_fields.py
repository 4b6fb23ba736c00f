"""What the report form asks for one service beyond what it asks for all."""

from helpdesk.desk import changes
from helpdesk.desk.changes import By, State
from helpdesk.store.db import db, transaction
from helpdesk.store.names import get_row_for_change
from helpdesk.store.service_fields import ServiceField
from helpdesk.store.services import get_service

FIELDS = ("label", "kind", "hint", "choices", "position", "is_required", "is_active")


def state_of(field: ServiceField) -> State:
    """What the form shows."""
    return {name: getattr(field, name) for name in FIELDS}


def add(service_id: int, values: State, by: By) -> ServiceField:
    """A further question of the service's form. LookupError where there is no such service."""
    with transaction():
        service = get_service(service_id)
        field = ServiceField(service_id=service_id, **values)
        db.session.add(field)
        db.session.flush()
        changes.log_change(f"service:{service.name}:{field.label}", None, state_of(field), by)
    return field


def change(field_id: int, values: State, by: By, seen: str | None = None) -> ServiceField:
    """Asks it another way, or no longer; answers given before stay as they were, and so does its kind, else
    they would be none. Raises ChangedMeanwhile, LookupError."""
    with transaction():
        field = get_row_for_change(ServiceField, field_id)
        subject = f"service:{get_service(field.service_id).name}:{field.label}"
        changes.apply(field, {**values, "kind": field.kind}, state_of, subject, by, seen)
    return field

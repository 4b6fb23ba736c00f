"""Where people sit, as an administrator or another system names it."""

from helpdesk.desk import changes
from helpdesk.desk.changes import By, State
from helpdesk.store.db import db, transaction
from helpdesk.store.locations import Location, find_location
from helpdesk.store.names import get_row_for_change


def named(name: str) -> Location | None:
    """The location of that name, made where there is none yet; None for no name. Inside a transaction."""
    name = name.strip()
    if not name:
        return None
    found = find_location(name)
    if found is None:
        found = Location(name=name)
        db.session.add(found)
        db.session.flush()
    return found


def state_of(location: Location) -> State:
    """What the form shows."""
    return {"name": location.name, "address": location.address, "is_active": location.is_active}


def save(location_id: int | None, values: State, by: By, seen: str | None = None) -> Location:
    """A new location (None), or all about one. Raises Refused (name_taken), ChangedMeanwhile, LookupError."""
    with transaction():
        changes.require_free_name(Location, values["name"], location_id)
        if location_id is None:
            location = Location(**values)
            db.session.add(location)
            db.session.flush()
            changes.log_change(f"location:{location.name}", None, state_of(location), by)
            return location
        location = get_row_for_change(Location, location_id)
        changes.apply(location, values, state_of, f"location:{location.name}", by, seen)
    return location

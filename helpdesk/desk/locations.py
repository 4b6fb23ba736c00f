"""Where people sit, as an administrator or another system names it."""

from helpdesk.store.db import db
from helpdesk.store.locations import Location, find_location


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

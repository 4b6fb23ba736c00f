"""What people do about the alarms that their bell lists."""

from datetime import datetime

from helpdesk.store.db import transaction
from helpdesk.store.notices import see_notices
from helpdesk.store.people import get_person_for_change


def see(person_id: int, up_to: int, looked_at: datetime, *, now: datetime) -> None:
    """The person has looked at their bell: all notices up to that id are seen, and all news of maintenance
    until they looked."""
    with transaction():
        see_notices(person_id, up_to, now)
        get_person_for_change(person_id).bell_seen_at = min(looked_at, now)

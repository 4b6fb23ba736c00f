"""What people do about the alarms that their bell lists."""

from datetime import datetime

from helpdesk.store.db import transaction
from helpdesk.store.notices import see_notices


def see(person_id: int, up_to: int, *, now: datetime) -> None:
    """The person has looked at their bell: all notices up to that id are seen."""
    with transaction():
        see_notices(person_id, up_to, now)

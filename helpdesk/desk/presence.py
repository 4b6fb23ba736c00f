"""Who else is at a ticket: told by their pages every few seconds, and forgotten soon after."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk.store.db import transaction
from helpdesk.store.presence import end_writing, forget_presence, list_present, put_presence

# A page tells every ten seconds while it is looked at: two may get lost.
LASTS = timedelta(seconds=30)
FORGOTTEN_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Others:
    """The names of those who write on a ticket now, and of those who only have it open."""

    writing: tuple[str, ...] = ()
    reading: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.writing or self.reading)


def beat(ticket_id: int, person_id: int, *, writes: bool, now: datetime) -> None:
    """The person's page is open and looked at; `writes`: they have just typed in it."""
    with transaction():
        put_presence(ticket_id, person_id, now, now if writes else None)
        forget_presence(now - FORGOTTEN_AFTER)


def rest(ticket_id: int, person_id: int) -> None:
    """The person has sent what they wrote."""
    with transaction():
        end_writing(ticket_id, person_id)


def others(ticket_id: int, but_id: int, *, now: datetime) -> Others:
    """Who else has the ticket open at `now`."""
    since = now - LASTS
    found = list_present(ticket_id, but_id, since)
    is_writing = [bool(each.wrote_at and each.wrote_at > since) for each in found]
    return Others(
        tuple(each.name for each, writes in zip(found, is_writing, strict=True) if writes),
        tuple(each.name for each, writes in zip(found, is_writing, strict=True) if not writes),
    )

"""What went wrong with a ticket's letters, told to whoever works on it."""

from datetime import datetime

from helpdesk.desk.timeline import record
from helpdesk.store.letters import Letter
from helpdesk.store.tickets import get_ticket_for_change


def give_up_letter(letter: Letter, now: datetime) -> None:
    """The ticket's timeline says that a letter could not be delivered, and why. Inside a transaction."""
    if letter.ticket_id is None:
        return
    record(
        get_ticket_for_change(letter.ticket_id),
        "letter_failed",
        now=now,
        door="clock",
        detail={"letter": letter.id, "to": letter.to_address, "kind": letter.kind, "fault": letter.fault},
    )

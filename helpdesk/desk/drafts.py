"""Words that are not sent yet: kept while somebody types, gone once they are sent."""

from datetime import datetime

from helpdesk.store.db import transaction
from helpdesk.store.drafts import delete_draft, find_draft, put_draft


def keep(ticket_id: int, person_id: int, mode: str, body: str, *, now: datetime) -> None:
    """The person's draft on the ticket (`mode`: reply or note) is that; without words there is none."""
    with transaction():
        if body.strip():
            put_draft(ticket_id, person_id, mode, body, now)
        else:
            delete_draft(ticket_id, person_id)


def append(ticket_id: int, person_id: int, text: str, *, now: datetime) -> None:
    """Adds a paragraph to the draft, which is begun as a reply where there is none."""
    with transaction():
        draft = find_draft(ticket_id, person_id)
        mode, body = (draft.mode, draft.body) if draft else ("reply", "")
        joined = f"{body.rstrip()}\n\n{text}" if body.strip() else text
        put_draft(ticket_id, person_id, mode, joined, now)


def drop(ticket_id: int, person_id: int) -> None:
    """The draft is sent or thrown away; without one nothing happens."""
    with transaction():
        delete_draft(ticket_id, person_id)

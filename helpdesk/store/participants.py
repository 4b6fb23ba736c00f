"""Who takes part in a ticket beyond its reporter."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from helpdesk.rules.access import Asker
from helpdesk.store.db import UtcDateTime, db
from helpdesk.store.people import Person
from helpdesk.store.tickets import (
    LOOKING_ON,
    Entry,
    Participant,
    Ticket,
    desk_side,
    parameters,
    values_of,
)

FOLLOWER = "follower"
WORDS = ("noted", "replied", "reporter_replied")


def list_participants(ticket: Ticket) -> list[Person]:
    """Who gets what is written to the reporter, in the order in which they came, addresses loaded."""
    return [person for person, _how in list_hearers(ticket)]


def list_hearers(ticket: Ticket) -> list[tuple[Person, str]]:
    """As `list_participants`, each with how they take part: of a restricted service nobody who only looks
    on."""
    is_secret = ticket.service is not None and ticket.service.is_restricted
    return [(p, how) for p, how in list_participation(ticket) if not (is_secret and how in LOOKING_ON)]


def list_participation(ticket: Ticket) -> list[tuple[Person, str]]:
    """Everybody who takes part beyond the reporter, with how they do (Participant), addresses loaded."""
    query = (
        select(Person, Participant.how)
        .join(Participant, Participant.person_id == Person.id)
        .where(Participant.ticket_id == ticket.id)
        .order_by(Participant.since, Person.id)
        .options(selectinload(Person.addresses))
    )
    return [(person, how) for person, how in db.session.execute(query)]


def find_participant(ticket_id: int, person_id: int) -> Participant | None:
    """How the person takes part beyond reporting and having the ticket, or None."""
    return db.session.get(Participant, (ticket_id, person_id))


def is_copied_in(ticket_ids: Collection[int], address: str) -> bool:
    """Whether a mail on one of these tickets, of somebody who takes part, was sent to that address too."""
    query = select(Entry.detail).where(
        Entry.ticket_id.in_(ticket_ids),
        Entry.kind.in_(("reported", "reporter_replied")),
        Entry.door == "mail",
    )
    return any(address in detail.get("copied", ()) for detail in db.session.scalars(query))


def select_words_followed(asker: Asker) -> Select[Any]:
    """The notes and messages that others have written after `since`, and since the asker follows, on tickets
    that they follow and read as the desk does. For store/news."""
    return _words_followed(select(Entry.id), asker)


def list_words_followed(asker: Asker, since: datetime, limit: int) -> list[Entry]:
    """Those of them after `since`, the newest first, with their tickets and authors."""
    query = _words_followed(select(Entry), asker).order_by(Entry.id.desc()).limit(limit)
    loaded = contains_eager(Entry.ticket), joinedload(Entry.actor)
    return list(db.session.scalars(query.options(*loaded), values_of(asker) | {"since": since}))


def _words_followed(query: Select[Any], asker: Asker) -> Select[Any]:
    me, _teams = parameters(asker)
    since = bindparam("since", type_=UtcDateTime)
    return (
        query.join(Ticket, Ticket.id == Entry.ticket_id)
        .join(Participant, Participant.ticket_id == Ticket.id)
        .where(
            Participant.person_id == me,
            Participant.how == FOLLOWER,
            Ticket.changed_at > since,
            Entry.recorded_at > since,
            Entry.recorded_at >= Participant.since,
            Entry.kind.in_(WORDS),
            Entry.actor_id != me,
            Entry.voided_at.is_(None),
            desk_side(asker),
        )
    )

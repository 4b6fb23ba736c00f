"""What reporters say of a solution."""

from datetime import datetime

from helpdesk.desk.timeline import record
from helpdesk.rules.lifecycle import require
from helpdesk.store.db import db, transaction
from helpdesk.store.feedback import Rating, find_rating
from helpdesk.store.people import Person
from helpdesk.store.tickets import get_ticket_for_change


def rate(
    ticket_id: int, actor: Person, stars: int, words: str = "", *, now: datetime, door: str = "web"
) -> Rating:
    """One to five stars and words for a resolved or closed ticket; a later rating replaces the earlier."""
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        require("rate", ticket.state)
        record(
            ticket,
            "rated",
            now=now,
            door=door,
            actor_id=actor.id,
            is_public=True,
            body=words,
            detail={"stars": stars},
        )
        rating = find_rating(ticket_id) or Rating(ticket_id=ticket_id)
        rating.person_id, rating.stars, rating.words, rating.given_at = actor.id, stars, words, now
        db.session.add(rating)
    return rating

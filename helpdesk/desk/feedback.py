"""What reporters say of a solution: their ratings, and asking for one, not too often."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from helpdesk.desk import follow_ups
from helpdesk.desk.timeline import record
from helpdesk.outbound import letters, links
from helpdesk.rules.feedback import (
    ASKED_EVERY_DAYS,
    CHANGEABLE_FOR,
    REMINDED_AFTER_DAYS,
    fitting,
    is_occasion,
    may_rate,
)
from helpdesk.rules.lifecycle import NotAllowed, State
from helpdesk.store.db import db, transaction
from helpdesk.store.feedback import (
    Rating,
    RatingRequest,
    find_rating,
    find_rating_request,
    is_asked,
    list_to_ask,
    list_to_remind,
)
from helpdesk.store.organisation import get_organisation, lock_organisation
from helpdesk.store.people import Person, get_person
from helpdesk.store.tickets import Ticket, find_entry, get_ticket, get_ticket_for_change

ASKED_WITHIN = timedelta(days=3)  # of the closing: later nobody remembers


def rate(
    ticket_id: int,
    actor: Person,
    stars: int,
    words: str = "",
    *,
    reasons: Sequence[str] = (),
    now: datetime,
    door: str = "web",
) -> Rating:
    """One to five stars, reasons (codes of rules/feedback; what does not fit the stars is left out) and words
    for a resolved ticket, or one closed less than a week ago; a later rating replaces the earlier.

    A bad one is followed up. Raises NotAllowed (rate).
    """
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        if not may_rate(ticket.state, ticket.closed_at, now):
            raise NotAllowed("rate", State(ticket.state))
        ticked = fitting(stars, reasons)
        entry = record(
            ticket,
            "rated",
            now=now,
            door=door,
            actor_id=actor.id,
            is_public=True,
            body=words,
            detail={"stars": stars, "reasons": ticked} if ticked else {"stars": stars},
        )
        rating = find_rating(ticket_id)
        before, given_at = (rating.stars, rating.given_at) if rating is not None else (None, None)
        rating = rating or Rating(ticket_id=ticket_id, first_given_at=now)
        rating.person_id, rating.stars, rating.given_at = actor.id, stars, now
        rating.reasons, rating.words = ticked, words
        db.session.add(rating)
        is_solved_anew = (
            given_at is not None and ticket.resolved_at is not None and given_at < ticket.resolved_at
        )
        if is_occasion(stars, before, is_solved_anew):
            follow_ups.open_for(ticket, "rating", entry, now)
    return rating


def ask_due(now: datetime) -> int:
    """Asks reporters how they found our help with what was closed lately, and reminds once who has not said;
    returns how many letters that were. For the periodic list.

    Nobody is asked more often than once in options["rating_every_days"] (0: nobody is asked), nor about
    what they rated already, what was cancelled, merged or sent by a program, or twice about one fault.
    """
    options = get_organisation().options
    every = timedelta(days=int(options.get("rating_every_days", ASKED_EVERY_DAYS)))
    after = timedelta(days=int(options.get("rating_reminder_days", REMINDED_AFTER_DAYS)))
    asked = reminded = 0
    if every:
        asked = sum(_ask(ticket_id, every, now) for ticket_id in list_to_ask(now - ASKED_WITHIN, now - every))
    if after:
        due = list_to_remind(now - after, now - ASKED_WITHIN - CHANGEABLE_FOR)
        reminded = sum(_remind(ticket_id, now) for ticket_id in due)
    return asked + reminded


def _ask(ticket_id: int, every: timedelta, now: datetime) -> bool:
    with transaction():
        lock_organisation()  # of two at once the second sees what the first has asked
        ticket = get_ticket(ticket_id)
        if not _is_to_be_asked(ticket, now - every, now):
            return False
        if not _write("rating_request", ticket, now):
            return False  # they have no address, or want fewer letters: not asked
        db.session.add(RatingRequest(ticket_id=ticket.id, person_id=ticket.reporter_id, asked_at=now))
    return True


def _is_to_be_asked(ticket: Ticket, since: datetime, now: datetime) -> bool:
    if ticket.state != State.CLOSED or not may_rate(ticket.state, ticket.closed_at, now):
        return False
    if find_rating(ticket.id) is not None or ticket.assignee_id == ticket.reporter_id:
        return False
    if is_asked(ticket.reporter_id, since, ticket.parent_id or ticket.id):
        return False
    reported = find_entry(ticket.id, "reported")
    return reported is None or "automatic" not in reported.detail


def _remind(ticket_id: int, now: datetime) -> bool:
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        request = find_rating_request(ticket_id)
        is_over = find_rating(ticket_id) is not None or not may_rate(ticket.state, ticket.closed_at, now)
        if request is None or request.reminded_at is not None or is_over:
            return False
        request.reminded_at = now
        return _write("rating_reminder", ticket, now)


def _write(kind: str, ticket: Ticket, now: datetime) -> bool:
    to = get_person(ticket.reporter_id)
    words: dict[str, Any] = {"confirm_url": links.confirm_url(ticket, to.id)}
    words["until"] = (ticket.closed_at or now) + CHANGEABLE_FOR
    return letters.write(kind, to, key=f"{kind}:{ticket.id}", now=now, ticket=ticket, **words) is not None

"""Reviews of broken promises: each wants a cause, an owner and an action, by a deadline of working days.

A review is opened in the transaction that finds its promise broken (desk/targets.write), or by the sweep of
the clock where the time has passed and nothing happened. Only breaches from `begin` on are reviewed: what was
late before the desk had reviews stays as it is.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from helpdesk.desk import changes
from helpdesk.desk.changes import By, Refused, State
from helpdesk.desk.grounds import Grounds
from helpdesk.desk.security import log_event
from helpdesk.outbound import letters
from helpdesk.outbound.review_words import say_promise
from helpdesk.rules import access, hours
from helpdesk.rules.access import Asker
from helpdesk.rules.breaches import CAUSES, WORKING_DAYS, missing
from helpdesk.store.breaches import (
    BreachCause,
    BreachReview,
    Reviewed,
    Reviews,
    claim_overdue,
    insert_reviews,
    list_causes,
    list_owned_reviews,
    list_to_remind,
    list_unreviewed,
    walk_reviews,
)
from helpdesk.store.db import db, transaction
from helpdesk.store.letters import find_letter_by_key
from helpdesk.store.names import find_row, get_row_for_change
from helpdesk.store.organisation import Organisation, find_organisation
from helpdesk.store.people import Person, get_person, list_people
from helpdesk.store.teams import Team, list_leads

SINCE = "reviews_since"  # of Organisation.options: from when on breaches are reviewed
BATCH = 200  # reviews a transaction: SQLite's other writers wait for it
DAY = timedelta(days=1)


def begin(now: datetime) -> bool:
    """From now on breaches are reviewed, and the causes that everybody begins with are there. Once; returns
    whether it was now."""
    organisation = find_organisation()
    if organisation is None or SINCE in organisation.options:
        return False
    with transaction():
        locked = get_row_for_change(Organisation, 1)
        if SINCE in locked.options:
            return False
        locked.options = {**locked.options, SINCE: now.isoformat()}
        if not list_causes(active_only=False):
            db.session.add_all(BreachCause(name=name, position=n) for n, name in enumerate(CAUSES))
    return True


def open_reviews(broken: Iterable[dict[str, Any]], now: datetime) -> None:
    """Opens a review of each of these cycles: {"ticket_id", "target", "cycle", "team_id", "due_at"}, where
    it was due since `begin`. One that has a review keeps it. Inside a transaction."""
    since = _since()
    if since is None:
        return
    late = [row for row in broken if row["due_at"] >= since]
    _open([{name: row[name] for name in _CYCLE} for row in late], now)


_CYCLE = ("ticket_id", "target", "cycle", "team_id")


def _since() -> datetime | None:
    organisation = find_organisation()
    said = organisation.options.get(SINCE) if organisation else None
    return datetime.fromisoformat(said) if said else None


def _open(rows: list[dict[str, Any]], now: datetime) -> None:
    if not rows:
        return
    due_at = _due_at(now)
    owners = {team_id: _first_lead(team_id) for team_id in {row["team_id"] for row in rows}}
    insert_reviews(
        [
            {
                **row,
                "opened_at": now,
                "due_at": due_at,
                "owner_id": owners[row["team_id"]],
                "words": "",
                "action": "",
            }
            for row in rows
        ]
    )


def _due_at(now: datetime) -> datetime:
    """So many working days of the desk's own hours from now; of hours that never open, days."""
    grounds = Grounds(now)
    organisation = grounds.organisation
    days = int((organisation.options if organisation else {}).get("review_days") or WORKING_DAYS)
    return hours.after_working_days(grounds.office, now, days) or now + days * DAY


def _first_lead(team_id: int) -> int | None:
    return next((lead.id for lead in list_leads(team_id) if lead.is_active), None)


def sweep(now: datetime) -> int:
    """Opens reviews of what is open and past due, and tells managers of reviews that are overdue; returns how
    many of both. One query each where nothing is to be done."""
    begin(now)
    since = _since()
    if since is None:
        return 0
    return _open_missing(since, now) + _escalate(now)


def _open_missing(since: datetime, now: datetime) -> int:
    if not list_unreviewed(since, now, 1):
        return 0
    with transaction():
        found = list_unreviewed(since, now, BATCH)
        _open(found, now)
    return len(found)


def _escalate(now: datetime) -> int:
    if not claim_overdue(now, 1):
        return 0
    with transaction():
        overdue = claim_overdue(now, BATCH)
        told: dict[int, list[BreachReview]] = {}
        for review in overdue:
            review.escalated_at = now
            for person in _managers(review.team):
                told.setdefault(person.id, []).append(review)
        for person_id, reviews in told.items():
            key = f"reviews_overdue:{person_id}:{reviews[0].id}"
            said: dict[str, Any] = {"reviews": reviews, "say_promise": say_promise}
            letters.write("reviews_overdue", get_person(person_id), key=key, now=now, **said)
    return len(overdue)


def _managers(team: Team) -> Sequence[Person]:
    """Who hears of what a team leaves undone: its manager, or else the administrators."""
    if team.manager is not None and team.manager.is_active:
        return [team.manager]
    return list_people(roles=(access.Role.ADMINISTRATOR,))


def write_reminders(now: datetime) -> int:
    """Writes one letter to each owner of reviews that were opened within a day or are due within the next;
    returns how many. The key makes it one a day."""
    written = 0
    with transaction():
        found = list_to_remind(now - DAY, now + DAY, now)
        for owner_id, reviews in groupby(found, lambda review: review.owner_id or 0):
            owner, key = get_person(owner_id), f"reviews:{owner_id}:{now:%Y-%m-%d}"
            theirs = [review for review in reviews if may_own(owner, review.team_id)]
            if theirs and find_letter_by_key(key) is None:
                said: dict[str, Any] = {"reviews": theirs, "say_promise": say_promise}
                written += letters.write("reviews", owner, key=key, now=now, **said) is not None
    return written


def hand_on(person: Person) -> None:
    """Whoever has left explains nothing any more: the first other lead does, or nobody yet. Inside a
    transaction."""
    for review in list_owned_reviews(person.id):
        review.owner_id = _first_lead(review.team_id)


def walk(asker: Asker, asked: Reviews) -> Iterator[Reviewed]:
    """Every review that is asked for and the asker may see, for a file: in memory by batches."""
    return walk_reviews(asker, asked)


def may_own(person: Person, team_id: int) -> bool:
    """Whether the person can be asked to explain what that team broke: they may write its reviews."""
    return person.is_active and access.may_for_team(person.asker, "review.write", team_id)


def list_owners(review: BreachReview) -> list[Person]:
    """Who can own the review, by name, and whoever owns it already."""
    above = list_people(roles=(access.Role.MANAGER, access.Role.ADMINISTRATOR), limit=1000)
    found = {person.id: person for person in [*list_leads(review.team_id), *above]}
    known = {person_id: p for person_id, p in found.items() if may_own(p, review.team_id)}
    if review.owner is not None:
        known.setdefault(review.owner.id, review.owner)
    return sorted(known.values(), key=lambda person: (person.name, person.id))


def state_of(review: BreachReview) -> State:
    """What its form shows."""
    return {name: getattr(review, name) for name in ("cause_id", "owner_id", "words", "action")}


def save(
    review_id: int,
    values: State,
    by: By,
    seen: str | None = None,
    *,
    closes: bool,
    beside: Sequence[int] = (),
) -> BreachReview:
    """Keeps what is known of the cause and what is done, and closes the review where `closes`; those `beside`
    it (ids), of the same fault, take the same, each with its own owner. A closed one may be corrected, and
    stays complete.

    Raises Refused (cause_id, owner_id, action: required; cause_id, owner_id: not_in_list), ChangedMeanwhile,
    LookupError. The door has asked for the rights to all of them.
    """
    with transaction():
        review = get_row_for_change(BreachReview, review_id)
        _require_known(review, values)
        _write(review, values, by, seen, closes)
        for other_id in sorted(beside):
            other = get_row_for_change(BreachReview, other_id)
            _write(other, values | {"owner_id": other.owner_id or values["owner_id"]}, by, None, closes)
    return review


def _write(review: BreachReview, values: State, by: By, seen: str | None, closes: bool) -> None:
    subject = f"review:HD-{review.ticket_id}:{review.target}:{review.cycle}"
    if closes or review.closed_at is not None:
        for name in missing(values["cause_id"], values["owner_id"], values["action"]):
            raise Refused(name, "required")
    changes.apply(review, values, state_of, subject, by, seen)
    if closes and review.closed_at is None:
        review.closed_at, review.closed_by_id = by.now, by.actor_id
        log_event("review_closed", now=by.now, actor_id=by.actor_id, subject=subject)


def _require_known(review: BreachReview, values: State) -> None:
    """Cause and owner are those of the lists, or what the review had before."""
    cause = find_row(BreachCause, values["cause_id"]) if values["cause_id"] is not None else None
    if values["cause_id"] not in (None, review.cause_id) and (cause is None or not cause.is_active):
        raise Refused("cause_id", "not_in_list")
    owners = {person.id for person in list_owners(review)}
    if values["owner_id"] is not None and values["owner_id"] not in owners:
        raise Refused("owner_id", "not_in_list")


def state_of_cause(cause: BreachCause) -> State:
    """What its form shows."""
    return {"name": cause.name, "position": cause.position, "is_active": cause.is_active}


def save_cause(cause_id: int | None, values: State, by: By, seen: str | None = None) -> BreachCause:
    """A new cause (None), or another name or place of one; one no longer used stays with what names it.

    Raises Refused (name_taken), ChangedMeanwhile, LookupError.
    """
    with transaction():
        changes.require_free_name(BreachCause, values["name"], cause_id)
        subject = f"cause:{values['name']}"
        if cause_id is None:
            cause = BreachCause(**values)
            db.session.add(cause)
            db.session.flush()
            changes.log_change(subject, None, state_of_cause(cause), by)
        else:
            cause = get_row_for_change(BreachCause, cause_id)
            changes.apply(cause, values, state_of_cause, subject, by, seen)
    return cause

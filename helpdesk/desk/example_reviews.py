"""What the demonstration has learned from broken promises: most are reviewed, the latest wait."""

from datetime import datetime, timedelta
from itertools import cycle

from helpdesk.desk import breaches
from helpdesk.desk.changes import By
from helpdesk.desk.example import TEAMS, get_person_named
from helpdesk.rules.severity import Severity
from helpdesk.store.breaches import find_review_of, list_causes
from helpdesk.store.db import transaction
from helpdesk.store.people import Person
from helpdesk.store.targets import list_missed
from helpdesk.store.tickets import Target

WEEKS = timedelta(weeks=6)
OPEN = 5  # the latest, which nobody has explained yet
MOST = 40
EXPLAINED_AFTER = timedelta(days=2)
# Cause, what happened, what is done about it.
LEARNED = (
    ("Staffing", "Two of three were ill in the same week", "A third person stands by in winter"),
    ("Staffing", "Nobody was there over lunch", "Lunch is taken in two turns"),
    (
        "Supplier",
        "The carrier answered after a day",
        "Four hours are agreed with the carrier from next month",
    ),
    ("Wrong routing", "Three teams had it before the right one", "The form asks which system it is"),
    ("Staffing", "假期里只有一个人值班", "节假日安排两个人"),
    ("Knowledge", "Nobody knew the new release", "A day of training, and a page on what is new"),
    ("Supplier", "Parts came a day late", "Two of each are kept in stock"),
    ("Load", "The invoice run and the move on one day", "Moves are planned around the month's end"),
)


def happen(now: datetime) -> None:
    """All of it, once the history has been written."""
    now = now.replace(microsecond=0)
    breaches.begin(now - WEEKS)
    leads = {
        team: lead for _, name, _ in TEAMS for lead in [get_person_named(name)] for team in lead.asker.lead_of
    }
    missed = [t for each in Severity for t in list_missed(each, list(leads), now - WEEKS, now)]
    late = sorted((t for t in missed if t.due_at and now - WEEKS < t.due_at), key=lambda t: t.due_at or now)
    causes = {cause.name: cause.id for cause in list_causes()}
    latest, learned = late[-MOST:], cycle(LEARNED)
    for n, target in enumerate(latest):
        opened_at = target.due_at or now
        _open(target, opened_at)
        if n < len(latest) - OPEN and opened_at + EXPLAINED_AFTER < now:
            name, words, action = next(learned)
            lead = leads[target.ticket.team_id]
            _explain(target, lead, causes[name], words, action, opened_at + EXPLAINED_AFTER)


def _open(target: Target, at: datetime) -> None:
    row = {"ticket_id": target.ticket_id, "target": target.target, "cycle": target.cycle}
    with transaction():
        breaches.open_reviews([row | {"team_id": target.ticket.team_id, "due_at": target.due_at}], at)


def _explain(target: Target, lead: Person, cause_id: int, words: str, action: str, at: datetime) -> None:
    review = find_review_of(target.ticket_id, target.target, target.cycle)
    if review is not None:
        said = {"cause_id": cause_id, "owner_id": lead.id, "words": words, "action": action}
        breaches.save(review.id, said, By(at, lead.id), closes=True)

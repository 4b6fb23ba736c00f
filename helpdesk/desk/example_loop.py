"""What leads did lately about bad ratings in the demonstration, by the same verbs as in service."""

from datetime import datetime, timedelta

from helpdesk.desk import closing, follow_ups
from helpdesk.desk.example import ADMINISTRATOR, get_person_named
from helpdesk.rules.feedback import BAD_UP_TO
from helpdesk.rules.lifecycle import State
from helpdesk.store.db import transaction
from helpdesk.store.feedback import list_rated
from helpdesk.store.follow_ups import FollowUp
from helpdesk.store.people import Person
from helpdesk.store.tickets import find_entry, get_ticket_for_change, list_tickets

LOOKS_BACK = timedelta(weeks=8)
MOST = 40
# What they said, why it went badly, what is done about it.
FOUND = (
    ("She had called three times.", "Nobody looked at it over noon.", "Noon has an agent of its own now."),
    ("He did not know that it was solved.", "The answer said it in our words.", "We write what to try next."),
    ("又等了两天才有人看。", "转错了组。", "表单会先问是哪一个系统。"),
    ("It came back within a day.", "A worn part was cleaned once more.", "What fails twice is exchanged."),
)

# Stars, reasons and words.
SAID = (
    (1, ("slow", "had_to_repeat"), "I asked three times before anybody came."),
    (2, ("unclear",), "没有人告诉我为什么要等。"),
)


def happen(now: datetime) -> None:
    """Follows up the bad ratings of the last weeks: the older ones are closed, most in time, the latest lie
    with their leads."""
    rated = list_rated(now - LOOKS_BACK, now, BAD_UP_TO)[-MOST:]
    for number, (ticket_id, given_at) in enumerate(rated):
        found = _open(ticket_id, given_at)
        if found is None or found.owner is None:
            continue
        ends_at = found.due_at + timedelta(hours=5 if number % 6 == 0 else -3)
        steps = 4 if ends_at < now else number % 3
        _work(found, found.owner, FOUND[number % len(FOUND)], steps, min(max(ends_at, given_at), now))
    _rate_just_now(now)


def _rate_just_now(now: datetime) -> None:
    """Reporters of what was solved lately are not content: their leads have two days."""
    eli = get_person_named(ADMINISTRATOR)
    solved = list_tickets(eli.asker, limit=len(SAID), state=State.RESOLVED)
    for (stars, reasons, words), ticket in zip(SAID, solved, strict=False):
        closing.confirm(ticket.id, ticket.reporter, stars=stars, reasons=reasons, words=words, now=now)


def _open(ticket_id: int, at: datetime) -> FollowUp | None:
    with transaction():
        ticket, said = get_ticket_for_change(ticket_id), find_entry(ticket_id, "rated")
        return follow_ups.open_for(ticket, "rating", said, at) if said is not None else None


def _work(found: FollowUp, lead: Person, words: tuple[str, str, str], steps: int, at: datetime) -> None:
    """The first so many steps; all of them close it."""
    for step, said in list(zip(follow_ups.STEPS, (*words, words[-1]), strict=True))[:steps]:
        follow_ups.STEPS[step](found.id, lead, said, now=at)
    if steps == len(follow_ups.STEPS):
        follow_ups.close(found.id, lead, now=at)

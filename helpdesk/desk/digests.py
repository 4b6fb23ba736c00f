"""What comes once a day: the manager's digest of minor tickets past due, which page no manager, and of
follow-ups that stay overdue; and the daily letter of whoever wants one instead of many."""

from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from helpdesk.outbound import letters, links
from helpdesk.store.db import transaction
from helpdesk.store.follow_ups import list_overdue
from helpdesk.store.letters import Letter, find_letter_by_key, list_held_letters
from helpdesk.store.organisation import get_organisation
from helpdesk.store.people import get_person
from helpdesk.store.targets import list_missed
from helpdesk.store.teams import list_teams
from helpdesk.store.tickets import Ticket, list_desk_side

LOOKS_BACK = timedelta(days=1)


def write_digests(now: datetime) -> int:
    """Writes one letter to each manager whose teams have minor tickets or follow-ups past due; returns how
    many.

    Named are targets that were missed within a day, older ones still open, and follow-ups that are overdue
    since the manager heard of it. Who has nothing to read gets no letter; the key makes it one a day.
    """
    written = 0
    organisation = get_organisation()
    with transaction():
        for manager_id, team_ids in _teams_of_managers().items():
            key = f"digest:{manager_id}:{now:%Y-%m-%d}"
            missed = list_missed("minor", team_ids, now - LOOKS_BACK, now)
            late = list_overdue(team_ids, now)
            if (missed or late) and find_letter_by_key(key) is None:
                manager = get_person(manager_id)
                words: dict[str, Any] = {"missed": missed, "follow_ups": late, "name": organisation.name}
                letters.write("digest", manager, key=key, now=now, **words)
                written += 1
    return written


def _teams_of_managers() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for team in list_teams():
        if team.manager_id is not None:
            found.setdefault(team.manager_id, []).append(team.id)
    return found


def write_daily_letters(now: datetime) -> int:
    """Writes one letter to each person for whom letters are held; returns how many.

    Each held letter stands in exactly one. Whoever wants every letter again meanwhile still gets these.
    """
    with transaction():
        return sum(
            _write_daily_letter(person_id, list(held), now)
            for person_id, held in groupby(list_held_letters(), lambda letter: letter.person_id)
            if person_id is not None
        )


def _write_daily_letter(person_id: int, held: list[Letter], now: datetime) -> bool:
    person = get_person(person_id)
    # By now: they may have left the team of a restricted service since.
    readable = list_desk_side({letter.ticket_id for letter in held if letter.ticket_id}, person.asker)
    news: dict[Ticket, list[tuple[datetime, str]]] = {}
    for letter in held:
        letter.state = "gathered"
        if letter.ticket is not None and letter.ticket_id in readable:
            said = letters.headline(letter.subject, letter.ticket)
            news.setdefault(letter.ticket, []).append((letter.created_at, said))
    if not news:
        return False
    key = f"daily:{held[0].id}"
    return letters.write("daily", person, key=key, now=now, news=news, url_of=links.ticket_url) is not None

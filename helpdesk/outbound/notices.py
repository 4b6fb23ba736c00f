"""Makes letters of notices: one a way (a person by mail, or a channel), at most one a minute each.

What comes faster waits for the next minute's letter, which lists all of it. Each notice stands in exactly one
letter: the letter's row and the notice's mark are of one transaction, and one worker at a time gathers a way.
Everything a letter says is read anew here, so that ringing has to write no more than who is to hear of what.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpdesk.outbound import letters, links
from helpdesk.rules import access, recipients
from helpdesk.store import db
from helpdesk.store.channels import get_channel
from helpdesk.store.db import transaction
from helpdesk.store.letters import Letter
from helpdesk.store.notices import Notice, Way, claim_notices, list_ways_due, put_into_letter
from helpdesk.store.people import Person, find_person
from helpdesk.store.tickets import Entry, Ticket, find_entry

SEVEREST_FIRST = {"critical": 0, "major": 1, "minor": 2}


@dataclass(frozen=True)
class Told:
    """One notice: its kind and entry, and when the target is due that the alarm is about."""

    kind: str
    entry: Entry
    due_at: datetime | None

    @property
    def gaps(self) -> list[dict[str, str]]:
        """Where nobody was or could be reached who should be: {"to", "why"} each."""
        passed = self.entry.detail.get("passed_over", ())
        told = recipients.Told((), "team", tuple((each["to"], each["why"]) for each in passed))
        return [each for each in passed if each["to"] in told.gaps]

    @property
    def matter(self) -> tuple[str, ...]:
        """What it says; a person may be told the same as one of the team and as the one on call."""
        return self.kind, *(
            str(self.entry.detail.get(name)) for name in ("about", "target", "cycle", "passed_by")
        )


@dataclass(frozen=True)
class About:
    """What a letter says of one ticket; `url`: where one accepts it (`accepts`), else its page."""

    ticket: Ticket
    told: list[Told]
    accepts: bool
    url: str

    @property
    def rang(self) -> list[Told]:
        """What rang, without the warnings that nobody was there."""
        return [each for each in self.told if each.kind == "escalated"]

    @property
    def is_one(self) -> bool:
        """Whether it is a single matter, with or without such a warning."""
        return len({each.matter for each in self.rang or self.told}) == 1

    @property
    def order(self) -> tuple[Any, ...]:
        """The severest first, of those what is due first."""
        due_at = min((each.due_at for each in self.told if each.due_at), default=self.ticket.next_due_at)
        return SEVEREST_FIRST[self.ticket.severity], due_at is None, due_at, self.ticket.id


def gather(now: datetime) -> int:
    """Makes a letter of what waits for each way that may bear one at `now`; returns how many letters.

    What has to wait for its minute is the clock's to remember: store/notices.find_next_notice_due.
    """
    return sum(_gather_way(way, now) for way in list_ways_due(now))


def _gather_way(way: Way, now: datetime) -> bool:
    with transaction():
        waiting = claim_notices(way, now)
        if not waiting:  # somebody was faster
            return False
        letter = _write(way, waiting, now)
        db.session.flush()
        put_into_letter([notice.id for notice in waiting], letter.id)
    return True


def _write(way: Way, waiting: list[Notice], now: datetime) -> Letter:
    person = find_person(way.person_id) if way.person_id is not None else None
    channel = get_channel(way.channel_id) if way.channel_id is not None else None
    by_ticket: dict[int, list[Notice]] = {}
    for notice in waiting:
        by_ticket.setdefault(notice.ticket_id, []).append(notice)
    tickets = sorted(
        (_about(of_ticket, person) for of_ticket in by_ticket.values()), key=lambda each: each.order
    )
    first, ticket = tickets[0], tickets[0].ticket if len(tickets) == 1 else None
    kind, words = ("escalated_many", {}) if ticket is None or not first.is_one else _words_of_one(first)
    key = f"notice:{waiting[0].id}"
    return letters.keep(kind, person, channel, key=key, now=now, ticket=ticket, tickets=tickets, **words)


def _about(of_ticket: list[Notice], person: Person | None) -> About:
    ticket = of_ticket[0].ticket
    due_at: dict[Any, datetime | None] = {(t.target, t.cycle): t.due_at for t in ticket.targets}
    told = [
        Told(
            notice.kind,
            notice.entry,
            due_at.get((notice.entry.detail.get("target"), notice.entry.detail.get("cycle"))),
        )
        for notice in of_ticket
    ]
    rang = next((notice for notice in of_ticket if notice.kind == "escalated"), None)
    if person is None or rang is None or ticket.accepted_at is not None or not ticket.is_open:
        return About(ticket, told, False, links.ticket_url(ticket))
    if not access.may(person.asker, "ticket.work"):
        return About(ticket, told, False, links.ticket_url(ticket))
    return About(ticket, told, True, links.alarm_url(rang.alarm_id, person))


def _words_of_one(about: About) -> tuple[str, dict[str, Any]]:
    """The kind of a letter about a single matter, and what it says beyond a list's item."""
    told = about.rang[0] if about.rang else about.told[0]
    reported = find_entry(about.ticket.id, "reported")
    return told.kind, {
        "entry": told.entry,
        "due_at": told.due_at,
        "reporter": about.ticket.reporter,
        "report": reported.body if reported else "",
        "accept_url": about.url if about.accepts else None,
        "gaps": next((each.gaps for each in about.told if each.kind == "uncovered"), []),
    }

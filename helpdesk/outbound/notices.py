"""Makes letters of notices: one a way (a person by mail, or a channel), at most one a minute each.

What comes faster waits for the next minute's letter, which lists all of it. Each notice stands in exactly one
letter: the letter's row and the notices' marks are of one transaction, in which nobody else gathers the same
way. Writing is done before it, so that a letter about thousands holds up no alarm. Everything that a letter
says is read here: ringing writes no more than who is to hear of what.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from helpdesk.outbound import letters, links
from helpdesk.rules import access, recipients
from helpdesk.rules.escalation import still_asks
from helpdesk.store import db
from helpdesk.store.channels import get_channel
from helpdesk.store.db import Conflict, transaction
from helpdesk.store.letters import Letter
from helpdesk.store.notices import (
    Waiting,
    Way,
    list_waiting,
    list_ways_due,
    may_bear_now,
    put_into_letter,
)
from helpdesk.store.people import Person, find_person
from helpdesk.store.tickets import Ticket, find_entry, get_entry, get_ticket, list_desk_side

SEVEREST_FIRST = {"critical": 0, "major": 1, "minor": 2}
HIDDEN = "…"  # in place of a subject, for whom a step tells of a ticket that they may not read


@dataclass(frozen=True, slots=True)
class About:
    """What a letter says of one ticket. `url`: where the `deed` is done."""

    notices: list[Waiting]
    deed: Literal["accept", "pass_on", "open"]
    url: str

    @property
    def ticket(self) -> Waiting:
        """What is known of the ticket."""
        return self.notices[0]

    @property
    def rang(self) -> list[Waiting]:
        """What rang, without the warnings that nobody was there."""
        return [each for each in self.notices if each.kind == "escalated"]

    @property
    def is_one(self) -> bool:
        """Whether it is a single matter, with or without such a warning. A person may be told the same as one
        of the team and as the one on call."""
        names = ("about", "target", "cycle", "passed_by")
        told = self.rang or self.notices
        return len({tuple(each.detail.get(name) for name in names) for each in told}) == 1

    @property
    def order(self) -> tuple[Any, ...]:
        """The severest first, of those what is due first."""
        ticket = self.ticket
        due_at = min((each.due_at for each in self.notices if each.due_at), default=ticket.next_due_at)
        return SEVEREST_FIRST[ticket.severity], due_at is None, due_at, ticket.ticket_id


def gather(now: datetime) -> int:
    """Makes a letter of what waits for each way that may bear one at `now`; returns how many letters.

    What has to wait for its minute is the clock's to remember: store/notices.find_next_notice_due.
    """
    return sum(_gather_way(way, now) for way in list_ways_due(now))


class _Overtaken(Exception):
    """Another worker has made a letter of the same."""


def _gather_way(way: Way, now: datetime) -> bool:
    waiting = list_waiting(way)
    if not waiting:
        return False
    letter = _compose(way, waiting, now)
    try:
        with transaction():
            if not may_bear_now(way, now):
                return False
            letters.post(letter)
            db.session.flush()
            if not put_into_letter([notice.id for notice in waiting], letter.id):
                raise _Overtaken
    except (_Overtaken, Conflict):
        return False
    return True


def _compose(way: Way, waiting: list[Waiting], now: datetime) -> Letter:
    person = find_person(way.person_id) if way.person_id is not None else None
    channel = get_channel(way.channel_id) if way.channel_id is not None else None
    by_ticket: dict[int, list[Waiting]] = {}
    for notice in waiting:
        by_ticket.setdefault(notice.ticket_id, []).append(notice)
    # By now: they may have left the team of a restricted service since it rang.
    readable = list_desk_side(set(by_ticket), person.asker) if person is not None else set(by_ticket)
    tickets = sorted(
        (
            _about(of_ticket, person) if ticket_id in readable else _hidden(of_ticket)
            for ticket_id, of_ticket in by_ticket.items()
        ),
        key=lambda about: about.order,
    )
    kind, words = "escalated_many", dict[str, Any]()
    if len(tickets) == 1 and readable:
        words["ticket"] = get_ticket(tickets[0].ticket.ticket_id)
        if tickets[0].is_one:
            kind, words = _words_of_one(tickets[0], words["ticket"])
    key = f"notice:{waiting[0].id}"
    return letters.compose(kind, person, channel, key=key, now=now, tickets=tickets, gaps_in=gaps, **words)


def _about(notices: list[Waiting], person: Person | None) -> About:
    """Who works on tickets may accept it, who hears alarms pass it on; a team's channel (None) neither."""
    ticket = notices[0]
    rang = next((notice for notice in notices if notice.kind == "escalated"), None)
    asks = rang is not None and ticket.is_open and _asks(rang)
    if rang is None or person is None or not asks or not access.may(person.asker, "alarm.hear"):
        return About(notices, "open", links.ticket_url(ticket))
    deed: Literal["accept", "pass_on"] = "accept" if access.may(person.asker, "ticket.work") else "pass_on"
    return About(notices, deed, links.alarm_url(rang.alarm_id, person))


def _hidden(notices: list[Waiting]) -> About:
    """That something rang, without what was written."""
    return About([replace(each, subject=HIDDEN) for each in notices], "open", links.ticket_url(notices[0]))


def _asks(rang: Waiting) -> bool:
    return still_asks(rang.detail.get("repeats", False), rang.rang_at, rang.accepted_at)


def _words_of_one(about: About, ticket: Ticket) -> tuple[str, dict[str, Any]]:
    """The kind of a letter about a single matter, and what it says beyond a list's item."""
    told = (about.rang or about.notices)[0]
    reported = find_entry(ticket.id, "reported")
    uncovered = next((each for each in about.notices if each.kind == "uncovered"), None)
    return told.kind, {
        "ticket": ticket,
        "entry": get_entry(told.entry_id),
        "due_at": told.due_at,
        "reporter": ticket.reporter,
        "report": reported.body if reported else "",
        "about": about,
        "gaps": gaps(uncovered.detail) if uncovered else [],
    }


def gaps(detail: dict[str, Any]) -> list[dict[str, str]]:
    """Where nobody was or could be reached who should be: {"to", "why"} each."""
    passed = detail.get("passed_over", ())
    told = recipients.Told((), "team", tuple((each["to"], each["why"]) for each in passed))
    return [each for each in passed if each["to"] in told.gaps]

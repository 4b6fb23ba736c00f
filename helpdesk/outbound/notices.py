"""Makes letters of notices: one a way (a person by mail, or a channel), at most one a minute each.

What comes faster waits for the next minute's letter, which lists all of it. Each notice stands in exactly one
letter: the letter's row and the notice's mark are of one transaction, and one worker at a time gathers a way.
Everything a letter says is read anew here, so that ringing has to write no more than who is to hear of what.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpdesk.outbound import letters, links
from helpdesk.rules import access
from helpdesk.store import db
from helpdesk.store.channels import Channel, get_channel
from helpdesk.store.db import transaction
from helpdesk.store.letters import Letter
from helpdesk.store.notices import Notice, Way, claim_notices, list_ways_due, put_into_letter
from helpdesk.store.people import Person, find_person
from helpdesk.store.tickets import Entry, Ticket, find_entry

SEVEREST_FIRST = {"critical": 0, "major": 1, "minor": 2}


@dataclass(frozen=True)
class Told:
    """One notice with all that a letter says of it.

    `due_at`: when the target is due that the alarm is about; `url`: where one accepts (`accepts`), else the
    ticket's page.
    """

    kind: str
    ticket: Ticket
    entry: Entry
    due_at: datetime | None
    accepts: bool
    url: str

    @property
    def empty(self) -> list[str]:
        """Where nobody was who should have been there."""
        passed = self.entry.detail.get("passed_over", ())
        return [each["to"] for each in passed if each["why"] == "nobody" and each["to"] in MENDABLE]

    @property
    def order(self) -> tuple[Any, ...]:
        """The severest first, of those what is due first."""
        due_at = self.due_at or self.ticket.next_due_at
        return SEVEREST_FIRST[self.ticket.severity], due_at is None, due_at, self.ticket.id, self.entry.id


MENDABLE = ("on_call", "next_turn", "backup", "team")


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
    told = sorted((_told(notice, person) for notice in waiting), key=lambda each: each.order)
    key = f"notice:{waiting[0].id}"
    if len(told) == 1:
        return _write_one(told[0], person, channel, key, now)
    tickets = {each.ticket.id: each.ticket for each in told}
    return letters.keep(
        "escalated_many",
        person,
        channel,
        key=key,
        now=now,
        ticket=told[0].ticket if len(tickets) == 1 else None,
        told=told,
    )


def _write_one(told: Told, person: Person | None, channel: Channel | None, key: str, now: datetime) -> Letter:
    ticket = told.ticket
    reported = find_entry(ticket.id, "reported")
    return letters.keep(
        told.kind,
        person,
        channel,
        key=key,
        now=now,
        ticket=ticket,
        entry=told.entry,
        told=[told],
        due_at=told.due_at,
        reporter=ticket.reporter,
        report=reported.body if reported else "",
        accept_url=told.url if told.accepts else None,
        empty=told.empty,
    )


def _told(notice: Notice, person: Person | None) -> Told:
    ticket, detail = notice.ticket, notice.entry.detail
    cycle = (detail.get("target"), detail.get("cycle"))
    due_at = next((t.due_at for t in ticket.targets if (t.target, t.cycle) == cycle), None)
    accepts = (
        person is not None
        and notice.kind == "escalated"
        and ticket.accepted_at is None
        and ticket.is_open
        and access.may(person.asker, "ticket.work")
    )
    url = links.alarm_url(notice.alarm_id, person) if person and accepts else links.ticket_url(ticket)
    return Told(notice.kind, ticket, notice.entry, due_at, accepts, url)

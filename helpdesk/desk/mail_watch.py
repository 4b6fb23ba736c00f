"""Whether mail comes and goes; where it does not, a ticket tells the desk's own administrators, once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from helpdesk.desk import registration, targets
from helpdesk.desk.grounds import Grounds
from helpdesk.desk.registration import Report
from helpdesk.desk.timeline import record
from helpdesk.outbound import letters, mail_trouble
from helpdesk.rules.access import Role
from helpdesk.rules.mail_watch import SILENT_AFTER, Heard, Pile, Trouble, troubles
from helpdesk.rules.severity import Affected, Works
from helpdesk.store.db import db, transaction
from helpdesk.store.mail_watch import (
    MailTrouble,
    find_trouble,
    get_quarantine,
    get_stuck,
    get_unsent,
    list_lasting_troubles,
    list_watched_mailboxes,
)
from helpdesk.store.mailboxes import Mailbox
from helpdesk.store.organisation import Organisation, find_organisation, lock_organisation
from helpdesk.store.people import Person, list_people
from helpdesk.store.tickets import Ticket

_NOTHING = Pile(0, None)
# What a trouble is to those who report: from the first no mail comes or goes.
_WORKS = {"mailbox_silent": Works.MAIN_FUNCTION_FAILS, "backlog": Works.MAIN_FUNCTION_FAILS}


@dataclass(frozen=True)
class MailState:
    """How mail stands. `mailboxes`: those that are switched on; `quarantine`, `unsent`: what waits;
    `stopped`: who switched letters off, when and why (None: they leave); `troubles`: what is wrong."""

    mailboxes: Sequence[Mailbox]
    silent_after: timedelta
    quarantine: Pile
    unsent: Pile
    stopped: dict[str, Any] | None
    troubles: Sequence[Trouble]


def look(now: datetime) -> MailState:
    """Everything as it stands at `now`; reads only."""
    organisation = find_organisation()
    boxes, quarantine, unsent = list_watched_mailboxes(), get_quarantine(), get_unsent()
    stopped = organisation.options.get("letters_stopped") if organisation else None
    stuck = get_stuck() if unsent.count and not stopped else _NOTHING
    after = silent_after(organisation)
    heard = [Heard(box.id, box.name, heard_at(box), box.refresh_expires_at, fault=box.fault) for box in boxes]
    found = troubles(heard, quarantine, stuck, silent_after=after, now=now)
    return MailState(boxes, after, quarantine, unsent, stopped, found)


def heard_at(box: Mailbox) -> datetime:
    """When the mailbox was last heard; before that, since when it is fetched."""
    known = (box.created_at, box.active_since, box.succeeded_at)
    return max(at for at in known if at is not None)


def silent_after(organisation: Organisation | None) -> timedelta:
    """For how long a mailbox may be silent."""
    minutes = organisation.options.get("mailbox_silent_minutes") if organisation else None
    return timedelta(minutes=minutes) if minutes else SILENT_AFTER


def sweep(now: datetime) -> None:
    """Tells the administrators of each trouble that is new, and notes on its ticket when one is over.

    For the clock, again and again; several at once tell of a trouble once.
    """
    state = look(now)
    found, lasting = {each.key: each for each in state.troubles}, {t.key for t in list_lasting_troubles()}
    for key in sorted(found.keys() - lasting):
        _tell(found[key], now)
    watched = {str(box.id) for box in state.mailboxes}
    for key in sorted(lasting - found.keys()):
        _end(key, key.partition(":")[2] in watched | {""}, now)


def _tell(trouble: Trouble, now: datetime) -> None:
    """A ticket; or a note on the one that told of it before, where that is still open."""
    with transaction():
        lock_organisation()
        known = find_trouble(trouble.key)
        if known is not None and known.over_at is None:
            return  # another clock was faster
        if known is not None and known.ticket.is_open:
            known.over_at = None
            _note(known.ticket, mail_trouble.again(trouble, now), now)
            return
        administrators = list_people(roles=(Role.ADMINISTRATOR,))
        if not administrators:
            return
        ticket = _ticket_of(trouble, administrators, now)
        if known is None:
            known = MailTrouble(key=trouble.key)
            db.session.add(known)
        known.ticket_id, known.noticed_at, known.over_at = ticket.id, now, None


def _end(key: str, is_watched: bool, now: datetime) -> None:
    with transaction():
        lock_organisation()
        known = find_trouble(key)
        if known is not None and known.over_at is None:
            known.over_at = now
            _note(known.ticket, mail_trouble.over(key, is_watched), now)


def _note(ticket: Ticket, said: str, now: datetime) -> None:
    record(ticket, "noted", now=now, door="clock", body=said)


def _ticket_of(trouble: Trouble, administrators: Sequence[Person], now: datetime) -> Ticket:
    """Handed to the first of them, who has to accept it; all of them are told by letter."""
    subject, body = mail_trouble.ticket_of(trouble, now)
    works = _WORKS.get(trouble.code, Works.SMALL_FAULT)
    report, grounds = Report(subject, body, works=works, affected=Affected.SEVERAL), Grounds(now)
    first = administrators[0]
    ticket = registration.new_ticket(report, first, grounds, now)
    ticket.assignee = first
    registration.register(ticket, body, grounds, now=now, door="clock", actor_id=None, letter=None)
    handed = {"from": None, "to": first.id, "accept": "handed"}
    record(ticket, "assigned", now=now, door="clock", detail=handed)
    targets.refresh(ticket, now)
    for person in administrators:
        letters.write(
            "mail_trouble",
            person,
            key=f"mail_trouble:{ticket.id}:{person.id}",
            now=now,
            ticket=ticket,
            headline=partial(mail_trouble.headline, trouble, now=now),
            advice=partial(mail_trouble.advice, trouble),
        )
    return ticket

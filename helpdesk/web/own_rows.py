"""A reporter's lists: how each report stands, in plain words, what happens next and by when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from helpdesk.i18n import say_instant, say_promise_time
from helpdesk.rules.lifecycle import State
from helpdesk.store.tickets import Ticket
from helpdesk.web import words
from helpdesk.web.frame import viewer_zone

PAGE = 25
LAST_PAGE = 1000


@dataclass(frozen=True)
class Row:
    """A report in a list: its state as a chip (words, tone) and what is next."""

    ticket: Ticket
    state: tuple[str, str]
    next: str


def rows(tickets: Iterable[Ticket], reader_id: int, now: datetime) -> list[Row]:
    """The reports as a list shows them to that person."""
    return [
        Row(each, state_for(each, reader_id), _next(each, each.reporter_id == reader_id, now))
        for each in tickets
    ]


def state_for(ticket: Ticket, reader_id: int) -> tuple[str, str]:
    """The state as a chip; what is asked of the reporter is asked of nobody else."""
    if ticket.reporter_id != reader_id:
        if ticket.state == State.RESOLVED:
            return _("Solved"), "ok"
        if ticket.state == State.WAITING and ticket.waiting_for == "reporter":
            return _("Waiting for an answer"), "wait"
    return words.state_for_reporter(ticket)


def _next(ticket: Ticket, is_reporter: bool, now: datetime) -> str:
    """What happens next and by when, as the stored deadlines say."""
    zone = viewer_zone()
    if ticket.state == State.RESOLVED and is_reporter:
        return _("Is it solved? Without your word it closes after three working days.")
    if not ticket.is_open:
        ended_at = ticket.closed_at or ticket.resolved_at
        return say_instant(ended_at, zone) if ended_at else ""
    if ticket.state == State.WAITING and ticket.waiting_for == "reporter":
        return _("As soon as you have answered we go on.") if is_reporter else ""
    if ticket.next_due_at is None:
        return _news(ticket.update_by, now, zone)
    if ticket.next_due_at < now:
        return _("We are late: promised by %(time)s", time=say_instant(ticket.next_due_at, zone))
    by = say_promise_time(ticket.next_due_at, zone, now)
    if ticket.next_target == "resolution":
        return _("To be solved by %(time)s", time=by)
    return _("Someone answers by %(time)s", time=by)


def _news(update_by: datetime | None, now: datetime, zone: str) -> str:
    """By when they hear from us while no deadline runs; empty where nothing is promised."""
    if update_by is None or update_by < now:
        return ""
    return _("Next news by %(time)s", time=say_promise_time(update_by, zone, now))

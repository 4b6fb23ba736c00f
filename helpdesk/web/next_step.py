"""What happens next with a report, and by when, as its reporter reads it."""

from datetime import datetime

from flask import g
from flask_babel import gettext as _

from helpdesk.desk import promises, waiting
from helpdesk.i18n import say_answer_by, say_instant, say_sentences
from helpdesk.rules.lifecycle import State
from helpdesk.store.tickets import Ticket
from helpdesk.web import words
from helpdesk.web.frame import viewer_zone


def next_step(ticket: Ticket, is_reporter: bool = True) -> tuple[str, str]:
    """What happens next and by when, as title and text; only its reporter is asked for anything."""
    zone = viewer_zone()
    if ticket.state == State.WAITING and ticket.waiting_for == "reporter" and not is_reporter:
        return _("We wait for an answer of whoever reported it"), _("As soon as we have it we go on.")
    if ticket.state == State.WAITING and ticket.waiting_for == "reporter":
        decides = _("Without one we take this as solved after five working days.")
        text = decides if waiting.does_silence_decide(ticket) else _("As soon as we have it we go on.")
        return _("We wait for your answer"), text
    promised = promises.promise_of(ticket, g.now)
    if promised is not None:
        if promised.due_at is not None and promised.due_at < g.now:
            at = say_instant(promised.due_at, zone)
            late = _("We promised an answer by %(time)s. Those responsible have been told.", time=at)
            return _("We are late, and sorry for it"), late
        why = words.why_then(promised.seconds, promised.calendar, promised.pauses, zone)
        return say_answer_by(promised.due_at, zone, g.now), say_sentences(why)
    if ticket.is_open:
        return _step_in_work(ticket, zone)
    ended = {
        State.RESOLVED: (
            _("We believe that this is solved"),
            _("Please tell us whether it works again.") if is_reporter else "",
        ),
        State.CLOSED: (_("This is closed"), _("If it happens again, please report it anew.")),
    }
    if ticket.merged_into_id is not None:
        number = f"HD-{ticket.merged_into_id}"
        return _("This goes on as %(number)s", number=number), _("Others reported the same before you.")
    return ended.get(State(ticket.state), (_("This was withdrawn or cancelled"), ""))


def _step_in_work(ticket: Ticket, zone: str) -> tuple[str, str]:
    name = ticket.assignee.name if ticket.assignee and ticket.accepted_at else ""
    title = _("%(name)s is working on it", name=name) if name else _("We are working on it")
    if ticket.state == State.WAITING:
        title = _("We wait for a supplier")
    due_at = next((t.due_at for t in ticket.targets if t.target == "resolution"), None)
    said = [_news(ticket.update_by, zone)]
    if due_at is not None and due_at < g.now:
        said.append(_("It takes longer than we promised. Those responsible have been told."))
    elif due_at is not None:
        said.append(_("We mean to have it solved by %(time)s.", time=say_instant(due_at, zone)))
    return title, say_sentences([each for each in said if each])


def _news(update_by: datetime | None, zone: str) -> str:
    """By when they hear from us, whatever happens; empty where nothing is promised."""
    if update_by is None:
        return ""
    at = say_instant(update_by, zone)
    return (
        _("Next news by %(time)s.", time=at)
        if update_by >= g.now
        else _("News was due by %(time)s.", time=at)
    )

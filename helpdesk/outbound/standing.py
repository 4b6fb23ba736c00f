"""How a ticket stands, in words: on pages and in letters alike."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk.rules.lifecycle import Kind, State
from helpdesk.rules.severity import Severity
from helpdesk.store.tickets import Ticket

SEVERITIES = {Severity.CRITICAL: _l("Critical"), Severity.MAJOR: _l("Major"), Severity.MINOR: _l("Minor")}
KINDS = {Kind.FAULT: _l("Fault"), Kind.REQUEST: _l("Request"), Kind.QUESTION: _l("Question")}
STATES = {
    State.NEW: _l("Not accepted"),
    State.IN_WORK: _l("In work"),
    State.WAITING: _l("Waiting"),
    State.RESOLVED: _l("Resolved"),
    State.CLOSED: _l("Closed"),
    State.CANCELLED: _l("Cancelled"),
}


def state_for_reporter(ticket: Ticket) -> tuple[str, str]:
    """The state as its reporter reads it, and the tone of its chip (macros.html)."""
    if ticket.state == State.WAITING:
        if ticket.waiting_for == "reporter":
            return _("Waiting for your answer"), "soon"
        return _("Waiting for a supplier"), "wait"
    if ticket.state == State.RESOLVED:
        return _("Solved? Please tell us"), "soon"
    if ticket.state == State.NEW and ticket.reopen_count:
        return _("Open again"), ""
    if ticket.state == State.NEW and ticket.next_target not in ("resolution", "update"):
        return _("Received"), ""
    if ticket.state in (State.NEW, State.IN_WORK):  # once answered, also while the next has to accept it
        return _("In work"), ""
    return str(STATES[State(ticket.state)]), "ok" if ticket.state == State.CLOSED else ""

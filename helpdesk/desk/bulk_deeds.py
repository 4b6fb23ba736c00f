"""The deeds that can be done to many tickets: each the verb that does it to one by hand."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias

from helpdesk.desk import closing, dispatch, links, outages, tickets, triage, waiting
from helpdesk.rules.access import Asker, may
from helpdesk.rules.lifecycle import require
from helpdesk.rules.severity import Severity
from helpdesk.store.bulk import get_standing
from helpdesk.store.people import Person
from helpdesk.store.tickets import list_desk_side

Data: TypeAlias = Mapping[str, Any]
Verb: TypeAlias = Callable[[int, Person, Data, datetime], object]


class Refused(Exception):
    """Nothing is done to the ticket, and nothing kept of what was begun: `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def require_work(person: Person, ticket_id: int) -> None:
    """Raises Refused (no_right, unseen) unless the person works tickets and reads this one as the desk."""
    if not person.is_active or not may(person.asker, "ticket.work"):
        raise Refused("no_right")
    _require_seen(person.asker, ticket_id, "unseen")


def _require_seen(asker: Asker, ticket_id: int, code: str) -> None:
    if not list_desk_side({ticket_id}, asker):
        raise Refused(code)


def _accept(ticket_id: int, person: Person, data: Data, now: datetime) -> object:
    return tickets.accept(ticket_id, person, seen=data["seen"], now=now)


def _assign(ticket_id: int, person: Person, data: Data, now: datetime) -> object:
    if data["way"] != "person":
        return dispatch.assign_by(ticket_id, person, data["way"], now=now)
    return triage.assign(ticket_id, person, data["assignee_id"], now=now)


def _severity(ticket_id: int, person: Person, data: Data, now: datetime) -> object:
    severity = Severity(data["severity"])
    return triage.change_severity(ticket_id, person, severity, data["reason"], now=now)


def _wait(ticket_id: int, person: Person, data: Data, now: datetime) -> object:
    wake_at = datetime.fromisoformat(data["wake_at"])
    return waiting.wait(ticket_id, person, **{**data, "wake_at": wake_at}, now=now)


def _with_data(
    verb: Callable[..., object], ticket_id: int, person: Person, data: Data, now: datetime
) -> object:
    return verb(ticket_id, person, **data, now=now)


def _merge(ticket_id: int, person: Person, data: Data, now: datetime) -> object:
    _require_seen(person.asker, data["other_id"], "other_unseen")
    return closing.merge(ticket_id, person, data["other_id"], now=now)


def _link(ticket_id: int, person: Person, data: Data, now: datetime) -> None:
    _require_seen(person.asker, data["other_id"], "other_unseen")
    links.link(ticket_id, person, data["other_id"], data["how"], now=now)


def _adopt(ticket_id: int, person: Person, data: Data, now: datetime) -> object:
    _require_seen(person.asker, data["other_id"], "other_unseen")
    require("adopt", get_standing(ticket_id).state)  # which leaves out what has ended, and says nothing of it
    return outages.adopt(data["other_id"], [ticket_id], person, now=now)


# What rules/lifecycle calls a deed, where it has another name.
CALLED = {"severity": "change_severity"}
VERBS: Mapping[str, Verb] = {
    "accept": _accept,
    "assign": _assign,
    "severity": _severity,
    "move": partial(_with_data, triage.move),
    "wait": _wait,
    "resolve": partial(_with_data, closing.resolve),
    "cancel": partial(_with_data, closing.cancel),
    "merge": _merge,
    "link": _link,
    "adopt": _adopt,
}

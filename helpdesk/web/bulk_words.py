"""Deeds for many tickets in words: what becomes of each, and why one is refused."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk.desk.bulk import Outcome
from helpdesk.rules.lifecycle import NotAllowed, State
from helpdesk.store.bulk import BulkItem, Standing
from helpdesk.store.people import get_names
from helpdesk.store.services import list_services
from helpdesk.store.teams import list_teams
from helpdesk.web import words
from helpdesk.web.links import HOWS
from helpdesk.web.sentences import clock_time

FAULTS = {
    "unseen": _l("You may not work on this ticket."),
    "no_right": _l("You may not work on tickets any more."),
    "other_unseen": _l("The other ticket is not there for you any more."),
    "nobody": _l("Nobody can take it at the moment."),
    "gone": _l("What was chosen is not there any more."),
    "failed": _l("Something went wrong here. Do it by hand on its page; the log says more."),
}


@dataclass(frozen=True)
class Line:
    """A ticket of the list: `tone` as macros.chip, `said` what becomes or became of it, a sentence each."""

    ticket_id: int
    subject: str
    tone: str
    word: str
    said: list[str]
    letters: int = 0


STATES = {
    "pending": (_l("Waits"), ""),
    "done": (_l("Done"), "ok"),
    "unchanged": (_l("Nothing to change"), ""),
    "refused": (_l("Not done"), "late"),
}
AHEAD = STATES | {"done": (_l("Changes"), "ok"), "refused": (_l("Not possible"), "late")}


def lines_ahead(found: list[Outcome], subjects: Mapping[int, str], data: Mapping[str, Any]) -> list[Line]:
    """What was tried out, as the page before the order shows it: what cannot be done first."""
    names = _Names(found)

    def line(each: Outcome) -> Line:
        word, tone = AHEAD[each.state]
        changes = list(_changes(each, names, data))
        said = changes or [say_fault(each.fault, names.people)]
        subject = subjects.get(each.ticket_id, "")
        return Line(each.ticket_id, subject, tone, str(word), [s for s in said if s], each.letters)

    order = ("refused", "unchanged", "done")
    return [line(each) for each in sorted(found, key=lambda o: (order.index(o.state), o.ticket_id))]


def lines_of(items: list[BulkItem], seen: Collection[int]) -> list[Line]:
    """How far it is with each ticket; the subject of those that are `seen` (the asker may read them)."""
    people = get_names({_holder(item.fault) for item in items} - {0})

    def line(item: BulkItem) -> Line:
        word, tone = STATES[item.state]
        said = say_fault(item.fault, people)
        subject = item.ticket.subject if item.ticket_id in seen else ""
        return Line(item.ticket_id, subject, tone, str(word), [said] if said else [])

    return [line(item) for item in items]


class _Names:
    """What the ids in outcomes are called."""

    def __init__(self, found: list[Outcome]) -> None:
        standings = [s for each in found for s in (each.before, each.after) if s is not None]
        people = {s.assignee_id for s in standings if s.assignee_id is not None}
        self.people = get_names(people | {_holder(each.fault) for each in found} - {0})
        self.teams = {t.id: t.name for t in list_teams(active_only=False)}
        self.services = {s.id: s.name for s in list_services(active_only=False)}


def _changes(outcome: Outcome, names: _Names, data: Mapping[str, Any]) -> Iterator[str]:
    before, after = outcome.before, outcome.after
    if before is None or after is None:
        return
    if after.merged_into_id != before.merged_into_id:
        yield _("Ends, and goes on as %(number)s", number=f"HD-{after.merged_into_id}")
        return
    if after.parent_id != before.parent_id:
        yield _("Stands under %(number)s", number=f"HD-{after.parent_id}")
    if "how" in data:
        yield _("%(how)s %(number)s", how=HOWS[data["how"]], number=f"HD-{data['other_id']}")
    if after.state != before.state:
        yield _from_to(words.STATES[State(before.state)], words.STATES[State(after.state)])
    if after.severity != before.severity:
        yield _from_to(*(words.SEVERITIES[s.severity] for s in (before, after)))  # type: ignore[index]
    if after.service_id != before.service_id:
        yield _from_to(*(names.services.get(s.service_id or 0, _("No service")) for s in (before, after)))
    if after.team_id != before.team_id:
        yield _from_to(*(names.teams.get(s.team_id, "?") for s in (before, after)))
    if after.assignee_id != before.assignee_id:
        yield _from_to(*(names.people.get(s.assignee_id or 0, _("Nobody")) for s in (before, after)))
    yield from _deadline(before, after)


def _deadline(before: Standing, after: Standing) -> Iterator[str]:
    if after.next_due_at == before.next_due_at or after.next_due_at is None:
        return
    if before.next_due_at is None:
        yield _("Due %(time)s", time=clock_time(after.next_due_at))
    else:
        was, due = clock_time(before.next_due_at), clock_time(after.next_due_at)
        yield _("Due %(due)s instead of %(was)s", due=due, was=was)


def _from_to(before: Any, after: Any) -> str:
    return _("%(before)s → %(after)s", before=before, after=after)


def say_fault(fault: str, people: Mapping[int, str]) -> str:
    """Why a ticket was refused; "" for no fault."""
    if _holder(fault):
        return _("%(name)s has taken this in the meantime.", name=people.get(_holder(fault), _("Somebody")))
    if fault in FAULTS:
        return str(FAULTS[fault])
    verb, _space, state = fault.partition(" ")
    return words.not_allowed(NotAllowed(verb, State(state))) if state else ""


def _holder(fault: str) -> int:
    """Who has taken the ticket; 0 where that is not why."""
    return int(fault.removeprefix("taken ")) if fault.startswith("taken ") else 0

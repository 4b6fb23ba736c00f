"""What can be done to a ticket by a form of its own: its words, its schema, and the desk's verb."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import abort, flash, g, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from marshmallow import Schema

from helpdesk.desk import attention, closing, dispatch, hand_up, links, reopenings, tickets, triage, waiting
from helpdesk.desk.grounds import Grounds
from helpdesk.desk.rosters import who_is_on_call
from helpdesk.rules.access import Role
from helpdesk.rules.dispatch import Way
from helpdesk.rules.severity import Severity
from helpdesk.schemas.tickets import (
    AheadSchema,
    AnswerSchema,
    AssignSchema,
    CancelSchema,
    HandUpSchema,
    LinkSchema,
    MergeSchema,
    MoveSchema,
    NewsSchema,
    NotAReopeningSchema,
    ResolveSchema,
    SeveritySchema,
    TriageSchema,
    WaitSchema,
    with_answers,
)
from helpdesk.store.people import Person, get_names, get_person, list_people
from helpdesk.store.services import list_services
from helpdesk.store.teams import list_teams
from helpdesk.store.tickets import Ticket, find_ticket, is_desk_side, ticket_id_of
from helpdesk.web import dispatch_words, words
from helpdesk.web.frame import asker, viewer_zone

# A reporter's: past the fifth working day, on which their silence decides.
WAKE_AFTER = {"reporter": timedelta(days=8), "supplier": timedelta(days=1)}
STAFF = (Role.AGENT, Role.LEAD, Role.ADMINISTRATOR)


class Refused(Exception):
    """The door cannot do as the form says; `errors` are shown at its fields."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__("refused")
        self.errors = errors


@dataclass(frozen=True)
class Form:
    """A form of the ticket page: `verb` is what rules/lifecycle and its template call it."""

    title: Any
    button: Any
    verb: str
    schema: Callable[[], Schema]
    do: Callable[[Ticket, Person, dict[str, Any]], object]
    choices: Callable[[Ticket], dict[str, Any]] = lambda _ticket: {}
    done: Any = ""


def other_id(data: dict[str, Any]) -> int:
    """The id of the other ticket that was named, looked up through the asker's rights. Raises Refused."""
    other = find_ticket(ticket_id_of(data["number"]) or 0, asker())
    if other is None or not is_desk_side(other, asker()):
        raise Refused({"number": [_("There is no such ticket. Check the number, for example HD-12.")]})
    return other.id


def _other(ticket: Ticket, data: dict[str, Any]) -> int:
    found = other_id(data)
    if found == ticket.id:
        raise Refused({"number": [_("This is the ticket itself. Enter the other one's number.")]})
    return found


def _wait(ticket: Ticket, actor: Person, data: dict[str, Any]) -> object:
    return waiting.wait(ticket.id, actor, **data, now=g.now)


def _proposed_wakes(_ticket: Ticket) -> dict[str, Any]:
    """When to look again, by whom we wait for, as the field takes it."""
    local = g.now.astimezone(ZoneInfo(viewer_zone())).replace(minute=0)
    return {"wakes": {who: f"{local + after:%Y-%m-%dT%H:%M}" for who, after in WAKE_AFTER.items()}}


def _resolve(ticket: Ticket, actor: Person, data: dict[str, Any]) -> object:
    return closing.resolve(ticket.id, actor, **data, now=g.now)


def _severity(ticket: Ticket, actor: Person, data: dict[str, Any]) -> object:
    if data["severity"] == ticket.severity:
        raise Refused({"severity": [_("It has this severity already. Choose another.")]})
    return triage.change_severity(ticket.id, actor, **data, now=g.now)


def _triage(ticket: Ticket, actor: Person, data: dict[str, Any]) -> object:
    _require_service(data["service_id"])
    return triage.triage(ticket.id, actor, **with_answers(data), now=g.now)


def require_place(data: dict[str, Any]) -> None:
    """Raises Refused unless the service and the team that were chosen are there."""
    _require_service(data["service_id"])
    if data["team_id"] not in {None, *(t.id for t in list_teams())}:
        raise Refused({"team_id": [_("This team is gone. Choose another.")]})


def _move(ticket: Ticket, actor: Person, data: dict[str, Any]) -> object:
    require_place(data)
    return triage.move(ticket.id, actor, **data, now=g.now)


def _require_service(service_id: int | None) -> None:
    if service_id not in {None, *(s.id for s in list_services())}:
        raise Refused({"service_id": [_("This service is gone. Choose another.")]})


def _assign(ticket: Ticket, actor: Person, data: dict[str, Any]) -> object:
    if request.form.get("to_me"):
        data["assignee_id"] = actor.id
    elif data["way"] != "person":
        return _assign_by(ticket, actor, data["way"])
    require_staff(data["assignee_id"])
    return triage.assign(ticket.id, actor, data["assignee_id"], now=g.now)


def _assign_by(ticket: Ticket, actor: Person, way: Way) -> object:
    try:
        found = dispatch.assign_by(ticket.id, actor, way, now=g.now)
    except dispatch.Nobody as fault:
        raise Refused({"": [dispatch_words.say_choice(fault.choice, {})]}) from fault
    flash(_("%(name)s has it now.", name=found.assignee.name if found.assignee else ""))
    return found


def _hand_up(ticket: Ticket, actor: Person, data: dict[str, Any]) -> object:
    try:
        return hand_up.hand_up(ticket.id, actor, data["reason"], now=g.now)
    except dispatch.Nobody as fault:
        said = _(
            "There is nobody to hand this up to at the moment. Assign it to a colleague, or ask your lead."
        )
        raise Refused({"": [said]}) from fault


def _merge(ticket: Ticket, actor: Person, data: dict[str, Any]) -> object:
    return closing.merge(ticket.id, actor, _other(ticket, data), now=g.now)


def _link(ticket: Ticket, actor: Person, data: dict[str, Any]) -> None:
    links.link(ticket.id, actor, _other(ticket, data), data["how"], now=g.now)


def _news(ticket: Ticket, actor: Person, data: dict[str, Any]) -> object:
    return tickets.promise_update(ticket.id, actor, data["update_by"], now=g.now)


def _not_a_reopening(ticket: Ticket, actor: Person, data: dict[str, Any]) -> object:
    _require_service(data["service_id"] or ticket.service_id)
    new = reopenings.not_a_reopening(ticket.id, actor, **with_answers(data), now=g.now)
    flash(_("It goes on as %(number)s, and the reporter has been told.", number=new.number))
    return new


def _cancel(ticket: Ticket, actor: Person, data: dict[str, Any]) -> object:
    return closing.cancel(ticket.id, actor, data["reason"], now=g.now)


def list_staff() -> list[Person]:
    """Everybody who works tickets, by name."""
    return list_people(roles=STAFF, limit=500)


def require_staff(person_id: int | None) -> None:
    """Raises Refused for somebody who works no tickets."""
    if person_id not in {None, *(p.id for p in list_staff())}:
        raise Refused({"assignee_id": [_("Choose a person from the list.")]})


def _people(ticket: Ticket) -> dict[str, Any]:
    """The team first, with who is on call, then everybody else who works tickets."""
    on_call = who_is_on_call(ticket.team.roster_id, g.now)
    members = {m.person_id for m in ticket.team.members}
    staff = list_staff()
    found = dispatch.propose(ticket, g.now) if ticket.is_open else []
    names = get_names({choice.person_id for choice in found if choice.person_id is not None})

    def said(person: Person) -> str:
        is_on_call = on_call is not None and person.id == on_call.id
        return _("%(name)s (on call)", name=person.name) if is_on_call else person.name

    groups = [
        (_("Team %(name)s", name=ticket.team.name), [(p.id, said(p)) for p in staff if p.id in members]),
        (_("Others"), [(p.id, said(p)) for p in staff if p.id not in members]),
    ]
    ways = [
        (
            choice.way,
            dispatch_words.WAYS[choice.way],
            dispatch_words.say_choice(choice, names),
            choice.person_id,
        )
        for choice in found
    ]
    return {
        "people": [group for group in groups if group[1]],
        "sought": {p.id: p.sought for p in staff},
        "ways": ways,
    }


def _above(ticket: Ticket) -> dict[str, Any]:
    """Where it would go now if it were handed up: to a person, else to a team, else nowhere."""
    found = hand_up.find_above(ticket, get_person(current_user.id), g.now)
    to = found.choice.person_id
    return {
        "senior": get_person(to) if to is not None else None,
        "team_above": found.team if to is None else None,
    }


def _questions(_ticket: Ticket) -> dict[str, Any]:
    return {
        "works": list(words.WORKS.items()),
        "affected": list(words.AFFECTED.items()),
        "severities": [(s.value, str(label)) for s, label in words.SEVERITIES.items()],
        **_places(_ticket),
    }


def _places(_ticket: Ticket) -> dict[str, Any]:
    return {
        "services": [(s.id, s.name) for s in list_services()],
        "teams": [(t.id, t.name) for t in list_teams()],
    }


def _severities(ticket: Ticket) -> dict[str, Any]:
    return {"severities": [(s, label) for s, label in words.SEVERITIES.items() if s != ticket.severity]}


def _ahead(schema: type[AheadSchema]) -> Callable[[], Schema]:
    """The schema with times as the viewer means them."""
    return lambda: schema(zone=ZoneInfo(viewer_zone()), now=g.now)


answer_schema = _ahead(AnswerSchema)


def local_time(at: datetime | None) -> str:
    """An instant as a field for day and time takes it; empty for none."""
    return f"{at.astimezone(ZoneInfo(viewer_zone())):%Y-%m-%dT%H:%M}" if at else ""


def proposed_news(ticket: Ticket, known: Grounds | None = None) -> dict[str, Any]:
    """The promise of news: `promised` as its field takes it, `proposed` the instant where none is chosen;
    `known` as default_news takes it."""
    is_critical = ticket.severity == Severity.CRITICAL
    proposed = attention.default_news(ticket, g.now, known) if is_critical else None
    return {"promised": local_time(ticket.update_by), "proposed": proposed}


FORMS: Mapping[str, Form] = {
    "wait": Form(_l("Wait for an answer"), _l("Wait"), "wait", _ahead(WaitSchema), _wait, _proposed_wakes),
    "resolve": Form(_l("Resolve"), _l("Resolve"), "resolve", ResolveSchema, _resolve),
    "severity": Form(
        _l("Change the severity"), _l("Change"), "change_severity", SeveritySchema, _severity, _severities
    ),
    "triage": Form(_l("Triage"), _l("Save"), "triage", TriageSchema, _triage, _questions),
    "move": Form(_l("Move to another service or team"), _l("Move"), "move", MoveSchema, _move, _places),
    "assign": Form(_l("Assign"), _l("Assign"), "assign", AssignSchema, _assign, _people),
    "hand-up": Form(_l("Hand up"), _l("Hand up"), "assign", HandUpSchema, _hand_up, _above),
    "merge": Form(
        _l("Merge into another ticket"),
        _l("Merge"),
        "merge",
        MergeSchema,
        _merge,
        done=_l("Merged. Its reporter goes on with the other ticket."),
    ),
    "link": Form(_l("Link with another ticket"), _l("Link"), "link", LinkSchema, _link),
    "news": Form(
        _l("Promise the next news"),
        _l("Promise"),
        "promise_update",
        _ahead(NewsSchema),
        _news,
        proposed_news,
    ),
    "not-a-reopening": Form(
        _l("Not a reopening"),
        _l("Make it a ticket of its own"),
        "unreopen",
        NotAReopeningSchema,
        _not_a_reopening,
        _questions,
    ),
    "cancel": Form(_l("Cancel this ticket"), _l("Cancel the ticket"), "cancel", CancelSchema, _cancel),
}


def form_of(deed: str) -> Form:
    """The form of that name; 404 for none."""
    if deed not in FORMS:
        abort(404)
    return FORMS[deed]

"""The queue's address as a question, and the question in words: whoever has the address has the view."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from helpdesk.rules.lifecycle import Kind, State
from helpdesk.rules.severity import Severity
from helpdesk.store.locations import list_locations
from helpdesk.store.organisation import list_departments
from helpdesk.store.people import get_names
from helpdesk.store.queue import VIEWS, Wanted
from helpdesk.store.services import list_services
from helpdesk.store.teams import list_teams
from helpdesk.web import words
from helpdesk.web.frame import asker
from helpdesk.web.numbers import id_of

NAMES = {
    "mine": _l("Mine"),
    "teams": _l("My teams"),
    "unaccepted": _l("Not accepted"),
    "due": _l("Due within the hour"),
    "waiting": _l("Waiting"),
    "resolved": _l("To be confirmed"),
    "all": _l("All open"),
}
ONES = {"state": State, "severity": Severity, "kind": Kind}
# How the address calls the ids, and the yes or no, of Wanted.
IDS = {
    "service": "service_id",
    "team": "team_id",
    "assignee": "assignee_id",
    "department": "department_id",
    "location": "location_id",
}
FLAGS = {"late": "is_late", "untriaged": "is_untriaged"}
DAYS = (1, 7, 30)


def wanted_of(given: Mapping[str, str]) -> Wanted:
    """The address's arguments as a question; what they say wrongly is not asked for."""
    view, days = given.get("view", ""), id_of(given.get("days"))
    found: dict[str, Any] = {
        name: given[name] for name, one in ONES.items() if given.get(name) in {each.value for each in one}
    }
    found |= {field: number for name, field in IDS.items() if (number := id_of(given.get(name))) is not None}
    found |= {field: True for name, field in FLAGS.items() if given.get(name) == "1"}
    return Wanted(
        view=view if view in VIEWS else "teams" if asker().team_ids else "all",
        days=days if days in DAYS else None,
        **found,
    )


def address_of(wanted: Wanted, **instead: Any) -> dict[str, Any]:
    """The arguments of the address that asks for it."""
    found: dict[str, Any] = {"view": wanted.view} | {name: getattr(wanted, name) for name in ONES}
    found |= {name: getattr(wanted, field) for name, field in IDS.items()}
    found |= {name: "1" if getattr(wanted, field) else None for name, field in FLAGS.items()}
    found |= {"days": wanted.days} | instead
    return {name: value for name, value in found.items() if value is not None}


def say_days(days: int) -> str:
    """How far back reports are looked for."""
    if days == 1:
        return _("the last 24 hours")
    return ngettext("the last %(num)d day", "the last %(num)d days", days)


def chips(wanted: Wanted) -> list[tuple[str, str]]:
    """The filters that are on: what each says, and the address without it."""
    said = _said_ones(wanted) | _said_places(wanted)
    if wanted.assignee_id is not None:
        people = names_of_people([wanted])
        name = people.get(wanted.assignee_id, "?") if wanted.assignee_id else _("Nobody")
        said["assignee"] = _("Assignee: %(name)s", name=name)
    if wanted.days is not None:
        said["days"] = _("Reported: %(when)s", when=say_days(wanted.days))
    if wanted.is_late:
        said["late"] = _("Late")
    if wanted.is_untriaged:
        said["untriaged"] = _("To triage")
    return [
        (text, url_for("queue.index", **address_of(wanted, **{name: None}))) for name, text in said.items()
    ]


def names_of_people(asked: Iterable[Wanted]) -> dict[int, str]:
    """Of those who are in these questions: a page that describes many asks for all at once."""
    known: dict[int, str] = g.setdefault("queue_people", {})
    known |= get_names({wanted.assignee_id for wanted in asked if wanted.assignee_id} - known.keys())
    return known


def _said_ones(wanted: Wanted) -> dict[str, str]:
    said: dict[str, str] = {}
    if wanted.state:
        said["state"] = _("State: %(state)s", state=words.STATES[State(wanted.state)])
    if wanted.severity:
        said["severity"] = _("Severity: %(severity)s", severity=words.SEVERITIES[Severity(wanted.severity)])
    if wanted.kind:
        said["kind"] = _("Kind: %(kind)s", kind=words.KINDS[Kind(wanted.kind)])
    return said


def _said_places(wanted: Wanted) -> dict[str, str]:
    """Of what is looked up in the set-up; what is gone from it is a question mark."""
    said: dict[str, str] = {}
    if wanted.service_id is not None:
        said["service"] = _("Service: %(name)s", name=_name("services", wanted.service_id))
    if wanted.team_id is not None:
        said["team"] = _("Team: %(name)s", name=_name("teams", wanted.team_id))
    if wanted.department_id is not None:
        said["department"] = _("Department: %(name)s", name=_name("departments", wanted.department_id))
    if wanted.location_id is not None:
        said["location"] = _("Location: %(name)s", name=_name("locations", wanted.location_id))
    return said


_LISTS: Mapping[str, Callable[[], Sequence[Any]]] = {
    "services": lambda: list_services(active_only=False),
    "teams": lambda: list_teams(active_only=False),
    "departments": list_departments,
    "locations": lambda: list_locations(active_only=False),
}


def _name(of: str, row_id: int) -> str:
    """Each list is read once a page, however many views it describes."""
    known = g.setdefault("queue_names", {})
    if of not in known:
        known[of] = {each.id: each.name for each in _LISTS[of]()}
    return known[of].get(row_id, "?")

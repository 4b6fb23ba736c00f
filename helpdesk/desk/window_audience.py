"""Whom a maintenance window concerns, and what of it they hear (rules/window_notices.heard_of)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk.rules.lifecycle import Kind
from helpdesk.rules.severity import EMERGENCY
from helpdesk.rules.window_notices import Reader, Served, departments_below, heard_of
from helpdesk.store.maintenance import Window, WindowEntry
from helpdesk.store.people import Person
from helpdesk.store.services import Service
from helpdesk.store.tickets import Ticket
from helpdesk.store.window_notices import (
    list_audiences,
    list_followed,
    list_known_windows,
    list_parents,
    list_steps,
    list_teams_people,
)

MOST_STEPS = 50
SOON = timedelta(days=1)  # how long before its start a window stands on every page


@dataclass(frozen=True)
class Heard:
    """A window as somebody hears of it: `services` are those that concern them, those chosen first."""

    window: Window
    services: list[Service]

    @property
    def names(self) -> list[str]:
        """The names of the services."""
        return [service.name for service in self.services]


def served_of(services: Sequence[Service]) -> dict[int, Served]:
    """Whom each of these services serves, by its id."""
    audiences = list_audiences({service.id for service in services})
    parents = list_parents() if audiences else {}
    teams = list_teams_people({service.team_id for service in services})
    return {
        service.id: Served(
            service.id,
            service.is_restricted,
            departments_below(audiences.get(service.id, ()), parents),
            frozenset(teams[service.team_id]),
        )
        for service in services
    }


def windows_for(
    person: Person | None,
    now: datetime,
    within: timedelta = SOON,
    known: dict[int, Served] | None = None,
) -> list[Heard]:
    """Windows that concern the person (None: whoever has no account) and run at `now` or start `within`, by
    start. `known` as `hear` takes it."""
    windows = list_known_windows(now, now + within)
    followed = list_followed(person.id, {window.id for window in windows}) if person and windows else set()
    return hear(windows, person, followed, known)


def hear(
    windows: Sequence[Window],
    person: Person | None,
    followed: set[int],
    known: dict[int, Served] | None = None,
) -> list[Heard]:
    """What the person hears of these windows, of which they follow some (ids); what does not concern them is
    left out. `known`: what the caller has asked of services before, by id, to which the rest is added."""
    services = {service.id: service for window in windows for service in window.services}
    served = {} if known is None else known
    missing = [service for service_id, service in services.items() if service_id not in served]
    if missing:
        served.update(served_of(missing))
    reader = reader_of(person)
    found = []
    for window in windows:
        asked = window.id in followed or (person is not None and window.owner_id == person.id)
        heard = heard_of([served[each.service_id] for each in window.covered], reader, asked)
        if heard:
            found.append(Heard(window, [services[id] for id in heard]))
    return found


def reader_of(person: Person | None) -> Reader:
    """The person as the rule knows them."""
    return Reader(person.id, person.department_id) if person is not None else Reader(None)


def steps_for(
    person: Person, since: datetime, kinds: Iterable[str], known: dict[int, Served] | None = None
) -> list[tuple[WindowEntry, Heard]]:
    """Steps of these kinds after `since` in windows that concern the person, the newest first, each with its
    window; what they did themselves is no news to them. `known` as `hear` takes it."""
    entries = [entry for entry in list_steps(since, kinds, MOST_STEPS) if entry.actor_id != person.id]
    windows = {entry.window_id: entry.window for entry in entries}
    followed = list_followed(person.id, windows) if windows else set()
    heard = {each.window.id: each for each in hear(list(windows.values()), person, followed, known)}
    return [(entry, heard[entry.window_id]) for entry in entries if entry.window_id in heard]


def about(ticket: Ticket, now: datetime) -> Heard | None:
    """The running window that an open report of a fault may be about: of its service, or of any that its
    reporter uses where it names none. None where there is none, and for what was asked for because of one."""
    if not ticket.is_open or ticket.kind != Kind.FAULT or ticket.severity_reason == EMERGENCY:
        return None
    found = windows_for(ticket.reporter, now, timedelta(0))
    if ticket.service_id is not None:
        found = [each for each in found if ticket.service_id in [service.id for service in each.services]]
    return next((each for each in found if each.window.is_running(now)), None)


def look_up(window: Window | None, person: Person | None) -> Heard | None:
    """The window as whoever asks for it by its address reads it: what is not announced, or only of restricted
    services of other teams, does not exist for them (None)."""
    if window is None or window.announced_at is None:
        return None
    found = hear([window], person, {window.id})
    return found[0] if found else None

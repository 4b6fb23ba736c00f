"""Maintenance of which people know, and whom it concerns: remembered by each process until it changes.

Every page asks what runs, what begins soon and what is new. The database says with one value which revision
is in force (store/revision), so a change is seen by the very next request of every process; what depends on
the time, and on whoever asks, is decided anew (desk/window_audience).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from helpdesk.rules.window_notices import AHEAD, TOLD, Served, departments_below
from helpdesk.store.maintenance import Window
from helpdesk.store.organisation import find_organisation
from helpdesk.store.revision import is_maintenance_changing
from helpdesk.store.services import Service
from helpdesk.store.window_notices import (
    list_audiences,
    list_parents,
    list_steps,
    list_teams_people,
    list_windows_known,
)

MOST_STEPS = 50


@dataclass(frozen=True, slots=True)
class KnownService:
    """A service by name."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class KnownWindow:
    """A window that was announced, as the model's columns say it; `services` that it covers, those chosen
    first, and whom each of them serves."""

    id: int
    state: str
    starts_at: datetime
    ends_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    owner_id: int | None
    effect: str
    reason: str
    services: tuple[KnownService, ...]
    served: tuple[Served, ...]

    @property
    def begins_at(self) -> datetime:
        """When it began, or is to begin."""
        return self.started_at or self.starts_at

    def is_running(self, now: datetime) -> bool:
        """Whether `now` lies in it."""
        return self.state in AHEAD and self.begins_at <= now < self.ends_at


@dataclass(frozen=True, slots=True)
class KnownStep:
    """A step of which people are told; `id` of its entry, `actor_id` None: the clock."""

    id: int
    at: datetime
    actor_id: int | None
    window: KnownWindow


@dataclass(frozen=True, slots=True)
class Known:
    """Windows that are announced or run, by start, and the newest steps of any, the latest first."""

    windows: tuple[KnownWindow, ...]
    steps: tuple[KnownStep, ...]


_remembered: dict[str, Known] = {}


def current() -> Known:
    """What the database says now."""
    organisation = find_organisation()
    if organisation is None or is_maintenance_changing():
        return _read()
    found = _remembered.get(organisation.maintenance_revision)
    if found is None:
        found = _read()
        _remembered.clear()
        _remembered[organisation.maintenance_revision] = found
    return found


def known_as(windows: Sequence[Window]) -> list[KnownWindow]:
    """These windows, read anew."""
    served = served_of([service for window in windows for service in window.services])
    return [
        KnownWindow(
            window.id,
            window.state,
            window.starts_at,
            window.ends_at,
            window.started_at,
            window.ended_at,
            window.owner_id,
            window.effect,
            window.reason,
            tuple(KnownService(service.id, service.name) for service in window.services),
            tuple(served[service.id] for service in window.services),
        )
        for window in windows
    ]


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


def _read() -> Known:
    ahead, entries = list_windows_known(), list_steps(TOLD, MOST_STEPS)
    windows = {window.id: window for window in (*ahead, *(entry.window for entry in entries))}
    known = {window.id: window for window in known_as(list(windows.values()))}
    return Known(
        tuple(known[window.id] for window in ahead),
        tuple(KnownStep(entry.id, entry.at, entry.actor_id, known[entry.window_id]) for entry in entries),
    )

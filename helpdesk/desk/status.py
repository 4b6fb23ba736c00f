"""How the services are: for everybody who asks, without anything that is not for everybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from helpdesk.rules import status as rule
from helpdesk.rules.spans import Span
from helpdesk.rules.status import Day, Standing
from helpdesk.store.maintenance import Window
from helpdesk.store.organisation import find_organisation
from helpdesk.store.services import Service
from helpdesk.store.status import (
    list_critical_faults,
    list_endings,
    list_known_since,
    list_last_steps,
    list_shown_services,
    list_told_windows,
)

DAYS = 90
AHEAD = timedelta(days=60)
LOOKS_BACK = timedelta(days=DAYS + 30)  # a fault may have been open for long when the first of the days began


@dataclass(frozen=True)
class Fault:
    """A critical fault by its spans [(from, to)]: no words of whoever reported it. `id` is the ticket's."""

    id: int
    spans: tuple[Span, ...]
    is_open: bool

    @property
    def since(self) -> datetime:
        """Since when it is, or was last, open."""
        return self.spans[-1][0]


@dataclass(frozen=True)
class Status:
    """A service: `standing` now; windows that were announced: `running`, `coming`, `past`, and `called_off`
    ones that were still to come; open and past `faults`; the last DAYS days; since when a fault is known that
    several have reported, critical or not."""

    service: Service
    standing: Standing
    running: tuple[Window, ...]
    coming: tuple[Window, ...]
    called_off: tuple[Window, ...]
    past: tuple[Window, ...]
    faults: tuple[Fault, ...]
    days: tuple[Day, ...]
    known_since: datetime | None

    @property
    def open_faults(self) -> tuple[Fault, ...]:
        """Those that somebody works on."""
        return tuple(fault for fault in self.faults if fault.is_open)

    @property
    def open_since(self) -> datetime | None:
        """Since when there is a critical fault; None: there is none."""
        return min((fault.since for fault in self.open_faults), default=None)

    @property
    def fault_time(self) -> timedelta:
        """For how long a critical fault was open within the days."""
        return sum((day.fault_time for day in self.days), timedelta())

    @property
    def maintenance_time(self) -> timedelta:
        """For how long there was maintenance within the days."""
        return sum((day.maintenance_time for day in self.days), timedelta())


def look(now: datetime) -> list[Status]:
    """Every service that is shown, by name; [] before the first set-up."""
    organisation = find_organisation()
    if organisation is None:
        return []
    services = list_shown_services()
    ids = [service.id for service in services]
    since = now - LOOKS_BACK
    windows = list_told_windows(ids, since, now + AHEAD)
    faults = _faults(list_critical_faults(ids, since), now)
    zone, known = ZoneInfo(organisation.zone), list_known_since(ids)
    return [
        _status(
            service,
            [window for window in windows if service.id in {each.id for each in window.services}],
            faults.get(service.id, []),
            zone,
            now,
            known.get(service.id),
        )
        for service in services
    ]


def last_steps(statuses: Sequence[Status]) -> dict[int, datetime]:
    """When something last happened to each of their windows."""
    found = (w for s in statuses for w in (*s.running, *s.coming, *s.called_off, *s.past))
    return list_last_steps({window.id for window in found})


def shown_names(window: Window) -> list[str]:
    """The names of its services that stand on the status page."""
    return [service.name for service in window.services if service.is_shown]


def shown_reason(window: Window) -> str:
    """What is done; "" where it is done to a restricted service: that is not for everybody."""
    is_secret = any(each.service.is_restricted for each in window.covered if each.is_named)
    return "" if is_secret else window.reason


def held_span(window: Window, now: datetime) -> Span:
    """From when to when a window really was, or is planned to be where it has not come to that."""
    ends_at = window.ended_at or (max(window.ends_at, now) if window.started_at else window.ends_at)
    return window.started_at or window.starts_at, ends_at


def _faults(rows: list[Any], now: datetime) -> dict[int, list[Fault]]:
    """By service, the oldest first."""
    endings = list_endings([row.id for row in rows])
    found: dict[int, list[Fault]] = {}
    for row in rows:
        spans = rule.fault_spans(row.reported_at, endings.get(row.id, []), now)
        if spans:
            found.setdefault(row.service_id, []).append(Fault(row.id, spans, row.is_open))
    return found


def _status(
    service: Service,
    windows: list[Window],
    faults: list[Fault],
    zone: ZoneInfo,
    now: datetime,
    known_since: datetime | None,
) -> Status:
    standing_windows = [w for w in windows if w.cancelled_at is None]
    running = tuple(w for w in standing_windows if w.is_running(now))
    past = tuple(w for w in standing_windows if w.is_over(now))
    is_open = any(fault.is_open for fault in faults)
    return Status(
        service=service,
        standing="fault" if is_open else "maintenance" if running else "fine",
        running=running,
        coming=tuple(w for w in standing_windows if w not in running and w not in past),
        called_off=tuple(w for w in windows if w.cancelled_at is not None and w.ends_at > now),
        past=past,
        faults=tuple(faults),
        days=rule.days(
            zone,
            now,
            DAYS,
            [span for fault in faults for span in fault.spans],
            [held_span(window, now) for window in (*past, *running)],
        ),
        known_since=known_since,
    )

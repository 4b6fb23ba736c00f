"""From a ticket's timeline to the SLA clock's events (sla-clock.md, "From the timeline to events")."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from helpdesk.rules.sla import Event, Window

HEARD = frozenset({"reported", "accepted", "replied", "reporter_replied", "waiting", "resumed"})
HEARD |= {"severity_changed", "resolved", "reopened", "closed", "cancelled", "merged", "moved"}
"""The kinds of entries that the clock hears; all others leave every target as it is."""


@dataclass(frozen=True)
class Happening:
    """A timeline entry as the clock needs it: its kind, when it holds, and what it bears."""

    kind: str
    at: datetime
    detail: Mapping[str, Any]


class _Reader:
    """Walks the timeline once; what is open decides which events an entry makes."""

    def __init__(self, supplier_pauses: bool) -> None:
        self.supplier_pauses = supplier_pauses
        self.events: list[Event] = []
        self.response_open = False
        self.ended = False  # resolved, closed or cancelled
        self.waiting_for: str | None = None

    def read(self, happening: Happening) -> None:
        act = getattr(self, f"_{happening.kind}", None)
        if act is not None:
            act(happening)

    def _add(self, happening: Happening, kind: str, severity: str | None = None) -> None:
        self.events.append(Event(happening.at, kind, severity))

    def _reported(self, happening: Happening) -> None:
        self.response_open = True
        self._add(happening, "reported", happening.detail["severity"])

    def _accepted(self, happening: Happening) -> None:
        if self.response_open and not self.ended:
            self.response_open = False
            self._add(happening, "responded")

    def _replied(self, happening: Happening) -> None:
        if not self.ended:
            self.response_open = False
            self._add(happening, "responded")

    def _reporter_replied(self, happening: Happening) -> None:
        if self.ended:
            return
        if self.waiting_for == "reporter":
            self._resumed(happening)
        self._add(happening, "reporter_replied")

    def _waiting(self, happening: Happening) -> None:
        self._resumed(happening)  # from the supplier to the reporter, say
        self.waiting_for = happening.detail["for"]
        if self._clock_waits():
            self._add(happening, "waiting")

    def _resumed(self, happening: Happening) -> None:
        if self._clock_waits():
            self._add(happening, "resumed")
        self.waiting_for = None

    def _clock_waits(self) -> bool:
        return self.waiting_for == "reporter" or (self.waiting_for == "supplier" and self.supplier_pauses)

    def _severity_changed(self, happening: Happening) -> None:
        self._add(happening, "severity_changed", happening.detail["to"])

    def _resolved(self, happening: Happening) -> None:
        self.ended, self.response_open, self.waiting_for = True, False, None
        self._add(happening, "resolved")

    def _reopened(self, happening: Happening) -> None:
        self.ended, self.response_open = False, True
        self._add(happening, "reopened")

    def _closed(self, happening: Happening) -> None:
        self._add(happening, "closed")

    def _cancelled(self, happening: Happening) -> None:
        self.ended = True
        self._add(happening, "cancelled")

    _merged = _cancelled


def events_of(timeline: Iterable[Happening], supplier_pauses: bool) -> list[Event]:
    """The events of a timeline, which has no voided entries and is in the order written.

    `supplier_pauses`: whether the policy lets waiting for a supplier pause the clock.
    """
    return [event for events in events_of_each(timeline, supplier_pauses) for event in events]


def events_of_each(timeline: Iterable[Happening], supplier_pauses: bool) -> Iterator[list[Event]]:
    """As `events_of`, the events of each happening by themselves."""
    reader = _Reader(supplier_pauses)
    for happening in _as_written(timeline):
        reader.events = []
        reader.read(happening)
        yield reader.events


def _as_written(timeline: Iterable[Happening]) -> Iterator[Happening]:
    """In the order written, which is that of the ticket's states, and no instant before the last.

    Of two requests at once the one that began first may be written last. What nobody hears moves nothing: a
    timeline is read with and without it.
    """
    last: datetime | None = None
    for happening in timeline:
        if happening.kind not in HEARD:
            yield happening
            continue
        if last is not None and happening.at < last:
            happening = replace(happening, at=last)
        last = happening.at
        yield happening


def service_stays(
    timeline: Iterable[Happening], reported_service: int | None
) -> list[tuple[int | None, datetime | None, datetime | None]]:
    """Which service the ticket was with: (service id, from, to), the first from None, the last to None."""
    stays: list[tuple[int | None, datetime | None, datetime | None]] = []
    service, since = reported_service, None
    for happening in _as_written(timeline):
        if happening.kind == "moved" and happening.detail.get("to_service") != service:
            stays.append((service, since, happening.at))
            service, since = happening.detail.get("to_service"), happening.at
    return [*stays, (service, since, None)]


def clip_window(window: Window, since: datetime | None, until: datetime | None) -> Window | None:
    """The part of a window within the ticket's time with its service; None where nothing is left."""
    starts_at = max(window.starts_at, since) if since else window.starts_at
    ends_at = min(window.ends_at, until) if until else window.ends_at
    return Window(starts_at, ends_at) if starts_at < ends_at else None

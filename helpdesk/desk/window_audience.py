"""Whom a maintenance window concerns, and what of it they hear (rules/window_notices.heard_of)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk.desk.known_windows import KnownService, KnownStep, KnownWindow, current, known_as
from helpdesk.rules.lifecycle import Kind
from helpdesk.rules.severity import EMERGENCY
from helpdesk.rules.window_notices import Reader, heard_of
from helpdesk.store.maintenance import Window, WindowEntry
from helpdesk.store.people import Person
from helpdesk.store.tickets import Ticket
from helpdesk.store.window_notices import list_entries_of, list_followed

SOON = timedelta(days=1)  # how long before its start a window stands on every page


@dataclass(frozen=True)
class Heard:
    """A window as somebody hears of it: `services` are those that concern them, those chosen first."""

    window: KnownWindow
    services: Sequence[KnownService]

    @property
    def names(self) -> list[str]:
        """The names of the services."""
        return [service.name for service in self.services]


def windows_for(person: Person | None, now: datetime, within: timedelta = SOON) -> list[Heard]:
    """Windows that concern the person (None: whoever has no account) and run at `now` or start `within`, by
    start."""
    until = now + within
    windows = [each for each in current().windows if each.begins_at < until and each.ends_at > now]
    heard = _heard_by(person, windows)
    return [heard[window.id] for window in windows if window.id in heard]


def steps_for(person: Person, since: datetime) -> list[tuple[WindowEntry, Heard]]:
    """Steps of which people are told after `since` in windows that concern the person, the newest first, each
    with its window; what they did themselves is no news to them."""
    steps = _news_for(person, since)
    entries = list_entries_of([step.id for step, _heard in steps]) if steps else {}
    return [(entries[step.id], heard) for step, heard in steps]


def count_steps(person: Person, since: datetime) -> int:
    """How many those are."""
    return len(_news_for(person, since))


def _news_for(person: Person, since: datetime) -> list[tuple[KnownStep, Heard]]:
    steps = [each for each in current().steps if each.at > since and each.actor_id != person.id]
    heard = _heard_by(person, [each.window for each in steps])
    return [(each, heard[each.window.id]) for each in steps if each.window.id in heard]


def _heard_by(person: Person | None, windows: Iterable[KnownWindow]) -> dict[int, Heard]:
    """What the person hears of these windows, by id; what does not concern them is left out."""
    reader = Reader(person.id, person.department_id) if person is not None else Reader(None)
    by_id = {window.id: window for window in windows}
    followed = _followed(reader, by_id.values())
    heard = {
        id: _heard(window, reader, id in followed or _is_theirs(window, reader))
        for id, window in by_id.items()
    }
    return {id: each for id, each in heard.items() if each.services}


def _followed(reader: Reader, windows: Iterable[KnownWindow]) -> set[int]:
    """Which of these windows they follow: asked of those alone of which they hear more by that."""
    if reader.id is None:
        return set()
    open_to_all = [
        window.id
        for window in windows
        if not _is_theirs(window, reader)
        and heard_of(window.served, reader) != heard_of(window.served, reader, True)
    ]
    return list_followed(reader.id, open_to_all) if open_to_all else set()


def _is_theirs(window: KnownWindow, reader: Reader) -> bool:
    return reader.id is not None and window.owner_id == reader.id


def _heard(window: KnownWindow, reader: Reader, asked: bool) -> Heard:
    heard = heard_of(window.served, reader, asked)
    return Heard(window, [service for service in window.services if service.id in heard])


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
    reader = Reader(person.id, person.department_id) if person is not None else Reader(None)
    [known] = known_as([window])
    found = _heard(known, reader, asked=True)
    return found if found.services else None

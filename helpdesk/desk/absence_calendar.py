"""Reads a calendar (iCal, RFC 5545) as absences: when its events block time, in whose zone, how often."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from datetime import time as clock
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar

from helpdesk.rules.hours import local_to_instant
from helpdesk.rules.recurrence import BadRule, Recurrence, local_starts, parse_rule

MOST = 1000  # absences of one calendar
READ_WITHIN = 5.0  # seconds
LONGEST_UID = 200  # characters
DAY = timedelta(days=1)


class Unreadable(Exception):
    """`code`: not_a_calendar, too_many (more than MOST absences), too_complicated (no end of counting)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Away:
    """An event, or one time of a recurring one, blocks [from_at, to_at). `uid` names it, also once moved."""

    uid: str
    from_at: datetime
    to_at: datetime


def read(data: bytes, zone: ZoneInfo, start: datetime, end: datetime) -> list[Away]:
    """What the calendar's events block of [start, end), by `uid`, each whole. Raises Unreadable.

    Whole days and times without a zone are meant in `zone`. Events that are transparent or cancelled are left
    out; a recurring event is expanded, without its exceptions and what replaces some of its times; one that
    cannot be understood is left out, and a rule that names times of the day counts as its first time alone.
    """
    try:
        events: list[Any] = Calendar.from_ical(data).walk("VEVENT")
    except Exception as fault:  # whatever a stranger's bytes make the parser stumble over
        raise Unreadable("not_a_calendar") from fault
    give_up_at = time.monotonic() + READ_WITHIN
    replaced = _replaced(events)
    found: dict[str, Away] = {}
    for event in events:
        for away in _aways(event, zone, replaced, start, end):
            found[away.uid] = away
            if len(found) > MOST:
                raise Unreadable("too_many")
        if time.monotonic() > give_up_at:
            raise Unreadable("too_complicated")
    return [found[uid] for uid in sorted(found)]


def _aways(
    event: Any, zone: ZoneInfo, replaced: dict[str, set[datetime]], start: datetime, end: datetime
) -> Iterator[Away]:
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return
    if str(event.get("TRANSP", "")).upper() == "TRANSPARENT":
        return
    try:
        times = _Times(event, zone)
        uid = _uid(event)
        again = event.get("RECURRENCE-ID")
        if again is not None:
            yield from _within([(times.local(again.dt), times.span(times.first))], uid, start, end)
            return
        leave_out = replaced.get(uid, set())
        spans = (
            (at, times.span(at)) for at in times.starts(start, end) if not {at, times.at(at)} & leave_out
        )
        yield from _within([*spans, *times.periods()], uid, start, end)
    except (ValueError, TypeError, AttributeError, KeyError, OverflowError):
        return  # one event that is written badly; icalendar raises what its parts happen to


def _within(
    spans: list[tuple[datetime, tuple[datetime, datetime]]], uid: str, start: datetime, end: datetime
) -> Iterator[Away]:
    for local, (from_at, to_at) in spans:
        if from_at < to_at and from_at < end and start < to_at:
            yield Away(f"{uid}/{local.isoformat()}", from_at, to_at)


def _replaced(events: list[Any]) -> dict[str, set[datetime]]:
    """By UID the times of recurring events that have an event of their own: instants, or local ones."""
    found: dict[str, set[datetime]] = {}
    for event in events:
        try:
            if (again := event.get("RECURRENCE-ID")) is not None:
                at = again.dt if isinstance(again.dt, datetime) else _midnight(again.dt)
                found.setdefault(_uid(event), set()).add(at if at.tzinfo is None else at.astimezone(UTC))
        except (ValueError, TypeError, AttributeError):
            continue  # as a whole it is left out later
    return found


def _uid(event: Any) -> str:
    """Without what no database keeps, such as a zero byte."""
    return "".join(filter(str.isprintable, str(event.get("UID", ""))))[:LONGEST_UID]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, clock())


class _Times:
    """When one event is: `first` on its own wall clock, how long, and how often."""

    def __init__(self, event: Any, zone: ZoneInfo) -> None:
        self.event, self.zone = event, zone
        at = event["DTSTART"].dt
        self.is_days = not isinstance(at, datetime)
        self.tz: tzinfo = (at.tzinfo if isinstance(at, datetime) else None) or zone
        self.first = self.local(at)
        self.length = self._length()

    def _length(self) -> timedelta:
        """In days on the wall for whole days, else elapsed."""
        if (end := self.event.get("DTEND")) is not None:
            local = self.local(end.dt)
            return local - self.first if self.is_days else self._instant(end.dt) - self.at(self.first)
        if (lasts := self.event.get("DURATION")) is not None:
            found: timedelta = lasts.dt
            return found
        return DAY if self.is_days else timedelta()

    def local(self, at: date) -> datetime:
        """Naive, on the event's wall clock."""
        if not isinstance(at, datetime):
            return _midnight(at)
        return at.replace(tzinfo=None) if at.tzinfo is None else at.astimezone(self.tz).replace(tzinfo=None)

    def at(self, local: datetime) -> datetime:
        """The instant of a local time."""
        if isinstance(self.tz, ZoneInfo):
            return local_to_instant(self.tz, local)
        return local.replace(tzinfo=self.tz).astimezone(UTC)

    def _instant(self, at: date) -> datetime:
        if isinstance(at, datetime) and at.tzinfo is not None:
            return at.astimezone(UTC)
        return self.at(self.local(at))

    def span(self, local: datetime) -> tuple[datetime, datetime]:
        """From and to, of the time that begins then."""
        if self.is_days:
            return self.at(local), self.at(local + self.length)
        return self.at(local), self.at(local) + self.length

    def starts(self, start: datetime, end: datetime) -> list[datetime]:
        """The local times at which it begins, exceptions left out, of those that may touch [start, end)."""
        found = {self.first, *self._by_rule(start, end), *self._listed("RDATE")}
        exceptions = self._listed("EXDATE")
        days = {at.date() for at in self._dates("EXDATE")}
        return sorted(at for at in found if at not in exceptions and at.date() not in days)

    def _by_rule(self, start: datetime, end: datetime) -> list[datetime]:
        rule = self.event.get("RRULE")
        if rule is None:
            return []
        since, until = (at.astimezone(self.tz).replace(tzinfo=None) for at in (start, end))
        zone = self.tz if isinstance(self.tz, ZoneInfo) else self.zone
        try:
            recurrence = Recurrence(parse_rule(rule.to_ical().decode()), self.first, zone, 0)
        except BadRule:
            return []
        return list(local_starts(recurrence, since - self.length - DAY, until + DAY))

    def _listed(self, name: str) -> set[datetime]:
        return {self.local(at) for at in self._values(name) if not isinstance(at, tuple)}

    def _dates(self, name: str) -> list[datetime]:
        """Of an event with times the exceptions that name a day alone, as some programs write them."""
        if self.is_days:
            return []
        return [self.local(at) for at in self._values(name) if not isinstance(at, (datetime, tuple))]

    def periods(self) -> list[tuple[datetime, tuple[datetime, datetime]]]:
        """RDATEs that say their own end."""
        found = []
        for value in self._values("RDATE"):
            if isinstance(value, tuple):
                begins, ends = value
                from_at = self._instant(begins)
                to_at = from_at + ends if isinstance(ends, timedelta) else self._instant(ends)
                found.append((self.local(begins), (from_at, to_at)))
        return found

    def _values(self, name: str) -> list[Any]:
        lists = self.event.get(name)
        if lists is None:
            return []
        return [value.dt for each in (lists if isinstance(lists, list) else [lists]) for value in each.dts]

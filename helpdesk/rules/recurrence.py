"""What recurs by RRULE (RFC 5545, 3.3.10 and 3.8.5.3): days, and spans that begin at a local time.

dateutil answers which days; this file bounds what it is asked and turns local times into instants. Of the
RRULE we take what names days: no hours or minutes (the start says them), nothing more often than daily.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import dropwhile, islice, pairwise
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from helpdesk.rules.hours import local_to_instant
from helpdesk.rules.spans import Span

KINDS = ("daily", "weekly", "two_weeks", "monthly_day", "monthly_weekday")  # of rules that need no typing
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WEEKDAY = "(MO|TU|WE|TH|FR|SA|SU)"
_WRITTEN = {
    "FREQ": "[A-Z]+",
    "INTERVAL": r"[1-9]\d{0,2}",
    "COUNT": r"[1-9]\d{0,3}",
    "UNTIL": r"\d{8}(T\d{6}Z?)?",
    "WKST": _WEEKDAY,
    "BYDAY": rf"([+-]?\d\d?)?{_WEEKDAY}(,([+-]?\d\d?)?{_WEEKDAY}){{0,99}}",
}
# Lists of numbers from 1 (or -1, counted from the end) up to these.
_LONGEST_LIST = {"BYSETPOS": 31}  # of others 366: dateutil goes through all days for each of these
_MOST = {"BYMONTH": 12, "BYMONTHDAY": 31, "BYYEARDAY": 366, "BYWEEKNO": 53, "BYSETPOS": 366}
# 3.3.10 forbids some together; of a day or week no more is needed, and dateutil would seek for minutes what
# never is, such as the second of the one start of a day.
_OF_ALL = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTH"}
_PARTS_OF = {
    "DAILY": _OF_ALL,
    "WEEKLY": _OF_ALL,
    "MONTHLY": _OF_ALL | {"BYMONTHDAY", "BYSETPOS"},
    "YEARLY": _OF_ALL | set(_MOST),
}
_LATEST = datetime.fromisoformat("2200-01-01")  # nothing is asked beyond it
_REACH = timedelta(days=366 * 12)  # no day in twelve years (29 February about 2100) is no day at all


class BadRule(ValueError):
    """`code`: "syntax" (no RRULE), "part" (one that we do not take, named in `part`), "never" (it names no
    day)."""

    def __init__(self, code: str, part: str = "") -> None:
        super().__init__(f"{code} {part}".strip())
        self.code = code
        self.part = part


@dataclass(frozen=True)
class Recurrence:
    """Begins at the local `starts_at` (naive, in `zone`) and again by `rule`, `minutes` long each time, but
    for the local starts in `exceptions`."""

    rule: str
    starts_at: datetime
    zone: ZoneInfo
    minutes: int
    exceptions: frozenset[datetime] = frozenset()


def parse_rule(text: str) -> str:
    """Answers the rule as it is kept: capitals, without "RRULE:" and blanks.

    Raises BadRule for whatever is no RRULE that names days.
    """
    rule = re.sub(r"\s+", "", text).upper().removeprefix("RRULE:").rstrip(";")
    parts = _parts(rule)
    possible = _PARTS_OF.get(parts.get("FREQ", ""))
    if possible is None:
        raise BadRule("syntax")
    for name, value in parts.items():
        if name not in possible:
            raise BadRule("part", name)
        if not _is_well_written(name, value):
            raise BadRule("syntax")
    if ("COUNT" in parts and "UNTIL" in parts) or not _has_such_weekdays(parts):
        raise BadRule("syntax")
    try:
        _dated(rule, _LATEST, ZoneInfo("UTC"), _LATEST)
    except (ValueError, TypeError, AttributeError) as fault:  # dateutil raises what its parser happens to
        raise BadRule("syntax") from fault
    return rule


def local_starts(recurrence: Recurrence, since: datetime, until: datetime) -> Iterator[datetime]:
    """Answers the local starts in [since, until), naive, in order, exceptions left out.

    The first is the start itself only where the rule names it, as dateutil has it. A COUNT counts
    exceptions too (RFC 5545, 3.8.5.1: they are taken out of what recurs).
    """
    parts = _parts(recurrence.rule)
    found = iter(_dated(recurrence.rule, recurrence.starts_at, recurrence.zone, until))
    counted = islice(found, int(parts["COUNT"])) if "COUNT" in parts else found
    for start in dropwhile(lambda at: at < since, counted):
        if start >= until:
            return
        if start not in recurrence.exceptions:
            yield start


def spans(recurrence: Recurrence, start: datetime, end: datetime) -> list[tuple[datetime, Span]]:
    """Answers (local start, the span it means) for each that begins in [start, end), aware UTC.

    A skipped local start means the first instant after the gap, a repeated one its first occurrence; each
    lasts exactly its minutes (RFC 5545, 3.8.5.3), whatever the clocks do meanwhile.
    """
    day = timedelta(days=1)
    since, until = (at.astimezone(recurrence.zone).replace(tzinfo=None) for at in (start, end))
    length = timedelta(minutes=recurrence.minutes)
    found = []
    for local in local_starts(recurrence, since - day, until + day):
        at = local_to_instant(recurrence.zone, local)
        if start <= at < end:
            found.append((local, (at, at + length)))
    return found


def first_start(recurrence: Recurrence, since: datetime) -> datetime:
    """Answers the first local start from the local `since` on. Raises BadRule ("never") where there is none
    in twelve years."""
    for start in local_starts(recurrence, since, since + _REACH):
        return start
    raise BadRule("never")


def overlaps_itself(recurrence: Recurrence, since: datetime) -> bool:
    """Answers whether, of the local starts of a year from `since` on, one comes before the last is over."""
    starts = list(local_starts(recurrence, since, since + timedelta(days=366)))
    length = timedelta(minutes=recurrence.minutes)
    return any(later - earlier < length for earlier, later in pairwise(starts))


def repeating(kind: str, start: date) -> str:
    """Answers the rule of one of KINDS for what begins on that day first; a fifth Tuesday of a month is the
    last."""
    weekday = WEEKDAYS[start.weekday()]
    number = (start.day - 1) // 7 + 1
    return {
        "daily": "FREQ=DAILY",
        "weekly": f"FREQ=WEEKLY;BYDAY={weekday}",
        "two_weeks": f"FREQ=WEEKLY;INTERVAL=2;BYDAY={weekday}",
        "monthly_day": f"FREQ=MONTHLY;BYMONTHDAY={start.day}",
        "monthly_weekday": f"FREQ=MONTHLY;BYDAY={-1 if number == 5 else number}{weekday}",
    }[kind]


def kind_of(rule: str, start: date) -> str | None:
    """Answers of which of KINDS the rule is, whatever its end, for a first start on that day; None: none."""
    endless = ";".join(part for part in rule.split(";") if not part.startswith("UNTIL="))
    return next((kind for kind in KINDS if repeating(kind, start) == endless), None)


def ending(rule: str, last_on: date, zone: ZoneInfo) -> str:
    """Answers the rule with its end after that local day, in UTC (RFC 5545, 3.3.10)."""
    last = datetime.combine(last_on, time(23, 59, 59), zone).astimezone(UTC)
    return f"{rule};UNTIL={last:%Y%m%dT%H%M%SZ}"


def last_day(rule: str, zone: ZoneInfo) -> date | None:
    """Answers the local day after which the rule ends; None: it does not say one."""
    until = _parts(rule).get("UNTIL")
    return _local_until(until, zone).date() if until else None


def frozen_days(rule: str, first_on: date, days: int, since: date, until: date) -> list[tuple[date, date]]:
    """Answers the stretches of `days` days, [first, end), that touch [since, until): from `first_on`, and
    again by `rule` ("": once)."""
    length = timedelta(days=days)
    if not rule:
        starts: list[date] = [first_on]
    else:
        midnight = datetime.combine(first_on, time())
        ahead = datetime.combine(since, time()) - length
        again = Recurrence(rule, midnight, ZoneInfo("UTC"), 0)
        starts = [at.date() for at in local_starts(again, ahead, datetime.combine(until, time()))]
    return [(first, first + length) for first in starts if first < until and first + length > since]


def _is_well_written(name: str, value: str) -> bool:
    if name in _WRITTEN:
        return re.fullmatch(_WRITTEN[name], value) is not None
    least = 1 if name == "BYMONTH" else -_MOST[name]
    numbers = value.split(",")
    return len(numbers) <= _LONGEST_LIST.get(name, 366) and all(
        re.fullmatch(r"[+-]?\d{1,3}", number, re.ASCII)
        and int(number) != 0
        and least <= int(number) <= _MOST[name]
        for number in numbers
    )


def _has_such_weekdays(parts: dict[str, str]) -> bool:
    """Whether each "2TU" can be: the second Tuesday of a month or year, not of a week (3.3.10)."""
    of_month = parts["FREQ"] == "MONTHLY" or "BYMONTH" in parts
    most = 0 if parts["FREQ"] in ("DAILY", "WEEKLY") else 5 if of_month else 53
    numbers = [int(day[:-2]) for day in parts.get("BYDAY", "").split(",") if day[:-2]]
    return all(1 <= abs(number) <= most for number in numbers)


def _parts(rule: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in rule.split(";"):
        name, equals, value = part.partition("=")
        if not equals or name in found:
            raise BadRule("syntax")
        found[name] = value
    return found


def _dated(rule: str, starts_at: datetime, zone: ZoneInfo, until: datetime) -> rrule:
    """The rule, asked no further than `until`: dateutil seeks until the year 9999 for a 30 February."""
    parts = _parts(rule)
    parts.pop("COUNT", None)  # counted by who asks: dateutil takes either a count or an end
    last = min(until, _local_until(parts.pop("UNTIL"), zone)) if "UNTIL" in parts else until
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    found = rrulestr(text, dtstart=starts_at)
    assert isinstance(found, rrule)  # one rule, no set of them
    return found.replace(until=min(last, _LATEST))


def _local_until(text: str, zone: ZoneInfo) -> datetime:
    """RFC 5545 has it in UTC where the start has a zone; a bare date is the whole of that day."""
    if len(text) == 8:
        return datetime.combine(date.fromisoformat(text), time.max)
    found = datetime.fromisoformat(text.rstrip("Z"))
    if not text.endswith("Z"):
        return found
    return found.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)


def exceptions_of(texts: Collection[str]) -> frozenset[datetime]:
    """Answers the local starts of texts such as "2026-03-02T18:00"."""
    return frozenset(datetime.fromisoformat(text) for text in texts)

"""When a report is due: a rhythm as RRULE (RFC 5545), at a local time in a zone.

Days that a month does not have are no gap in a rhythm: what is monthly on the 31st comes on the last day of
shorter months.
"""

from datetime import date, datetime, timedelta

from helpdesk.rules.hours import local_to_instant
from helpdesk.rules.recurrence import Recurrence, kind_of, local_starts, repeating, spans

RHYTHMS = ("daily", "weekly", "monthly", "quarterly")  # of rules that need no typing
_DAY = timedelta(days=1)
_REACH = timedelta(days=366 * 12)  # as rules/recurrence: what is not in twelve years is never


def rule_of(rhythm: str, start: date) -> str:
    """Answers the rule of one of RHYTHMS for what is due on that day first."""
    if rhythm in ("daily", "weekly"):
        return repeating(rhythm, start)
    every = "FREQ=MONTHLY" if rhythm == "monthly" else "FREQ=MONTHLY;INTERVAL=3"
    if start.day <= 28:
        return f"{every};BYMONTHDAY={start.day}"
    days = ",".join(str(day) for day in range(28, start.day + 1))
    return f"{every};BYMONTHDAY={days};BYSETPOS=-1"


def rhythm_of(rule: str, start: date) -> str | None:
    """Answers of which of RHYTHMS the rule is for a first day; None: of none."""
    found = kind_of(rule, start)
    if found in RHYTHMS:
        return found
    return next((each for each in RHYTHMS if rule_of(each, start) == rule), None)


def next_after(when: Recurrence, after: datetime) -> datetime | None:
    """Answers the first instant of it later than `after` (aware UTC); None: nothing more in twelve years."""
    local = after.astimezone(when.zone).replace(tzinfo=None)
    for start in local_starts(when, local - _DAY, local + _REACH):
        at = local_to_instant(when.zone, start)
        if at > after:
            return at
    return None


def last_due(when: Recurrence, since: datetime, now: datetime) -> datetime:
    """Answers the last instant of it in [since, now]: of several that were slept through only that one is
    sent. `since` where the rule names none there (it was changed meanwhile)."""
    found = spans(when, since, now + timedelta(microseconds=1))
    return found[-1][1][0] if found else since

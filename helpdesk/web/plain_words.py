"""Why an answer or a solution is due when it is, in its reporter's plain words: short, no jargon."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby

from flask import g
from flask_babel import gettext as _

from helpdesk import i18n
from helpdesk.desk.explanation import Explanation
from helpdesk.rules import explanation as rule
from helpdesk.rules.explanation import Stretch
from helpdesk.rules.hours import Calendar
from helpdesk.rules.sla import Cycle, Target
from helpdesk.web.days import day_of, midnights, say_day
from helpdesk.web.explanation import pausing
from helpdesk.web.frame import viewer_zone

DAYS_TOLD = 3  # beyond that the sum says more
ENDS_OF_WEEK = (5, 6)


def why_then(found: Explanation) -> list[str]:
    """The sentences for what the reporter waits for: the answer that is owed, else the solution. [] once
    nothing is owed any more and nothing was late."""
    cycle = _owed(found)
    target = rule.target_at(found.asked, cycle.target, cycle.started_at) if cycle else None
    if cycle is None or target is None:
        return []
    ahead = found.ahead_of(cycle)
    plain = rule.stretches(cycle, ahead, g.now)
    parts = rule.stretches(cycle, ahead, g.now, midnights(plain)) if plain else []
    return [
        _promise(cycle, target),
        *_hours(target.calendar),
        _begun(cycle),
        *_counted(cycle, parts),
        *_not_counted(found, cycle, target.calendar, parts),
        *_moved(found, cycle),
        *_so(found, cycle),
    ]


def _owed(found: Explanation) -> Cycle | None:
    """An open answer first, the latest; else the solution, while it is owed; else what was late last."""
    is_open = [c for c in found.cycles if c.stopped_at is None] if found.ticket.is_open else []
    answers = [c for c in is_open if c.target != "resolution"]
    late = [c for c in found.cycles if c.state == "breached" and c.target == "resolution"]
    return next(iter([*reversed(answers), *is_open, *reversed(late)]), None)


def _promise(cycle: Cycle, target: Target) -> str:
    length = i18n.say_working_time(target.seconds)
    if cycle.target == "resolution":
        if target.calendar is None:
            return _("We promised to have it solved within %(length)s, day and night.", length=length)
        return _("We promised to have it solved within %(length)s of working time.", length=length)
    if target.calendar is None:
        return _("We promised an answer within %(length)s, day and night.", length=length)
    return _("We promised an answer within %(length)s of working time.", length=length)


def _hours(calendar: Calendar | None) -> Iterator[str]:
    if calendar is not None:
        hours, zone = i18n.say_hours(calendar.week), i18n.zone_city(calendar.zone.key)
        yield _("Our team is there %(hours)s (%(zone)s).", hours=hours, zone=zone)


def _begun(cycle: Cycle) -> str:
    time = _time(cycle.started_at)
    if cycle.target == "response" and cycle.cycle > 1:
        return _("You told us on %(time)s that it is not solved.", time=time)
    return _("You wrote on %(time)s.", time=time)


def _counted(cycle: Cycle, parts: Sequence[Stretch]) -> Iterator[str]:
    """What has counted so far, day by day while they are few; shown minutes add up."""
    days: list[tuple[date, int]] = []
    before = 0
    for day, group in groupby((part for part in parts if not part.is_ahead), day_of):
        total = list(group)[-1].total
        if total // 60 > before // 60:
            days.append((day, (total // 60 - before // 60) * 60))
        before = total
    if not days:
        return
    if len(days) > DAYS_TOLD:
        yield _("Since then %(length)s counted.", length=i18n.say_working_time(cycle.elapsed_seconds))
        return
    told = [
        _("%(length)s on %(day)s", length=i18n.say_working_time(seconds), day=say_day(day))
        for day, seconds in days
    ]
    yield _("Since then counted: %(days)s.", days=i18n.say_list(told))


def _not_counted(
    found: Explanation, cycle: Cycle, calendar: Calendar | None, parts: Sequence[Stretch]
) -> Iterator[str]:
    closed = [part for part in parts if part.reason == "closed"]
    if closed and calendar is not None:
        end = timedelta(seconds=1)
        yield from _closed(calendar, [(part.from_at, part.to_at - end) for part in closed])
    yield from _maintenance(found, cycle, parts)
    waited = sum(part.seconds for part in parts if part.reason == "waiting")
    if waited and cycle.state != "paused":
        yield _("While we waited, %(length)s, the time stood still.", length=i18n.say_duration(waited))
    if any(part.reason == "resolved" for part in parts):
        yield _("While it was taken as solved, the time stood still.")


def _maintenance(found: Explanation, cycle: Cycle, parts: Sequence[Stretch]) -> Iterator[str]:
    paused = [part for part in parts if part.reason == "maintenance"]
    taking = {window.id for part in paused for window in pausing(found, part)}
    for window in found.windows:
        span = found.pause_of(window) if window.id in taking else None
        if span is not None:
            said = _("Announced maintenance does not count: %(from)s to %(to)s.")
            yield said % {"from": _time(span[0]), "to": _time(span[1])}
    for window in found.late_in(cycle):
        said = _("Maintenance from %(from)s to %(to)s was announced too late, so that time counts.")
        yield said % {"from": _time(window.starts_at), "to": _time(window.ends_at)}


def _closed(calendar: Calendar, spans: Sequence[tuple[datetime, datetime]]) -> Iterator[str]:
    """Weekends and holidays by name, other hours in one sentence."""
    holidays = {day for start, end in spans for day in rule.holidays_in(calendar, start, end)}
    for day in sorted(holidays):
        yield _("%(day)s is a holiday and does not count.", day=say_day(day))
    touched = {start.astimezone(calendar.zone).date() for start, _end in spans}
    if any(day.weekday() in ENDS_OF_WEEK and not calendar.intervals_on(day) for day in touched):
        yield _("The weekend does not count.")
    elif not holidays:
        yield _("The hours in between do not count.")


def _moved(found: Explanation, cycle: Cycle) -> Iterator[str]:
    """What made it due at another time: a severity, a calendar, a window."""
    for change in found.changes:
        if (change.target, change.cycle, change.event) != (cycle.target, cycle.cycle, "severity_changed"):
            continue
        if change.due_before is None or change.due_after is None or change.due_before == change.due_after:
            continue
        if change.length_after < change.length_before:
            said = _("On %(time)s it became more urgent, so it is due %(due)s instead of %(was)s.")
        else:
            said = _("On %(time)s it became less urgent, so it is due %(due)s instead of %(was)s.")
        yield said % {
            "time": _time(change.at),
            "due": _time(change.due_after),
            "was": _time(change.due_before),
        }
    for move in found.moves:
        if (move["target"], move["cycle"], move["window"]) == (cycle.target, cycle.cycle, None):
            said = _("Our hours changed, so it is due %(due)s instead of %(was)s.")
            yield said % {"due": _time(move["to"]), "was": _time(move["from"])}


def _so(found: Explanation, cycle: Cycle) -> Iterator[str]:
    """What follows from it."""
    if cycle.state == "breached" and cycle.due_at is not None:
        if cycle.stopped_at is not None:
            yield _("So it was due %(due)s. We were late, and are sorry for it.", due=_time(cycle.due_at))
            return
        yield _("So it was due %(due)s. We are late, and sorry for it.", due=_time(cycle.due_at))
        yield _("Those responsible have been told, and we stay with it until it is done.")
    elif cycle.state == "paused":
        left = i18n.say_working_time(cycle.remaining_seconds)
        if found.ticket.waiting_for == "supplier":
            yield _("Now we wait for a supplier and the time stands still; %(left)s are left.", left=left)
        else:
            yield _("Now we wait for your answer and the time stands still; %(left)s are left.", left=left)
    elif cycle.due_at is None:
        yield _("We cannot name a time yet: the desk has no opening hours to come.")
    elif cycle.target == "resolution":
        yield _("So it is to be solved by %(due)s.", due=_time(cycle.due_at))
    else:
        yield _("So the answer is due %(due)s.", due=_time(cycle.due_at))


def _time(at: datetime) -> str:
    return i18n.say_instant(at, viewer_zone())

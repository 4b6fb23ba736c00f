"""A deadline explained on a page: its bar and marks, and the table behind them, in words.

What counted and why comes from rules/explanation.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import g
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk import i18n
from helpdesk.desk.explanation import Explanation
from helpdesk.rules import explanation as rule
from helpdesk.rules.explanation import Stretch
from helpdesk.rules.sla import Cycle, Target
from helpdesk.store.maintenance import Window
from helpdesk.web.clock_bar import DRAWN, flags, pieces_of, places, ticks
from helpdesk.web.days import by_kind, count_days, day_of, grouped, kind_of, midnights, say_day, week_of
from helpdesk.web.frame import viewer_zone
from helpdesk.web.marks import marks_of
from helpdesk.web.sentences import TARGETS, clock_time, severity_word

ROWS = 24  # stretches told one by one; beyond that days, beyond DAYS weeks
DAYS = 35
LEGEND = {
    "working": _l("counted"),
    "closed": _l("closed"),
    "maintenance": _l("maintenance"),
    "waiting": _l("waiting"),
    "resolved": _l("resolved"),
    "over": _l("too late"),
    "left": _l("left"),
}
UNCOUNTED = {
    "closed": _l("Closed"),
    "maintenance": _l("Maintenance"),
    "waiting": _l("Waiting"),
    "resolved": _l("Resolved"),
}


def explained(found: Explanation, cycle: Cycle) -> dict[str, Any]:
    """As templates/explanation.html takes it: bar, marks, hours, table."""
    ahead = found.ahead_of(cycle)
    plain = rule.stretches(cycle, ahead, g.now)
    daily = rule.stretches(cycle, ahead, g.now, midnights(plain)) if len(plain) > ROWS else plain
    groups = _groups(plain, daily)
    pieces = pieces_of(plain, daily, cycle, ahead is not None)
    marks = marks_of(found, cycle)
    return {
        "label": _label(cycle),
        "pieces": pieces,
        "legend": [(kind, LEGEND[kind]) for kind in LEGEND if any(p.kind == kind for p in pieces)],
        "flags": flags(pieces, marks),
        "was_due": [x for mark in marks for x in places(pieces, mark.was_due)],
        "now": next(iter(places(pieces, g.now)), None) if ahead is not None else None,
        "ticks": ticks(pieces, cycle, len(plain) > DRAWN),
        "marks": marks,
        "hours": _hours(found, cycle),
        "unit": groups[0],
        "rows": _rows(found, cycle, groups[1]),
        "due_at": cycle.due_at,
    }


def _label(cycle: Cycle) -> str:
    return _(
        "%(target)s: %(used)s of %(whole)s counted since %(time)s",
        target=str(TARGETS[cycle.target]).capitalize(),
        used=i18n.say_working_time(cycle.elapsed_seconds),
        whole=i18n.say_working_time(cycle.allowance_seconds),
        time=clock_time(cycle.started_at),
    )


def _groups(plain: Sequence[Stretch], daily: Sequence[Stretch]) -> tuple[str, list[list[Stretch]]]:
    """What makes a row: each stretch, each day or each week, by how many there are."""
    if len(plain) <= ROWS:
        return "stretch", [[part] for part in plain]
    if count_days(daily) <= DAYS:
        return "day", grouped(daily, day_of)
    return "week", grouped(daily, week_of)


def _rows(found: Explanation, cycle: Cycle, groups: Sequence[Sequence[Stretch]]) -> list[dict[str, Any]]:
    """Each row with its lines: what, why and how long. Shown minutes add up: a row counts what the total
    has grown by."""
    rows, before, day = [], 0, None
    for group in groups:
        total = group[-1].total
        heading = day_of(group[0])
        rows.append(
            {
                "day": None if heading == day else say_day(heading),
                "last_day": say_day(_last_day(group)),
                "from": group[0].from_at,
                "to": group[-1].to_at,
                "until": _until(group),
                "is_ahead": group[0].is_ahead,
                "lines": [_line(found, cycle, parts, len(group) > 1) for parts in _in_order(group)],
                "counted": _clock(total // 60 - before // 60)
                if any(part.counted for part in group)
                else None,
                "total": _clock(total // 60),
            }
        )
        before, day = total, heading
    return rows


def _clock(minutes: int) -> str:
    """Counted time as a column of figures shows it: "12:58"."""
    return f"{minutes // 60}:{minutes % 60:02}"


def _until(group: Sequence[Stretch]) -> str:
    """When it ends: the time, and the day where it is another."""
    end, zone = group[-1].to_at, viewer_zone()
    same = end.astimezone(ZoneInfo(zone)).date() == day_of(group[0])
    return i18n.say_time(end, zone) if same else i18n.say_weekday(end, zone)


def _last_day(group: Sequence[Stretch]) -> date:
    last = group[-1].to_at - timedelta(seconds=1)
    return last.astimezone(ZoneInfo(viewer_zone())).date()


def _in_order(group: Sequence[Stretch]) -> list[list[Stretch]]:
    """What counts first."""
    return sorted(by_kind(group), key=lambda parts: not parts[0].counted)


def _line(found: Explanation, cycle: Cycle, parts: Sequence[Stretch], is_one_of: bool) -> dict[str, Any]:
    part = parts[0]
    kind = kind_of(part)
    seconds = sum(each.seconds for each in parts)
    return {
        "kind": kind,
        "what": _what(part),
        "why": i18n.say_list(dict.fromkeys(why for each in parts for why in _why(found, cycle, each))),
        "length": _length(part, seconds) if is_one_of or not part.counted else "",
    }


def _length(part: Stretch, seconds: int) -> str:
    return i18n.say_working_time(seconds) if part.counted else i18n.say_duration(seconds)


def _what(part: Stretch) -> str:
    if part.counted:
        if part.is_ahead:
            return _("Will count")
        return _("Counted, too late") if part.is_over else _("Counted")
    return str(UNCOUNTED[part.reason])


def _why(found: Explanation, cycle: Cycle, part: Stretch) -> list[str]:
    """Why it does not count, in words."""
    if part.reason == "maintenance":
        return [window.reason for window in pausing(found, part) if window.reason]
    if part.reason == "waiting":
        waits = [
            e for e in found.timeline if e.kind == "waiting" and e.at.replace(microsecond=0) <= part.from_at
        ]
        supplier = bool(waits) and waits[-1].detail.get("for") == "supplier"
        return [_("for a supplier") if supplier else _("for the reporter")]
    if part.reason == "closed":
        target = rule.target_at(found.asked, cycle.target, part.from_at)
        if target is not None and target.calendar is not None:
            days = rule.holidays_in(target.calendar, part.from_at, part.to_at - timedelta(seconds=1))
            return [_("holiday %(day)s", day=say_day(day)) for day in days] or [_("outside hours")]
    return []


def pausing(found: Explanation, part: Stretch) -> list[Window]:
    """The windows that take some of this stretch."""
    spans = ((window, found.pause_of(window)) for window in found.windows)
    return [w for w, span in spans if span and span[0] < part.to_at and span[1] > part.from_at]


def _hours(found: Explanation, cycle: Cycle) -> list[str]:
    """When this target counts, a sentence; one for each severity that was in force, if their hours differ."""
    end = cycle.stopped_at or g.now
    targets = [rule.target_at(found.asked, cycle.target, cycle.started_at)]
    later = rule.targets_in_force(found.asked, cycle.target)
    targets += [target for since, target in later if cycle.started_at < since <= end]
    said = {_severity_of(found, cycle, target): _hours_of(target) for target in targets if target is not None}
    if len(set(said.values())) == 1:
        return list(said.values())[:1]
    return [i18n.say_of(severity, hours) for severity, hours in said.items()]


def _severity_of(found: Explanation, cycle: Cycle, target: Target) -> str:
    codes = (code for code, targets in found.asked.policy.items() if targets.get(cycle.target) is target)
    return severity_word(next(codes, "")).capitalize()


def _hours_of(target: Target) -> str:
    if target.calendar is None:
        return _("Counts day and night.")
    hours, zone = i18n.say_hours(target.calendar.week), i18n.zone_city(target.calendar.zone.key)
    return _("Counts %(hours)s (%(zone)s).", hours=hours, zone=zone)

"""A deadline explained on a page: the bar with its patterns, the marks on it, and the table behind it.

What counted and why comes from rules/explanation; here it gets words, and places in percent of the bar.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from flask import g
from flask_babel import format_date
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk import i18n
from helpdesk.desk.explanation import Explanation
from helpdesk.rules import explanation as rule
from helpdesk.rules.explanation import Stretch
from helpdesk.rules.hours import local_to_instant
from helpdesk.rules.sla import Cycle, Target
from helpdesk.web.frame import viewer_zone
from helpdesk.web.marks import Mark, marks_of
from helpdesk.web.timeline import TARGETS, clock_time, severity_word

ROWS = 24  # stretches told one by one; beyond that days, beyond DAYS weeks
DAYS = 35
DRAWN = 40  # pieces of the bar that can be told apart
BESIDE = 7  # percent of the bar that the number of a mark needs
ROOM = 35  # percent from the beginning of a tick's words to the middle of the next
LEGEND = {
    "working": _l("counted"),
    "closed": _l("closed"),
    "maintenance": _l("maintenance"),
    "waiting": _l("waiting"),
    "resolved": _l("resolved"),
    "over": _l("too late"),
    "left": _l("left"),
}


@dataclass(frozen=True)
class _Piece:
    """A part of the bar: x and width in percent; what it stands for in time (None: not known when)."""

    kind: str
    x: float
    width: float
    from_at: datetime | None = None
    to_at: datetime | None = None


def explained(found: Explanation, cycle: Cycle) -> dict[str, Any]:
    """As templates/explanation.html takes it: bar, marks, hours, table."""
    ahead = found.ahead_of(cycle)
    plain = rule.stretches(cycle, ahead, g.now)
    daily = rule.stretches(cycle, ahead, g.now, _midnights(plain)) if len(plain) > ROWS else plain
    groups = _groups(plain, daily)
    pieces = _pieces(plain, daily, cycle, ahead is not None)
    marks = marks_of(found, cycle)
    return {
        "label": _label(cycle),
        "pieces": pieces,
        "legend": [(kind, LEGEND[kind]) for kind in LEGEND if any(p.kind == kind for p in pieces)],
        "flags": _flags(pieces, marks),
        "was_due": [x for mark in marks for x in _places(pieces, mark.was_due)],
        "now": next(iter(_places(pieces, g.now)), None) if ahead is not None else None,
        "ticks": _ticks(pieces, cycle, len(plain) > DRAWN),
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


# ---- the bar ----


def _pieces(
    plain: Sequence[Stretch], daily: Sequence[Stretch], cycle: Cycle, is_ahead_known: bool
) -> list[_Piece]:
    """The bar from left to right. What does not count is drawn at a quarter of its length and never longer
    than a sixth of what may be used, or a weekend would leave no room for the hours that count."""
    most = max(cycle.allowance_seconds, cycle.elapsed_seconds) / 6
    if len(plain) <= DRAWN:
        drawn = [([part], part.from_at, part.to_at) for part in plain]
    else:
        days = _by(daily, _week if _days(daily) > DRAWN else _day)
        drawn = [(part, group[0].from_at, group[-1].to_at) for group in days for part in _by_kind(group)]
    weights = [sum(_weight(part, most) for part in parts) for parts, _start, _end in drawn]
    paused = cycle.stopped_at is None and not is_ahead_known
    left = float(cycle.remaining_seconds) if paused else 0.0
    whole = sum(weights) + left or 1.0
    found, at = [], 0.0
    for (parts, start, end), weight in zip(drawn, weights, strict=True):
        found.append(_Piece(_kind(parts[0]), at, 100 * weight / whole, start, end))
        at += 100 * weight / whole
    if left:
        found.append(_Piece("left", at, 100 - at))
    return found


def _kind(part: Stretch) -> str:
    if not part.counted:
        return part.reason
    return "over" if part.is_over else "left" if part.is_ahead else part.reason


def _weight(part: Stretch, most: float) -> float:
    return float(part.seconds) if part.counted else min(part.seconds / 4, most)


def _by_kind(group: Iterable[Stretch]) -> list[list[Stretch]]:
    """Stretches that are drawn alike together, in the order in which each kind first comes."""
    found: dict[str, list[Stretch]] = {}
    for part in group:
        found.setdefault(_kind(part), []).append(part)
    return list(found.values())


def _places(pieces: Sequence[_Piece], at: datetime | None) -> list[float]:
    """Where an instant lies on the bar, in percent; none where it is not on it."""
    if at is None:
        return []
    at = at.replace(microsecond=0)
    for piece in pieces:
        if piece.from_at is not None and piece.to_at is not None and piece.from_at <= at < piece.to_at:
            return [piece.x + piece.width * ((at - piece.from_at) / (piece.to_at - piece.from_at))]
    timed = [piece for piece in pieces if piece.to_at is not None]
    return [timed[-1].x + timed[-1].width] if timed and timed[-1].to_at == at else []


def _flags(pieces: Sequence[_Piece], marks: Sequence[Mark]) -> list[dict[str, Any]]:
    """The numbers above the bar; marks too close to each other share one ("2–4")."""
    found: list[dict[str, Any]] = []
    for number, mark in enumerate(marks, start=1):
        x = next(iter(_places(pieces, mark.at)), None)
        if x is None:
            continue
        if found and x - found[-1]["x"] < BESIDE:
            found[-1]["last"] = number
            found[-1]["lines"].append(x)
        else:
            found.append({"x": x, "first": number, "last": number, "lines": [x]})
    return [
        flag | {"text": f"{flag['first']}" + (f"–{flag['last']}" if flag["last"] > flag["first"] else "")}
        for flag in found
    ]


def _ticks(pieces: Sequence[_Piece], cycle: Cycle, are_groups: bool) -> list[tuple[float, str]]:
    """Clock times below the bar (days where its pieces are), as many as there is room for."""
    zone, day = viewer_zone(), None
    found: list[tuple[float, str]] = []
    for piece in pieces:
        if piece.from_at is None or (found and piece.x - found[-1][0] < ROOM):
            continue
        day_of = piece.from_at.astimezone(ZoneInfo(zone)).date()
        if are_groups:
            said = _say_day(day_of)
        else:
            said = (i18n.say_time if day_of == day else i18n.say_weekday)(piece.from_at, zone)
        found.append((piece.x, said))
        day = day_of
    if cycle.stopped_at is None and cycle.state == "running" and cycle.due_at is not None:
        said = _("due %(time)s", time=i18n.say_weekday(cycle.due_at, zone))
        return [tick for tick in found if tick[0] < 60] + [(100.0, said)]
    return [tick for tick in found if tick[0] < 80]


# ---- the table ----


def _midnights(plain: Sequence[Stretch]) -> list[datetime]:
    """Where days begin in the viewer's zone between the first and the last instant."""
    zone = ZoneInfo(viewer_zone())
    first, last = (at.astimezone(zone).date() for at in (plain[0].from_at, plain[-1].to_at))
    days = (first + timedelta(days=n) for n in range(1, (last - first).days + 1))
    return [local_to_instant(zone, datetime.combine(day, time())) for day in days]


def _day(part: Stretch) -> date:
    return part.from_at.astimezone(ZoneInfo(viewer_zone())).date()


def _week(part: Stretch) -> date:
    day = _day(part)
    return day - timedelta(days=day.weekday())


def _by(parts: Iterable[Stretch], key: Callable[[Stretch], date]) -> list[list[Stretch]]:
    return [list(group) for _key, group in groupby(parts, key)]


def _days(parts: Sequence[Stretch]) -> int:
    return (_day(parts[-1]) - _day(parts[0])).days + 1 if parts else 0


def _groups(plain: Sequence[Stretch], daily: Sequence[Stretch]) -> tuple[str, list[list[Stretch]]]:
    """What makes a row: each stretch, each day or each week, by how many there are."""
    if len(plain) <= ROWS:
        return "stretch", [[part] for part in plain]
    if _days(daily) <= DAYS:
        return "day", _by(daily, _day)
    return "week", _by(daily, _week)


def _rows(found: Explanation, cycle: Cycle, groups: Sequence[Sequence[Stretch]]) -> list[dict[str, Any]]:
    """Each row with its lines: what, why and how long. Shown minutes add up: a row counts what the total
    has grown by."""
    rows, before, day = [], 0, None
    for group in groups:
        total = group[-1].total
        heading = _day(group[0])
        rows.append(
            {
                "day": None if heading == day else _say_day(heading),
                "last_day": _say_day(_last_day(group)),
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
    same = end.astimezone(ZoneInfo(zone)).date() == _day(group[0])
    return i18n.say_time(end, zone) if same else i18n.say_weekday(end, zone)


def _last_day(group: Sequence[Stretch]) -> date:
    last = group[-1].to_at - timedelta(seconds=1)
    return last.astimezone(ZoneInfo(viewer_zone())).date()


def _say_day(day: date) -> str:
    return str(format_date(day, "EEE d MMM" if day.year == g.now.year else "EEE d MMM y"))


def _in_order(group: Sequence[Stretch]) -> list[list[Stretch]]:
    """What counts first."""
    return sorted(_by_kind(group), key=lambda parts: not parts[0].counted)


def _line(found: Explanation, cycle: Cycle, parts: Sequence[Stretch], is_one_of: bool) -> dict[str, Any]:
    part = parts[0]
    kind = _kind(part)
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
    return {
        "closed": _("Closed"),
        "maintenance": _("Maintenance"),
        "waiting": _("Waiting"),
        "resolved": _("Resolved"),
    }[part.reason]


def _why(found: Explanation, cycle: Cycle, part: Stretch) -> list[str]:
    """Why it does not count, in words."""
    if part.reason == "maintenance":
        touching = [w for w in found.windows if w.starts_at < part.to_at and w.ends_at > part.from_at]
        return [window.reason for window in touching if window.reason]
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
            return [_("holiday %(day)s", day=_say_day(day)) for day in days] or [_("outside hours")]
    return []


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

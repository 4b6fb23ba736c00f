"""The bar that explains a deadline: patterns for what counted and what did not, numbers for what happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from helpdesk import i18n
from helpdesk.rules.explanation import Stretch
from helpdesk.rules.sla import Cycle
from helpdesk.web.days import by_kind, count_days, day_of, grouped, kind_of, say_day, week_of
from helpdesk.web.frame import viewer_zone
from helpdesk.web.marks import Mark

DRAWN = 40  # pieces of the bar that can be told apart
BESIDE = 7  # percent of the bar that the number of a mark needs
ROOM = 35  # percent from the beginning of a tick's words to the middle of the next


@dataclass(frozen=True)
class Piece:
    """A part of the bar: x and width in percent; what it stands for in time (None: not known when)."""

    kind: str
    x: float
    width: float
    from_at: datetime | None = None
    to_at: datetime | None = None


def pieces_of(
    plain: Sequence[Stretch], daily: Sequence[Stretch], cycle: Cycle, is_ahead_known: bool
) -> list[Piece]:
    """The bar from left to right. What does not count is drawn at a quarter of its length and never longer
    than a sixth of what may be used, or a weekend would leave no room for the hours that count."""
    most = max(cycle.allowance_seconds, cycle.elapsed_seconds) / 6
    if len(plain) <= DRAWN:
        drawn = [([part], part.from_at, part.to_at) for part in plain]
    else:
        days = grouped(daily, week_of if count_days(daily) > DRAWN else day_of)
        drawn = [(part, group[0].from_at, group[-1].to_at) for group in days for part in by_kind(group)]
    weights = [sum(_weight(part, most) for part in parts) for parts, _start, _end in drawn]
    paused = cycle.stopped_at is None and not is_ahead_known
    left = float(cycle.remaining_seconds) if paused else 0.0
    whole = sum(weights) + left or 1.0
    found, at = [], 0.0
    for (parts, start, end), weight in zip(drawn, weights, strict=True):
        found.append(Piece(kind_of(parts[0]), at, 100 * weight / whole, start, end))
        at += 100 * weight / whole
    if left:
        found.append(Piece("left", at, 100 - at))
    return found


def _weight(part: Stretch, most: float) -> float:
    return float(part.seconds) if part.counted else min(part.seconds / 4, most)


def places(pieces: Sequence[Piece], at: datetime | None) -> list[float]:
    """Where an instant lies on the bar, in percent; none where it is not on it."""
    if at is None:
        return []
    at = at.replace(microsecond=0)
    timed = [(piece, piece.from_at, piece.to_at) for piece in pieces if piece.from_at and piece.to_at]
    here = [each for each in timed if each[1] <= at < each[2]]  # several where they share a day or week
    if here:
        piece, start, end = here[0]
        return [piece.x + sum(each.width for each, _start, _end in here) * ((at - start) / (end - start))]
    last = timed[-1] if timed else None
    return [last[0].x + last[0].width] if last and last[2] == at else []


def flags(pieces: Sequence[Piece], marks: Sequence[Mark]) -> list[dict[str, Any]]:
    """The numbers above the bar; marks too close to each other share one ("2–4")."""
    found: list[dict[str, Any]] = []
    for number, mark in enumerate(marks, start=1):
        x = next(iter(places(pieces, mark.at)), None)
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


def ticks(pieces: Sequence[Piece], cycle: Cycle, are_groups: bool) -> list[tuple[float, str]]:
    """Clock times below the bar (days where its pieces are), as many as there is room for."""
    zone, day = viewer_zone(), None
    found: list[tuple[float, str]] = []
    for piece in pieces:
        if piece.from_at is None or (found and piece.x - found[-1][0] < ROOM):
            continue
        here = piece.from_at.astimezone(ZoneInfo(zone)).date()
        if are_groups:
            said = say_day(here)
        else:
            said = (i18n.say_time if here == day else i18n.say_weekday)(piece.from_at, zone)
        found.append((piece.x, said))
        day = here
    if cycle.stopped_at is None and cycle.state == "running" and cycle.due_at is not None:
        said = _("due %(time)s", time=i18n.say_weekday(cycle.due_at, zone))
        return [tick for tick in found if tick[0] < 60] + [(100.0, said)]
    return [tick for tick in found if tick[0] < 80]

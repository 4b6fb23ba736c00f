"""Axes of charts: round numbers, how much room words take, and which of them fit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor, inf, log10
from typing import NamedTuple

from babel.numbers import format_compact_decimal
from flask_babel import get_locale

from helpdesk.i18n import say_number

Number = int | float | Decimal
Values = Sequence[Number | None]

_STEPS = (1, 2, 2.5, 5, 10)
_WHOLE_STEPS = (1, 2, 5, 10)
_PARTS = 4  # of an axis, about
_BRIEF_FROM = 1_000_000
_WIDE = 0x2E80  # from here on characters are as wide as high
_WIDEST = 12.0  # pixels of such a one
_WIDE_PLOT, _NARROW_PLOT = 420, 200  # pixels that a plot has at least, on a screen and on a phone
_BETWEEN = 10  # pixels between two names
_EDGE = 0.015  # of the width: so near to an edge a name stands inside of it
_ROOM = (("s", 44.0), ("m", 88.0), ("l", 150.0))  # pixels; the stylesheet has the same


class Name(NamedTuple):
    """A name below an axis; `where` it stands: "" everywhere, "wide-only", "narrow-only"."""

    share: float
    label: str
    where: str
    anchor: str


@dataclass(frozen=True)
class Scale:
    """From which number to which an axis goes, and how far apart its lines are."""

    low: float
    high: float
    step: float

    def share(self, value: Number) -> float:
        """Where the number lies, 0 to 1."""
        return min(max((float(value) - self.low) / (self.high - self.low), 0.0), 1.0)

    @property
    def ticks(self) -> list[float]:
        """The numbers with a line."""
        return [self.low + n * self.step for n in range(round((self.high - self.low) / self.step) + 1)]


def scale_of(values: Iterable[Number | None], top: Number | None = None) -> Scale:
    """An axis that holds all of them, in round steps; it begins at zero, or below where some are below.
    `top`: where it ends, if no number is above or below (100 for shares)."""
    given = [float(value) for value in values if value is not None]
    least, most = min(given, default=0.0), max(given, default=0.0)
    if top is not None and least >= 0 and most <= top:
        return Scale(0.0, float(top), float(top) / _PARTS)
    low, high = min(least, 0.0), max(most, 0.0)
    step = _step((high - low) / _PARTS or 1.0, all(value.is_integer() for value in given))
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return Scale(first * step, max(last, first + 1) * step, step)


def _step(wanted: float, is_whole: bool) -> float:
    if is_whole and wanted <= 1:
        return 1.0
    power = 10.0 ** floor(log10(wanted))
    is_one_by_one = is_whole and power <= 1
    return next(
        each * power
        for each in (_WHOLE_STEPS if is_one_by_one else _STEPS)
        if each * power >= wanted - 1e-9 * power
    )


def say_tick(value: float, unit: str, scale: Scale) -> str:
    """A number beside a line of the grid, as short as is clear; of units only % stands there."""
    if max(scale.high, -scale.low) >= _BRIEF_FROM and value:
        said = format_compact_decimal(value, locale=get_locale(), fraction_digits=1)
        return f"{said}%" if unit == "%" else said
    return say_number(value, unit if unit == "%" else "")


def width_of(text: str) -> float:
    """How wide the text is in a chart's type, in pixels; an estimate on the safe side."""
    return sum(_WIDEST if ord(letter) >= _WIDE else 6.6 for letter in text)


def folded(text: str, room: float) -> list[str]:
    """The text in lines that are so wide at most, cut at blanks where there are any."""
    lines = []
    while width_of(text) > room:
        fitting = max((n for n in range(1, len(text)) if width_of(text[:n]) <= room), default=1)
        end = text.rfind(" ", 1, fitting + 1)
        end = fitting if end < 0 else end
        lines.append(text[:end].rstrip())
        text = text[end:].lstrip()
    return [*lines, text]


def brief(text: str, room: float) -> str:
    """The text, cut where it would be wider."""
    return text if width_of(text) <= room else f"{folded(text, room - _WIDEST)[0]}…"


def room_for(texts: Iterable[str]) -> str:
    """Which width holds them all: s, m or l; "" where none does, or there are none."""
    widest = max(map(width_of, texts), default=inf)
    return next((name for name, room in _ROOM if widest <= room), "")


def thinned(labels: Sequence[str], shares: Sequence[float], *, keep_last: bool = False) -> list[Name]:
    """Names below an axis, so few that none lies over another; `keep_last`: the last is one of them."""
    room = max(map(width_of, labels), default=0.0) + _BETWEEN
    wide, narrow = (_fitting(shares, room / plot, keep_last) for plot in (_WIDE_PLOT, _NARROW_PLOT))
    return [
        Name(share, label, _where(n in wide, n in narrow), _anchor(share))
        for n, (share, label) in enumerate(zip(shares, labels, strict=True))
        if n in wide or n in narrow
    ]


def _fitting(shares: Sequence[float], room: float, keep_last: bool) -> set[int]:
    """Which names of that width fit beside each other."""
    last = len(shares) - 1
    most = _span(shares[last], room)[0] if keep_last and shares else inf
    found, end = set(), -inf
    for n, share in enumerate(shares):
        start, stop = _span(share, room)
        if start >= end - 1e-9 and (stop <= most + 1e-9 or (keep_last and n == last)):
            found.add(n)
            end = stop
    return found


def _span(share: float, room: float) -> tuple[float, float]:
    before = {"start": 0.0, "middle": room / 2, "end": room}[_anchor(share)]
    return share - before, share - before + room


def _anchor(share: float) -> str:
    return "start" if share < _EDGE else "end" if share > 1 - _EDGE else "middle"


def _where(is_wide: bool, is_narrow: bool) -> str:
    return "" if is_wide and is_narrow else "wide-only" if is_wide else "narrow-only"

"""Figures over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, pairwise
from typing import Any, ClassVar, NamedTuple

from flask_babel import gettext as _

from helpdesk.i18n import say_number
from helpdesk.web.charts.axes import Name, Number, Scale, Values, say_tick, scale_of, thinned
from helpdesk.web.charts.series import Row, Stroke, Url, toned

TOP, BOTTOM, END_ROOM = 22, 182, 15  # pixels from above; between two names at the right end
MARKED = 62  # points of a line, at most, that bear a mark each


Point = tuple[float, float] | None  # share and height


class Drawn(NamedTuple):
    """A series as lines and marks; of a mark its share, height and what it says."""

    label: str
    tone: str
    strokes: list[Stroke]
    marks: list[tuple[float, float, str]]


@dataclass(frozen=True)
class Line:
    """Figures over time. `goal`: what was meant for each label, or None; `top`: where the axis ends if
    nothing is above (100). `positions`: where each label lies, 0 to 1, if not evenly; the goal then goes
    straight from point to point, else it holds for the whole part. `urls`: where each label leads, for
    the table behind."""

    kind: ClassVar[str] = "line"
    name: str
    title: str
    description: str
    labels: Sequence[str]
    series: Sequence[Any]
    unit: str = ""
    goal: Values | None = None
    top: Number | None = None
    goal_label: str = ""
    positions: Sequence[float] | None = None
    urls: Sequence[Url] = ()
    note: str = ""
    height: ClassVar[int] = 206

    @cached_property
    def scale(self) -> Scale:
        """Of the axis upwards."""
        values = [value for each in toned(self.series) for value in each.values]
        return scale_of([*values, *(self.goal or ())], self.top)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """The lines of the grid: height and number."""
        scale = self.scale
        return [(_height(scale, value), say_tick(value, self.unit, scale)) for value in scale.ticks]

    @property
    def above(self) -> str:
        """The unit, where it does not stand beside each number."""
        return "" if self.unit == "%" else self.unit

    @cached_property
    def drawn(self) -> list[Drawn]:
        """The series; where a value is missing, its line has a gap. Lines of many points have marks only
        where they end."""
        found = []
        for label, values, tone in toned(self.series):
            points = self._points(values)
            marks = [
                (*point, f"{label}, {self.labels[n]}: {say_number(values[n], self.unit)}")
                for n, point in enumerate(points)
                if point and (len(points) <= MARKED or _is_end(points, n))
            ]
            found.append(Drawn(label, tone, _joined(points), marks))
        return found

    @property
    def goal_name(self) -> str:
        """What the goal is called."""
        return self.goal_label or _("Goal")

    @cached_property
    def goal_strokes(self) -> list[Stroke]:
        """The goal as a line."""
        if self.goal is None:
            return []
        if self.positions is not None:
            return _joined(self._points(self.goal))
        scale, n, start, found = self.scale, len(self.goal), 0, []
        for value, same in groupby(self.goal):
            end = start + len(list(same))
            if value is not None:
                found.append((start / n, _height(scale, value), end / n, _height(scale, value)))
            start = end
        return found

    @cached_property
    def ends(self) -> list[tuple[float, str, str]]:
        """The names at the right end: height, name, tone; none over another. [] for a single series."""
        if not self.legend:
            return []
        found = [(each.marks[-1][1], each.label, each.tone) for each in self.drawn if each.marks]
        if self.goal_strokes:
            found.append((self.goal_strokes[-1][3], self.goal_name, "goal"))
        found.sort()
        heights = _apart([height for height, _label, _tone in found])
        return [(height, label, tone) for height, (_at, label, tone) in zip(heights, found, strict=True)]

    @property
    def axis(self) -> list[Name]:
        """The names below."""
        return thinned(self.labels, self._shares, keep_last=self.positions is not None)

    @property
    def lead(self) -> list[str]:
        """What stands to the left."""
        return [said for _height, said in self.ticks]

    @property
    def tail(self) -> list[str]:
        """What stands to the right."""
        return [label for _height, label, _tone in self.ends]

    @cached_property
    def legend(self) -> list[tuple[str, str]]:
        """Tone and name of each, where there is more than one thing to tell apart."""
        known = [(each.tone, each.label) for each in toned(self.series)]
        known += [("goal", self.goal_name)] if self.goal_strokes else []
        return known if len(known) > 1 else []

    @property
    def table_head(self) -> list[str]:
        """The names of the columns of the table behind, but for the first."""
        return [each.label for each in toned(self.series)] + ([self.goal_name] if self.goal else [])

    @property
    def table_rows(self) -> list[Row]:
        """The table behind."""
        columns = [each.values for each in toned(self.series)] + ([self.goal] if self.goal else [])
        return [
            Row(
                label,
                self.urls[n] if self.urls else None,
                [(say_number(values[n], self.unit), None) for values in columns],
            )
            for n, label in enumerate(self.labels)
        ]

    def _points(self, values: Values) -> list[Point]:
        scale = self.scale
        return [
            None if value is None else (share, _height(scale, value))
            for share, value in zip(self._shares, values, strict=True)
        ]

    @cached_property
    def _shares(self) -> list[float]:
        n = len(self.labels)
        return list(self.positions) if self.positions is not None else [(i + 0.5) / n for i in range(n)]


def _is_end(points: Sequence[Point], n: int) -> bool:
    """Whether no line leads on from the point."""
    return n + 1 == len(points) or points[n + 1] is None


def _joined(points: Sequence[Point]) -> list[Stroke]:
    return [(*one, *two) for one, two in pairwise(points) if one and two]


def _height(scale: Scale, value: Number) -> float:
    return round(BOTTOM - scale.share(value) * (BOTTOM - TOP), 1)


def _apart(heights: Sequence[float]) -> list[float]:
    """Heights in order, moved so far that a name fits beside each."""
    found: list[float] = []
    for height in heights:
        found.append(max(height, found[-1] + END_ROOM) if found else height)
    most = float(BOTTOM)
    for n in reversed(range(len(found))):
        found[n] = min(found[n], most)
        most = found[n] - END_ROOM
    return found

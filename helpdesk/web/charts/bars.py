"""Figures beside each other: bars, and causes by how often."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar

from flask_babel import gettext as _

from helpdesk.i18n import say_number
from helpdesk.web.charts.axes import Number, Scale, scale_of
from helpdesk.web.charts.series import Cell, Row, Stroke, Url, toned

ROW = 40  # pixels: the name, the bar below it


@dataclass(frozen=True)
class Bars:
    """A bar for each label, none below zero; several series stand one after another in it. `goal`: one number
    for all, or None; `urls`: where each label leads, for the table behind."""

    kind: ClassVar[str] = "bars"
    name: str
    title: str
    description: str
    labels: Sequence[str]
    series: Sequence[Any]
    unit: str = ""
    goal: Number | None = None
    top: Number | None = None
    goal_label: str = ""
    urls: Sequence[Url] = ()
    note: str = ""
    lead: ClassVar[Sequence[str]] = ()

    @property
    def height(self) -> int:
        """In pixels."""
        return ROW * len(self.labels) + (20 if self.goal is not None else 0)

    @property
    def goal_share(self) -> float | None:
        """Where the goal's mark is, or None."""
        return None if self.goal is None else self._scale.share(self.goal)

    @property
    def goal_said(self) -> str:
        """The goal in words."""
        said = say_number(self.goal, self.unit)
        return _("%(name)s %(number)s", name=self.goal_label or _("Goal"), number=said)

    @property
    def bars(self) -> list[tuple[int, str, list[tuple[float, float, str, str]], float, str]]:
        """Of each bar its height, name, parts (share where it begins, its width, tone, what it says), share
        where it ends, and what it says."""
        scale, series = self._scale, toned(self.series)
        found = []
        for n, label in enumerate(self.labels):
            parts, total = [], 0.0
            for name, values, tone in series:
                value = values[n]
                if value:
                    start, total = total, total + float(value)
                    said = f"{name}: {say_number(value, self.unit)}"
                    parts.append((scale.share(start), scale.share(total) - scale.share(start), tone, said))
            found.append((ROW * n, label, parts, scale.share(total), self._said(n)))
        return found

    @property
    def tail(self) -> list[str]:
        """What stands to the right."""
        return [self._said(n) for n in range(len(self.labels))]

    @property
    def legend(self) -> list[tuple[str, str]]:
        """Tone and name of each series, where there are several."""
        known = [(each.tone, each.label) for each in toned(self.series)]
        return known if len(known) > 1 else []

    @property
    def table_head(self) -> list[str]:
        """The names of the columns of the table behind, but for the first."""
        names = [each.label for each in toned(self.series)]
        return [*names, _("All")] if len(names) > 1 else names

    @property
    def table_rows(self) -> list[Row]:
        """The table behind."""
        series = toned(self.series)
        found = []
        for n, label in enumerate(self.labels):
            cells: list[Cell] = [(say_number(each.values[n], self.unit), None) for each in series]
            cells += [(self._said(n), None)] if len(series) > 1 else []
            found.append(Row(label, self.urls[n] if self.urls else None, cells))
        return found

    def _said(self, n: int) -> str:
        return say_number(_sum(each.values[n] for each in toned(self.series)), self.unit)

    @cached_property
    def _scale(self) -> Scale:
        series = toned(self.series)
        totals = [_sum(each.values[n] for each in series) for n in range(len(self.labels))]
        return scale_of([*totals, self.goal], self.top)


@dataclass(frozen=True)
class Pareto:
    """Causes by how often, the most frequent first, with a line of what they make up together. `bars`:
    (label, count, url or None) in any order."""

    kind: ClassVar[str] = "pareto"
    name: str
    title: str
    description: str
    bars: Sequence[tuple[str, int, Url]]
    note: str = ""
    lead: ClassVar[Sequence[str]] = ()

    @property
    def height(self) -> int:
        """In pixels."""
        return ROW * len(self.bars) + 22

    @property
    def legend(self) -> list[tuple[str, str]]:
        """What bars and line are."""
        return [("accent", _("Share of all")), ("major", _("Together with those above"))]

    @property
    def drawn(self) -> list[tuple[int, str, float, float, str]]:
        """Of each bar its height, name, width, the share so far, and its count."""
        total = sum(count for _label, count, _url in self.bars) or 1
        found, so_far = [], 0
        for n, (label, count, _url) in enumerate(self._ordered):
            so_far += count
            found.append((ROW * n, label, count / total, so_far / total, say_number(count)))
        return found

    @property
    def strokes(self) -> list[Stroke]:
        """The line of what they make up together."""
        points = [(so_far, y + 27.0) for y, _label, _width, so_far, _said in self.drawn]
        return [(*one, *two) for one, two in pairwise(points)]

    @property
    def tail(self) -> list[str]:
        """What stands to the right."""
        return [said for *_rest, said in self.drawn]

    @property
    def table_head(self) -> list[str]:
        """The names of the columns of the table behind, but for the first."""
        return [_("Count"), _("Share"), _("Together")]

    @property
    def table_rows(self) -> list[Row]:
        """The table behind."""
        return [
            Row(label, url, [(said, None), (_percent(width), None), (_percent(so_far), None)])
            for (label, _count, url), (*_rest, width, so_far, said) in zip(
                self._ordered, self.drawn, strict=True
            )
        ]

    @cached_property
    def _ordered(self) -> list[tuple[str, int, Url]]:
        return sorted(self.bars, key=lambda bar: -bar[1])


def _sum(values: Iterable[Number | None]) -> Number | None:
    """None where all are."""
    given: list[Any] = [value for value in values if value is not None]
    return sum(given) if given else None


def _percent(share: float) -> str:
    return say_number(round(share * 100, 1), "%")

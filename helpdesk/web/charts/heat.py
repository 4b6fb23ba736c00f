"""Numbers by two things at once, the darker the more."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from flask_babel import gettext as _

from helpdesk.i18n import say_number
from helpdesk.web.charts.axes import Name, Number, Values, thinned
from helpdesk.web.charts.series import Row, Url

CELL = 26  # pixels
LEVELS = 4  # beside none at all


@dataclass(frozen=True)
class Heat:
    """Numbers by row and column (weekday and hour), the darker the more. `cells`: a list for each row, None
    where nothing is known; `urls`: the same with where each leads, for the table behind."""

    kind: ClassVar[str] = "heat"
    name: str
    title: str
    description: str
    rows: Sequence[str]
    columns: Sequence[str]
    cells: Sequence[Values]
    unit: str = ""
    urls: Sequence[Sequence[Url]] = ()
    note: str = ""
    tail: ClassVar[Sequence[str]] = ()

    @property
    def height(self) -> int:
        """In pixels."""
        return CELL * len(self.rows) + 20

    @property
    def drawn(self) -> list[tuple[int, str, list[tuple[float, int | None, str, str]]]]:
        """Of each row its height, name, and cells: share where it begins, level (None: nothing is known),
        what stands in it, what it says."""
        n = len(self.columns)
        return [
            (
                CELL * number,
                name,
                [
                    (
                        i / n,
                        self._level(value),
                        say_number(value) if value else "",
                        f"{name}, {self.columns[i]}: {say_number(value, self.unit)}",
                    )
                    for i, value in enumerate(values)
                ],
            )
            for number, (name, values) in enumerate(zip(self.rows, self.cells, strict=True))
        ]

    @property
    def table_head(self) -> Sequence[str]:
        """The names of the columns of the table behind, but for the first."""
        return self.columns

    @property
    def width(self) -> float:
        """Of a cell, as a share."""
        return 1 / len(self.columns)

    @property
    def axis(self) -> list[Name]:
        """The names below."""
        n = len(self.columns)
        return thinned(self.columns, [(i + 0.5) / n for i in range(n)])

    @property
    def lead(self) -> Sequence[str]:
        """What stands to the left."""
        return self.rows

    @property
    def legend(self) -> list[tuple[str, str]]:
        """Level and up to which number it goes."""
        found, said = [("heat-0", say_number(0, self.unit))], {"0"}
        for level in range(1, LEVELS + 1):
            most = self._most * level / LEVELS
            number = say_number(int(most) if self._is_whole else most)
            if number not in said:
                said.add(number)
                found.append((f"heat-{level}", _("up to %(number)s", number=number)))
        return found

    @property
    def table_rows(self) -> list[Row]:
        """The table behind."""
        return [
            Row(
                name,
                None,
                [
                    (say_number(value, self.unit), self.urls[n][i] if self.urls else None)
                    for i, value in enumerate(self.cells[n])
                ],
            )
            for n, name in enumerate(self.rows)
        ]

    def _level(self, value: Number | None) -> int | None:
        if not value:
            return None if value is None else 0
        return next(n for n in range(1, LEVELS + 1) if float(value) <= self._most * n / LEVELS or n == LEVELS)

    @cached_property
    def _most(self) -> float:
        return max((float(value) for values in self.cells for value in values if value), default=0.0)

    @cached_property
    def _is_whole(self) -> bool:
        return all(float(value).is_integer() for values in self.cells for value in values if value)

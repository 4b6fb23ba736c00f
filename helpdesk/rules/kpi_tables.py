"""A table of what was measured: which column is what, and what its cells mean."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from helpdesk.rules.kpis import LARGEST, PLACES
from helpdesk.rules.rota_dates import Cell, read_dates

MOST_LINES = 2000
LONGEST_WORDS = 1000  # characters: of longer ones the beginning, as the preview shows
_HEADING_WITHIN = 10  # lines
_HEADINGS: Mapping[str, str] = {
    "figure": "key figure, figure, kpi, name, indicator, 关键指标, 關鍵指標, 指标, 指標, 名称, 名稱",
    "on": "day, date, on, measured on, 日期, 日, 测量日期, 測量日期",
    "value": "value, actual, number, measured, 值, 数值, 數值, 实际值, 實際值",
    "words": "words, note, notes, remark, remarks, comment, 备注, 備註, 说明, 說明",
}
_NOT_A_WORD = re.compile(r"[\W_]+")
_NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s'’](?=\d)")


@dataclass(frozen=True)
class Known:
    """A key figure that lines can be of."""

    kpi_id: int
    name: str
    unit: str


@dataclass(frozen=True)
class Line:
    """What a line says: `row` of the table (from 1), of which key figure, on which day, and words."""

    row: int
    kpi_id: int
    on: date
    value: Decimal
    words: str


@dataclass(frozen=True)
class Fault:
    """What is wrong with a line (0: with the table): no_heading, too_long, no_figure, no_date, bad_date,
    which_day, in_future, no_value, bad_value, twice. `typed` is the cell."""

    row: int
    code: str
    typed: str = ""


def read_number(cell: Cell, unit: str = "") -> Decimal | None:
    """The number of a cell as it was written ("1,234.5", "52%" where that is the unit), or None for what is
    none, or as large as LARGEST. A comma parts thousands alone: "1,5" could be two things."""
    if isinstance(cell, bool):
        return None
    text = unicodedata.normalize("NFKC", "" if cell is None else str(cell)).strip()
    if unit and text.casefold().endswith(unit.casefold()):
        text = text[: -len(unit)].strip()
    if isinstance(cell, str):
        text = _BETWEEN_DIGITS.sub("", text.replace("\u2212", "-"))
        if not _NUMBER.fullmatch(text):
            return None
    try:
        found = Decimal(text.replace(",", ""))
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found) < LARGEST else None


def read_table(
    rows: Sequence[Sequence[Cell]], known: Sequence[Known], today: date
) -> tuple[list[Line], list[Fault]]:
    """What the lines below the names of the columns say, and what is wrong.

    A table without a column of names is one of the only key figure there is. Numbers are rounded to the four
    places that are kept: a spreadsheet's own are seldom exact.
    """
    heading = _heading_of(rows)
    if heading is None:
        return [], [Fault(0, "no_heading")]
    columns = _columns(rows[heading])
    if not {"on", "value"} <= columns.keys() or ("figure" not in columns and len(known) != 1):
        return [], [Fault(0, "no_heading")]
    below = [
        (n, row) for n, row in enumerate(rows, 1) if n > heading + 1 and any(_text(cell) for cell in row)
    ]
    if len(below) > MOST_LINES:
        return [], [Fault(0, "too_long")]
    return _lines(below, columns, known, today)


def _lines(
    below: Sequence[tuple[int, Sequence[Cell]]],
    columns: Mapping[str, int],
    known: Sequence[Known],
    today: date,
) -> tuple[list[Line], list[Fault]]:
    lines: list[Line] = []
    faults: list[Fault] = []
    seen: dict[tuple[int, date], int] = {}
    days = read_dates([_cell(row, columns["on"]) for _row, row in below], today)
    for (number, row), on in zip(below, days, strict=True):
        found = _line(number, row, on, columns, known, today)
        if isinstance(found, Line) and seen.setdefault((found.kpi_id, found.on), number) != number:
            found = Fault(number, "twice", str(seen[(found.kpi_id, found.on)]))
        if isinstance(found, Line):
            lines.append(found)
        else:
            faults.append(found)
    return lines, faults


def _line(
    number: int,
    row: Sequence[Cell],
    on: date | str,
    columns: Mapping[str, int],
    known: Sequence[Known],
    today: date,
) -> Line | Fault:
    name = _text(_cell(row, columns["figure"])) if "figure" in columns else known[0].name
    figure = next((each for each in known if each.name.casefold() == name.casefold()), None)
    if figure is None:
        return Fault(number, "no_figure", name)
    if isinstance(on, str):
        return Fault(number, on, _text(_cell(row, columns["on"])))
    if on > today:
        return Fault(number, "in_future", on.isoformat())
    cell = _cell(row, columns["value"])
    if not _text(cell):
        return Fault(number, "no_value")
    value = read_number(cell, figure.unit)
    if value is None:
        return Fault(number, "bad_value", _text(cell))
    words = _text(_cell(row, columns["words"]))[:LONGEST_WORDS] if "words" in columns else ""
    return Line(number, figure.kpi_id, on, value.quantize(PLACES), words)


def _heading_of(rows: Sequence[Sequence[Cell]]) -> int | None:
    """Which line (from 0) names the columns: of the first ten the one that names most; None: none does."""
    named = [len(_columns(row)) for row in rows[:_HEADING_WITHIN]]
    most = max(named, default=0)
    return named.index(most) if most >= 2 else None


def _columns(row: Sequence[Cell]) -> dict[str, int]:
    """Which column is what, each once."""
    found: dict[str, int] = {}
    for n, cell in enumerate(row):
        meant = _KNOWN.get(_key(_text(cell)))
        if meant:
            found.setdefault(meant, n)
    return found


def _cell(row: Sequence[Cell], column: int) -> Cell:
    return row[column] if column < len(row) else None


def _text(cell: Cell) -> str:
    return "" if cell is None else " ".join(str(cell).replace("\0", "").split())


def _key(text: str) -> str:
    return _NOT_A_WORD.sub("", unicodedata.normalize("NFKC", text).casefold())


_KNOWN = {_key(word): field for field, words in _HEADINGS.items() for word in words.split(",")}

"""A rota (值班表): a table with a line a day, saying who is on duty and who leads.

Its columns stand in any order under a heading in English or Chinese; lines above the heading (a title) and
other columns (weekday, phone) are not looked at.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from helpdesk.rules.rota_dates import LONGEST, Cell, read_dates

MOST_DAYS = 750
_HEADING_WITHIN = 10  # lines
_HEADINGS = {
    "date": "date, day, duty date, 日期, 日, 值班日期, 时间, 時間, 值班时间, 值班時間",
    "lead": "duty lead, lead, lead on duty, duty manager, backup, 值班领导, 值班領導, 带班领导, 帶班領導,"
    " 带班, 帶班, 带班人, 帶班人, 领导, 領導, 值班负责人, 值班負責人, 负责人, 負責人, 值班主管, 主管,"
    " 值班组长, 值班組長, 组长, 組長",
    "person": "person, on call, name, who, on duty, person on duty, duty person, agent, 值班, 值班人员,"
    " 值班人員, 值班人, 值班员, 值班員, 值班者, 人员, 人員, 姓名",
}
_NOT_A_WORD = re.compile(r"[\W_]+")
_BESIDE = re.compile(r"\(.*?\)|[+\d][\d\s-]{4,}$")  # what stands beside a name: (office), a phone number


@dataclass(frozen=True)
class Known:
    """Somebody who may stand in a rota; `keys`: their name, addresses and staff number."""

    id: int
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Duty:
    """On `day` the person `person_id` is on duty and `lead_id` leads (None: the table names nobody).
    `row`: its line in the table, from 1."""

    row: int
    day: date
    person_id: int | None
    lead_id: int | None


@dataclass(frozen=True)
class Fault:
    """What is wrong in line `row` (0: in the table as a whole).

    `code`: no_heading; column_twice, no_date, bad_date, which_day (day or month first?), nobody, unknown,
    several (people of that name), twice (that day stands in line `other`), too_long (or its days lie too far
    apart: a wrong year). `typed`: what stands there.
    """

    row: int
    code: str
    typed: str = ""
    other: int = 0


@dataclass(frozen=True)
class Rota:
    """What a table says: its days in their order, and every fault."""

    duties: tuple[Duty, ...] = ()
    faults: tuple[Fault, ...] = ()


@dataclass
class _Reading:
    columns: Mapping[str, int]
    people: Mapping[str, set[int]]
    duties: dict[date, Duty] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def read(rows: Sequence[Sequence[Cell]], people: Sequence[Known], today: date) -> Rota:
    """The days that a table says, with people by id. A table with faults is not to be used in part."""
    heading = next((n for n, row in enumerate(rows[:_HEADING_WITHIN]) if _is_heading(row)), None)
    if heading is None:
        return Rota(faults=(Fault(0, "no_heading"),))
    names = [_column(cell) for cell in rows[heading]]
    for n, name in enumerate(names):
        if name is not None and name in names[:n]:
            return Rota(faults=(Fault(heading + 1, "column_twice", _text(rows[heading][n])),))
    reading = _Reading({name: n for n, name in enumerate(names) if name}, _by_key(people))
    lines = [(n, row) for n, row in enumerate(rows, 1) if n > heading + 1 and any(map(_text, row))]
    if len(lines) > MOST_DAYS:
        return Rota(faults=(Fault(0, "too_long"),))
    days = read_dates([_cell(row, reading.columns["date"]) for _n, row in lines], today)
    for (n, row), day in zip(lines, days, strict=True):
        _read_line(reading, n, row, day)
    if reading.duties and (max(reading.duties) - min(reading.duties)).days >= MOST_DAYS:
        return Rota(faults=(Fault(0, "too_long"),))
    return Rota(tuple(reading.duties[day] for day in sorted(reading.duties)), tuple(reading.faults))


def _read_line(reading: _Reading, n: int, row: Sequence[Cell], day: date | str) -> None:
    faults = len(reading.faults)
    person, lead = (_person(reading, n, row, column) for column in ("person", "lead"))
    if isinstance(day, str):
        reading.faults.append(Fault(n, day, _text(_cell(row, reading.columns["date"]))))
    elif day in reading.duties:
        reading.faults.append(Fault(n, "twice", day.isoformat(), reading.duties[day].row))
    elif person is None and lead is None and len(reading.faults) == faults:
        reading.faults.append(Fault(n, "nobody", day.isoformat()))
    else:
        reading.duties[day] = Duty(n, day, person, lead)


def _person(reading: _Reading, n: int, row: Sequence[Cell], column: str) -> int | None:
    typed = _text(_cell(row, reading.columns[column])) if column in reading.columns else ""
    if not typed:
        return None
    found = reading.people.get(_key(typed)) or reading.people.get(_key(_BESIDE.sub("", typed))) or set()
    if len(found) == 1:
        return next(iter(found))
    reading.faults.append(Fault(n, "several" if found else "unknown", typed))
    return None


def _by_key(people: Sequence[Known]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for person in people:
        for key in filter(None, map(_key, person.keys)):
            found.setdefault(key, set()).add(person.id)
    return found


def _key(text: str) -> str:
    """Names are written with and without spaces (张　三), in any case and width."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _is_heading(row: Sequence[Cell]) -> bool:
    names = {_column(cell) for cell in row}
    return "date" in names and bool(names & {"person", "lead"})


def _column(cell: Cell) -> str | None:
    """Which column a heading names: date, lead, person; None: another."""
    return _NAMES.get(_heading_key(_text(cell)))


def _heading_key(text: str) -> str:
    return _NOT_A_WORD.sub("", unicodedata.normalize("NFKC", text).casefold())


_NAMES = {_heading_key(word): name for name, words in _HEADINGS.items() for word in words.split(",")}


def _cell(row: Sequence[Cell], n: int) -> Cell:
    return row[n] if n < len(row) else None


def _text(cell: Cell) -> str:
    """A cell as somebody reads it; a staff number that a spreadsheet took for a number is whole."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()[:LONGEST]

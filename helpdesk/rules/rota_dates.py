"""The days of a rota, in the many ways in which people write them.

Most say the year or the month in a way that leaves no doubt. "3/2" does not: a column that holds a "13/2"
or a "2/13" somewhere decides it for all its lines, and where none does, it is asked for.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, timedelta

Cell = str | int | float | date | datetime | None
Found = date | str  # a day, or what is wrong: no_date, bad_date, which_day

YEARS = (2000, 2199)
LONGEST = 120  # characters of a cell that are looked at
_FIRST_SERIAL, _LAST_SERIAL, _SERIAL_ZERO = 30_000, 80_000, date(1899, 12, 30)  # days as spreadsheets count
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ASIDE = re.compile(
    r"\(.*?\)|(?:星期|周|週|礼拜|禮拜)[一二三四五六日天]"
    r"|\b(?:mon|tue|wed|thu|fri|sat|sun)(?:s|rs|nes|ur)?(?:day)?\b[.,]?"
    r"|[T\s]\d{1,2}:\d{2}(?::\d{2})?(?:\.0+)?$",
    re.IGNORECASE,
)
_YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号號]?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_MONTH_DAY = re.compile(r"(\d{1,2})\s*月\s*(\d{1,2})\s*[日号號]?")
_DAY_NAMED = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[\s.-]*([a-z]{3,9})\.?(?:[\s,-]*(\d{4}))?", re.IGNORECASE)
_NAMED_DAY = re.compile(r"([a-z]{3,9})\.?\s*(\d{1,2})(?:st|nd|rd|th)?(?:[\s,]+(\d{4}))?", re.IGNORECASE)
_DOTTED = re.compile(r"(\d{1,2})\.\s*(\d{1,2})\.\s*(\d{4}|\d{2})?")
_OPEN = re.compile(r"(\d{1,2})\s*[-/.]\s*(\d{1,2})(?:\s*[-/]\s*(\d{4}|\d{2}))?")


def read_dates(cells: Sequence[Cell], today: date) -> list[Found]:
    """The days of a column, in its order; without a year it is the one nearest to `today`."""
    texts = [_plain(cell) if isinstance(cell, str) else cell for cell in cells]
    day_first = _is_day_first(texts)
    return [_read(text, today, day_first) for text in texts]


def _plain(text: str) -> str:
    """Without weekdays, times of day and full-width forms."""
    return _ASIDE.sub(" ", unicodedata.normalize("NFKC", text[:LONGEST])).strip(" ,\t\n\u00a0")


def _is_day_first(cells: Sequence[Cell]) -> bool | None:
    """Whether "3/2" is the third of February here; None: nothing says so."""
    open_ones = [found for cell in cells if isinstance(cell, str) and (found := _OPEN.fullmatch(cell))]
    days_first = any(int(found[1]) > 12 for found in open_ones)
    months_first = any(int(found[2]) > 12 for found in open_ones)
    return days_first if days_first != months_first else None


def _read(cell: Cell, today: date, day_first: bool | None) -> Found:
    if isinstance(cell, datetime):
        found: Found = cell.date()
    elif isinstance(cell, date):
        found = cell
    elif isinstance(cell, (int, float)):
        found = _of_number(cell)
    else:
        found = _of_text(cell or "", today, day_first)
    if isinstance(found, date) and not YEARS[0] <= found.year <= YEARS[1]:
        return "bad_date"
    return found


def _of_number(number: float) -> Found:
    """What a spreadsheet gives where a day is not marked as one: 46083, or 20260302."""
    if _FIRST_SERIAL <= number <= _LAST_SERIAL:
        return _SERIAL_ZERO + timedelta(days=int(number))
    return _of_text(str(int(number)), date.min, None) if 1e7 <= number < 1e8 else "bad_date"


def _of_text(text: str, today: date, day_first: bool | None) -> Found:
    if not text:
        return "no_date"
    if found := _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text):
        return _day(found[1], int(found[2]), int(found[3]), today)
    if found := _MONTH_DAY.fullmatch(text):
        return _day(None, int(found[1]), int(found[2]), today)
    if found := _DAY_NAMED.fullmatch(text):
        return _day(found[3], _month(found[2]), int(found[1]), today)
    if found := _NAMED_DAY.fullmatch(text):
        return _day(found[3], _month(found[1]), int(found[2]), today)
    if found := _DOTTED.fullmatch(text):
        return _day(found[3], int(found[2]), int(found[1]), today)
    if found := _OPEN.fullmatch(text):
        first, second = int(found[1]), int(found[2])
        if day_first is None and first != second:
            return "which_day"
        month, day = (second, first) if day_first else (first, second)
        return _day(found[3], month, day, today)
    return "bad_date"


def _month(name: str) -> int:
    """1 to 12; 0 for what is no month."""
    start = name[:3].lower()
    return _MONTHS.index(start) + 1 if start in _MONTHS else 0


def _day(year: str | None, month: int, day: int, today: date) -> Found:
    years = [int(year) + (2000 if int(year) < 100 else 0)] if year else [today.year + n for n in (-1, 0, 1)]
    days = [found for each in years if (found := _date(each, month, day))]
    return min(days, key=lambda found: abs(found - today)) if days else "bad_date"


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None

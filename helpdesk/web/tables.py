"""The rows of a table that was pasted or uploaded: CSV in the encodings that spreadsheets write, or XLSX."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any
from xml.etree.ElementTree import iterparse

from flask import request
from flask_babel import get_locale
from flask_babel import gettext as _
from openpyxl import load_workbook
from openpyxl.worksheet.cell_range import CellRange
from werkzeug.datastructures import MultiDict

from helpdesk.rules.rota_dates import Cell
from helpdesk.rules.tables import cells_of
from helpdesk.web.forms import Errors

MOST_COLUMNS = 40
# What spreadsheets on Windows call CSV, by the language they run in.
_CSV_ENCODINGS = {"zh_Hans": "gb18030", "zh_Hant": "cp950"}
_HIGH = re.compile(rb"[\x80-\xff]+")
_GB2312 = re.compile(rb"(?:[\xa1-\xf7][\xa1-\xfe])+")

Rows = Sequence[Sequence[Cell]]


class Unreadable(Exception):
    """The file is no table that can be read, or too large."""


def given(typed: MultiDict[str, Any], errors: Errors, most_rows: int, most_bytes: int) -> Rows:
    """The rows of the form's file, or of what was pasted into its `table`; `typed` carries them on as text,
    `errors` say where there is none that can be read."""
    file = request.files.get("file")
    try:
        if file and file.filename:
            rows = rows_of(file.read(), most_rows, most_bytes)
        else:
            rows = cells_of(request.form.get("table", ""))
        typed["table"] = text_of(rows)
    except Unreadable:
        rows, errors["file"] = [], [_("This is no table that can be read. Save it as XLSX or CSV.")]
    if not rows and not errors:
        errors["table"] = [_("Paste the table, or choose its file.")]
    return rows


def rows_of(file: bytes, most_rows: int, most_bytes: int) -> Rows:
    """The rows of an uploaded file, `most_rows` of a workbook. Raises Unreadable, also where it has more than
    `most_bytes`, or unpacks to more."""
    if len(file) > most_bytes:
        raise Unreadable
    if file.startswith(b"PK\x03\x04"):
        return _of_workbook(file, most_rows, most_bytes)
    return cells_of(_text_of(file))


def text_of(rows: Rows) -> str:
    """The rows as a table to paste, so that the page can carry them on; each stays in its line."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter="\t", lineterminator="\n")
    writer.writerows([" ".join(plain_of(cell).split()) for cell in row] for row in rows)
    return file.getvalue()


def plain_of(cell: Cell) -> str:
    """A cell as one reads it: a day in ISO 8601, a whole number without its point."""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell)


def _text_of(file: bytes) -> str:
    if file.startswith((b"\xff\xfe", b"\xfe\xff")):
        return file.decode("utf-16", "replace")
    try:
        return file.decode("utf-8-sig")
    except UnicodeDecodeError:
        return file.decode(_encoding_of(file), "replace")


def _encoding_of(file: bytes) -> str:
    """Of a CSV that is not UTF-8: that of the reader's language, else GB 18030 where all that is not ASCII
    can be common Chinese characters."""
    is_chinese = all(_GB2312.fullmatch(run) for run in _HIGH.findall(file))
    return _CSV_ENCODINGS.get(str(get_locale()), "gb18030" if is_chinese else "cp1252")


def _of_workbook(file: bytes, most_rows: int, most_bytes: int) -> Rows:
    """The first sheet; cells that are merged all hold what the first of them does (a lead for a week)."""
    try:
        with zipfile.ZipFile(io.BytesIO(file)) as packed:
            if sum(part.file_size for part in packed.infolist()) > most_bytes:
                raise Unreadable
        # Read only: else openpyxl makes each cell of a range, and a few bytes can name a whole sheet as one.
        book = load_workbook(io.BytesIO(file), read_only=True, data_only=True)
        sheet: Any = book.worksheets[0]
        read = sheet.iter_rows(max_row=most_rows, max_col=MOST_COLUMNS, values_only=True)
        rows = [[_cell(value) for value in row] for row in read]
        with sheet._get_source() as source:  # what is merged, it does not say when it only reads
            filled = 0
            for merged in _merged(source):
                filled += _fill(rows, merged)
                if filled > most_rows * MOST_COLUMNS:  # a cell is in one range at most
                    raise Unreadable
    except Unreadable:
        raise
    except Exception as fault:  # openpyxl raises anything on what is no workbook
        raise Unreadable from fault
    return rows


def _merged(source: Any) -> Iterator[CellRange]:
    """The ranges of a sheet's cells that are merged."""
    for _event, element in iterparse(source):  # noqa: S314 - its size is held; expat stops what multiplies
        if element.tag.endswith("}mergeCell"):
            yield CellRange(element.get("ref"))
        if element.tag.endswith("}row"):
            element.clear()


def _cell(value: Any) -> Cell:
    """A cell of a workbook; what is neither text, number nor day (a time) as it is written."""
    return value if value is None or isinstance(value, (str, int, float, date)) else str(value)


def _fill(rows: list[list[Cell]], merged: CellRange) -> int:
    """Answers how many cells that were."""
    if merged.min_row > len(rows) or merged.min_col > MOST_COLUMNS:
        return 1
    first = rows[merged.min_row - 1][merged.min_col - 1]
    columns = slice(merged.min_col - 1, merged.max_col)
    filled = 0
    for row in rows[merged.min_row - 1 : merged.max_row]:
        row[columns] = [first] * len(row[columns])
        filled += len(row[columns])
    return filled

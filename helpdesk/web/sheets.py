"""Tables to take away for a spreadsheet: CSV and XLSX. Nothing in them is taken for a formula."""

import csv
import io
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import partial
from itertools import chain, islice
from typing import IO, Any, cast

from flask import Response
from openpyxl import Workbook
from openpyxl.cell.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from helpdesk.desk.figures import harmless
from helpdesk.outbound.workbook import ILLEGAL

Cell = str | int | float | date | datetime | None
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WIDEST = 60  # characters
MEASURED = 200  # rows that say how wide the columns are
IN_MEMORY, PIECE = 2**22, 2**16  # bytes: what is longer lies on the disk; sent at once


def csv_answer(name: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """The table as the download NAME.csv: UTF-8, instants in ISO 8601, what looks like a formula quoted."""
    file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed with the answer
    # The mark at the beginning is how spreadsheets know UTF-8.
    text = io.TextIOWrapper(cast(Any, file), encoding="utf-8-sig", newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([harmless(str(column)) for column in columns])
    writer.writerows([harmless(_plain(cell)) for cell in row] for row in rows)
    text.detach()
    return _download(f"{name}.csv", "text/csv; charset=utf-8", cast(Any, file))


def xlsx_answer(
    name: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, sheet: str = "", note: str = ""
) -> Response:
    """The table as the download NAME.xlsx: numbers and days as such, texts always as texts. `sheet` names the
    sheet; `note` stands below the table (of which zone, how counted). An aware instant becomes ISO 8601 text,
    as spreadsheets know no zones."""
    lines = ([_typed(cell) for cell in row] for row in rows)
    first: list[list[Any]] = [[str(column) for column in columns], *islice(lines, MEASURED)]
    book = Workbook(write_only=True)
    page: Any = book.create_sheet(re.sub(r"[\\/*?:\[\]]", " ", sheet)[:31] or "Helpdesk")
    for number in range(len(columns)):
        longest = max(len(str(row[number])) for row in first if number < len(row))
        page.column_dimensions[get_column_letter(number + 1)].width = min(longest + 2, WIDEST)
    page.freeze_panes = "A2"
    for number, row in enumerate(chain(first, lines)):
        page.append([_cell(page, value, is_head=number == 0) for value in row])
    if note:
        page.append([])
        page.append([_cell(page, note, is_head=False)])
    file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed with the answer
    book.save(cast(Any, file))
    return _download(f"{name}.xlsx", XLSX, cast(Any, file))


ANSWERS: dict[str, Callable[..., Response]] = {"csv": csv_answer, "xlsx": xlsx_answer}
"""By the ending of the file."""


def _download(name: str, kind: str, file: IO[bytes]) -> Response:
    length = file.seek(0, io.SEEK_END)
    file.seek(0)
    answer = Response(_pieces(file), content_type=kind)
    answer.content_length = length
    answer.call_on_close(file.close)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        yield from iter(partial(file.read, PIECE), b"")


def _cell(page: Any, value: Any, is_head: bool) -> Any:
    cell = WriteOnlyCell(page, value)
    if isinstance(value, str):
        cell.data_type = "s"  # openpyxl takes "=..." for a formula
        cell.quotePrefix = value != harmless(value)  # and stays text when somebody edits it
    if is_head:
        cell.font, cell.alignment = Font(bold=True), Alignment(vertical="top")
    return cell


def _typed(cell: Cell) -> Cell:
    plain = _plain(cell)
    return ILLEGAL.sub("", plain) if isinstance(plain, str) else plain


def _plain(cell: Cell) -> Cell:
    return cell.isoformat() if isinstance(cell, datetime) and cell.tzinfo is not None else cell

"""Workbooks (XLSX) of any length, written row by row: whatever their size, memory holds one row. Numbers and
instants are such, texts are texts, and nothing is taken for a formula."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any, Self, TypeAlias

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._writer import ALL_TEMP_FILES, WorksheetWriter

Cell: TypeAlias = str | int | float | date | datetime | None
MOST_ROWS = 1_048_576  # of a sheet, its heading included
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What a spreadsheet would take for the beginning of a formula, wide letters too."""
_TAKEN_FOR_OTHERS = (*FORMULA, "#")  # by openpyxl: formulas and errors ("#N/A")
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML cannot hold."""
_NOT_IN_NAMES = re.compile(r"[\\/*?:\[\]]")


class Workbook:
    """A workbook that is being written; at the end of its `with` block it is whole, unless that ends with a
    fault. Until then its sheets lie in `folder`, uncompressed (None: the system's for temporary files)."""

    def __init__(self, file: IO[bytes], folder: Path | None = None) -> None:
        self._file, self._folder = file, folder
        self._book = openpyxl.Workbook(write_only=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, fault: type[BaseException] | None, *_more: object) -> None:
        if fault is None:
            self._book.save(self._file)
            return
        for sheet in self._book.worksheets:
            sheet.close()
            sheet._writer.cleanup()

    def table(
        self,
        name: str,
        columns: Sequence[str],
        widths: Sequence[int],
        rows: Iterable[Sequence[Cell]],
        most_rows: int = MOST_ROWS,
    ) -> None:
        """Writes a table with its heading; what one sheet cannot hold stands on further ones, "NAME 2" and so
        on, each with the heading. `widths` in characters."""
        left = iter(rows)
        number, row = 0, next(left, None)
        while row is not None or not number:
            number += 1
            sheet = self._sheet(name if number == 1 else f"{name[:27]} {number}", widths)
            sheet.append([_bold(sheet, column) for column in columns])
            at = 2
            while row is not None and at <= most_rows:
                sheet.append([_cell(sheet, value) for value in row])
                at, row = at + 1, next(left, None)

    def _sheet(self, name: str, widths: Sequence[int]) -> Any:
        title = _NOT_IN_NAMES.sub(" ", name)[:31].strip("' ") or "Helpdesk"
        sheet: Any = self._book.create_sheet(title)
        sheet.freeze_panes = "A2"
        for number, width in enumerate(widths, 1):
            sheet.column_dimensions[get_column_letter(number)].width = width
        # openpyxl's own place is the system's, which may be memory, and where nobody sweeps away what a
        # process that was killed has left.
        with NamedTemporaryFile(dir=self._folder, prefix="sheet-", delete=False) as file:
            ALL_TEMP_FILES.append(file.name)
        sheet._writer = WorksheetWriter(sheet, file.name)
        sheet._writer.write_top()
        return sheet


def _bold(sheet: Any, text: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, ILLEGAL.sub("", text))
    cell.data_type, cell.font = "s", Font(bold=True)
    return cell


def _cell(sheet: Any, value: Cell) -> Any:
    if not isinstance(value, str):
        return value
    text = ILLEGAL.sub("", value)
    if not text.startswith(_TAKEN_FOR_OTHERS):
        return text
    cell = WriteOnlyCell(sheet, text)
    cell.data_type, cell.quotePrefix = "s", text.startswith(FORMULA)  # a text, also when somebody edits it
    return cell

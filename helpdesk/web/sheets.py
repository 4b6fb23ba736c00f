"""Tables to take away for a spreadsheet: CSV and XLSX. Nothing in them is taken for a formula."""

import csv
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import chain, islice
from typing import IO, Any, cast

from flask import Response

from helpdesk.outbound.workbook import FORMULA, Cell, Workbook

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
    heading = [str(column) for column in columns]
    lines = ([_plain(cell) for cell in row] for row in rows)
    first = list(islice(lines, MEASURED))
    known: list[Sequence[Cell]] = [heading, *first]
    longest = [max(len(str(row[n])) for row in known if n < len(row)) for n in range(len(heading))]
    below: list[list[Cell]] = [[], [note]] if note else []
    file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed with the answer
    with Workbook(cast(Any, file)) as book:
        widths = [min(each + 2, WIDEST) for each in longest]
        book.table(sheet or "Helpdesk", heading, widths, chain(first, lines, below))
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


def harmless(value: Any) -> Any:
    """The value, with an apostrophe before a text that a spreadsheet would take for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _plain(cell: Cell) -> Cell:
    return cell.isoformat() if isinstance(cell, datetime) and cell.tzinfo is not None else cell

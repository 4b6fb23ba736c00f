"""Workbooks of any length: types, texts of all scripts, further sheets, nothing that calculates."""

import io
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

from openpyxl import load_workbook

from helpdesk.outbound.workbook import Workbook

AT = datetime(2026, 3, 29, 2, 30, 15, tzinfo=UTC).replace(tzinfo=None)


def test_numbers_and_instants_are_such_and_texts_are_texts() -> None:
    file = io.BytesIO()
    rows = [
        ["=HYPERLINK(1)", 7.5, date(2026, 3, 2), AT],
        ["值班\x07 <&> \ud800", -3, None, None],
        ["x\ny", 0],
        ["#N/A", None],
    ]
    with Workbook(file) as book:
        book.table("Fair: [2026]", ["Person", "Hours", "Day", "At"], [20, 8, 12, 20], rows)
        book.table("O'Neill & <co>", ["A"], [9], [])
    found = load_workbook(io.BytesIO(file.getvalue()))
    assert found.sheetnames == ["Fair   2026", "O'Neill & <co>"]
    cells = list(found.worksheets[0].iter_rows())
    assert [cell.value for cell in cells[0]] == ["Person", "Hours", "Day", "At"]
    assert (cells[1][0].value, cells[1][0].data_type) == ("=HYPERLINK(1)", "s")
    assert (cells[1][1].value, cells[2][1].value) == (7.5, -3)
    assert cells[1][2].value == datetime(2026, 3, 2)  # noqa: DTZ001 - a spreadsheet's day
    assert cells[1][3].value == AT
    assert (cells[2][0].value, cells[3][0].value) == ("值班 <&> ", "x\ny")
    assert cells[2][2].value is None
    assert (cells[4][0].value, cells[4][0].data_type) == ("#N/A", "s")
    assert [cell.value for cell in next(found.worksheets[1].iter_rows())] == ["A"]


def test_what_a_sheet_cannot_hold_goes_on_in_the_next_each_with_its_heading() -> None:
    file = io.BytesIO()
    with Workbook(file) as book:
        book.table("Tickets", ["Number"], [9], ([n] for n in range(7)), most_rows=4)
    found = load_workbook(io.BytesIO(file.getvalue()))
    values = {page.title: [row[0].value for row in page.iter_rows()] for page in found}
    assert values == {
        "Tickets": ["Number", 0, 1, 2],
        "Tickets 2": ["Number", 3, 4, 5],
        "Tickets 3": ["Number", 6],
    }


def test_what_is_not_compressed_yet_lies_in_the_folder_and_is_gone_at_the_end(tmp_path: Path) -> None:
    def rows() -> Iterator[list[int]]:
        yield [1]
        assert [path.stat().st_mode & 0o777 for path in tmp_path.iterdir()] == [0o600]
        if stops:
            raise InterruptedError

    for stops in (False, True):
        file = io.BytesIO()
        with suppress(InterruptedError), Workbook(file, tmp_path) as book:
            book.table("Tickets", ["Number"], [9], rows())
        assert bool(file.getvalue()) is not stops
        assert list(tmp_path.iterdir()) == []

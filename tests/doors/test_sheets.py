"""Tables for spreadsheets: types, texts of all scripts, and nothing that calculates."""

import csv
import io
from datetime import UTC, date, datetime

from openpyxl import load_workbook

from helpdesk.web.sheets import csv_answer, xlsx_answer

COLUMNS = ["Person", "Hours", "Day", "At"]
AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ROWS = [
    ["=HYPERLINK(1)", 7.5, date(2026, 3, 2), AT],
    ["+49 30", -3, None, AT],
    ["值班\x07\uffff", 0, "＝1", None],
]


def test_a_csv_holds_texts_of_all_scripts_and_no_formulas() -> None:
    answer = csv_answer("fair", COLUMNS, ROWS)
    assert answer.headers["Content-Disposition"] == "attachment; filename=fair.csv"
    lines = list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert lines[0] == COLUMNS
    assert lines[1] == ["'=HYPERLINK(1)", "7.5", "2026-03-02", "2026-03-02T08:00:00+00:00"]
    assert lines[2] == ["'+49 30", "-3", "", "2026-03-02T08:00:00+00:00"]
    assert lines[3][0].startswith("值班")
    assert lines[3][2] == "'＝1", "some spreadsheets take the wide ones, too"


def test_a_workbook_holds_numbers_and_days_as_such_and_no_formulas() -> None:
    answer = xlsx_answer("fair", COLUMNS, ROWS, sheet="Fair: [2026]", note="=1+1")
    page = load_workbook(io.BytesIO(answer.get_data())).worksheets[0]
    cells = list(page.iter_rows())
    assert [cell.value for cell in cells[0]] == COLUMNS
    assert (cells[1][0].value, cells[1][0].data_type) == ("=HYPERLINK(1)", "s")
    assert (cells[1][1].value, cells[2][1].value) == (7.5, -3)
    assert cells[1][2].value == datetime(2026, 3, 2)  # noqa: DTZ001 - a spreadsheet's day
    assert cells[1][3].value == "2026-03-02T08:00:00+00:00"
    assert cells[3][0].value == "值班"
    assert (cells[5][0].value, cells[5][0].data_type) == ("=1+1", "s")

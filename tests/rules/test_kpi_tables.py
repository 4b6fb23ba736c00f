"""Tables of what was measured, as people write them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from helpdesk.rules.kpi_tables import Fault, Known, Line, read_number, read_table

TODAY = date(2026, 11, 23)
KNOWN = [Known(1, "Automation", "%"), Known(2, "Approval time", "hours")]


@pytest.mark.parametrize(
    ("cell", "unit", "number"),
    [
        ("1,234.5", "", "1234.5"),
        ("1 234", "EUR", "1234"),
        ("52%", "%", "52"),
        ("52 %", "%", "52"),
        ("200,000 EUR", "EUR", "200000"),
        ("−3", "", "-3"),
        ("１２", "", "12"),
        (52.1, "%", "52.1"),
        (0, "", "0"),
        (7, "", "7"),
    ],
)
def test_numbers_are_read_as_they_are_written(cell: object, unit: str, number: str) -> None:
    assert read_number(cell, unit) == Decimal(number)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "cell", ["1,5", "1.234,5", "52%", "about 3", "", "1e400", "nan", "100000000000000", True]
)
def test_what_is_no_number_or_could_be_two_is_not_guessed(cell: object) -> None:
    assert read_number(cell) is None  # type: ignore[arg-type]


def test_a_table_says_of_each_line_what_was_measured() -> None:
    rows: list[list[Any]] = [
        ["Our figures"],
        ["Date", "KPI", "Value", "Comment"],
        [datetime(2026, 10, 1), "automation", 52.25, "three more forms"],  # noqa: DTZ001 - a spreadsheet's day
        [],
        ["2026-11-01", "Approval time", "12.33333333", None],
    ]
    lines, faults = read_table(rows, KNOWN, TODAY)
    assert not faults
    assert lines == [
        Line(3, 1, date(2026, 10, 1), Decimal("52.25"), "three more forms"),
        Line(5, 2, date(2026, 11, 1), Decimal("12.3333"), ""),
    ]


def test_every_line_that_cannot_be_taken_says_why() -> None:
    rows = [
        ["指标", "日期", "数值"],
        ["Automation", "2026-10-01", "50"],
        ["Automatic", "2026-10-02", "50"],
        ["Automation", "soon", "50"],
        ["Automation", "2026-11-24", "50"],
        ["Automation", "2026-10-05", ""],
        ["Automation", "2026-10-06", "1,5"],
        ["Automation", "1 Oct 2026", "51"],
    ]
    lines, faults = read_table(rows, KNOWN, TODAY)
    assert [line.row for line in lines] == [2]
    assert faults == [
        Fault(3, "no_figure", "Automatic"),
        Fault(4, "bad_date", "soon"),
        Fault(5, "in_future", "2026-11-24"),
        Fault(6, "no_value"),
        Fault(7, "bad_value", "1,5"),
        Fault(8, "twice", "2"),
    ]


def test_a_table_of_the_only_key_figure_needs_no_names() -> None:
    rows = [["Date", "Value"], ["2026-10-01", "50"]]
    assert read_table(rows, KNOWN[:1], TODAY)[0][0].kpi_id == 1
    assert read_table(rows, KNOWN, TODAY) == ([], [Fault(0, "no_heading")])
    assert read_table([["2026-10-01", "50"]], KNOWN[:1], TODAY) == ([], [Fault(0, "no_heading")])
    assert read_table([], KNOWN, TODAY) == ([], [Fault(0, "no_heading")])

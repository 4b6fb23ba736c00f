from datetime import UTC, date, datetime

import pytest

from helpdesk.rules.rota_dates import read_dates
from helpdesk.rules.rotas import Duty, Fault, Known, read
from helpdesk.rules.tables import cells_of

TODAY = date(2026, 2, 20)
BO = Known(2, ("Bo", "bo@example.org", "1002"))
CHEN = Known(3, ("Chen Wei", "chen@example.org", "1003"))
ZHANG = Known(4, ("张三", "zhang@example.org", "1004"))
PEOPLE = (BO, CHEN, ZHANG)
SECOND, THIRD = date(2026, 3, 2), date(2026, 3, 3)


@pytest.mark.parametrize(
    "typed",
    [
        "2026-03-02",
        "2026/3/2",
        "2026.3.2",
        "2026年3月2日",
        "2026年3月2日（周一）",
        "2026年3月2日 星期一",
        "3月2日",
        "3月2號",
        "３月２日",
        "20260302",
        "2 Mar 2026",
        "2nd March 2026",
        "Mon 2 Mar",
        "Monday, 2 March 2026",
        "Mar 2, 2026",
        "March 2",
        "02.03.2026",
        "2.3.",
        "2.3.26",
        "2-Mar-2026",
        "2026-03-02 00:00:00",
        "2026-03-02T00:00",
        46083,
        46083.0,
        20260302,
        datetime(2026, 3, 2, tzinfo=UTC),
        date(2026, 3, 2),
    ],
)
def test_a_day_is_read_however_it_is_written(typed: object) -> None:
    assert read_dates([typed], TODAY) == [SECOND]  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("", "no_date"),
        (None, "no_date"),
        ("2026-02-30", "bad_date"),
        ("13月2日", "bad_date"),
        ("soon", "bad_date"),
        ("2 Foo 2026", "bad_date"),
        ("1026-03-02", "bad_date"),
        ("2026-03-02 to 2026-03-04", "bad_date"),
        (7, "bad_date"),
        ("3/2", "which_day"),
        ("3.2", "which_day"),
        ("3/2/2026", "which_day"),
    ],
)
def test_what_is_no_day_or_leaves_doubt_is_said(typed: str | None, fault: str) -> None:
    assert read_dates([typed], TODAY) == [fault]


def test_one_line_of_the_column_tells_days_from_months() -> None:
    assert read_dates(["3/2", "3/13"], TODAY) == [SECOND, date(2026, 3, 13)]
    assert read_dates(["2/3/2026", "13/3/2026"], TODAY) == [SECOND, date(2026, 3, 13)]
    assert read_dates(["13/3", "3/14", "3/3"], TODAY) == ["which_day", "which_day", THIRD]


def test_without_a_year_it_is_the_nearest_one() -> None:
    assert read_dates(["31 Dec", "1月1日"], date(2026, 12, 30)) == [date(2026, 12, 31), date(2027, 1, 1)]
    assert read_dates(["29 Feb"], date(2028, 6, 1)) == [date(2028, 2, 29)]
    assert read_dates(["29 Feb"], date(2026, 6, 1)) == ["bad_date"]


@pytest.mark.parametrize(
    "heading",
    [
        "Date\tDuty lead\tPerson",
        "日期\t值班领导\t值班人员",
        "日期：\t帶班領導\t值班人員",
        "DAY\tlead\tOn call",
    ],
)
def test_a_pasted_table_is_read_in_three_languages(heading: str) -> None:
    rows = cells_of(f"{heading}\r\n2026-03-02\tChen Wei\tBo\r\n2026-03-03\t\t张三\r\n")
    assert read(rows, PEOPLE, TODAY).duties == (Duty(2, SECOND, 2, 3), Duty(3, THIRD, 4, None))


def test_columns_stand_in_any_order_below_a_title_among_others() -> None:
    rows = cells_of("IT 部值班表,,,\n星期,姓名,电话,日期\n一,Bo,1380,2026-03-02\n,,,\n二,张　三,,2026-03-03")
    assert read(rows, PEOPLE, TODAY).duties == (Duty(3, SECOND, 2, None), Duty(5, THIRD, 4, None))


@pytest.mark.parametrize(
    "typed",
    ["bo", " BO ", "bo@example.org", "BO@Example.org", "1002", 1002, 1002.0, "Bo (ERP)", "Bo 13800138000"],
)
def test_people_are_known_by_name_address_or_staff_number(typed: object) -> None:
    rows = [["date", "person"], ["2026-03-02", typed]]
    assert read(rows, PEOPLE, TODAY).duties == (Duty(2, SECOND, 2, None),)  # type: ignore[arg-type]


def test_every_fault_has_its_line_and_good_lines_stay_visible() -> None:
    rows = cells_of(
        "date;lead;person\n2026-03-02;;Bo\n2026-03-02;;Chen Wei\nsoon;;Bo\n;;Bo\n2026-03-03;;\n"
        "2026-03-04;Dee;Gia"
    )
    found = read(rows, PEOPLE, TODAY)
    assert [duty.day for duty in found.duties] == [SECOND, date(2026, 3, 4)]
    assert found.faults == (
        Fault(3, "twice", "2026-03-02", 2),
        Fault(4, "bad_date", "soon"),
        Fault(5, "no_date"),
        Fault(6, "nobody", "2026-03-03"),
        Fault(7, "unknown", "Gia"),
        Fault(7, "unknown", "Dee"),
    )


def test_a_name_that_two_people_bear_is_asked_for() -> None:
    twins = (BO, Known(9, ("Bo", "bo2@example.org")))
    assert read([["date", "person"], ["2026-03-02", "Bo"]], twins, TODAY).faults == (
        Fault(2, "several", "Bo"),
    )
    assert read([["date", "person"], ["2026-03-02", "bo2@example.org"]], twins, TODAY).faults == ()


def test_a_table_without_a_heading_or_with_two_columns_of_one_kind_is_refused() -> None:
    assert read(cells_of("2026-03-02,Bo"), PEOPLE, TODAY).faults == (Fault(0, "no_heading"),)
    assert read(cells_of(""), PEOPLE, TODAY).faults == (Fault(0, "no_heading"),)
    assert read(cells_of('"' + "x" * 200_000), PEOPLE, TODAY).faults == (Fault(0, "no_heading"),)
    twice = cells_of("日期,值班人员,姓名\n2026-03-02,Bo,Chen Wei")
    assert read(twice, PEOPLE, TODAY).faults == (Fault(1, "column_twice", "姓名"),)


def test_a_table_of_too_many_days_is_refused() -> None:
    rows = [["date", "person"], *(["2026-03-02", "Bo"] for _n in range(751))]
    assert read(rows, PEOPLE, TODAY).faults == (Fault(0, "too_long"),)


def test_a_table_whose_days_lie_years_apart_is_refused() -> None:
    rows = [["date", "person"], ["2026-03-02", "Bo"], ["2062-03-03", "Bo"]]
    assert read(rows, PEOPLE, TODAY).faults == (Fault(0, "too_long"),)

"""Which column is what, and what cells mean, as people in three languages write them."""

import pytest

from helpdesk.rules.imports import full_name, guess, heading_of, meaning_of, path_of
from helpdesk.rules.tables import cells_of


@pytest.mark.parametrize(
    ("headings", "what", "fields"),
    [
        ("Name,E-Mail,Staff No.,Department", "people", ["name", "email", "staff_number", "department"]),
        ("First name,Surname,Phone", "people", ["first_name", "last_name", "phone"]),
        (
            "姓名,工号,邮箱,所属部门,办公地点",
            "people",
            ["name", "staff_number", "email", "department", "location"],
        ),
        (
            "姓名,員工編號,電子郵件,部門,電話",
            "people",
            ["name", "staff_number", "email", "department", "phone"],
        ),
        ("Department,Name", "people", ["department", "name"]),
        ("Department,Belongs to", "departments", ["name", "parent"]),
        ("部门名称,上级部门", "departments", ["name", "parent"]),
        ("Building,Street,Colour", "locations", ["name", "address", ""]),
        ("服務,團隊,負責人,核心", "services", ["name", "team", "owner", "is_core"]),
        ("Name,Name,Role", "people", ["name", "", ""]),
    ],
)
def test_columns_are_known_by_their_names(headings: str, what: str, fields: list[str]) -> None:
    assert guess(headings.split(","), what) == fields


def test_the_line_that_names_the_columns_may_stand_below_a_title() -> None:
    assert heading_of([["Staff"], [""], ["Name", "Phone"], ["Ana", "1"]], "people") == 2
    assert heading_of([[""], ["Who", "Key"], ["Ana", "1"]], "people") == 1
    assert heading_of([], "people") is None


def test_semicolons_part_a_table_whose_cells_hold_commas() -> None:
    table = 'Location;Address\nA;Street 1, Berlin, Germany\nB;"x; y, z"\n'
    assert cells_of(table) == [["Location", "Address"], ["A", "Street 1, Berlin, Germany"], ["B", "x; y, z"]]


def test_cells_mean_what_people_write() -> None:
    assert [meaning_of("bool", each) for each in ("Yes", "是", "X", "✓", "-", "否", "ja")] == [
        *("yes", "yes", "yes", "yes", "no", "no", "ja")
    ]
    assert [meaning_of("role", each) for each in ("Agent", "管理员", "组长", "boss")] == [
        *("agent", "administrator", "lead", "boss")
    ]
    assert [meaning_of("locale", each) for each in ("zh-TW", "简体中文", "English")] == [
        *("zh_Hant", "zh_Hans", "en")
    ]


def test_a_department_is_named_by_its_path_or_by_a_name_that_is_known() -> None:
    assert path_of("Works / Hall 2", ()) == ("Works", "Hall 2")
    assert path_of("总公司>销售部", ()) == ("总公司", "销售部")
    assert path_of("R&D/IT", {"R&D/IT"}) == ("R&D/IT",)
    assert path_of(" / ", ()) == ()


def test_names_are_written_in_the_order_of_their_language() -> None:
    assert (full_name("Ana", "Schmidt"), full_name("伟", "张"), full_name("", "Ana")) == (
        "Ana Schmidt",
        "张伟",
        "Ana",
    )

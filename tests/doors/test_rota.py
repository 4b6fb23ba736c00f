"""A rota through its pages: shown, given out, taken in from a paste or a spreadsheet."""

import io
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from html import unescape
from time import process_time
from zipfile import ZipFile

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.cell_range import CellRange

from helpdesk import clock
from helpdesk.store import db
from helpdesk.store.rosters import Layer, Override, Roster
from helpdesk.store.security import SecurityEvent
from helpdesk.web.tables import Unreadable, rows_of
from tests.conftest import Browser, House, a_roster, read_anew

Browsers = Callable[[], Browser]
PERIOD = "since=2026-03-02&until=2026-03-04&handover=09:00"
TABLE = "日期\t值班领导\t值班人员\n2031-03-03\tDee\tEli\n2031年3月4日\tdee@example.org\tEli\n"
HANDED_OVER = datetime(2031, 3, 3, 8, tzinfo=UTC)


@pytest.fixture
def roster(house: House) -> Roster:
    """Bo, week after week; behind him Chen."""
    first, backup = (
        a_roster(
            name,
            Layer(
                position=0, name="weeks", people=[who.id], starts_at="2026-01-05T09:00", every=1, unit="weeks"
            ),
        )
        for name, who in (("First line", house.bo), ("Backup", house.chen))
    )
    db.session.add_all([first, backup])
    db.session.flush()
    house.team.roster_id, house.team.backup_roster_id = first.id, backup.id
    db.session.commit()
    return first


def said(html: str) -> list[str]:
    return [unescape(text) for text in re.findall(r'<p class="wrong">(.*?)</p>', html)]


def kept() -> list[tuple[int, int, datetime, str]]:
    read_anew()
    found = db.session.query(Override).order_by(Override.id)
    return [(o.roster_id, o.person_id, o.starts_at, o.made_by) for o in found]


def test_everybody_who_sees_rosters_sees_the_rota_and_takes_it_away(
    house: House, roster: Roster, browser: Browsers
) -> None:
    fay = browser().known_as(house.fay)
    page = fay.get(f"/on-call/{roster.id}/rota?{PERIOD}").text
    assert "Mon 2 Mar 2026" in page
    assert "Take in a rota" not in page
    table = fay.get(f"/on-call/{roster.id}/rota.csv?{PERIOD}").data.decode("utf-8-sig")
    assert table.splitlines() == ["Date,Duty lead,Person", *(f"2026-03-0{n},Chen,Bo" for n in (2, 3, 4))]
    sheet = load_workbook(io.BytesIO(fay.get(f"/on-call/{roster.id}/rota.xlsx?{PERIOD}").data)).active
    day, *names = [cell.value for cell in sheet[2]]
    assert (day.date(), names) == (date(2026, 3, 2), ["Chen", "Bo"])
    assert fay.get(f"/on-call/{roster.id}/rota/take-in").status_code == 404
    assert browser().known_as(house.ana).get(f"/on-call/{roster.id}/rota").status_code == 404


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("since=2026-03-04&until=2026-03-02", "This day is before the first one."),
        ("since=2026-03-04&until=2028-03-02", "Choose a year at most."),
        ("since=2026-02-30&until=2026-03-02", "Write a day"),
        ("handover=9", "Enter a time"),
    ],
)
def test_a_period_that_cannot_be_is_said(
    house: House, roster: Roster, browser: Browsers, asked: str, message: str
) -> None:
    answer = browser().known_as(house.bo).get(f"/on-call/{roster.id}/rota?{asked}")
    assert answer.status_code == 422
    assert any(text.startswith(message) for text in said(answer.text))


def test_a_pasted_table_is_looked_at_then_taken_in(house: House, roster: Roster, browser: Browsers) -> None:
    chen = browser().known_as(house.chen)
    path, form = f"/on-call/{roster.id}/rota/take-in", {"table": TABLE, "handover": "09:00"}
    looked = chen.post(path, data={**form, "do": "preview"})
    assert looked.status_code == 200
    assert "nothing is kept yet" in looked.text
    assert "instead of Bo" in looked.text
    assert kept() == []
    taken = chen.post(path, data={**form, "do": "save"})
    assert (taken.status_code, taken.location) == (303, f"/on-call/{roster.id}?view=month&day=2031-03-03")
    next_day = HANDED_OVER + timedelta(days=1)
    backup_id = house.team.backup_roster_id
    assert kept() == [
        (roster.id, house.eli.id, HANDED_OVER, "rota"),
        (roster.id, house.eli.id, next_day, "rota"),
        (backup_id, house.dee.id, HANDED_OVER, "rota"),
        (backup_id, house.dee.id, next_day, "rota"),
    ]
    assert db.session.query(SecurityEvent).filter_by(what="rota_taken_in").count() == 2


def test_the_days_of_a_rota_are_no_swaps_and_can_be_taken_back(
    house: House, roster: Roster, browser: Browsers
) -> None:
    chen, path = browser().known_as(house.chen), f"/on-call/{roster.id}"
    chen.post(f"{path}/rota/take-in", data={"table": TABLE, "do": "save"})
    page = chen.get(f"{path}?day=2031-03-03").text
    assert "(swap)" not in page
    assert "<span>rota</span>" in page
    assert "Swaps and covers to come" not in page
    assert "also Backup" not in page
    assert browser().known_as(house.bo).get(f"{path}/rota/take-back").status_code == 404
    assert "and in Backup." in chen.get(f"{path}/rota/take-back").text
    assert chen.post(f"{path}/rota/take-back").status_code == 303
    assert kept() == []


def test_every_faulty_line_is_said_and_nothing_is_taken_in(
    house: House, roster: Roster, browser: Browsers
) -> None:
    table = "Date,Person\n2031-03-03,Gia\nsoon,Bo\n2031-03-05,<b>Bo</b>\n2031-03-06,Bo\n"
    form = {"table": table, "handover": "09:00", "do": "save"}
    answer = browser().known_as(house.chen).post(f"/on-call/{roster.id}/rota/take-in", data=form)
    assert answer.status_code == 422
    assert [text[:40] for text in said(answer.text)] == [
        "Line 2: nobody at the desk is called “Gi",
        "Line 3: “soon” is no date. Write it like",
        "Line 4: nobody at the desk is called “<b",
    ]
    assert "Take it in" not in answer.text
    assert kept() == []


def workbook(*rows: list[object], merged: str = "") -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    if merged:
        book.active.merge_cells(merged)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_an_uploaded_spreadsheet_is_carried_on_to_the_confirmation(
    house: House, roster: Roster, browser: Browsers
) -> None:
    sheet = workbook(
        ["IT 值班表", None, None],
        ["值班人員", "值班領導", "日期"],
        ["Eli", "Dee", date(2031, 3, 3)],
        ["Bo", None, date(2031, 3, 4), time(9), "=1+1"],
        merged="B3:B4",
    )
    chen, path = browser().known_as(house.chen), f"/on-call/{roster.id}/rota/take-in"
    looked = chen.post(path, data={"file": (io.BytesIO(sheet), "rota.xlsx"), "do": "preview"})
    assert looked.status_code == 200
    found = re.search(r'<textarea[^>]*name="table"[^>]*>\n(.*?)</textarea>', looked.text, re.DOTALL)
    assert found is not None
    assert chen.post(path, data={"table": unescape(found[1]), "do": "save"}).status_code == 303
    assert [(roster_id, person) for roster_id, person, _at, _made in kept()] == [
        (roster.id, house.eli.id),
        (roster.id, house.bo.id),
        (house.team.backup_roster_id, house.dee.id),
        (house.team.backup_roster_id, house.dee.id),
    ]


@pytest.mark.parametrize(
    ("language", "encoding"),
    [("zh_Hans", "gb18030"), ("zh_Hant", "cp950"), ("en", "utf-8-sig"), ("en", "utf-16")],
)
def test_csv_is_read_as_spreadsheets_of_each_language_write_it(
    house: House, roster: Roster, browser: Browsers, language: str, encoding: str
) -> None:
    house.eli.name = "張三"
    db.session.commit()
    chen = browser().known_as(house.chen)
    chen.set_cookie("language", language)
    file = "日期,值班人員\n2031-03-03,張三\n".encode(encoding)
    answer = chen.post(
        f"/on-call/{roster.id}/rota/take-in", data={"file": (io.BytesIO(file), "rota.csv"), "do": "save"}
    )
    assert answer.status_code == 303
    assert [person for _roster, person, _at, _made in kept()] == [house.eli.id]


def test_what_is_given_out_can_be_taken_in_again_in_each_language(
    house: House, roster: Roster, browser: Browsers
) -> None:
    chen = browser().known_as(house.chen)
    ahead = clock.now().date() + timedelta(days=30)
    period = f"since={ahead}&until={ahead + timedelta(days=2)}"
    for language in ("en", "zh_Hans", "zh_Hant"):
        chen.set_cookie("language", language)
        for kind in ("csv", "xlsx"):
            file = chen.get(f"/on-call/{roster.id}/rota.{kind}?{period}").data
            form = {"file": (io.BytesIO(file), f"rota.{kind}"), "do": "preview"}
            assert chen.post(f"/on-call/{roster.id}/rota/take-in", data=form).status_code == 200, language


def test_what_is_no_table_is_said(house: House, roster: Roster, browser: Browsers) -> None:
    chen, path = browser().known_as(house.chen), f"/on-call/{roster.id}/rota/take-in"
    broken = {"file": (io.BytesIO(b"PK\x03\x04 and then nothing"), "rota.xlsx"), "do": "preview"}
    assert said(chen.post(path, data=broken).text) == [
        "This is no table that can be read. Save it as XLSX or CSV."
    ]
    for form, message in (
        ({}, "Paste the table, or choose its file."),
        ({"table": "Bo, Monday"}, "No line names the columns."),
        ({"table": TABLE, "handover": "9 o'clock"}, "Enter a time, for example 09:00."),
        ({"table": "Date,Person\n2026-03-02,Bo"}, "All of these days are over."),
    ):
        answer = chen.post(path, data={**form, "do": "save"})
        assert answer.status_code == 422
        assert said(answer.text)[0].startswith(message), form
    assert kept() == []


@pytest.mark.parametrize(
    "range_of_all",
    [
        '<mergeCells count="1"><mergeCell ref="A4:AN200000"/></mergeCells>',
        '<hyperlinks><hyperlink ref="A4:AN200000" location="A1"/></hyperlinks>',
    ],
)
def test_a_few_bytes_that_name_a_whole_sheet_cost_nothing(range_of_all: str) -> None:
    file, changed = workbook(["Date", "Person"], ["2031-03-03", "Bo"]), io.BytesIO()
    with ZipFile(io.BytesIO(file)) as packed, ZipFile(changed, "w") as again:
        for name in packed.namelist():
            part = packed.read(name).decode()
            again.writestr(name, part.replace("</sheetData>", f"</sheetData>{range_of_all}"))
    began_at = process_time()
    assert [row[:2] for row in rows_of(changed.getvalue(), 100, 5_000_000)] == [
        ["Date", "Person"],
        ["2031-03-03", "Bo"],
    ]
    assert process_time() - began_at < 2


def test_ranges_that_lie_upon_each_other_are_no_table() -> None:
    book = Workbook()
    for _row in range(300):
        book.active.append(["x"] * 40)
    book.active.merged_cells.ranges.update({CellRange(f"A{n}:AN300") for n in range(1, 9)})
    file = io.BytesIO()
    book.save(file)
    with pytest.raises(Unreadable):
        rows_of(file.getvalue(), 1500, 5_000_000)

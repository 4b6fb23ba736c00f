"""The organisation's own key figures: set, measured by hand, by table and by a program, and read."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import select

from helpdesk import clock
from helpdesk.desk import example_kpis, kpis, tokens
from helpdesk.desk.changes import By, ChangedMeanwhile, Refused
from helpdesk.store import db
from helpdesk.store.kpis import Kpi, KpiActual, find_kpi
from helpdesk.store.security import SecurityEvent
from tests.conftest import MONDAY_9, Browser, House, read_anew

Browsers = Callable[[], Browser]
TODAY = clock.now().date()
FORM = {
    "name": "Automation",
    "unit": "%",
    "baseline": "30",
    "baseline_on": "2026-01-01",
    "target": "75",
    "target_on": "2199-12-31",
    "position": "0",
    "is_active": "1",
}


@pytest.fixture
def automation(house: House) -> Kpi:
    """From 30 to 75 percent in the two hundred days around today; half of it ten days ago, at half time."""
    values: dict[str, Any] = {"name": "Automation", "unit": "%", "position": 0, "is_active": True}
    values |= {"baseline": Decimal(30), "baseline_on": TODAY - timedelta(days=110)}
    values |= {"target": Decimal(75), "target_on": TODAY + timedelta(days=90)}
    by = By(clock.now(), house.dee.id)
    kpi = kpis.save(None, values, by)
    kpis.measure(kpi.id, TODAY - timedelta(days=90), Decimal("34.5"), "three forms", by, door="web")
    kpis.measure(kpi.id, TODAY - timedelta(days=10), Decimal("52.5"), "", by, door="web")
    read_anew()
    return kpi


def events(what: str) -> list[tuple[str, Any]]:
    read_anew()
    query = select(SecurityEvent).where(SecurityEvent.what == what).order_by(SecurityEvent.id)
    return [(event.subject, event.detail) for event in db.session.scalars(query)]


def test_numbers_are_kept_as_they_were_said_however_long_they_are(house: House) -> None:
    by = By(MONDAY_9, house.dee.id)
    values: dict[str, Any] = {"name": "Money", "unit": "EUR", "position": 0, "is_active": True}
    values |= {"baseline": Decimal("-0.0001"), "target": Decimal("99999999999999.9999")}
    values |= {"baseline_on": date(2025, 1, 1), "target_on": date(2026, 12, 31)}
    kpi = kpis.save(None, values, by)
    kpis.measure(kpi.id, date(2026, 1, 31), Decimal("12345678901234.5678"), "", by, door="web")
    read_anew()
    found = find_kpi(kpi.id)
    assert found is not None
    assert (found.baseline, found.target) == (Decimal("-0.0001"), Decimal("99999999999999.9999"))
    assert found.actuals[0].value == Decimal("12345678901234.5678")


def test_a_manager_sets_one_and_everybody_who_reads_figures_sees_how_it_stands(
    house: House, browser: Browsers
) -> None:
    dee = browser().known_as(house.dee)
    assert "No key figures yet" in dee.get("/figures/key-figures").text
    done = dee.post("/figures/key-figures/new", data=FORM)
    assert done.status_code == 303
    page = dee.get(done.location).text
    assert "Not measured yet" in page
    noted = dee.post(done.location, data={"on": "2026-03-01", "value": "1,234.5", "words": "by hand"})
    assert noted.status_code == 303
    page = browser().known_as(house.chen).get("/figures/key-figures").text
    assert "1,234.5%" in page
    assert "Reached" in page
    assert "Add a key figure" not in page
    chen = browser().known_as(house.chen)
    assert chen.get("/figures/key-figures/new").status_code == 404
    assert chen.post(done.location, data={"on": "2026-03-01", "value": "1"}).status_code == 404
    for person in (house.ana, house.bo):
        assert browser().known_as(person).get("/figures/key-figures").status_code == 404
    assert browser().known_as(house.fay).get(done.location).status_code == 200


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"baseline": "about 30"}, "Write a number, for example 1234.5."),
        ({"baseline": "1.23456"}, "at most four decimal places"),
        ({"target": "30"}, "must differ from the baseline"),
        ({"target_on": "2026-01-01"}, "must be after that of the baseline"),
        ({"target_on": "9999-01-01"}, "Write a day"),
        ({"name": ""}, "Enter a name."),
    ],
)
def test_the_form_says_what_to_mend(
    house: House, browser: Browsers, wrong: dict[str, str], said: str
) -> None:
    answer = browser().known_as(house.dee).post("/figures/key-figures/new", data=FORM | wrong)
    assert answer.status_code == 422
    assert said in answer.text


def test_a_value_is_held_against_the_straight_way_on_its_own_day(automation: Kpi, house: House) -> None:
    course = kpis.course_of(automation, TODAY)
    # 100 of 200 days are gone on the day of measuring: half of 45 above 30.
    assert (course.standing, course.asked, course.percent) == ("on_course", Decimal("52.5"), 50)
    by = By(clock.now(), house.dee.id)
    kpis.measure(automation.id, TODAY, Decimal("52.5"), "", by, door="web")
    read_anew()
    assert kpis.course_of(automation, TODAY).standing == "behind"


def test_another_word_about_a_day_takes_its_place_and_the_log_keeps_both(
    house: House, automation: Kpi
) -> None:
    by, on = By(clock.now(), house.eli.id), TODAY - timedelta(days=10)
    kpis.measure(automation.id, on, Decimal("50.25"), "counted again", by, door="api")
    kpis.measure(automation.id, on, Decimal("50.25"), "counted again", by, door="api")
    read_anew()
    found = find_kpi(automation.id)
    assert found is not None
    assert [(each.value, each.by_id) for each in found.actuals] == [
        (Decimal("34.5"), house.dee.id),
        (Decimal("50.25"), house.eli.id),
    ]
    subject, detail = events("kpi_measured")[-1]
    assert len(events("kpi_measured")) == 3
    assert subject == f"kpi:Automation {on}"
    assert detail == {"from": {"value": "52.5"}, "to": {"value": "50.25", "words": "counted again"}}
    kpis.take_back(automation.id, on, by)
    assert events("kpi_taken_back")[-1][1]["from"]["value"] == "50.25"
    with pytest.raises(LookupError):
        kpis.take_back(automation.id, on, by)
    with pytest.raises(Refused):
        kpis.measure(automation.id, TODAY + timedelta(days=2), Decimal(1), "", by, door="web")


def test_two_who_change_the_same_do_not_overwrite_each_other(house: House, browser: Browsers) -> None:
    dee = browser().known_as(house.dee)
    url = dee.post("/figures/key-figures/new", data=FORM).location + "/edit"
    marker = dee.get(url).text.split('name="marker" value="')[1].split('"')[0]
    first = dee.post(url, data=FORM | {"marker": marker, "target": "80"})
    assert first.status_code == 303
    second = dee.post(url, data=FORM | {"marker": marker, "target": "90"})
    assert second.status_code == 422
    assert "Somebody else has changed this" in second.text
    assert dee.post("/figures/key-figures/new", data=FORM).status_code == 422, "its name is taken"


def test_a_table_is_looked_at_and_then_taken_in_as_it_was_seen(
    house: House, automation: Kpi, browser: Browsers
) -> None:
    dee = browser().known_as(house.dee)
    day = TODAY - timedelta(days=10)
    book = Workbook()
    sheet: Any = book.active
    sheet.append(["Key figure", "Day", "Value", "Words"])
    sheet.append(["automation", datetime.combine(day, datetime.min.time()), 53.125, "from the list"])
    sheet.append(["Automation", datetime.combine(TODAY, datetime.min.time()), "60 %", None])
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    looked = dee.post("/figures/key-figures/table", data={"do": "preview", "file": (file, "values.xlsx")})
    assert looked.status_code == 200
    assert "instead of 52.5%" in looked.text
    assert len(events("kpi_measured")) == 2, "nothing is kept yet"
    marker = looked.text.split('name="marker" value="')[1].split('"')[0]
    table = looked.text.split("<textarea")[1].split(">", 1)[1].split("</textarea>")[0].strip("\n")
    assert (
        dee.post("/figures/key-figures/table", data={"do": "save", "marker": "", "table": table}).status_code
        == 422
    )
    taken = dee.post("/figures/key-figures/table", data={"do": "save", "marker": marker, "table": table})
    assert taken.status_code == 303
    read_anew()
    query = select(KpiActual.value, KpiActual.door).where(KpiActual.door == "table").order_by(KpiActual.on)
    assert db.session.execute(query).all() == [(Decimal("53.125"), "table"), (Decimal(60), "table")]
    again = dee.post("/figures/key-figures/table", data={"do": "preview", "table": table})
    assert "Everything the table says is known already." in again.text


def test_a_table_with_a_fault_is_not_taken_in_at_all(
    house: House, automation: Kpi, browser: Browsers
) -> None:
    dee = browser().known_as(house.dee)
    table = f"Key figure,Day,Value\nAutomation,{TODAY},60\nAutomatic,{TODAY},60\n"
    answer = dee.post("/figures/key-figures/table", data={"do": "save", "table": table})
    assert answer.status_code == 422
    assert "Line 3: there is no key figure “Automatic”." in answer.text
    assert len(events("kpi_measured")) == 2
    rows = [["Key figure", "Day", "Value"], ["Automation", str(TODAY), "60"]]
    with pytest.raises(ChangedMeanwhile):
        kpis.take_in(rows, By(clock.now(), house.dee.id), "seen something else")


def test_a_program_with_the_right_token_sends_values_and_reads_how_it_stands(
    house: House, automation: Kpi, browser: Browsers
) -> None:
    def call(person: Any, method: str, path: str, **body: Any) -> Any:
        headers = {"Authorization": f"Bearer {tokens.add_token(person.id, 'test', now=MONDAY_9)}"}
        open_url = getattr(browser(), method)
        return open_url(f"/api/v1/key-figures{path}", headers=headers, **({"json": body} if body else {}))

    path = f"/{automation.id}/actuals/{TODAY}"
    for value in ("61.0001", 61.0001):
        answer = call(house.dee, "put", path, value=value, words="nightly")
        assert (answer.status_code, answer.json["value"], answer.json["door"]) == (200, "61.0001", "api")
    assert answer.json["by"]["name"] == "Dee"
    found = call(house.chen, "get", "").json
    assert [(each["name"], each["standing"], each["baseline"]) for each in found] == [
        ("Automation", "on_course", "30")
    ]
    assert [each["value"] for each in found[0]["actuals"]] == ["34.5", "52.5", "61.0001"]
    assert call(house.chen, "put", path, value=1).status_code == 403
    assert call(house.bo, "get", "").status_code == 403
    for wrong in ("much", True, 1.00001, None, "1e30"):
        assert call(house.dee, "put", path, value=wrong).status_code == 422
    assert call(house.dee, "put", f"/{automation.id}/actuals/2199-01-01", value=1).status_code == 422
    assert call(house.dee, "put", f"/{automation.id}/actuals/today", value=1).status_code == 404
    assert call(house.dee, "put", f"/{automation.id + 7}/actuals/{TODAY}", value=1).status_code == 404
    assert call(house.dee, "delete", path).status_code == 204
    assert call(house.dee, "delete", path).status_code == 404


def test_tables_and_pictures_are_taken_out_by_those_who_may_and_the_log_knows(
    house: House, automation: Kpi, browser: Browsers
) -> None:
    dee = browser().known_as(house.dee)
    lines = list(
        csv.reader(
            io.StringIO(
                dee.get("/figures/key-figures/values.csv", buffered=True).get_data().decode("utf-8-sig")
            )
        )
    )
    assert [line[:4] for line in lines[1:]] == [
        ["Automation", "%", str(TODAY - timedelta(days=90)), "34.5"],
        ["Automation", "%", str(TODAY - timedelta(days=10)), "52.5"],
    ]
    sheet = load_workbook(
        io.BytesIO(dee.get("/figures/key-figures/figures.xlsx", buffered=True).get_data())
    ).worksheets[0]
    cells = [cell.value for cell in list(sheet.iter_rows())[1]]
    assert [*cells[:3], cells[6], cells[9]] == ["Automation", "%", 30, 52.5, "On course"]
    page = f"/figures/key-figures/{automation.id}?chart=key-{automation.id}"
    picture = dee.get(page)
    assert picture.content_type == "image/svg+xml; charset=utf-8"
    assert picture.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "attachment" in picture.headers["Content-Disposition"]
    drawn = ElementTree.fromstring(picture.get_data())  # noqa: S314 - ours
    space = "{http://www.w3.org/2000/svg}"
    assert drawn.findtext(f"{space}title") == "Automation"
    assert "straight way" in (drawn.findtext(f"{space}desc") or "")
    assert not [each for each in drawn.iter() if "%" in each.get("x1", "")], "nothing in percent"
    assert [subject for subject, _detail in events("exported")] == [
        "figures:key values.csv",
        "figures:key figures.xlsx",
        f"figures:key:key-{automation.id}",
    ]
    chen = browser().known_as(house.chen)
    for path in ("/figures/key-figures/values.csv", page):
        assert chen.get(path).status_code == 404
    assert "Download picture" not in chen.get(f"/figures/key-figures/{automation.id}").text
    assert dee.get(f"/figures/key-figures/{automation.id}?chart=other").status_code == 404
    # What an address asks goes into the way to the picture, and nowhere else.
    odd = dee.get(f"/figures/key-figures/{automation.id}?endpoint=x&_external=1&_scheme=javascript")
    assert f'href="/figures/key-figures/{automation.id}?endpoint=x&amp;' in odd.text


def test_what_is_put_away_is_there_for_those_who_set_it_alone(
    house: House, automation: Kpi, browser: Browsers
) -> None:
    automation.is_active = False
    db.session.commit()
    for person, status in ((house.chen, 404), (house.dee, 200)):
        client = browser().known_as(person)
        assert client.get(f"/figures/key-figures/{automation.id}").status_code == status
        headers = {"Authorization": f"Bearer {tokens.add_token(person.id, 'try', now=clock.now())}"}
        program = client.get(f"/api/v1/key-figures/{automation.id}", headers=headers)
        assert program.status_code == status


def test_the_example_shows_one_on_course_one_behind_and_money(house: House) -> None:
    now = datetime(2026, 11, 23, 8, tzinfo=UTC)
    example_kpis.install(house.dee, "Europe/Berlin", now)
    db.session.commit()
    courses = [
        kpis.course_of(kpi, now.date()) for kpi in db.session.scalars(select(Kpi).order_by(Kpi.position))
    ]
    assert [(each.kpi.name, str(each.standing)) for each in courses] == [
        ("Approval time", "on_course"),
        ("Requests done without a hand", "behind"),
        ("Saved in a year", "on_course"),
    ]

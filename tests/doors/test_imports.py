"""Tables of people, departments, locations and services: looked at line by line, taken in as a whole."""

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from html import unescape

import pytest
from flask import Flask
from flask_babel import force_locale
from openpyxl import Workbook, load_workbook
from werkzeug.test import TestResponse

from helpdesk.desk import imports, leavers
from helpdesk.desk.changes import By
from helpdesk.i18n import LOCALES
from helpdesk.rules.access import Role
from helpdesk.rules.imports import FIELDS, guess
from helpdesk.store import db
from helpdesk.store.imports import Import
from helpdesk.store.locations import list_locations
from helpdesk.store.names import find_named
from helpdesk.store.organisation import Department, list_departments
from helpdesk.store.people import Person, find_person_by, find_person_by_address, list_people
from helpdesk.store.security import SecurityEvent
from helpdesk.store.services import Service
from helpdesk.web.admin.import_words import COLUMNS
from tests.at_once import at_once
from tests.conftest import MONDAY_9, Browser, House, read_anew

Browsers = Callable[[], Browser]
PEOPLE = (
    "Name;Staff number;Mail address;Department;Location\n"
    "Ana Schmidt;1001;ana@example.org;Works / Hall 2;Berlin\n"
    "张伟;1002;zhang.wei@example.org;Works;Berlin\n"
)


@pytest.fixture
def eli(house: House, browser: Browsers) -> Browser:
    return browser().known_as(house.eli)


def uploaded(eli: Browser, what: str, table: bytes | str, name: str = "table.csv") -> str:
    """The address of the page that shows what the table would do."""
    file = table.encode() if isinstance(table, str) else table
    answer = eli.post(f"/admin/imports/{what}", data={"file": (io.BytesIO(file), name)})
    assert answer.status_code == 303, answer.text
    read_anew()
    return answer.location


def taken(eli: Browser, url: str) -> TestResponse:
    """Presses the button that the page offers, with what stands in its form."""
    page = eli.get(url).text
    form = re.search(r'<form class="card pad" method="post">.*?</form>', page, re.S)
    assert form, page
    answer = eli.post(url, data=dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form[0])))
    read_anew()
    return answer


def faults(page: str) -> list[str]:
    found = re.search(r'<section class="fixes".*?</section>', page, re.S)
    return [unescape(text) for text in re.findall(r"<li>(.*?)</li>", found[0])] if found else []


def known() -> list[tuple[str, str | None, str | None, str, str | None]]:
    read_anew()
    return [
        (p.name, p.staff_number, p.email, p.location, p.department.name if p.department else None)
        for p in db.session.query(Person).order_by(Person.id)
    ]


def test_a_table_of_people_is_looked_at_before_anything_is_kept(house: House, eli: Browser) -> None:
    before = known()
    url = uploaded(eli, "people", PEOPLE)
    page = unescape(eli.get(url).text)
    assert "<del>Ana</del>" in page
    assert "<ins>Ana Schmidt</ins>" in page
    assert "Works · Works / Hall 2" in page or "Works / Hall 2 · Works" in page
    assert "张伟" in page
    assert known() == before
    assert list_departments() == []
    assert taken(eli, url).location == "/admin/people"
    after = {row[1]: row for row in known()}
    assert after["1001"] == ("Ana Schmidt", "1001", "ana@example.org", "Berlin", "Hall 2")
    assert after["1002"] == ("张伟", "1002", "zhang.wei@example.org", "Berlin", "Works")
    hall = find_named(Department, "Hall 2")
    assert hall
    assert hall.parent.name == "Works"
    assert len(known()) == len(before) + 1


def test_the_same_table_again_changes_nothing(house: House, eli: Browser) -> None:
    taken(eli, uploaded(eli, "people", PEOPLE))
    page = eli.get(uploaded(eli, "people", PEOPLE)).text
    assert "Everything the table says is known already." in page
    assert "Take it in" not in page


def test_a_table_cannot_be_taken_in_twice(house: House, eli: Browser) -> None:
    url = uploaded(eli, "people", PEOPLE)
    marker = re.search(r'name="marker" value="(.*?)"', eli.get(url).text)
    taken(eli, url)
    assert marker
    assert eli.post(url, data={"marker": marker[1]}).location == "/admin/imports"
    read_anew()
    assert len([e for e in db.session.query(SecurityEvent) if e.what == "table_taken_in"]) == 1
    assert [table.rows for table in db.session.query(Import)] == [[]], "what was taken in is not kept"


def test_each_line_says_what_is_wrong_with_it_and_nothing_is_kept(house: House, eli: Browser) -> None:
    leavers.leave(house.bo.id, By(MONDAY_9, house.eli.id))
    before = known()
    url = uploaded(
        eli,
        "people",
        "Name,Mail address,Staff number,Time zone,Language\n"
        "Gus,gus@example.org,7,,\n"
        ",ida@example.org,,,\n"
        "Jo,jo at example,8,,\n"
        "Kim,,,,\n"
        "Lee,lee@example.org,7,,\n"
        "Max,max@example.org,9,Mars/Crater,Klingon\n"
        "Bo,bo@example.org,,,\n",
    )
    page = eli.get(url).text
    assert faults(page) == [
        "Line 3: The name is missing.",
        "Line 4: “jo at example”: Check this mail address; it should look like name@example.org.",
        "Line 5: Give a staff number or a mail address, so that nobody is added twice.",
        "Line 6: The same stands in line 2 already.",
        "Line 7: “Klingon”: Choose a language that there is here.",
        "Line 7: “Mars/Crater”: There is no such time zone. Write it like Europe/Berlin.",
        "Line 8: Bo has left. Take the line out, or say first that they are back.",
    ]
    assert "Take it in" not in page
    assert eli.post(url, data={"marker": "x"}).status_code == 422
    assert known() == before


def test_whoever_is_known_by_number_and_by_address_stands_in_a_table_once(house: House, eli: Browser) -> None:
    heading = "Name,Staff number,Mail address\n"
    taken(eli, uploaded(eli, "people", heading + "Ana,1001,ana@example.org\n"))
    url = uploaded(eli, "people", heading + "Ana,1001,\nGus,,ana@example.org\n")
    assert faults(eli.get(url).text) == ["Line 3: The same stands in line 2 already."]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_a_table_is_read_in_any_encoding_with_any_separator(
    house: House, eli: Browser, encoding: str, between: str
) -> None:
    table = f"姓名{between}工号{between}部门\n王芳{between}0042{between}销售部\n"
    taken(eli, uploaded(eli, "people", table.encode(encoding)))
    person = find_person_by("staff_number", "0042")
    assert person
    assert person.name == "王芳"
    assert person.department
    assert person.department.name == "销售部"


def test_a_workbook_is_read_with_numbers_as_they_are_written(house: House, eli: Browser) -> None:
    book, file = Workbook(), io.BytesIO()
    for row in (["Staff of the works"], ["Surname", "First name", "Staff number"], ["Wang", "Fang", 42.0]):
        book.active.append(row)
    book.save(file)
    url = uploaded(eli, "people", file.getvalue(), "people.xlsx")
    assert "column-3" not in eli.get(url).text
    taken(eli, url)
    person = find_person_by("staff_number", "42")
    assert person
    assert person.name == "Fang Wang"


def test_the_columns_can_be_chosen_where_they_are_guessed_wrong(house: House, eli: Browser) -> None:
    url = uploaded(eli, "people", "Who,Key\nGus,55\n")
    assert faults(eli.get(url).text) == ["Say which column holds the name."]
    assert faults(eli.get(f"{url}?column-0=name&column-1=name").text) == [
        "Two columns are Name. Choose one of them."
    ]
    chosen = f"{url}?column-0=name&column-1=staff_number"
    taken(eli, chosen)
    assert find_person_by("staff_number", "55")


def test_roles_change_only_where_an_administrator_chose_their_column(house: House, eli: Browser) -> None:
    table = "Name,Mail address,Role\nAna,ana@example.org,agent\nGus,gus@example.org,Lead\n"
    url = uploaded(eli, "people", table)
    taken(eli, url)
    read_anew()
    assert house.ana.role == Role.REPORTER
    gus = find_person_by_address("gus@example.org")
    assert gus
    assert gus.role == Role.REPORTER
    url = uploaded(eli, "people", table)
    chosen = f"{url}?column-0=name&column-1=email&column-2=role"
    assert "2 people get another role by this table." in eli.get(chosen).text
    taken(eli, chosen)
    read_anew()
    assert (house.ana.role, gus.role) == (Role.AGENT, Role.LEAD)
    changes = db.session.query(SecurityEvent).filter_by(what="role_changed").order_by(SecurityEvent.id)
    assert [(e.actor_id, e.detail) for e in changes] == [
        (house.eli.id, {"from": "reporter", "to": "agent"}),
        (house.eli.id, {"from": "reporter", "to": "lead"}),
    ]


def test_no_table_takes_the_last_administrator_away_nor_somebody_out_of_a_team(
    house: House, eli: Browser
) -> None:
    house.eli.password_hash = "kept"
    db.session.commit()
    url = uploaded(eli, "people", "Name,Mail,Role\nEli,eli@example.org,agent\nBo,bo@example.org,reporter\n")
    page = eli.get(f"{url}?column-0=name&column-1=email&column-2=role").text
    assert faults(page) == [
        "Line 2: Nobody else could set anything up. Make somebody else an administrator first.",
        "Line 3: Only agents, leads, managers and administrators can be in a team.",
    ]


def test_whom_the_table_leaves_out_is_listed_and_stays(house: House, eli: Browser) -> None:
    taken(eli, uploaded(eli, "people", PEOPLE))
    page = eli.get(uploaded(eli, "people", "Name,Staff number\nAna Schmidt,1001\n")).text
    assert "Not in the table" in page
    assert page.count(">张伟</a>") == 1
    person = find_person_by("staff_number", "1002")
    assert person
    assert person.is_active


def test_a_new_address_becomes_the_first_and_the_old_one_is_still_theirs(house: House, eli: Browser) -> None:
    taken(eli, uploaded(eli, "people", "Name,Mail address,Staff number\nAna,ana@example.org,1\n"))
    taken(eli, uploaded(eli, "people", "Name,Mail address,Staff number\nAna,ana.s@example.org,1\n"))
    read_anew()
    assert house.ana.email == "ana.s@example.org"
    assert find_person_by_address("ana@example.org") == house.ana
    page = eli.get(uploaded(eli, "people", "Name,Mail address,Staff number\nAna,bo@example.org,1\n")).text
    assert faults(page) == ["Line 2: This mail address is Bo's, who has another staff number."]


def test_what_has_changed_since_it_was_looked_at_is_looked_at_again(house: House, eli: Browser) -> None:
    url = uploaded(eli, "people", PEOPLE)
    marker = re.search(r'name="marker" value="(.*?)"', eli.get(url).text)
    read_anew()
    house.ana.name = "Ana S."
    db.session.commit()
    assert marker
    answer = eli.post(url, data={"marker": marker[1]})
    assert faults(answer.text) == ["What is known has changed since you looked. Look at the result again."]
    assert find_person_by("staff_number", "1002") is None


def test_departments_come_by_path_or_with_a_parent_and_move(house: House, eli: Browser) -> None:
    table = "Department,Belongs to\nHall 2,Works\nWorks,\nSales / North,\n"
    taken(eli, uploaded(eli, "departments", table))
    read_anew()
    above = {d.name: d.parent.name if d.parent else None for d in list_departments()}
    assert above == {"Works": None, "Hall 2": "Works", "Sales": None, "North": "Sales"}
    taken(eli, uploaded(eli, "departments", "部门,上级部门\nHall 2,Sales\n"))
    read_anew()
    hall = find_named(Department, "Hall 2")
    assert hall
    assert hall.parent.name == "Sales"


def test_a_department_below_itself_or_in_two_places_is_refused(house: House, eli: Browser) -> None:
    taken(eli, uploaded(eli, "departments", "Department,Belongs to\nB,A\n"))
    page = eli.get(uploaded(eli, "departments", "Department,Belongs to\nA,B\nC,A\nC,B\n")).text
    assert faults(page) == [
        "Line 2: A department cannot belong to itself. Choose another one.",
        "Line 4: The same stands in line 3 already.",
    ]
    page = eli.get(uploaded(eli, "people", "Name,Staff number,Department\nGus,1,C / B\n")).text
    assert faults(page) == ["Line 2: B belongs to another department. Take in departments first to move it."]


def test_locations_and_services_come_by_name(house: House, eli: Browser) -> None:
    taken(eli, uploaded(eli, "locations", 'Location,Address\nBerlin,"Street 1, Berlin"\nParis,\n'))
    taken(eli, uploaded(eli, "locations", "Location,Address\nBerlin,Street 2\n"))
    read_anew()
    assert [(each.name, each.address) for each in list_locations()] == [("Berlin", "Street 2"), ("Paris", "")]
    table = (
        "Service,Team,Owner,Core,Description\n"
        "Printing,,bo@example.org,no,Paper\nWages,erp,Chen,ja,\nMail,,,x,\n"
    )
    url = uploaded(eli, "services", table)
    assert faults(eli.get(url).text) == ["Line 3: “ja”: Write yes or no."]
    taken(eli, uploaded(eli, "services", table.replace("ja", "yes")))
    read_anew()
    found = {s.name: s for s in db.session.query(Service)}
    assert (found["Printing"].owner, found["Printing"].description) == (house.bo, "Paper")
    assert (found["Wages"].owner, found["Wages"].is_core, found["Wages"].team) == (
        house.chen,
        True,
        house.team,
    )
    assert (found["Mail"].is_core, found["Mail"].team, found["Mail"].is_active) == (True, house.team, True)
    page = eli.get(uploaded(eli, "services", "Service,Team\nFax,Nobody's\n")).text
    assert faults(page) == ["Line 2: There is no team “Nobody's”."]


def test_a_template_holds_columns_that_are_known_again(house: House, eli: Browser) -> None:
    for what, column in (("people", "Staff number"), ("departments", "Belongs to"), ("services", "Owner")):
        sheet = load_workbook(io.BytesIO(eli.get(f"/admin/imports/{what}/template.xlsx").data)).active
        heading = [cell.value for cell in sheet[1]]
        assert column in heading
        text = eli.get(f"/admin/imports/{what}/template.csv").data.decode("utf-8-sig")
        assert list(csv.reader(io.StringIO(text))) == [heading]
        assert [name for name, field in zip(heading, guess(heading, what), strict=True) if not field] in (
            [],
            ["Role"],
        )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "Paste the table, or choose its file."),
        ({"table": "Name,Mail address\n"}, "There is no line below the names of the columns."),
        ({"file": b"PK\x03\x04 no workbook"}, "This is no table that can be read."),
    ],
)
def test_what_is_no_table_is_said_to_be_none(house: House, eli: Browser, given: dict, message: str) -> None:
    data = {name: (io.BytesIO(file), "x.xlsx") if name == "file" else file for name, file in given.items()}
    answer = eli.post("/admin/imports/people", data=data)
    assert answer.status_code == 422
    assert message in answer.text


def test_only_administrators_take_tables_in(house: House, browser: Browsers, eli: Browser) -> None:
    url = uploaded(eli, "people", PEOPLE)
    for person in (house.ana, house.bo, house.chen, house.dee, house.fay):
        other = browser().known_as(person)
        assert other.get("/admin/imports/people").status_code == 404
        assert other.post("/admin/imports/people", data={"table": PEOPLE}).status_code == 404
        assert other.get(url).status_code == 404
        assert other.post(url, data={"marker": "x"}).status_code == 404
    assert browser().known_as(house.fay).get("/admin/imports").status_code == 200
    assert eli.get(url.replace("people", "services")).status_code == 404
    assert eli.get("/admin/imports/secrets").status_code == 404


def test_a_table_that_nobody_takes_in_is_forgotten(house: House, eli: Browser) -> None:
    url = uploaded(eli, "people", PEOPLE)
    kept = db.session.query(Import).one()
    imports.sweep(kept.uploaded_at + timedelta(days=6))
    assert eli.get(url).status_code == 200
    imports.sweep(kept.uploaded_at + timedelta(days=8))
    assert eli.get(url).status_code == 404


def test_people_are_found_by_pinyin_its_initials_accents_and_any_order_of_words(house: House) -> None:
    for name in ("张伟", "單田芳", "Jörg Müller", "ÖZGE Ünal"):
        house.person(name, Role.REPORTER).addresses.clear()
    db.session.commit()
    found = {
        asked: [p.name for p in list_people(asked)]
        for asked in (
            "zhangwei",
            "ZW",
            "zhang wei",
            "wei zhang",
            "shan",
            "stf",
            "muller jorg",
            "özge",
            "hang",
        )
    }
    assert found == {
        "zhangwei": ["张伟"],
        "ZW": ["张伟"],
        "zhang wei": ["张伟"],
        "wei zhang": ["张伟"],
        "shan": ["單田芳"],
        "stf": ["單田芳"],
        "muller jorg": ["Jörg Müller"],
        "özge": ["ÖZGE Ünal"],
        "hang": [],
    }


def test_of_two_who_take_in_the_same_table_at_once_one_does(
    app: Flask, house: House, browser: Browsers, eli: Browser
) -> None:
    urls = [uploaded(eli, "people", PEOPLE), uploaded(eli, "people", PEOPLE)]
    markers = [re.search(r'name="marker" value="(.*?)"', eli.get(url).text) for url in urls]

    both = [browser().known_as(house.eli), eli]
    works = [
        partial(who.post, url, data={"marker": marker and marker[1]})
        for who, url, marker in zip(both, urls, markers, strict=True)
    ]
    read_anew()
    assert sorted(answer.status_code for answer in at_once(app, *works)) == [303, 422]
    assert [row[1] for row in known()].count("1002") == 1
    assert len(list_departments()) == 2


@pytest.mark.parametrize("locale", LOCALES)
def test_the_headings_of_templates_are_known_in_every_language(app: Flask, locale: str) -> None:
    with app.test_request_context(), force_locale(locale):
        for what, fields in FIELDS.items():
            named = [field for field in fields if field != "role"]
            assert guess([str(COLUMNS[field]) for field in named], what) == named

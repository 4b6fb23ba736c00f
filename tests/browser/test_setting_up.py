"""The first half hour of an administrator in a browser: what is missing, tables, the look."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from helpdesk.desk import tickets
from helpdesk.rules.access import Role
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.imports import Import
from helpdesk.store.locations import Location
from helpdesk.store.people import find_person_by
from tests.browser.conftest import Visit
from tests.conftest import MONDAY_9, House, read_anew

PEOPLE = """姓名,工号,邮箱,部门,地点
张伟,1002,zhang.wei@example.org,Works / Hall 2,Berlin
Ana Schmidt,1001,ana@example.org,Works,Berlin
"""
ROWS = [
    {"line": 1, "cells": ["Name", "Staff number", "Mail address", "Department", "Role"]},
    {"line": 2, "cells": ["Ana Schmidt", "1001", "ana@example.org", "Works / Hall 2", "agent"]},
    {"line": 3, "cells": ["张伟", "1002", "zhang.wei@example.org", "Works", ""]},
    {"line": 4, "cells": ["Gus", "", "", "Works", ""]},
]


@pytest.mark.parametrize("width", [1280, 390])
def test_people_are_taken_in_and_then_found_by_their_initials(
    house: House, visit: Visit, axe_clean: Callable[[Page], None], tmp_path: Path, width: int
) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes(PEOPLE.encode("gb18030"))
    page = visit(house.eli, "/admin", width)
    page.get_by_role("link", name="Take in people").click()
    page.get_by_label("Its file").set_input_files(file)
    page.get_by_role("button", name="Look at the result").click()
    expect(page.get_by_role("heading", name="Take in people")).to_be_visible()
    expect(page.get_by_text("张伟", exact=True)).to_be_visible()
    expect(page.locator("del", has_text="Ana")).to_be_visible()
    axe_clean(page)
    page.get_by_role("button", name="Take it in").click()
    expect(page.get_by_text("Taken in: 1 new, 1 changed, 0 as they were.")).to_be_visible()
    page.get_by_label("Name, address or staff number").fill("zw")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("link", name="张伟")).to_be_visible()
    expect(page.get_by_role("link", name="Ana Schmidt")).to_have_count(0)
    read_anew()
    assert find_person_by("staff_number", "1002")


def test_every_page_of_setting_up_is_legible_in_both_themes_and_on_a_phone(
    house: House, screenshots: Callable[..., None]
) -> None:
    table = Import(
        what="people", file_name="people.csv", rows=ROWS, person_id=house.eli.id, uploaded_at=MONDAY_9
    )
    db.session.add_all([table, Location(name="Berlin", address="Street 1")])
    db.session.commit()
    for name, path in (
        ("first-steps", "/admin"),
        ("locations", "/admin/locations"),
        ("tables", "/admin/imports"),
        ("table-new", "/admin/imports/people"),
        ("table", f"/admin/imports/people/{table.id}"),
        ("look", "/admin/look"),
    ):
        screenshots(f"setting-up-{name}", house.eli, path)


# One that the light theme has to darken, one that the dark has to lighten; rules/test_colours has the rest.
@pytest.mark.parametrize("accent", ["#ffd800", "#101010"])
def test_a_colour_of_ones_own_is_legible_on_the_pages_that_show_most_of_it(
    house: House, visit: Visit, address: str, axe_clean: Callable[[Page], None], accent: str
) -> None:
    page = visit(house.eli, "/admin/look")
    page.get_by_label("Colour", exact=True).fill(accent)
    page.get_by_label("Name of the desk").fill("IT Desk")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="IT Desk")).to_be_visible()
    for path in ("/queue", "/report", "/admin/look"):
        page.goto(f"{address}{path}")
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            axe_clean(page)


def test_whom_a_ticket_goes_to_is_found_by_initials_among_many(
    house: House, visit: Visit, axe_clean: Callable[[Page], None]
) -> None:
    command = tickets.Report("Stuck", "", works=Works.NOTHING, affected=Affected.ME)
    ticket = tickets.report(command, house.ana, now=MONDAY_9, door="web")
    for number in range(12):
        house.person(f"Agent {number}", Role.AGENT)
    house.person("张伟", Role.AGENT).addresses[0].email = "zhang.wei@example.org"
    db.session.commit()
    page = visit(house.bo, f"/tickets/{ticket.number}/assign")
    page.get_by_label("Find a person").fill("zw")
    expect(page.locator("#assignee_id option:checked")).to_have_text("张伟")
    axe_clean(page)
    page.get_by_role("button", name="Assign").click()
    expect(page.get_by_text("张伟").first).to_be_visible()
    read_anew()
    assert ticket.assignee is not None
    assert ticket.assignee.name == "张伟"

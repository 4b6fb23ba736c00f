"""Reports by letter as they are read: tables in plain text and in HTML, in the reader's words."""

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from flask_babel import force_locale

from helpdesk.desk import excuses, schedules, tickets
from helpdesk.desk.changes import By
from helpdesk.outbound.report_tables import Table
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from tests.conftest import MONDAY_9, House
from tests.outbound.test_letters import letter, reads_as

DUE = datetime(2026, 3, 9, 7, tzinfo=UTC)
CRITICAL: Any = {"works": Works.NOTHING, "affected": Affected.EVERYONE}


def a_week(house: House) -> None:
    """Three faults: one answered at once, one too late but excused, one never."""
    for subject, minutes in (("quick", 5), ("late", 90), ("never", None)):
        report = tickets.Report(subject, "", service_id=house.erp.id, **CRITICAL)
        ticket = tickets.report(report, house.ana, now=MONDAY_9, door="web")
        if minutes is not None:
            tickets.accept(ticket.id, house.bo, now=MONDAY_9 + timedelta(minutes=minutes))
        if subject == "late":
            given = {"reason": "The line was cut", "evidence": "https://example.org/outage/7"}
            later = MONDAY_9 + timedelta(hours=2)
            excuses.excuse(ticket.id, house.chen, "response", 1, **given, now=later)


def schedule(house: House, report: str = "compliance") -> None:
    values = {
        "name": "Monday figures",
        "report": report,
        "asked": {"kind": "fault", "period": "last_week"},
        "recipients": [{"person": house.dee.id}],
        "rule": "FREQ=WEEKLY;BYDAY=MO",
        "zone": "Europe/Berlin",
        "starts_at": "2026-03-02T08:00",
    }
    schedules.add(values, By(MONDAY_9, house.dee.id))


def test_the_promises_of_a_week(house: House) -> None:
    a_week(house)
    schedule(house)
    schedules.write_due(DUE)
    found = letter("report")
    reads_as("report", found)
    assert found.html.count("<table") == 5  # the frame, and four of figures
    assert '<th scope="row"' in found.html


def test_that_a_report_is_no_longer_sent(house: House) -> None:
    schedule(house)
    house.dee.role = "agent"
    db.session.commit()
    schedules.write_due(DUE)
    reads_as("report_stopped", letter("report_stopped"))


def test_a_table_stands_in_columns_where_a_line_can_hold_them(app: Flask) -> None:
    table = Table("", ("Team", "Kept"), [["ERP", "97.5%"], ["网络", "100%"]])
    assert table.text == "Team   Kept\n----  -----\nERP   97.5%\n网络   100%"


def test_a_table_too_wide_for_a_line_says_a_line_for_each_cell(app: Flask) -> None:
    wide = "x" * 80
    table = Table("", ("Team", "Kept"), [["ERP", wide]])
    with force_locale("en"):
        assert table.text == f"ERP\n  Kept: {wide}"

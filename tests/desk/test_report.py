from datetime import timedelta

from helpdesk.desk import tickets
from helpdesk.desk.tickets import Report
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.letters import Letter
from tests.conftest import MONDAY_9, House


def test_a_critical_report_is_due_within_the_hour_and_has_a_receipt(house: House) -> None:
    command = Report(
        "ERP is down",
        "Nobody can post",
        service_id=house.erp.id,
        works=Works.NOTHING,
        affected=Affected.EVERYONE,
    )
    ticket = tickets.report(command, house.ana, now=MONDAY_9, door="web")
    assert ticket.severity == "critical"
    assert ticket.next_due_at == MONDAY_9 + timedelta(hours=1)
    assert [letter.to_address for letter in db.session.query(Letter)] == ["ana@example.org"]


def test_accepting_is_the_response(house: House) -> None:
    ticket = tickets.report(Report("Printer", "jam"), house.ana, now=MONDAY_9, door="web")
    tickets.accept(ticket.id, house.bo, now=MONDAY_9 + timedelta(minutes=5))
    assert [(t.target, t.state) for t in ticket.targets] == [("response", "met"), ("resolution", "running")]


def test_a_request_that_began_earlier_and_is_written_later_is_no_fault(house: House) -> None:
    ticket = tickets.report(Report("Printer", "jam"), house.ana, now=MONDAY_9, door="web")
    tickets.reply(ticket.id, house.bo, "On my way", now=MONDAY_9 + timedelta(milliseconds=30))
    tickets.accept(ticket.id, house.bo, now=MONDAY_9 + timedelta(milliseconds=10))
    assert [(t.target, t.state) for t in ticket.targets] == [("response", "met"), ("resolution", "running")]

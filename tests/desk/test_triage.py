from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.desk import closing, tickets, triage
from helpdesk.desk.tickets import Report
from helpdesk.rules.lifecycle import NotAllowed
from helpdesk.rules.severity import Affected, Answers, Severity, Works
from helpdesk.store.tickets import Ticket, list_entries
from tests.conftest import MONDAY_9, House

TEN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DOWN = Answers(Works.NOTHING, Affected.EVERYONE)


@pytest.fixture
def mailed(house: House) -> Ticket:
    return tickets.report(Report("ERP?", "broken"), house.ana, now=MONDAY_9, door="mail")


def kinds(ticket: Ticket) -> list[str]:
    return [e.kind for e in list_entries(ticket.id)]


def test_a_mailed_report_starts_minor_and_untriaged(mailed: Ticket) -> None:
    assert (mailed.severity, mailed.is_triaged) == ("minor", False)


def test_answers_given_later_are_judged_by_the_rule_with_the_service(house: House, mailed: Ticket) -> None:
    triage.triage(mailed.id, house.ana, answers=DOWN, service_id=house.erp.id, now=TEN)
    assert (mailed.severity, mailed.severity_reason) == ("critical", "core_service_down_for_many")
    assert mailed.is_triaged
    assert mailed.answers["works"] == "nothing"
    assert kinds(mailed) == ["reported", "moved", "triaged", "severity_changed"]
    # Tighter: an hour from the change, counted round the clock.
    assert mailed.next_due_at == TEN + timedelta(hours=1)


def test_answers_that_change_nothing_write_no_change(house: House, mailed: Ticket) -> None:
    triage.triage(mailed.id, house.ana, answers=Answers(Works.SMALL_FAULT, Affected.ME), now=TEN)
    assert kinds(mailed) == ["reported", "triaged"]
    assert mailed.is_triaged


def test_what_an_agent_has_set_stands_against_later_answers(house: House, mailed: Ticket) -> None:
    triage.triage(mailed.id, house.bo, severity=Severity.MAJOR, reason="seen it", now=TEN)
    triage.triage(mailed.id, house.ana, answers=DOWN, now=TEN)
    assert (mailed.severity, mailed.severity_reason) == ("major", "by_hand")


def test_moving_to_a_service_takes_it_from_whoever_is_not_in_its_team(house: House, mailed: Ticket) -> None:
    triage.assign(mailed.id, house.bo, house.eli.id, now=TEN)
    triage.move(mailed.id, house.bo, service_id=house.printing.id, reason="wrong service", now=TEN)
    assert (mailed.service_id, mailed.team_id, mailed.assignee) == (
        house.printing.id,
        house.team.id,
        None,
    )
    assert list_entries(mailed.id)[-1].detail["to_service"] == house.printing.id


def test_what_is_closed_is_not_triaged(house: House, mailed: Ticket) -> None:
    closing.cancel(mailed.id, house.bo, "spam", now=TEN)
    with pytest.raises(NotAllowed):
        triage.triage(mailed.id, house.bo, answers=DOWN, now=TEN)

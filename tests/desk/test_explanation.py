"""Why a deadline is when it is. Berlin is UTC+1 in March 2026; open 09-12 and 13-18 from Monday to Friday."""

import copy
from datetime import UTC, date, datetime, timedelta

import pytest

from helpdesk.desk import calendars, closing, explanation, tickets, triage, waiting
from helpdesk.desk.changes import By
from helpdesk.desk.recompute import recompute
from helpdesk.rules import explanation as rule
from helpdesk.rules.severity import Affected, Severity, Works
from helpdesk.rules.sla_scenario import explain_scenario
from helpdesk.store.policies import list_calendars
from helpdesk.store.tickets import Ticket
from tests.conftest import House, announced


def at(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """In March 2026, in Berlin's hours."""
    return datetime(2026, 3, day, hour - 1, minute, second, 345678, tzinfo=UTC)


def report(house: House, when: datetime, **more: object) -> Ticket:
    said: dict[str, object] = {"works": Works.SMALL_FAULT, "affected": Affected.ME} | more
    said.setdefault("service_id", house.erp.id)
    return tickets.report(tickets.Report("Slow", "It is.", **said), house.ana, now=when, door="web")  # type: ignore[arg-type]


@pytest.fixture
def lived(house: House) -> Ticket:
    """A ticket that has seen it all: two services with maintenance, waiting, severities, a reopening, and a
    calendar that changed under it."""
    bo = house.bo
    for service, day in ((house.erp, 3), (house.printing, 5)):
        announced(house, service, at(day, 10), at(day, 11, 30), "New disks", now=at(2, 8))
    ticket = report(house, at(2, 9, 10, 7))
    tickets.reply(ticket.id, bo, "Which printer?", now=at(2, 9, 50))
    tickets.reporter_reply(ticket.id, house.ana, "This one", now=at(2, 14, 20, 59), door="web")
    triage.move(ticket.id, bo, service_id=house.printing.id, now=at(4, 9, 30))
    office = next(c for c in list_calendars() if c.name == "Office hours")
    week = copy.deepcopy(office.versions[-1].definition["week"])
    by = By(at(5, 17), house.eli.id)
    calendars.publish(
        office.id, week | {"sat": [["10:00", "14:00"]]}, {"2026-03-09": []}, date(2026, 3, 7), "Saturdays", by
    )
    while recompute(at(5, 17, 1)) is not None:
        pass
    waiting.wait(
        ticket.id, bo, waiting_for="reporter", question="Since?", wake_at=at(20, 9), now=at(6, 10, 0, 30)
    )
    tickets.reporter_reply(ticket.id, house.ana, "Yesterday", now=at(7, 11), door="web")
    triage.change_severity(ticket.id, bo, Severity.MAJOR, "more", now=at(7, 12, 30))
    closing.resolve(ticket.id, bo, "c", "s", now=at(10, 10))
    closing.reopen(ticket.id, house.ana, "no", now=at(11, 16))
    return ticket


@pytest.mark.parametrize("when", [at(11, 16), at(11, 17, 3), at(12, 9), at(31, 12)])
def test_the_scenario_in_an_explanation_explains_the_same(lived: Ticket, when: datetime) -> None:
    found = explanation.as_json(explanation.explain(lived, when))
    assert len(found["cycles"]) >= 4
    assert explain_scenario(found["scenario"]) == {"cycles": found["cycles"]}


def test_the_scenario_holds_the_hours_of_each_date_as_they_were(lived: Ticket) -> None:
    office = explanation.as_json(explanation.explain(lived, at(12, 9)))["scenario"]["calendars"][
        "Office hours"
    ]
    assert office["week"]["sat"] == [["10:00", "14:00"]]
    assert office["dates"] == {"2026-03-09": []}  # 28 February, a Saturday, is before the report
    assert list(explanation.explain(lived, at(12, 9)).calendars) == ["Office hours"]


def test_a_date_before_a_change_keeps_its_old_hours(house: House) -> None:
    ticket = report(house, at(2, 9))
    office = list_calendars()[0]
    week = copy.deepcopy(office.versions[-1].definition["week"])
    by = By(at(3, 9), house.eli.id)
    calendars.publish(
        office.id, week | {"wed": [], "sat": [["10:00", "14:00"]]}, {}, date(2026, 3, 10), "r", by
    )
    found = explanation.as_json(explanation.explain(ticket, at(20, 9)))
    assert found["scenario"]["calendars"][office.name]["dates"] == {
        "2026-03-04": [["09:00", "12:00"], ["13:00", "18:00"]],
        "2026-03-07": [],
    }
    assert explain_scenario(found["scenario"]) == {"cycles": found["cycles"]}


def test_a_raised_severity_says_allowance_and_due_before_and_after(house: House) -> None:
    ticket = report(house, at(2, 9))
    triage.change_severity(ticket.id, house.bo, Severity.MAJOR, "more", now=at(2, 10))
    change = next(c for c in explanation.explain(ticket, at(2, 11)).changes if c.target == "resolution")
    assert (change.event, change.elapsed) == ("severity_changed", 3600)
    assert (change.allowance_before, change.allowance_after) == (
        24 * 3600,
        9 * 3600,
    )  # 1 h counted and 8 more
    assert (change.due_before, change.due_after) == (
        at(4, 18).replace(microsecond=0),
        at(3, 10).replace(microsecond=0),
    )


def test_a_change_is_told_by_the_windows_that_were_known_then(house: House) -> None:
    ticket = report(house, at(2, 9))
    triage.change_severity(ticket.id, house.bo, Severity.MAJOR, "more", now=at(2, 10))
    announced(house, house.erp, at(2, 14), at(2, 16), "New disks", now=at(2, 11))
    found = explanation.explain(ticket, at(2, 12))
    change = next(c for c in found.changes if c.target == "resolution")
    assert change.due_after == at(3, 10).replace(microsecond=0)
    assert found.cycles[1].due_at == at(3, 12).replace(microsecond=0)


def test_waiting_takes_the_due_instant_away_and_gives_it_back_later(house: House) -> None:
    ticket = report(house, at(2, 9))
    waiting.wait(ticket.id, house.bo, waiting_for="reporter", question="?", wake_at=at(9, 9), now=at(2, 10))
    waiting.resume(ticket.id, house.bo, now=at(2, 15))
    waited, resumed = (c for c in explanation.explain(ticket, at(2, 16)).changes if c.target == "resolution")
    assert (waited.due_after, resumed.due_before) == (None, None)
    assert resumed.due_after == at(5, 13).replace(microsecond=0) + timedelta(hours=1)


def test_a_calendar_change_is_told_with_its_instant_and_both_deadlines(house: House) -> None:
    ticket = report(house, at(2, 9))
    office = list_calendars()[0]
    week = office.versions[-1].definition["week"]
    by = By(at(2, 12), house.eli.id)
    calendars.publish(office.id, week, {"2026-03-03": []}, date(2026, 3, 3), "Holiday", by)
    while recompute(at(2, 12, 1)) is not None:
        pass
    moves = [m for m in explanation.explain(ticket, at(2, 13)).moves if m["target"] == "resolution"]
    assert [(m["from"], m["to"]) for m in moves] == [
        (at(4, 18).replace(microsecond=0), at(5, 18).replace(microsecond=0))
    ]


def test_stretches_go_on_to_the_due_instant_and_add_up(house: House) -> None:
    # Friday 17:10: 50 minutes count, then Monday 3 hours until noon and 10 minutes after lunch.
    ticket = report(house, datetime(2026, 3, 6, 16, 10, tzinfo=UTC))
    now = datetime(2026, 3, 7, 9, tzinfo=UTC)
    found = explanation.explain(ticket, now)
    response = found.cycles[0]
    parts = rule.stretches(response, found.ahead_of(response), now)
    assert [(p.reason, p.seconds // 60, p.total // 60, p.is_ahead) for p in parts] == [
        ("working", 50, 50, False),
        ("closed", 960, 50, False),
        ("closed", 2820, 50, True),
        ("working", 180, 230, True),
        ("closed", 60, 230, True),
        ("working", 10, 240, True),
    ]
    assert parts[-1].to_at == response.due_at == datetime(2026, 3, 9, 12, 10, tzinfo=UTC)


def test_stretches_are_cut_at_the_breach_and_at_midnights(house: House) -> None:
    ticket = report(house, at(2, 9), works=Works.NOTHING, affected=Affected.EVERYONE)
    now = datetime(2026, 3, 3, 8, tzinfo=UTC)
    found = explanation.explain(ticket, now)
    midnight = datetime(2026, 3, 2, 23, tzinfo=UTC)
    parts = rule.stretches(found.cycles[0], None, now, [midnight])
    assert [(p.seconds // 3600, p.is_over) for p in parts] == [(1, False), (14, True), (9, True)]
    assert parts[-1].total == found.cycles[0].elapsed_seconds

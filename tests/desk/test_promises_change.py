"""Calendars, target policies and ladders published anew, and what follows for tickets."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from helpdesk.desk import calendars, closing, ladders, organisation, policy_plans, tickets
from helpdesk.desk.changes import By, ChangedMeanwhile, Refused, marker_of
from helpdesk.desk.check import check
from helpdesk.desk.policies import OFFICE_WEEK
from helpdesk.desk.recompute import recompute
from helpdesk.desk.tickets import Report
from helpdesk.desk.waiting import wait
from helpdesk.rules.escalation import Step
from helpdesk.rules.lifecycle import Kind
from helpdesk.rules.scenario import ScenarioError
from helpdesk.store import db
from helpdesk.store.escalations import Alarm
from helpdesk.store.organisation import get_organisation
from helpdesk.store.policies import Calendar, Policy
from helpdesk.store.rosters import Layer
from helpdesk.store.security import SecurityEvent
from helpdesk.store.stale import Recomputation
from helpdesk.store.tickets import Entry, Ticket
from tests.conftest import MONDAY_9, House, a_roster

TUESDAY = date(2026, 3, 3)


def by(house: House, now: datetime = MONDAY_9) -> By:
    return By(now, house.eli.id)


def office(house: House) -> Calendar:
    return db.session.get(Calendar, get_organisation().calendar_id)


def standard() -> Policy:
    return db.session.query(Policy).filter_by(name="Standard").one()


def definition(**minor: Any) -> dict[str, Any]:
    now = standard().versions[-1].definition
    return {**now, "minor": {**now["minor"], **minor}}


def report(house: House, now: datetime = MONDAY_9) -> Ticket:
    """Minor: solved within 24 working hours, by Thursday 09:00 in Berlin."""
    return tickets.report(Report("Slow", "", service_id=house.erp.id), house.ana, now=now, door="web")


def due(ticket: Ticket, name: str = "resolution") -> datetime:
    db.session.refresh(ticket)
    return next(t.due_at for t in ticket.targets if t.target == name)


def work_off(now: datetime) -> None:
    last: int | None = 0
    while (last := recompute(now, last or 0)) is not None:
        pass
    db.session.expire_all()


def cover(house: House) -> None:
    """Bo is on call for the team at all hours."""
    start = "2026-03-02T00:00"
    layer = Layer(position=0, name="weeks", people=[house.bo.id], starts_at=start, every=1, unit="weeks")
    roster = a_roster("ERP", layer)
    db.session.add(roster)
    db.session.flush()
    house.team.roster_id = roster.id
    db.session.commit()


def test_other_hours_move_only_what_is_due_after_they_hold(house: House) -> None:
    ticket = report(house)
    response, resolution = due(ticket, "response"), due(ticket)
    assert resolution == datetime(2026, 3, 4, 17, 0, tzinfo=UTC)
    week = {**OFFICE_WEEK, "tue": []}
    calendars.publish(office(house).id, week, {}, TUESDAY, "Tuesdays off", by(house))
    assert due(ticket) == resolution, "the deadlines follow after the commit"
    work_off(MONDAY_9)
    assert due(ticket, "response") == response
    assert due(ticket) == datetime(2026, 3, 5, 17, 0, tzinfo=UTC)
    [entry] = db.session.query(Entry).filter_by(ticket_id=ticket.id, kind="deadline_moved")
    assert entry.detail["reason"] == "Office hours: Tuesdays off"
    [change] = db.session.query(Recomputation)
    assert (change.subject, change.moved) == ("Office hours: Tuesdays off", 1)
    assert change.finished_at == MONDAY_9


def test_days_that_have_passed_never_change(house: House) -> None:
    with pytest.raises(Refused, match="effective_on: too_early"):
        calendars.publish(office(house).id, OFFICE_WEEK, {}, date(2026, 3, 2), "Today", by(house))


def test_tomorrow_is_the_calendars_tomorrow(house: House) -> None:
    late = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)  # already Tuesday in Berlin
    assert calendars.first_day(office(house), late) == date(2026, 3, 4)


def test_hours_that_cannot_be_are_refused_and_nothing_is_written(house: House) -> None:
    with pytest.raises(ScenarioError):
        calendars.publish(office(house).id, {"mon": [["18:00", "09:00"]]}, {}, TUESDAY, "Odd", by(house))
    assert len(office(house).versions) == 1


def test_a_calendar_that_was_published_meanwhile_is_not_overwritten(house: House) -> None:
    seen = marker_of(calendars.state_of(office(house)))
    calendars.publish(office(house).id, OFFICE_WEEK, {"2026-12-25": []}, TUESDAY, "Holiday", by(house), seen)
    with pytest.raises(ChangedMeanwhile):
        calendars.publish(office(house).id, OFFICE_WEEK, {}, TUESDAY, "None", by(house), seen)


def test_publishing_a_calendar_is_logged_with_its_reason(house: House) -> None:
    calendars.publish(office(house).id, OFFICE_WEEK, {"2026-12-25": []}, TUESDAY, "Holiday", by(house))
    event = db.session.query(SecurityEvent).filter_by(subject="calendar:Office hours").one()
    assert event.detail["to"]["reason"] == "Holiday"
    assert event.detail["from"] == {"version": 1}


def test_holidays_of_a_region_and_days_worked_in_return_are_known() -> None:
    bavaria = calendars.public_holidays("DE", "BY", 2027, "en_US")
    assert date(2027, 1, 6) in [day.on for day in bavaria]
    assert date(2027, 1, 6) not in [day.on for day in calendars.public_holidays("DE", "HH", 2027, "en_US")]
    made_up = [day.on for day in calendars.public_holidays("CN", None, 2026, "en_US") if day.is_made_up]
    assert date(2026, 2, 14) in made_up, "a Saturday that is worked before the Spring Festival"
    with pytest.raises(LookupError):
        calendars.public_holidays("DE", "XX", 2027, "en_US")


def test_holidays_close_days_worked_in_return_open_and_known_dates_stay() -> None:
    found = calendars.public_holidays("CN", None, 2026, "en_US")
    dates = calendars.with_holidays(OFFICE_WEEK, {"2026-01-01": [["10:00", "11:00"]]}, found)
    assert dates["2026-02-17"] == []
    assert dates["2026-02-14"] == OFFICE_WEEK["mon"]
    assert dates["2026-01-01"] == [["10:00", "11:00"]]


def test_a_ticket_keeps_the_targets_it_was_reported_under(house: House) -> None:
    cover(house)
    before = report(house)
    was = due(before)
    stricter = definition(resolution={"minutes": 60, "calendar_id": get_organisation().calendar_id})
    policy_plans.publish(standard().id, stricter, MONDAY_9, "Faster", by(house))
    after = report(house, MONDAY_9 + timedelta(minutes=1))
    work_off(MONDAY_9)
    assert due(before) == was
    assert due(after) == datetime(2026, 3, 2, 9, 1, tzinfo=UTC)


def test_targets_hold_from_their_instant_on(house: House) -> None:
    cover(house)
    later = MONDAY_9 + timedelta(hours=2)
    stricter = definition(resolution={"minutes": 60, "calendar_id": get_organisation().calendar_id})
    policy_plans.publish(standard().id, stricter, later, "Faster", by(house))
    assert due(report(house, MONDAY_9 + timedelta(hours=1))) > datetime(2026, 3, 4, tzinfo=UTC)
    assert due(report(house, later)) == datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
    with pytest.raises(Refused, match="effective_at: too_early"):
        policy_plans.publish(standard().id, stricter, MONDAY_9 - timedelta(hours=1), "Back", by(house))


def test_a_promise_that_no_roster_covers_needs_a_reason(house: House) -> None:
    with pytest.raises(Refused, match="cover_reason: uncovered ERP"):
        policy_plans.publish(standard().id, definition(), MONDAY_9, "Same", by(house))
    saved = policy_plans.publish(
        standard().id, definition(), MONDAY_9, "Same", by(house), cover_reason="The factory watches"
    )
    assert saved.versions[-1].reason == "Same / The factory watches"


def test_a_covered_promise_needs_none_until_somebody_is_missing(house: House) -> None:
    cover(house)
    assert policy_plans.uncovered(standard(), definition(), MONDAY_9) == []
    house.bo.left_at = MONDAY_9 + timedelta(days=13)
    db.session.commit()
    [gap] = policy_plans.uncovered(standard(), definition(), MONDAY_9)
    assert (gap.team, gap.seconds) == (house.team, 86_400)


def test_office_hours_need_no_roster(house: House) -> None:
    office_id = get_organisation().calendar_id
    critical = {name: {"minutes": 60, "calendar_id": office_id} for name in ("response", "resolution")}
    promised = {**definition(), "critical": {**critical, "maintenance_pauses": False}}
    assert policy_plans.uncovered(standard(), promised, MONDAY_9) == []


def test_questions_have_targets_of_their_own_from_the_first_day(house: House) -> None:
    cover(house)
    slow = definition(resolution={"minutes": 60, "calendar_id": None})
    questions = db.session.query(Policy).filter_by(name="Questions").one()
    policy_plans.publish(questions.id, slow, MONDAY_9, "New", by(house))
    assert due(question(house)) == MONDAY_9 + timedelta(hours=1)
    assert due(report(house)) == datetime(2026, 3, 4, 17, 0, tzinfo=UTC)


def question(house: House) -> Ticket:
    asked = Report("How?", "", kind=Kind.QUESTION, service_id=house.erp.id)
    return tickets.report(asked, house.ana, now=MONDAY_9, door="web")


def pending(ticket: Ticket) -> dict[str, datetime]:
    rows = db.session.query(Alarm).filter_by(ticket_id=ticket.id, state="pending", kind="step")
    return {f"{a.detail['target']} {a.detail['to']}": a.due_at for a in rows}


def test_open_tickets_follow_another_ladder(house: House) -> None:
    ticket = report(house)
    assert "response lead" in pending(ticket)
    steps = ladders.ladder_of("minor", "response")
    ladders.save_ladder("minor", "response", [steps[0], Step("manager", percent=50)], by(house))
    work_off(MONDAY_9)
    assert "response lead" not in pending(ticket)
    assert pending(ticket)["response manager"] == datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def test_a_step_that_moves_is_the_same_step_and_does_not_ring_again(house: House) -> None:
    ticket = report(house)
    first = db.session.query(Alarm).filter_by(ticket_id=ticket.id, key="response:1:minor:0:0").one()
    first.state, first.fired_at = "fired", MONDAY_9
    db.session.commit()
    team, assignee, lead = ladders.ladder_of("minor", "response")
    ladders.save_ladder("minor", "response", [lead, Step("backup", percent=90), team], by(house))
    work_off(MONDAY_9)
    assert set(pending(ticket)) >= {"response lead", "response backup"}
    assert "response team" not in pending(ticket)
    assert "response assignee" not in pending(ticket)
    assert [s.number for s in ladders.ladder_of("minor", "response")] == [2, 3, 0]
    ladders.save_ladder("minor", "response", [team, assignee], by(house))
    assert [s.number for s in ladders.ladder_of("minor", "response")] == [0, 4], "no number is given twice"


@pytest.mark.parametrize(
    ("steps", "fault"),
    [
        ([], (0, "empty")),
        ([Step("lead")], (0, "when")),
        ([Step("lead", percent=101)], (0, "percent")),
        ([Step("lead", minutes=0), Step("lead", minutes=5, repeat_minutes=0)], (1, "repeat_minutes")),
        ([Step("lead", minutes=0)] * 13, (12, "too_long")),
    ],
)
def test_a_ladder_that_cannot_be_is_refused(house: House, steps: list[Step], fault: tuple[int, str]) -> None:
    with pytest.raises(ladders.LadderRefused) as refused:
        ladders.save_ladder("minor", "response", steps, by(house))
    assert refused.value.faults == [fault]


def test_a_ladder_that_was_changed_meanwhile_is_not_overwritten(house: House) -> None:
    seen = marker_of(ladders.state_of(ladders.ladder_of("minor", "response")))
    ladders.save_ladder("minor", "response", [Step("lead", minutes=0)], by(house), seen)
    with pytest.raises(ChangedMeanwhile):
        ladders.save_ladder("minor", "response", [Step("team", minutes=0)], by(house), seen)
    event = db.session.query(SecurityEvent).filter_by(subject="ladder:minor:response").one()
    assert event.detail["to"] == {"steps": ["0 min lead"]}


def require_nothing_differs() -> None:
    batches = list(check())
    assert sum(batch.tickets for batch in batches) == 3
    assert [difference for batch in batches for difference in batch.differences] == []
    assert sum(batch.waiting for batch in batches) == 0


def test_after_every_change_what_is_kept_is_what_the_rules_say(house: House) -> None:
    report(house)
    waiting, solved = report(house), report(house)
    later = MONDAY_9 + timedelta(hours=1)
    who, office_id = by(house, later), office(house).id
    wake_at = later + timedelta(days=9)
    wait(waiting.id, house.bo, waiting_for="reporter", wake_at=wake_at, question="Which list?", now=later)
    closing.resolve(solved.id, house.bo, cause="Full disk", solution="Emptied it", now=later)
    week = {**OFFICE_WEEK, "sat": [["10:00", "12:00"]]}
    thursday = date(2026, 3, 5)  # nothing is due from there on, but silence closes what is solved
    calendars.publish(office_id, week, {"2026-03-05": []}, thursday, "Holiday", who)
    work_off(later)
    require_nothing_differs()
    calendars.publish(office_id, week, {"2026-03-04": []}, TUESDAY, "Other days", who)
    work_off(later)
    require_nothing_differs()
    ladders.save_ladder("minor", "resolution", [Step("manager", percent=30)], who)
    work_off(later)
    require_nothing_differs()
    shop = calendars.create("Shop", "Europe/Berlin", {"mon": [["08:00", "20:00"]]}, {}, who)
    state = organisation.state_of(get_organisation())
    organisation.change({**state, "calendar_id": shop.id}, who)
    work_off(later)
    require_nothing_differs()

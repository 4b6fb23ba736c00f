"""What publishing a calendar would move is what it then moves."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from helpdesk.desk import calendars, closing, foresight, tickets
from helpdesk.desk.changes import By, Refused
from helpdesk.desk.policies import OFFICE_WEEK
from helpdesk.desk.recompute import recompute
from helpdesk.desk.tickets import Report
from helpdesk.desk.waiting import wait
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.organisation import get_organisation
from helpdesk.store.policies import CalendarVersion
from helpdesk.store.tickets import Entry, Ticket
from tests.conftest import MONDAY_9, House

WEDNESDAY, THURSDAY = date(2026, 3, 4), date(2026, 3, 5)
CLOSED_WEDNESDAY: dict[str, Any] = {"2026-03-04": []}


def office() -> int:
    calendar_id = get_organisation().calendar_id
    assert calendar_id
    return calendar_id


def report(house: House, minutes: int = 0, **about: Any) -> Ticket:
    """Minor: answered by noon, solved by Wednesday evening."""
    now = MONDAY_9 + timedelta(minutes=minutes)
    return tickets.report(
        Report("Slow", "", service_id=house.erp.id, **about), house.ana, now=now, door="web"
    )


def foresee(dates: dict[str, Any] = CLOSED_WEDNESDAY, on: date = WEDNESDAY) -> foresight.Foresight:
    return foresight.foresee_calendar(office(), OFFICE_WEEK, dates, on, MONDAY_9 + timedelta(hours=1))


def test_a_holiday_moves_what_is_due_after_it_and_no_more(house: House) -> None:
    later, solved, asked = report(house), report(house, 1), report(house, 2)
    critical = report(house, 3, works=Works.NOTHING, affected=Affected.EVERYONE)
    closing.resolve(solved.id, house.bo, cause="Index", solution="Rebuilt", now=MONDAY_9 + timedelta(hours=1))
    wake_at = MONDAY_9 + timedelta(days=9)
    now = MONDAY_9 + timedelta(hours=1)
    wait(asked.id, house.bo, waiting_for="reporter", wake_at=wake_at, question="Which?", now=now)
    seen = foresee()
    assert (seen.later, seen.earlier, seen.concerned) == (1, 0, 1)
    [move] = seen.examples
    assert (move.ticket_id, move.target) == (later.id, "resolution")
    assert move.was == datetime(2026, 3, 4, 17, 0, tzinfo=UTC)
    assert move.to == datetime(2026, 3, 5, 17, 0, tzinfo=UTC)
    assert critical.id not in [m.ticket_id for m in seen.examples], "it counts day and night"


def test_nothing_is_written_by_looking(house: House) -> None:
    ticket = report(house)
    foresee()
    db.session.expire_all()
    assert db.session.query(CalendarVersion).filter_by(calendar_id=office()).count() == 1
    assert db.session.query(Entry).filter_by(kind="deadline_moved").count() == 0
    assert ticket.targets[-1].due_at == datetime(2026, 3, 4, 17, 0, tzinfo=UTC)
    assert report(house).targets[-1].due_at == ticket.targets[-1].due_at, "the next report counts as before"


def test_what_is_foreseen_is_what_comes(house: House) -> None:
    found = [report(house, minutes) for minutes in range(0, 60, 10)]
    seen = foresee()
    now = MONDAY_9 + timedelta(hours=1)
    calendars.publish(office(), OFFICE_WEEK, CLOSED_WEDNESDAY, WEDNESDAY, "Holiday", By(now, house.eli.id))
    last: int | None = 0
    while (last := recompute(now, last or 0)) is not None:
        pass
    db.session.expire_all()
    assert seen.later == len(found) == db.session.query(Entry).filter_by(kind="deadline_moved").count()
    came = {ticket.id: {t.target: t.due_at for t in ticket.targets} for ticket in found}
    assert len(seen.examples) == foresight.EXAMPLES
    assert all(came[move.ticket_id][move.target] == move.to for move in seen.examples)


def test_longer_days_are_earlier_deadlines_and_other_days_none(house: House) -> None:
    report(house)
    assert foresee({"2026-03-04": [["06:00", "22:00"]]}).earlier == 1
    nothing = foresee({"2026-03-05": []}, THURSDAY)
    assert (nothing.later, nothing.earlier, nothing.concerned) == (0, 0, 0)


def test_of_very_many_the_nearest_are_looked_at(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foresight, "LOOKED_AT", 2)
    first, second, _third = (report(house, minutes) for minutes in (0, 10, 20))
    seen = foresee()
    assert (seen.concerned, seen.looked_at, seen.later) == (3, 2, 2)
    assert [move.ticket_id for move in seen.examples] == [first.id, second.id]


def test_a_day_that_has_passed_is_refused_as_when_publishing(house: House) -> None:
    with pytest.raises(Refused, match="effective_on: too_early"):
        foresee(on=date(2026, 3, 2))

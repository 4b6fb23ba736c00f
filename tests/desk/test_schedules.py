"""Reports that are sent by themselves: when due, once, with the rights of who scheduled them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from helpdesk.desk import schedules, tickets
from helpdesk.desk.changes import By, Refused
from helpdesk.rules.access import Role
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.schedules import ReportSchedule, find_next_report, list_sendings
from helpdesk.store.security import list_events
from helpdesk.store.teams import Member
from tests.at_once import at_once
from tests.conftest import MONDAY_9, House

DUE = datetime(2026, 3, 9, 7, tzinfo=UTC)  # Monday, 08:00 in Berlin


def values(*recipients: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {
        "name": "Monday figures",
        "report": "compliance",
        "asked": {"kind": "fault", "period": "last_week"},
        "recipients": list(recipients),
        "rule": "FREQ=WEEKLY;BYDAY=MO",
        "zone": "Europe/Berlin",
        "starts_at": "2026-03-02T08:00",
        **other,
    }


def add(house: House, *recipients: dict[str, Any], **other: Any) -> ReportSchedule:
    everybody = recipients or ({"person": house.dee.id}, {"person": house.chen.id})
    return schedules.add(values(*everybody, **other), By(MONDAY_9, house.dee.id))


def letters(kind: str = "report") -> list[Letter]:
    db.session.rollback()
    return db.session.query(Letter).filter_by(kind=kind).order_by(Letter.to_address).all()


def kept_one(house: House) -> None:
    said: Any = {"works": Works.NOTHING, "affected": Affected.EVERYONE, "service_id": house.erp.id}
    ticket = tickets.report(tickets.Report("Down", "", **said), house.ana, now=MONDAY_9, door="web")
    tickets.accept(ticket.id, house.bo, now=MONDAY_9 + timedelta(minutes=5))


def test_a_report_reaches_each_in_their_language_and_zone_once(house: House) -> None:
    kept_one(house)
    house.chen.locale, house.chen.zone = "zh_Hans", "Asia/Shanghai"
    db.session.commit()
    stranger = {"email": "board@example.org", "locale": "en", "zone": "America/New_York"}
    schedule = add(house, {"person": house.dee.id}, {"person": house.chen.id}, stranger)
    assert schedule.next_at == DUE == find_next_report(MONDAY_9)
    assert schedules.write_due(DUE - timedelta(seconds=1)) == 0
    assert schedules.write_due(DUE) == 3
    assert schedules.write_due(DUE) == 0
    found = {letter.to_address: letter for letter in letters()}
    assert set(found) == {"dee@example.org", "chen@example.org", "board@example.org"}
    board, dee, chen = (found[f"{name}@example.org"] for name in ("board", "dee", "chen"))
    assert dee.subject == "Monday figures: 2 Mar 2026 to 8 Mar 2026"
    assert "100% (1 of 1)" in dee.text
    assert "08:00" in dee.text
    assert "15:00" in chen.text
    assert (board.person_id, "03:00" in board.text) == (None, True)
    assert "/figures?kind=fault&amp;since=2026-03-02&amp;until=2026-03-08" in dee.html
    [sending] = list_sendings(schedule.id, 9)
    assert (sending.due_at, sending.letters) == (DUE, 3)
    assert schedule.next_at == DUE + timedelta(days=7)
    assert list_events(what="exported")[0].detail["name"] == "Monday figures"


def test_two_clocks_at_once_write_it_once(app: Flask, house: House) -> None:
    add(house)
    found = at_once(app, *(lambda: schedules.write_due(DUE) for _n in range(3)))
    assert sorted(found) == [0, 0, 2]
    assert len(letters()) == 2


def test_of_several_that_were_slept_through_the_last_is_written_of_its_own_days(house: House) -> None:
    schedule = add(house, rule="FREQ=DAILY", asked={"kind": "fault", "period": "today"})
    schedules.write_due(MONDAY_9 + timedelta(days=3, hours=-2))  # Thursday, 07:00
    assert [letter.subject for letter in letters()] == ["Monday figures: 4 Mar 2026"] * 2
    assert [sending.due_at.day for sending in list_sendings(schedule.id, 9)] == [4]
    assert schedule.next_at == datetime(2026, 3, 5, 7, tzinfo=UTC)


@pytest.mark.parametrize("how", ["left", "role"])
def test_it_stops_with_a_word_when_its_owner_may_not_read_it_any_more(house: House, how: str) -> None:
    schedule = add(house)
    if how == "left":
        house.dee.left_at = MONDAY_9
    else:
        house.dee.role = Role.AGENT
    db.session.commit()
    assert schedules.write_due(DUE) == 0
    told = {"chen@example.org"} if how == "left" else {"chen@example.org", "dee@example.org"}
    assert {letter.to_address for letter in letters("report_stopped")} == told
    assert letters() == []
    assert (schedule.next_at, schedule.stopped) == (None, "right")
    assert schedules.write_due(DUE + timedelta(days=7)) == 0
    taken = schedules.take_over(schedule.id, By(DUE, house.eli.id))
    assert schedules.write_due(DUE + timedelta(days=7)) > 0
    assert taken.person_id == house.eli.id


def test_a_lead_s_report_counts_their_teams_alone(house: House) -> None:
    kept_one(house)
    month = {"kind": "fault", "period": "month"}
    schedules.add(values({"person": house.ana.id}, asked=month), By(MONDAY_9, house.chen.id))
    schedules.write_due(DUE)
    db.session.query(Member).filter_by(person_id=house.chen.id).delete()
    db.session.commit()
    schedules.write_due(DUE + timedelta(days=7))
    counts = {letter.id: "100% (1 of 1)" in letter.text for letter in letters()}
    assert [counts[letter_id] for letter_id in sorted(counts)] == [True, False]


def test_what_is_paused_is_not_sent_and_goes_on_with_its_next(house: House) -> None:
    schedule = add(house)
    schedules.pause(schedule.id, By(MONDAY_9, house.dee.id))
    assert schedules.write_due(DUE) == 0
    schedules.go_on(schedule.id, By(DUE + timedelta(hours=1), house.dee.id))
    db.session.expire_all()
    assert schedule.next_at == DUE + timedelta(days=7)


def test_a_rule_that_is_over_sends_its_last_and_stops(house: House) -> None:
    schedule = add(house, rule="FREQ=WEEKLY;BYDAY=MO;COUNT=2")
    assert schedules.write_due(DUE) == 2
    db.session.expire_all()
    assert (schedule.next_at, schedule.stopped) == (None, "over")
    with pytest.raises(Refused, match="never"):
        schedules.go_on(schedule.id, By(DUE, house.dee.id))


def test_an_address_of_somebody_is_that_person_and_nobody_gets_it_twice(house: House) -> None:
    known = {"email": "dee@example.org", "locale": "en", "zone": "UTC"}
    assert add(house, known, {"person": house.dee.id}).recipients == [{"person": house.dee.id}]
    with pytest.raises(Refused, match="nobody"):
        schedules.add(values(), By(MONDAY_9, house.dee.id))


def test_it_is_sent_now_once_a_minute_and_its_rhythm_stays(house: House) -> None:
    schedule = add(house)
    by = By(MONDAY_9, house.dee.id)
    assert schedules.send_now(schedule.id, by) == 2
    with pytest.raises(Refused, match="already"):
        schedules.send_now(schedule.id, By(MONDAY_9 + timedelta(seconds=30), house.dee.id))
    assert len(letters()) == 2
    assert schedule.next_at == DUE


@pytest.mark.parametrize("report", ["work", "games", "reviews", "follow_ups", "kpis"])
def test_every_report_can_be_written_of_nothing_and_of_something(house: House, report: str) -> None:
    add(house, report=report)
    assert schedules.write_due(DUE) == 2
    kept_one(house)
    assert schedules.write_due(DUE + timedelta(days=7)) == 2


def test_a_preview_keeps_nothing(house: House) -> None:
    found = schedules.preview(values(), house.dee, house.dee, DUE)
    assert "Monday figures" in found.subject
    assert letters() == []

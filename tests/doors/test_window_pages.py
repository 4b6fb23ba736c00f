"""Maintenance windows, what recurs and freezes through their pages."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask

from helpdesk import clock
from helpdesk.desk import maintenance, window_series, window_steps
from helpdesk.desk.changes import By
from helpdesk.rules.access import Role
from helpdesk.store import db
from helpdesk.store.maintenance import Freeze, Window, WindowEntry, WindowSeries
from helpdesk.store.services import Dependency
from helpdesk.store.teams import Team
from helpdesk.web import window_words
from tests.conftest import Browser, House, read_anew

Browsers = Callable[[], Browser]
# The viewer's zone is Berlin, in January an hour ahead of UTC.
TIMES = {"starts_at": "2031-01-10T20:00", "ends_at": "2031-01-10T22:00"}


def form(house: House, **other: Any) -> dict[str, Any]:
    known = {"service_ids": [str(house.erp.id)], "reason": "New version", "effect": "down", "do": "save"}
    return {**known, **TIMES, **other}


def said(page: str) -> list[str]:
    return [unescape(text) for text in re.findall(r'<p class="wrong">(.*?)</p>', page)]


def warned(page: str) -> list[str]:
    found = re.findall(r'<div class="banner "><span>(.*?)</span></div>', page)
    return [unescape(re.sub("<.*?>", "", text)) for text in found]


def the_window() -> Window:
    read_anew()
    return db.session.query(Window).one()


def planned(house: House, **other: Any) -> Window:
    """A draft of Chen's that begins in two days."""
    start = clock.now().replace(microsecond=0) + timedelta(days=2)
    values = {"service_ids": [house.erp.id], "starts_at": start, "ends_at": start + timedelta(hours=2)}
    values |= {"reason": "New version", **other}
    return maintenance.draft(values, By(clock.now(), house.chen.id))


def announced(house: House, **other: Any) -> Window:
    window = planned(house, **other)
    maintenance.approve(window.id, By(clock.now(), house.dee.id))
    return maintenance.announce(window.id, By(clock.now(), house.chen.id))


def test_a_window_is_planned_approved_by_another_announced_moved_and_called_off(
    house: House, browser: Browsers
) -> None:
    chen, dee = browser().known_as(house.chen), browser().known_as(house.dee)
    missing = chen.post("/maintenance/new", data=form(house, reason=""))
    assert missing.status_code == 422
    assert said(missing.text) == ["Say what is done, so that people understand the wait."]
    assert chen.post("/maintenance/new", data=form(house)).status_code == 303
    window = the_window()
    path = f"/maintenance/{window.id}"
    assert (window.state, window.starts_at) == ("draft", datetime(2031, 1, 10, 19, 0, tzinfo=UTC))
    assert "somebody else has to approve it" in chen.get(f"{path}/approve").text
    own = chen.post(f"{path}/approve")
    assert own.status_code == 422
    assert dee.post(f"{path}/approve").status_code == 303
    assert dee.get(f"{path}/announce").status_code == 404, "a manager approves and does no more"
    assert chen.post(f"{path}/announce").status_code == 303
    moved = {"starts_at": "2031-01-11T20:00", "ends_at": "2031-01-11T21:00", "reason": "Later"}
    assert chen.post(f"{path}/move", data=moved).status_code == 303
    assert the_window().ends_at == datetime(2031, 1, 11, 20, 0, tzinfo=UTC)
    assert "Call the maintenance off?" in chen.get(f"{path}/cancel").text
    assert chen.post(f"{path}/cancel", data={"reason": "Not needed"}).status_code == 303
    assert chen.post(f"{path}/cancel").status_code == 404
    page = unescape(chen.get(path).text)
    for line in (
        "<b>Chen</b> planned it",
        "<b>Dee</b> approved it",
        "<b>Chen</b> announced it",
        "<b>Chen</b> put it from",
        "<b>Chen</b> called it off <small>Not needed</small>",
    ):
        assert line in page
    assert "called off" in chen.get("/maintenance").text


def test_a_window_that_runs_is_extended_and_ended_early(house: House, browser: Browsers) -> None:
    window = announced(house)
    chen = browser().known_as(house.chen)
    path = f"/maintenance/{window.id}"
    assert chen.get(f"{path}/extend").status_code == 404, "it has not begun"
    assert chen.post(f"{path}/start").status_code == 303
    earlier = {"ends_at": (window.ends_at - timedelta(hours=9)).strftime("%Y-%m-%dT%H:%M")}
    assert said(chen.post(f"{path}/extend", data=earlier).text) == [
        "Choose an end that is later than the present one, or end it early."
    ]
    later = {"ends_at": (window.ends_at + timedelta(hours=9)).strftime("%Y-%m-%dT%H:%M"), "reason": "Slow"}
    assert chen.post(f"{path}/extend", data=later).status_code == 303
    assert "running, extended" in chen.get("/maintenance").text
    assert chen.post(f"{path}/finish", data={"reason": "Quick after all"}).status_code == 303
    read_anew()
    kinds = [entry.kind for entry in db.session.query(WindowEntry).order_by(WindowEntry.id)]
    assert kinds == ["drafted", "approved", "announced", "started", "extended", "finished"]
    assert "<small>Quick after all</small>" in chen.get(path).text


def test_what_speaks_against_a_window_is_said_before_it_is_saved(house: House, browser: Browsers) -> None:
    db.session.add(Dependency(service_id=house.printing.id, needs_id=house.erp.id))
    year_end = {"name": "Closing", "first_on": datetime(2031, 1, 1).date(), "days": 7}  # noqa: DTZ001
    db.session.add(Freeze(**year_end, rule="FREQ=YEARLY;BYMONTH=3,6,9,12;BYMONTHDAY=-7"))
    db.session.commit()
    times = {"starts_at": "2031-06-24T20:00", "ends_at": "2031-06-24T22:00"}
    chen = browser().known_as(house.chen)
    chen.post("/maintenance/new", data=form(house, service_ids=[str(house.printing.id)], **times, warned="x"))
    first = chen.post("/maintenance/new", data=form(house, service_ids=[str(house.printing.id)], **times))
    assert first.status_code == 200
    assert warned(first.text) == ["Nothing should be changed from 24 June 2031 to 30 June 2031: Closing."]
    marker = re.search(r'name="warned" value="(.*?)"', first.text)
    assert marker is not None
    assert db.session.query(Window).count() == 0
    again = form(house, service_ids=[str(house.printing.id)], **times, warned=unescape(marker[1]))
    assert chen.post("/maintenance/new", data=again).status_code == 303
    other = chen.post("/maintenance/new", data=form(house, **times, warned=unescape(marker[1])))
    assert [text.split(",")[0] for text in warned(other.text)] == [
        "At the same time: Printing",
        "Nothing should be changed from 24 June 2031 to 30 June 2031: Closing.",
    ]
    assert "It covers these too, as they do not work without what you chose: Printing." in other.text


def test_too_little_notice_is_said(house: House, browser: Browsers) -> None:
    soon = clock.now() + timedelta(hours=1, minutes=30)  # in Berlin's summer too this is to come
    start, end = soon.replace(second=0), soon + timedelta(hours=3)
    zone = {"starts_at": start.strftime("%Y-%m-%dT%H:%M"), "ends_at": end.strftime("%Y-%m-%dT%H:%M")}
    house.chen.zone = "UTC"
    db.session.commit()
    chen = browser().known_as(house.chen)
    assert chen.post("/maintenance/new", data=form(house, **zone, do="look")).text.count("less than") == 0
    zone["starts_at"] = (clock.now() + timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M")
    page = chen.post("/maintenance/new", data=form(house, **zone, do="look")).text
    assert warned(page) == ["It is announced less than 1 h 00 min ahead, so deadlines do not wait for it."]


def test_leads_plan_for_services_of_their_own_teams(house: House, browser: Browsers) -> None:
    network = Team(name="Network")
    db.session.add(network)
    db.session.flush()
    house.printing.team_id = network.id
    db.session.commit()
    printing = form(house, service_ids=[str(house.printing.id)])
    chen, eli = browser().known_as(house.chen), browser().known_as(house.eli)
    refused = chen.post("/maintenance/new", data=printing)
    assert (refused.status_code, said(refused.text)) == (422, ["Choose a service from the list."])
    assert eli.post("/maintenance/new", data=printing).status_code == 303
    window = the_window()
    for person in (house.bo, house.chen, house.fay):
        door = browser().known_as(person)
        assert door.get(f"/maintenance/{window.id}").status_code == 200
        for step in ("change", "approve", "announce", "cancel"):
            assert door.post(f"/maintenance/{window.id}/{step}").status_code == 404, (person.name, step)


def test_whoever_answers_for_a_window_extends_and_ends_it_and_plans_nothing(
    house: House, browser: Browsers
) -> None:
    window = announced(house, owner_id=house.bo.id)
    bo = browser().known_as(house.bo)
    path = f"/maintenance/{window.id}"
    for step in ("move", "cancel", "change"):
        assert bo.get(f"{path}/{step}").status_code == 404, step
    assert bo.post(f"{path}/start").status_code == 303
    assert bo.post(f"{path}/finish").status_code == 303
    assert the_window().state == "finished"


def test_windows_of_a_restricted_service_are_its_teams(house: House, browser: Browsers) -> None:
    window = announced(house, reason="New payroll")
    house.erp.is_restricted = True
    other = house.person("Gao", Role.AGENT)
    db.session.commit()
    for person, seen in ((other, False), (house.bo, True), (house.dee, True)):
        door = browser().known_as(person)
        assert door.get(f"/maintenance/{window.id}").status_code == (200 if seen else 404)
        assert ("New payroll" in door.get("/maintenance").text) is seen


def test_a_month_shows_each_day_that_a_window_touches(house: House, browser: Browsers) -> None:
    start = datetime(2031, 1, 31, 22, 0, tzinfo=UTC)
    announced(house, starts_at=start, ends_at=start + timedelta(hours=4))
    bo = browser().known_as(house.bo)
    assert bo.get("/maintenance?month=2031-01").text.count('class="on-day wait"') == 2, "Friday and Saturday"
    assert '<h2 id="month">January 2031</h2>' in bo.get("/maintenance?month=2031-01").text
    assert bo.get("/maintenance?month=2031-03").text.count('class="on-day wait"') == 0
    for month in ("2031-13", "0000-01", "9999-12", "x"):
        assert bo.get(f"/maintenance?month={month}").status_code == 200


def test_words_of_an_announced_window_change_and_its_times_do_not(house: House, browser: Browsers) -> None:
    window = announced(house)
    chen = browser().known_as(house.chen)
    path = f"/maintenance/{window.id}/change"
    page = chen.get(path).text
    assert 'name="starts_at"' not in page
    marker = re.search(r'name="marker" value="(.+?)"', page)
    assert marker is not None
    sent = form(house, reason="Newer version", rollback_plan="Restore", marker=marker[1])
    assert chen.post(path, data=sent).status_code == 303
    changed = the_window()
    assert (changed.reason, changed.rollback_plan) == ("Newer version", "Restore")
    assert changed.starts_at == window.starts_at
    assert chen.post(path, data=sent).status_code == 422, "somebody has changed it since"


def test_maintenance_that_recurs_is_planned_approved_and_announced_weeks_ahead(
    house: House, browser: Browsers
) -> None:
    tomorrow = (clock.now() + timedelta(days=1)).date()
    times = {"starts_at": f"{tomorrow}T20:00", "ends_at": f"{tomorrow}T22:00"}
    chen, dee = browser().known_as(house.chen), browser().known_as(house.dee)
    weekly = form(house, **times, repeats="weekly", exceptions=str(tomorrow + timedelta(days=7)))
    look = chen.post("/maintenance/new", data={**weekly, "do": "look"})
    assert look.text.count("<li><time") == 8, "of nine weeks one is left out"
    assert chen.post("/maintenance/new", data=weekly).status_code == 303
    read_anew()
    series = db.session.query(WindowSeries).one()
    path = f"/maintenance/series/{series.id}"
    assert chen.post(f"{path}/approve", follow_redirects=True).text.count("planned this yourself") >= 1
    assert db.session.query(Window).count() == 0
    assert dee.post(f"{path}/approve").status_code == 303
    read_anew()
    windows = db.session.query(Window).order_by(Window.starts_at).all()
    assert {window.state for window in windows} == {"announced"}
    assert len(windows) == 8
    assert "every week on" in chen.get(path).text
    assert chen.get(f"{path}/change").status_code == 404, "an approved one stays as it is"
    assert chen.post(f"{path}/stop", data={"coming": "1"}).status_code == 303
    read_anew()
    assert {window.state for window in db.session.query(Window)} == {"cancelled"}


def marker(page: str) -> str:
    return str(re.findall(r'name="marker" value="(.*?)"', page)[0])


def test_nobody_approves_what_was_changed_since_they_read_it(house: House, browser: Browsers) -> None:
    dee, chen = browser().known_as(house.dee), browser().known_as(house.chen)
    window = planned(house)
    path = f"/maintenance/{window.id}/approve"
    seen = marker(dee.get(path).text)
    maintenance.change(window.id, {"effect": "read_only"}, By(clock.now(), house.chen.id))
    late = dee.post(path, data={"marker": seen})
    assert late.status_code == 422
    assert "Somebody else has changed this" in late.text
    assert the_window().state == "draft"
    assert dee.post(path, data={"marker": marker(late.text)}).status_code == 303
    assert the_window().state == "approved"

    assert chen.post("/maintenance/new", data=form(house, repeats="weekly")).status_code == 303
    read_anew()
    series = db.session.query(WindowSeries).one()
    path = f"/maintenance/series/{series.id}"
    seen = marker(dee.get(path).text)
    values = {**window_series.state_of(series), "minutes": 60}
    window_series.change(series.id, values, By(clock.now(), house.chen.id))
    late = dee.post(f"{path}/approve", data={"marker": seen}, follow_redirects=True)
    assert "Somebody else has changed this" in late.text
    dee.post(f"{path}/approve", data={"marker": marker(late.text)})
    read_anew()
    assert db.session.query(WindowSeries).one().approved_by_id == house.dee.id


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"repeats": "rule", "rule": "every Tuesday"}, "Write a rule for days as in RFC 5545"),
        ({"repeats": "rule"}, "Write a rule for days as in RFC 5545"),
        ({"repeats": "rule", "rule": "FREQ=DAILY;BYHOUR=3"}, "BYHOUR is not possible in such a rule"),
        ({"repeats": "monthly_day", "last_on": "2030-01-01"}, "This rule names no day"),
        ({"repeats": "daily", "ends_at": "2031-01-12T22:00"}, "A window would not be over when the next"),
        ({"repeats": "weekly", "exceptions": "2031-01-11"}, "No window would begin on 2031-01-11."),
        ({"repeats": "weekly", "exceptions": "Christmas"}, "Write each day like this: 2026-12-24."),
        ({"repeats": "often"}, "Say how often it recurs."),
    ],
)
def test_what_cannot_recur_is_said(
    house: House, browser: Browsers, other: dict[str, str], words: str
) -> None:
    page = browser().known_as(house.chen).post("/maintenance/new", data=form(house, **other))
    assert page.status_code == 422
    assert any(text.startswith(words) for text in said(page.text)), said(page.text)


def test_freezes_are_set_by_those_who_answer_for_all(house: House, browser: Browsers) -> None:
    sent = {"name": "Closing", "when": "quarter", "days": "7", "first_on": "2026-01-01"}
    dee = browser().known_as(house.dee)
    assert browser().known_as(house.chen).post("/maintenance/freezes/new", data=sent).status_code == 404
    assert said(dee.post("/maintenance/freezes/new", data={**sent, "days": "29"}).text) == [
        "Enter a whole number from 1 to 28."
    ]
    assert dee.post("/maintenance/freezes/new", data=sent).status_code == 303
    read_anew()
    freeze = db.session.query(Freeze).one()
    assert freeze.rule == "FREQ=YEARLY;BYMONTH=3,6,9,12;BYMONTHDAY=-7"
    assert "the last days of each quarter" in browser().known_as(house.bo).get("/maintenance/freezes").text
    assert "No changes: Closing" in dee.get("/maintenance?month=2031-03").text
    path = f"/maintenance/freezes/{freeze.id}"
    assert 'value="quarter" selected' in dee.get(path).text
    assert said(dee.post(path, data={**sent, "when": "rule"}).text)
    assert dee.post(f"{path}/remove").status_code == 303
    assert dee.get(path).status_code == 404


def test_a_date_that_is_not_made_yet_can_be_left_out(house: House, browser: Browsers) -> None:
    start = datetime(2041, 1, 10, 20, 0, tzinfo=UTC)
    values = {"rule": "FREQ=DAILY", "zone": "UTC", "starts_at": "2041-01-10T20:00", "minutes": 60}
    values |= {"exceptions": [], "service_ids": [house.erp.id], "reason": "New version", "effect": "down"}
    values |= {"owner_id": None, "rollback_plan": ""}
    series = window_series.draft(values, By(start - timedelta(days=100), house.chen.id))
    chen = browser().known_as(house.chen)
    path = f"/maintenance/series/{series.id}/leave-out"
    assert chen.post(path, data={"start": "2041-01-10T20:30"}).status_code == 404
    assert chen.post(path, data={"start": "2041-01-10T20:00"}).status_code == 303
    read_anew()
    assert db.session.query(WindowSeries).one().exceptions == ["2041-01-10T20:00"]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=DAILY", "every day at 20:00"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", "every two weeks on Tuesday at 20:00"),
        ("FREQ=MONTHLY;BYMONTHDAY=31", "every month on day 31 at 20:00"),
        (
            "FREQ=MONTHLY;BYDAY=-1TU;UNTIL=20261231T225959Z",
            "every month on the last Tuesday at 20:00 until",
        ),
        ("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1", "by the rule FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1 at 20:00"),
    ],
)
def test_common_rules_are_said_in_words(app: Flask, rule: str, words: str) -> None:
    with app.test_request_context():
        assert window_words.say_rule(rule, "2026-03-31T20:00", "Europe/Berlin").startswith(words)


def test_what_was_urgent_meanwhile_leads_to_its_ticket(house: House, browser: Browsers) -> None:
    window = announced(house)
    window_steps.record(window, "emergency", clock.now(), house.ana.id, {"ticket": 7})
    detail = {"ticket": 7, "outcome": "work_around"}
    window_steps.record(window, "outcome", clock.now(), house.bo.id, detail)
    db.session.commit()
    page = browser().known_as(house.bo).get(f"/maintenance/{window.id}").text
    assert '<b>Ana</b> asked for something urgent <small><a href="/tickets/HD-7">HD-7</a></small>' in page
    assert "HD-7</a> · It is done another way</small>" in page

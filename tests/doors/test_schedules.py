"""Scheduled reports on their pages: one's own, looked at, sent, paused, and whose they are."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from helpdesk import clock
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.schedules import ReportSchedule
from helpdesk.store.teams import Team
from tests.conftest import Browser, House, read_anew

Browsers = Callable[[], Browser]


@pytest.fixture
def dee(house: House, browser: Browsers) -> Browser:
    return browser().known_as(house.dee)


def form(house: House, **other: Any) -> dict[str, Any]:
    return {
        "name": "Monday figures",
        "report": "compliance",
        "kind": "fault",
        "period": "last_week",
        "starts_at": "2026-03-02T08:00",
        "zone": "Europe/Berlin",
        "rhythm": "weekly",
        "people": [house.dee.id, house.chen.id],
        "addresses": "board@example.org, Board@example.org",
        "locale": "zh_Hant",
        **other,
    }


def only() -> ReportSchedule:
    read_anew()
    return db.session.query(ReportSchedule).one()


def letters() -> list[Letter]:
    read_anew()
    return db.session.query(Letter).filter_by(kind="report").all()


def test_a_report_is_scheduled_looked_at_changed_and_removed(house: House, dee: Browser) -> None:
    page = dee.post("/figures/schedules/new", data=form(house)).location
    schedule = only()
    assert schedule.rule == "FREQ=WEEKLY;BYDAY=MO"
    assert schedule.asked == {"kind": "fault", "period": "last_week"}
    stranger = {"email": "board@example.org", "locale": "zh_Hant", "zone": "Europe/Berlin"}
    assert schedule.recipients == [{"person": house.chen.id}, {"person": house.dee.id}, stranger]
    assert schedule.next_at is not None
    assert schedule.next_at > clock.now()
    shown = dee.get(page)
    assert "every week on Monday at 08:00" in shown.text
    assert "board@example.org" in shown.text
    letter = dee.get(f"{page}/letter")
    assert "All promises" in letter.text
    assert letter.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-src 'self'" in shown.headers["Content-Security-Policy"]
    edit = dee.get(f"{page}/change").text
    assert 'value="2026-03-02T08:00"' in edit
    [marker] = re.findall(r'name="marker" value="(\w+)"', edit)
    changed = form(house, rhythm="rule", rule="freq=monthly;byday=2tu", addresses="", team=house.team.id)
    assert dee.post(f"{page}/change", data=changed | {"marker": "old"}).status_code == 422
    changed["marker"] = marker
    assert dee.post(f"{page}/change", data=changed).location == page
    schedule = only()
    assert (schedule.rule, schedule.asked["team"]) == ("FREQ=MONTHLY;BYDAY=2TU", house.team.id)
    assert dee.get(f"{page}/remove").status_code == 200
    assert dee.post(f"{page}/remove").location == "/figures/schedules"
    read_anew()
    assert db.session.query(ReportSchedule).count() == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"people": [], "addresses": ""}, "Choose at least one person, or write an address."),
        ({"addresses": "nobody"}, "Check this address: nobody."),
        ({"rhythm": "rule"}, "Write a rule for days as in RFC 5545"),
        (
            {"rhythm": "rule", "rule": "FREQ=YEARLY;UNTIL=20200101"},
            "By this rule no letter would ever leave.",
        ),
        ({"report": "salaries"}, "Choose a report."),
        ({"people": [99]}, "Choose one of the list."),
        ({"people": ["²", "9" * 40]}, "Choose one of the list."),
        (
            {"addresses": "\n".join(f"a{n}@example.org" for n in range(500))},
            "200 people and addresses at most",
        ),
        ({"report": "kpis", "severity": "minor"}, "This report cannot be of some of it alone."),
        ({"starts_at": ""}, "Say when the first letter leaves."),
    ],
)
def test_what_cannot_be_sent_says_the_mend(
    house: House, dee: Browser, wrong: dict[str, Any], said: str
) -> None:
    answer = dee.post("/figures/schedules/new", data=form(house, **wrong))
    assert answer.status_code == 422
    assert said in answer.text
    assert db.session.query(ReportSchedule).count() == 0


def test_a_lead_chooses_among_their_teams(house: House, browser: Browsers) -> None:
    other = Team(name="Network")
    db.session.add(other)
    db.session.commit()
    chen = browser().known_as(house.chen)
    assert "Network" not in chen.get("/figures/schedules/new").text
    assert chen.post("/figures/schedules/new", data=form(house, team=other.id)).status_code == 422


def test_look_shows_the_letter_and_keeps_nothing(house: House, dee: Browser) -> None:
    answer = dee.post("/figures/schedules/look", data=form(house))
    assert "All promises" in answer.text
    assert "Choose a report." in dee.post("/figures/schedules/look", data=form(house, report="x")).text
    assert (db.session.query(ReportSchedule).count(), letters()) == (0, [])


def test_it_is_sent_now_paused_and_goes_on(house: House, dee: Browser) -> None:
    page = dee.post("/figures/schedules/new", data=form(house)).location
    dee.post(f"{page}/send")
    assert len(letters()) == 3
    assert "3 letters are on their way." in dee.get(page).text
    dee.post(f"{page}/pause")
    assert only().next_at is None
    assert "Paused" in dee.get("/figures/schedules").text
    dee.post(f"{page}/go_on")
    assert isinstance(only().next_at, datetime)


def test_others_do_not_see_it_but_administrators_may_take_it_over(
    house: House, dee: Browser, browser: Browsers
) -> None:
    page = dee.post("/figures/schedules/new", data=form(house)).location
    chen, eli = browser().known_as(house.chen), browser().known_as(house.eli)
    for path in (page, f"{page}/letter", f"{page}/change", f"{page}/remove"):
        assert chen.get(path).status_code == 404
    for act in ("send", "pause", "go_on", "take_over"):
        assert chen.post(f"{page}/{act}").status_code == 404
    assert "Monday figures" not in chen.get("/figures/schedules").text
    assert dee.post(f"{page}/take_over").status_code == 404
    assert "Take it over" in eli.get(page).text
    eli.post(f"{page}/take_over")
    assert only().person_id == house.eli.id
    assert dee.get(page).status_code == 404

"""Absences through their page: what they mean to turns, and the calendar they may come from."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from helpdesk import clock
from helpdesk.rules.access import Role
from helpdesk.store import db
from helpdesk.store.rosters import Absence, AbsenceFeed, Layer
from tests.conftest import Browser, House, a_roster, read_anew

Browsers = Callable[[], Browser]
ADDRESS = "webcal://calendar.example.org/secret-7f3.ics"


@pytest.fixture
def bo(house: House, app: Flask, browser: Browsers) -> Browser:
    """Bo, who takes daily turns with Chen."""
    app.extensions.pop("on_call", None)
    people = [house.bo.id, house.chen.id]
    layer = Layer(name="days", position=0, people=people, starts_at="2026-03-02T09:00", every=1, unit="days")
    db.session.add(a_roster("First line", layer))
    db.session.commit()
    return browser().known_as(house.bo)


def span(first: int, last: int) -> dict[str, str]:
    """From so many days ahead to so many."""
    days = (clock.now() + timedelta(days=first), clock.now() + timedelta(days=last))
    return {name: f"{day:%Y-%m-%d}T00:00" for name, day in zip(("starts_at", "ends_at"), days, strict=True)}


def test_an_absence_shows_who_takes_its_turns(house: House, bo: Browser) -> None:
    page = bo.post("/on-call/absences", data=span(2, 5), follow_redirects=True).text
    assert "Noted. Turns in that time go to the next in order." in page
    assert "First line, " in page
    assert "Chen takes it" in page


def test_an_absence_says_where_nobody_is_left(house: House, bo: Browser, browser: Browsers) -> None:
    browser().known_as(house.chen).post("/on-call/absences", data=span(2, 5))
    page = bo.post("/on-call/absences", data=span(2, 5), follow_redirects=True).text
    assert "Nobody takes First line, " in page


def test_an_absence_of_who_takes_no_turns_touches_none(house: House, bo: Browser, browser: Browsers) -> None:
    hal = house.person("Hal", Role.AGENT)
    db.session.commit()
    door = browser().known_as(hal)
    assert (
        "It touches no turn." in door.post("/on-call/absences", data=span(2, 5), follow_redirects=True).text
    )


def test_a_calendar_is_linked_and_never_shown_again(house: House, bo: Browser) -> None:
    page = bo.post("/on-call/absences/calendar", data={"url": ADDRESS}, follow_redirects=True).text
    assert "Not read yet" in page
    assert "secret-7f3" not in page
    read_anew()
    assert "secret-7f3" not in db.session.query(AbsenceFeed).one().url
    assert bo.post("/on-call/absences/calendar/remove").status_code == 303
    assert bo.post("/on-call/absences/calendar/remove").status_code == 404


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "Paste the address of your calendar."),
        ("http://example.org/a.ics", "begins with https://"),
        ("https://10.0.0.1/a.ics", "Only calendars on the Internet are read."),
    ],
)
def test_an_address_that_is_not_asked_is_said(house: House, bo: Browser, url: str, said: str) -> None:
    answer = bo.post("/on-call/absences/calendar", data={"url": url})
    assert answer.status_code == 422
    assert said in answer.text


def test_what_a_calendar_says_is_not_taken_back_here(house: House, bo: Browser) -> None:
    start = clock.now() + timedelta(days=3)
    feed = AbsenceFeed(person_id=house.bo.id, url="sealed", created_at=clock.now(), fault="refused")
    absence = Absence(person_id=house.bo.id, starts_at=start, ends_at=start + timedelta(days=1), uid="1/x")
    db.session.add_all([feed, absence])
    db.session.commit()
    page = bo.get("/on-call/absences").text
    assert "from their calendar" in page
    assert "Is the address still the right one?" in page
    assert "What was read before stays." in page
    assert bo.post(f"/on-call/absences/{absence.id}/remove").status_code == 404

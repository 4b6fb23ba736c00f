"""Preflight and handovers through their pages."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask

from helpdesk import clock
from helpdesk.desk import handovers, tickets
from helpdesk.desk.tickets import Report
from helpdesk.rules.access import Role
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.rosters import Handover, Layer, Roster
from tests.conftest import MONDAY_9, Browser, House, a_roster, read_anew

Browsers = Callable[[], Browser]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def roster(house: House, app: Flask) -> Roster:
    """Bo and Chen take turns of a day since long ago."""
    app.extensions.pop("on_call", None)
    layer = Layer(position=0, name="days", people=[house.bo.id, house.chen.id], every=1, unit="days")
    layer.starts_at = "2026-03-02T09:00"
    found = a_roster("First line", layer)
    db.session.add(found)
    db.session.flush()
    house.team.roster_id = found.id
    db.session.commit()
    return found


@pytest.fixture
def note(house: House, roster: Roster) -> Handover:
    """From Bo to Chen on a Tuesday, with a critical ticket."""
    command = Report("Down", "504", service_id=house.erp.id, works=Works.NOTHING, affected=Affected.EVERYONE)
    tickets.report(command, house.ana, now=MONDAY_9, door="web")
    handovers.sweep(MONDAY_9)
    handovers.sweep(MONDAY_9 + DAY)
    read_anew()
    return db.session.query(Handover).one()


def words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_preflight_says_what_is_wrong_and_what_to_do(house: House, roster: Roster, browser: Browsers) -> None:
    for person in (house.bo, house.dee, house.fay):
        page = words(browser().known_as(person).get("/on-call/preflight").text)
        assert "ERP has 2 agents; 3 to 5 are a good size." in page
        assert "hear of alarms only by mail. Ask them to add a channel" in page


def test_preflight_shows_ones_own_teams_first_then_all_and_any_one(
    house: House, roster: Roster, browser: Browsers
) -> None:
    other = a_roster("Network")
    db.session.add(other)
    db.session.commit()
    bo = browser().known_as(house.bo)
    assert "Network" not in words(bo.get("/on-call/preflight").text)
    assert "Network" in words(bo.get("/on-call/preflight?all=1").text)
    assert "First line" not in words(bo.get(f"/on-call/preflight?roster={other.id}").text)
    for odd in ("roster=x", "roster=99", f"roster={'9' * 30}"):
        assert bo.get(f"/on-call/preflight?{odd}").status_code == 200


def test_a_change_says_what_it_newly_breaks_and_only_that(
    house: House, roster: Roster, browser: Browsers
) -> None:
    start = clock.now() + 5 * DAY
    span = {"starts_at": f"{start:%Y-%m-%dT%H:%M}", "ends_at": f"{start + 2 * DAY:%Y-%m-%dT%H:%M}"}
    bo, chen = (browser().known_as(p) for p in (house.bo, house.chen))
    first = bo.post("/on-call/absences", data=span, follow_redirects=True)
    assert 'class="flash warning"' not in first.text, "Chen covers"
    second = chen.post("/on-call/absences", data=span, follow_redirects=True)
    assert "Nobody takes First line" in words(second.text)
    assert "Nobody is on call from" not in words(second.text), "it is said once"
    [cover] = re.findall(r'href="([^"]*/overrides[^"]*)">Cover<', chen.get("/on-call/preflight").text)
    assert f"{start:%Y-%m-%dT}" in chen.get(unescape(cover)).text, "the gap is filled in"
    assert ">Cover<" not in bo.get("/on-call/preflight").text
    path = f"/on-call/{roster.id}/layers"
    refused = chen.post(path, data={"count": "1", "do": "save"})
    assert (refused.status_code, 'class="flash warning"' in refused.text) == (422, False)
    emptied = chen.post(path, data={"count": "0", "do": "save"}, follow_redirects=True)
    assert re.search(r'class="flash warning"[^>]*>First line: Nobody is on call from', emptied.text)


def test_words_for_the_next_are_kept_and_shown_to_their_author(
    house: House, roster: Roster, browser: Browsers
) -> None:
    bo = browser().known_as(house.bo)
    assert "Your turn ends" in words(bo.get("/on-call/handovers").text)
    sent = bo.post(f"/on-call/handovers/of/{roster.id}", data={"words": "Watch <b>this</b>"})
    assert sent.status_code == 303
    assert "Watch &lt;b&gt;this&lt;/b&gt;" in bo.get("/on-call/handovers").text
    too_long = bo.post(f"/on-call/handovers/of/{roster.id}", data={"words": "x" * 4001})
    assert too_long.status_code == 422
    assert "4000 characters at most" in too_long.text
    eli = browser().known_as(house.eli)
    assert eli.post(f"/on-call/handovers/of/{roster.id}", data={"words": "x"}).status_code == 404


def test_a_note_is_read_by_those_it_concerns_and_the_next_one_says_so(
    house: House, note: Handover, browser: Browsers
) -> None:
    stranger = house.person("Gil", Role.AGENT)
    db.session.commit()
    path = f"/on-call/handovers/{note.id}"
    for person, status in (
        (house.bo, 200),
        (house.chen, 200),
        (house.dee, 200),
        (stranger, 404),
        (house.ana, 404),
    ):
        assert browser().known_as(person).get(path).status_code == status, person.name
    assert "Bo to Chen" not in words(browser().known_as(stranger).get("/on-call/handovers").text)
    chen = browser().known_as(house.chen)
    page = chen.get(path).text
    assert "HD-1 Down" in words(page)
    assert "I have read it" in page
    assert chen.post(f"{path}/seen").status_code == 303
    page = chen.get(path).text
    assert "Read " in words(page)
    assert "I have read it" not in page


@pytest.mark.parametrize("path", ["/on-call/handovers/99", f"/on-call/handovers/{'9' * 30}"])
def test_a_note_that_is_not_there_is_not_found(house: House, browser: Browsers, path: str) -> None:
    assert browser().known_as(house.eli).get(path).status_code == 404

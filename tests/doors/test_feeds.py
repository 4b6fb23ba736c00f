"""Calendar feeds, wall screens and who is on call now, as strangers with a link and colleagues see them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import vobject
from icalendar import Calendar

from helpdesk import clock
from helpdesk.desk import feeds, leavers, tokens
from helpdesk.desk.changes import By
from helpdesk.rules.access import Role
from helpdesk.store import db
from helpdesk.store.db import transaction
from helpdesk.store.rosters import FeedLink, Layer, Override, Roster
from helpdesk.store.security import SecurityEvent
from tests.conftest import Browser, House, a_roster, read_anew

Browsers = Callable[[], Browser]


@pytest.fixture
def roster(house: House) -> Roster:
    """Bo and Chen take weeks, handed over on Mondays at nine in Berlin."""
    people = [house.bo.id, house.chen.id]
    layer = Layer(
        position=0, name="Weeks", people=people, starts_at="2026-03-02T09:00", every=1, unit="weeks"
    )
    found = a_roster("Erste Linie, 一线", layer)
    db.session.add(found)
    db.session.flush()
    house.team.roster_id = found.id
    db.session.commit()
    return found


def made(person: Browser, what: str) -> str:
    """The path of a link that the person has just made on the page."""
    answer = person.post("/on-call/feeds", data={"what": what})
    assert answer.status_code == 200
    [address] = set(re.findall(r"http://desk\.example\.org(/(?:feeds|wall)/[\w.-]+)", unescape(answer.text)))
    return address


def events_of(text: str) -> list[tuple[str, str, datetime, datetime]]:
    """UID, summary, from and to of each event, as icalendar and vobject both read them."""
    ours = [
        (str(e["uid"]), str(e["summary"]), e["dtstart"].dt, e["dtend"].dt)
        for e in Calendar.from_ical(text).walk("VEVENT")
    ]
    read = vobject.readOne(text)
    theirs = [(e.uid.value, e.summary.value, e.dtstart.value, e.dtend.value) for e in read.vevent_list]
    assert [(u, s, a, b) for u, s, a, b in ours] == [(u, s, a, b) for u, s, a, b in theirs]
    return ours


def test_a_persons_feed_holds_their_turns_and_two_parsers_read_it_alike(
    house: House, roster: Roster, browser: Browsers
) -> None:
    path = made(browser().known_as(house.bo), "person")
    answer = browser().get(path)
    assert answer.content_type == "text/calendar; charset=utf-8"
    events = events_of(answer.text)
    assert {summary for _uid, summary, _start, _end in events} == {"On call: Erste Linie, 一线"}
    assert len({uid for uid, *_rest in events}) == len(events) > 12
    for _uid, _summary, start, end in events[1:-1]:
        assert end - start in {timedelta(days=7), timedelta(days=7, hours=1), timedelta(days=7, hours=-1)}
        assert start.utcoffset() == timedelta()
    calendar = Calendar.from_ical(answer.text)
    assert (str(calendar["version"]), str(calendar["method"])) == ("2.0", "PUBLISH")
    assert all(str(e["transp"]) == "TRANSPARENT" for e in calendar.walk("VEVENT"))
    assert all(len(line.encode()) <= 75 for line in answer.get_data().decode().split("\r\n"))


def test_a_rosters_feed_names_everybody_and_its_gaps(house: House, roster: Roster, browser: Browsers) -> None:
    house.chen.left_at = clock.now() - timedelta(days=100)
    db.session.commit()
    path = made(browser().known_as(house.bo), f"roster:{roster.id}")
    said = {summary for _uid, summary, *_span in events_of(browser().get(path).text)}
    assert said == {"Bo", "Nobody is on call: Erste Linie, 一线"}


def test_a_feed_answers_304_until_a_turn_changes_and_keeps_its_uids(
    house: House, roster: Roster, browser: Browsers
) -> None:
    path = made(browser().known_as(house.bo), "person")
    reader = browser()
    first = reader.get(path)
    again = reader.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.get_data()) == (304, b"")
    before = events_of(first.text)
    starts_at = before[5][3] - timedelta(hours=3)  # Eli takes the last three hours of a turn
    taken = Override(roster_id=roster.id, person_id=house.eli.id, starts_at=starts_at, created_at=starts_at)
    taken.ends_at = before[5][3]
    with transaction():
        db.session.add(taken)
    changed = reader.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    after = events_of(changed.text)
    assert [uid for uid, *_rest in after] == [uid for uid, *_rest in before]
    assert after[5][3] == starts_at


def test_a_feed_without_turns_is_a_calendar_too(house: House, roster: Roster, browser: Browsers) -> None:
    text = browser().get(made(browser().known_as(house.eli), "person")).text
    assert [each.name for each in Calendar.from_ical(text).subcomponents] == ["VTIMEZONE"]
    assert vobject.readOne(text).vtimezone.tzid.value == "Etc/UTC"


def test_a_link_is_kept_as_a_hash_and_ends_when_it_is_revoked_or_its_owner_leaves(
    house: House, roster: Roster, browser: Browsers
) -> None:
    bo = browser().known_as(house.bo)
    path = made(bo, "person")
    secret = path.removeprefix("/feeds/").removesuffix(".ics")
    read_anew()
    link = db.session.query(FeedLink).one()
    assert secret not in repr({c.name: getattr(link, c.name) for c in FeedLink.__table__.columns})
    assert secret not in bo.get("/on-call/feeds").text
    assert browser().known_as(house.chen).post(f"/on-call/feeds/{link.id}/revoke").status_code == 404
    assert browser().get(path).status_code == 200
    bo.post(f"/on-call/feeds/{link.id}/revoke")
    assert browser().get(path).status_code == 404
    by = By(clock.now(), house.eli.id)
    theirs = made(browser().known_as(house.chen), "person")
    leavers.leave(house.chen.id, by)
    leavers.come_back(house.chen.id, by)
    assert browser().get(theirs).status_code == 404
    other = made(bo, "person")
    with transaction():
        house.bo.role = Role.REPORTER
    assert browser().get(other).status_code == 404
    read_anew()
    assert {e.what for e in db.session.query(SecurityEvent)} >= {"feed_added", "feed_revoked"}


def test_a_link_opens_only_what_it_was_made_for(house: House, roster: Roster, browser: Browsers) -> None:
    secret = feeds.add_link("wall", None, By(house.now, house.bo.id))
    assert browser().get(f"/wall/{secret}").status_code == 200
    assert browser().get(f"/feeds/{secret}.ics").status_code == 404
    wrong = browser().get("/wall/wrong")
    assert (wrong.status_code, wrong.headers["Refresh"]) == (404, "60")
    assert "frame-ancestors *" in wrong.headers["Content-Security-Policy"]
    answer = browser().known_as(house.bo).post("/on-call/feeds", data={"what": "roster:999"})
    assert answer.status_code == 422


def test_a_wall_screen_may_stand_in_any_frame_and_refreshes_itself(
    house: House, roster: Roster, browser: Browsers
) -> None:
    house.bo.phone = house.chen.phone = "0170 555"
    db.session.commit()
    answer = browser().get(made(browser().known_as(house.bo), "wall"))
    assert "frame-ancestors *" in answer.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer.headers
    assert '<meta http-equiv="refresh" content="60">' in answer.text
    assert "<script" not in answer.text
    assert re.search(
        r'<p class="who">(Bo|Chen)</p>\n<p class="num">until .*, then (Bo|Chen)</p>', answer.text
    )
    assert "0170" not in answer.text
    framed = browser().known_as(house.bo).get("/on-call/now").headers
    assert (framed["X-Frame-Options"], "frame-ancestors *" in framed["Content-Security-Policy"]) == (
        "DENY",
        False,
    )


def test_the_page_and_the_api_say_who_is_on_call_for_each_team(
    house: House, roster: Roster, browser: Browsers
) -> None:
    house.team.backup_roster_id = roster.id
    db.session.commit()
    page = browser().known_as(house.fay).get("/on-call/now").text
    assert "first in line and backup at once" in page
    bearer = {"Authorization": f"Bearer {tokens.add_token(house.bo.id, 'x', now=clock.now())}"}
    [team] = browser().get("/api/v1/on-call", headers=bearer).json
    assert {team["on_call"]["name"], team["next"]["name"]} == {"Bo", "Chen"}
    until = datetime.fromisoformat(team["until"])
    assert timedelta() < until - datetime.now(UTC) <= timedelta(days=7, hours=1)
    assert (team["backup"], team["backup_until"]) == (team["on_call"], team["until"])

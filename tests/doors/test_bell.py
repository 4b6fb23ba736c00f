"""The bell: one for each alarm, seen when it is posted that it was, and asked cheaply."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from helpdesk import clock
from helpdesk.store import db
from tests.conftest import Browser, House
from tests.outbound.test_notices import channel_of, reported, told

Browsers = Callable[[], Browser]


@pytest.fixture
def now() -> datetime:
    return clock.now()


def test_it_counts_alarms_and_not_their_ways(house: House, browser: Browsers, now: datetime) -> None:
    ticket = reported(house, "Down")
    told(ticket, house.bo, now)
    told(ticket, house.bo, now, channel=channel_of(house.bo))
    told(ticket, house.chen, now)
    page = browser().known_as(house.bo).get("/queue").text
    assert "2 alarms you have not seen" in page


def test_looking_at_it_changes_nothing_until_it_is_posted(
    house: House, browser: Browsers, now: datetime
) -> None:
    told(reported(house, "Down"), house.bo, now)
    bo = browser().known_as(house.bo)
    for _ in range(2):
        page = bo.get("/bell").text
        assert "1 alarm you have not seen" in page
        assert "HD-1 Down" in page
        assert "It has no answer yet." in page
    page = bo.post("/bell/seen", data={"up_to": "1"}, follow_redirects=True).text
    assert "0 alarms you have not seen" in page
    assert "HD-1 Down" in page


def test_what_came_after_the_page_was_opened_stays_unseen(
    house: House, browser: Browsers, now: datetime
) -> None:
    ticket = reported(house, "Down")
    told(ticket, house.bo, now)
    told(ticket, house.bo, now)
    bo = browser().known_as(house.bo)
    assert (
        "1 alarm you have not seen" in bo.post("/bell/seen", data={"up_to": "1"}, follow_redirects=True).text
    )


def test_news_is_answered_with_304_until_there_is_some(
    house: House, browser: Browsers, now: datetime
) -> None:
    bo, ticket = browser().known_as(house.bo), reported(house, "Down")
    first = bo.get("/bell/news")
    assert first.json == {"count": 0, "said": "0 alarms you have not seen", "latest": []}
    same = {"If-None-Match": first.headers["ETag"]}
    assert bo.get("/bell/news", headers=same).status_code == 304
    told(ticket, house.bo, now)
    news = bo.get("/bell/news", headers=same)
    assert news.json is not None
    assert news.json["count"] == 1
    assert news.json["latest"] == [
        {"id": 1, "title": "[HD-1] Major: Down", "text": "It has no answer yet.", "url": "/tickets/HD-1"}
    ]


def test_an_old_alarm_rings_no_more(house: House, browser: Browsers, now: datetime) -> None:
    told(reported(house, "Down"), house.bo, now - timedelta(days=31))
    assert "0 alarms you have not seen" in browser().known_as(house.bo).get("/bell").text


def test_a_ticket_that_one_may_no_longer_see_is_neither_named_nor_counted(
    house: House, browser: Browsers, now: datetime
) -> None:
    gus = house.person("Gus", "agent")
    db.session.commit()
    told(reported(house, "Down"), gus, now)
    reader = browser().known_as(gus)
    assert reader.get("/bell/news").json["count"] == 1
    house.erp.is_restricted = True
    db.session.commit()
    assert "HD-1" not in reader.get("/bell").text
    assert reader.get("/bell/news").json["count"] == 0


def test_auditors_have_no_bell(house: House, browser: Browsers) -> None:
    known = browser().known_as(house.fay)
    assert known.get("/bell").status_code == 404
    assert known.post("/bell/seen").status_code == 404
    assert "data-bell" not in known.get("/").text


def test_a_reporter_s_bell_tells_of_no_alarm_nor_of_those_from_when_they_were_at_the_desk(
    house: House, browser: Browsers, now: datetime
) -> None:
    told(reported(house, "Down"), house.ana, now)
    ana = browser().known_as(house.ana)
    page = ana.get("/bell").text
    assert "No news of maintenance in the last 30 days" in page
    assert "larm" not in page
    assert "0 steps of maintenance you have not seen" in ana.get("/my").text
    assert ana.get("/bell/news").json == {
        "count": 0,
        "said": "0 steps of maintenance you have not seen",
        "latest": [],
    }

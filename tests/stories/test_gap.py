"""A gap in a roster warns whoever makes it and the lead, and when it comes an alarm goes to the next step.

Through the pages, the daily letters and the ring; no process is started. The roster lies in days to come.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from flask import Flask

from helpdesk.desk import tickets
from helpdesk.desk.tickets import Report
from helpdesk.jobs import periodic
from helpdesk.rules.access import Role
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.people import Person
from helpdesk.store.teams import Member
from tests.conftest import Browser, House, read_anew
from tests.desk.test_escalations import ring_until, told

Browsers = Callable[[], Browser]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.fixture
def gil(house: House) -> Person:
    """Gil is the third in Bo's and Chen's team."""
    found = house.person("Gil", Role.AGENT)
    db.session.flush()
    db.session.add(Member(team_id=house.team.id, person_id=found.id))
    db.session.commit()
    return found


def test_a_gap_warns_and_the_alarm_goes_to_the_next_step(
    app: Flask, house: House, gil: Person, browser: Browsers
) -> None:
    app.extensions.pop("on_call", None)
    chen = browser().known_as(house.chen)
    # In ten days, 09:00 in Berlin or an hour beside it: Gil, who is alone in the layer, will be away.
    day = (datetime.now(UTC) + 10 * DAY).replace(hour=8, minute=0, second=0, microsecond=0)

    # Chen makes two rosters: Gil is always first in line, Bo is the backup.
    for name, slot, person in (("First line", "first", gil), ("Backup", "backup", house.bo)):
        form = {"name": name, "zone": "Europe/Berlin", "slot": f"{house.team.id}:{slot}"}
        made = chen.post("/on-call/new", data=form)
        layer = {"count": "1", "do": "save", "layers-0-name": "days", "layers-0-people": str(person.id)}
        layer |= {"layers-0-starts_at": "2026-03-02T09:00", "layers-0-every": "1", "layers-0-unit": "days"}
        assert chen.post(made.location, data=layer | {"layers-0-when": "always"}).status_code == 303
    assert "Nobody is on call" not in words(chen.get("/on-call/preflight").text)

    # Gil will be away, and reads at once what that breaks; so does whoever opens preflight.
    g = browser().known_as(gil)
    span = {"starts_at": f"{day + HOUR:%Y-%m-%dT%H:%M}", "ends_at": f"{day + 5 * HOUR:%Y-%m-%dT%H:%M}"}
    away = g.post("/on-call/absences", data=span, follow_redirects=True)
    assert "Nobody takes First line" in words(away.text)
    page = words(chen.get("/on-call/preflight").text)
    assert "First line 1 to mend Gap Nobody is on call from" in page

    # The daily letter tells the lead, once.
    daily = next(each for each in periodic.DAILY if each.errand == "preflight")
    for day_after in (0, 0, 1):
        daily.work(datetime.now(UTC) + day_after * DAY)
    read_anew()
    letters = db.session.query(Letter).filter_by(kind="preflight").all()
    about = [letter for letter in letters if "Nobody is on call from" in letter.text]
    assert [letter.to_address for letter in about] == ["chen@example.org"]

    # The day comes, and so does a report: nobody is on call, so the backup is told at once.
    at = day + 2 * HOUR
    command = Report("Down", "504", service_id=house.erp.id, works=Works.NOTHING, affected=Affected.EVERYONE)
    ticket = tickets.report(command, house.ana, now=at, door="web")
    ring_until(at)
    assert [(to, people) for _at, to, people in told(ticket)] == [("backup", ["Bo"])]

"""The escalation preview says who would be told at which minute, and goes red when a roster breaks.

Through the pages alone; each instant is a literal one. Berlin is UTC+1 in March.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from flask import Flask

from helpdesk import clock
from helpdesk.desk import ladders, roster_plans, tickets
from helpdesk.desk.changes import By
from helpdesk.desk.previews import preview
from helpdesk.desk.tickets import Report
from helpdesk.rules.access import Role
from helpdesk.rules.escalation import Step
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.escalations import Alarm
from helpdesk.store.letters import Letter
from helpdesk.store.notices import Notice
from helpdesk.store.people import Address
from helpdesk.store.rosters import Absence
from helpdesk.store.teams import Member
from helpdesk.store.tickets import Ticket
from tests.conftest import Browser, House, read_anew
from tests.desk.test_escalations import ring_until, told
from tests.desk.test_escalations import roster as new_roster

Browsers = Callable[[], Browser]
NIGHT = datetime(2098, 3, 3, 22, 0, tzinfo=UTC)  # Monday 23:00 in Berlin
AT_NIGHT = "2098-03-03T23:00"  # still to come, so that it can be covered


@pytest.fixture
def rostered(house: House, app: Flask) -> House:
    """Bo is on call by days, Gil is the backup; Chen leads and Dee manages."""
    app.extensions.pop("on_call", None)
    house.gil = house.person("Gil", Role.AGENT)
    db.session.flush()
    db.session.add(Member(team_id=house.team.id, person_id=house.gil.id))
    db.session.commit()
    by = {"now": clock.now(), "actor_id": house.eli.id}
    first = roster_plans.create_roster("First line", "Europe/Berlin", team_id=house.team.id, **by)
    house.first_line = first.id
    roster_plans.save_layers(first.id, [layer_of(house.bo.id)], **by)
    house.team.backup_roster_id = new_roster("Backup", house.gil).id
    db.session.commit()
    return house


def layer_of(*people: int) -> dict[str, object]:
    layer = {"name": "days", "people": list(people), "starts_at": "2026-03-02T09:00", "ends_at": None}
    return layer | {"every": 1, "unit": "days", "hours": None}


def rows(page: str) -> list[str]:
    """Each line of the preview in one breath; a red one with "!" before it."""
    found = []
    for kind, cells in re.findall(r'<tr role="row"(?: class="(gap|deadline)")?>(.*?)</tr>', page, re.S):
        if "columnheader" in cells:
            continue
        text = unescape(re.sub(r"<[^>]+>", " ", cells))
        found.append(("! " if kind == "gap" else "") + " ".join(text.split()))
    return found


def look(who: Browser, house: House, severity: str = "critical", at: str = AT_NIGHT, **other: object) -> str:
    asked = {"service": house.erp.id, "severity": severity, "kind": "fault", "at": at, **other}
    answer = who.get("/escalation-preview", query_string=asked)
    assert answer.status_code == 200
    return answer.text


HEALTHY = [
    (
        "0 min Mon 3 Mar, 23:00 to Tue 4 Mar, 00:00 First answer: at once"
        " every 5 min until somebody accepts Bo whoever is on call"
    ),
    "15 min Mon 3 Mar, 23:15 First answer: after 15 min Gil the backup",
    "30 min Mon 3 Mar, 23:30 First answer: after 30 min Chen the lead",
    "45 min Mon 3 Mar, 23:45 First answer: after 45 min Dee the manager",
    "1 h 00 min Tue 4 Mar, 00:00 First answer: at 100% Dee the manager",
    "1 h 00 min Tue 4 Mar, 00:00 First answer is due",
    "2 h 00 min Tue 4 Mar, 01:00 Solution: at 50% Bo whoever is on call",
    "3 h 12 min Tue 4 Mar, 02:12 Solution: at 80% Chen the lead",
    "4 h 00 min Tue 4 Mar, 03:00 Solution: at 100% Dee the manager",
    "4 h 00 min Tue 4 Mar, 03:00 Solution is due",
]


def test_break_a_roster_and_see_the_preview_go_red(rostered: House, browser: Browsers) -> None:
    eli = browser().known_as(rostered.eli)
    page = look(eli, rostered)
    assert "No gaps" in page
    assert rows(page) == HEALTHY

    # The one layer is taken out of the roster, on its own page.
    broken = eli.post(f"/on-call/{rostered.first_line}/layers", data={"count": "0", "do": "save"})
    assert broken.status_code == 303
    page = look(eli, rostered)
    assert '<div class="banner late"><span><b>2 gaps</b>' in page
    assert rows(page)[0] == (
        "! 0 min Mon 3 Mar, 23:00 to Tue 4 Mar, 00:00 First answer: at once"
        " every 5 min until somebody accepts Gil the backup Gap: whoever is on call: nobody there"
    )
    assert [row for row in rows(page) if row.startswith("!")][1].startswith("! 2 h 00 min")

    # Somebody covers from half past eleven on: until then it is red, from there on it is not.
    covered = eli.post(
        f"/on-call/{rostered.first_line}/overrides",
        data={"person_id": rostered.bo.id, "starts_at": "2098-03-03T23:30", "ends_at": "2098-03-04T09:00"},
    )
    assert covered.status_code == 303
    page = look(eli, rostered)
    assert rows(page)[0].startswith("! 0 min Mon 3 Mar, 23:00 to Mon 3 Mar, 23:25")
    assert (
        "30 min Mon 3 Mar, 23:30 to Tue 4 Mar, 00:00 First answer: from here on"
        " every 5 min until somebody accepts Bo whoever is on call"
    ) in rows(page)
    assert "<b>1 gap</b>" in page


def test_an_unreachable_person_and_a_leaver_are_gaps_and_an_absence_is_said(
    rostered: House, browser: Browsers
) -> None:
    db.session.query(Address).filter_by(person_id=rostered.bo.id).delete()
    db.session.add(
        Absence(person_id=rostered.chen.id, starts_at=NIGHT, ends_at=NIGHT + timedelta(minutes=40))
    )
    rostered.dee.left_at = NIGHT - timedelta(days=1)
    db.session.commit()
    page = rows(look(browser().known_as(rostered.eli), rostered))
    assert "Gil the backup Gap: whoever is on call: cannot be reached" in page[0]
    assert page[0].startswith("!")
    assert "Passed over: the lead: away" in next(row for row in page if "30 min Mon" in row)
    assert not [row for row in page if "Dee" in row]
    breach = next(row for row in page if "First answer: at 100%" in row)
    assert breach.startswith("!")
    assert breach.endswith("Eli the administrators Gap: the manager: nobody there")


def test_what_the_preview_says_is_what_happens(rostered: House) -> None:
    """The same rules: the rings of a ticket that nobody accepts are those of the preview."""
    by = By(NIGHT, rostered.eli.id, "")
    steps = [
        Step("on_call", minutes=0, repeat_minutes=20, repeat_most=2),
        Step("person", minutes=10, is_wall_clock=True, person_id=rostered.gil.id),
        Step("next_turn", minutes=5, anchor="before_due", roster_id=rostered.first_line),
        Step("manager", minutes=30, anchor="after_due"),
    ]
    ladders.save_ladder("critical", "response", steps, by)
    ladders.save_ladder("critical", "resolution", [], by)
    foreseen = preview("fault", rostered.erp, "critical", None, NIGHT)
    command = Report(
        "Nobody can post", "It says 504", service_id=rostered.erp.id, works=Works.NOTHING,
        affected=Affected.EVERYONE,
    )  # fmt: skip
    ticket = tickets.report(command, rostered.ana, now=NIGHT, door="web")
    ring_until(NIGHT + timedelta(hours=3))
    expected = []
    for ring in foreseen.rings:
        pace = timedelta(minutes=ring.step.repeat_minutes or 0)
        expected += [(ring.at + n * pace, ring.told.to, list(ring.told.people)) for n in range(ring.times)]
    names = foreseen.names
    assert sorted(told(ticket)) == sorted(
        (f"{at + timedelta(hours=1):%a %H:%M}", to, [names[i] for i in people]) for at, to, people in expected
    )
    assert len(expected) == 6


def test_a_ticket_that_comes_in_now_is_told_of_at_whole_minutes(rostered: House) -> None:
    found = preview("fault", rostered.erp, "critical", None, NIGHT + timedelta(milliseconds=600))
    after = [(ring.at - found.starts_at) / timedelta(minutes=1) for ring in found.rings[:4]]
    assert after == [0, 15, 30, 45]


def test_office_hours_move_the_rings_to_the_opening(rostered: House, browser: Browsers) -> None:
    page = rows(look(browser().known_as(rostered.chen), rostered, severity="minor"))
    assert page[:4] == [
        "10 h 00 min Tue 4 Mar, 09:00 First answer: at once Bo, Chen, Gil the team",
        "12 h 00 min Tue 4 Mar, 11:00 First answer: at 50% Bo whoever is on call",
        "14 h 12 min Tue 4 Mar, 13:12 First answer: at 80% Chen the lead",
        "15 h 00 min Tue 4 Mar, 14:00 First answer is due",
    ]


def test_it_is_linked_from_the_ladder_the_service_and_the_roster(rostered: House, browser: Browsers) -> None:
    eli = browser().known_as(rostered.eli)
    for path, link in (
        ("/admin/ladders", "/escalation-preview"),
        ("/admin/ladders/critical/response", "/escalation-preview?severity=critical"),
        (f"/admin/services/{rostered.erp.id}", f"/escalation-preview?service={rostered.erp.id}"),
        (f"/on-call/{rostered.first_line}", f"/escalation-preview?service={rostered.erp.id}"),
    ):
        assert f'href="{link}"' in eli.get(path).text, path


def test_nonsense_is_said_at_its_field_and_what_was_typed_is_kept(rostered: House, browser: Browsers) -> None:
    eli = browser().known_as(rostered.eli)
    answer = eli.get("/escalation-preview?severity=huge&at=yesterday")
    assert answer.status_code == 422
    assert "Choose one of the list." in answer.text
    assert "Enter a day and time" in answer.text
    assert 'value="yesterday"' in answer.text
    assert eli.get("/escalation-preview?service=9999").status_code == 404
    assert browser().known_as(rostered.bo).get("/escalation-preview").status_code == 404


def written() -> list[int]:
    return [db.session.query(each).count() for each in (Ticket, Alarm, Letter, Notice)]


def test_looking_writes_nothing(rostered: House, browser: Browsers) -> None:
    before = written()
    look(browser().known_as(rostered.eli), rostered)
    read_anew()
    assert written() == before

"""Bo cannot take a turn, offers it to Gao, who takes it once Chen agrees: whoever is paged is Gao."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest

from helpdesk import clock
from helpdesk.desk import escalations
from helpdesk.outbound import notices
from helpdesk.rules.access import Role
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.people import Person
from helpdesk.store.rosters import Layer, Roster
from helpdesk.store.teams import Member
from tests.conftest import Browser, House, a_roster, read_anew
from tests.stories.test_holiday import report

Browsers = Callable[[], Browser]
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def gao(house: House) -> Person:
    found = house.person("Gao", Role.AGENT)
    db.session.flush()
    db.session.add(Member(team_id=house.team.id, person_id=found.id))
    return found


@pytest.fixture
def roster(house: House, gao: Person) -> Roster:
    """Bo has today and every other day, Gao tomorrow, from midnight to midnight in Berlin."""
    today = clock.now().astimezone(BERLIN).date()
    layer = Layer(
        name="days",
        position=0,
        people=[house.bo.id, gao.id],
        starts_at=f"{today}T00:00",
        every=1,
        unit="days",
    )
    found = a_roster("First line", layer)
    found.swaps_need_lead = True
    db.session.add(found)
    db.session.flush()
    house.team.roster_id = found.id
    db.session.commit()
    return found


def newest(kind: str, address: str) -> Letter:
    read_anew()
    found = (
        db.session.query(Letter).filter_by(kind=kind, to_address=address).order_by(Letter.id.desc()).first()
    )
    assert found is not None, (kind, address)
    return found


def link_in(letter: Letter) -> str:
    found = re.search(r"http://desk\.example\.org(/on-call/\S+)", letter.text)
    assert found is not None
    return found[1]


def paged(at: datetime) -> set[str]:
    """Who is told at that instant of all that is due."""
    before = {letter.id for letter in db.session.query(Letter)}
    while escalations.ring(at).tickets:
        pass
    notices.gather(at)
    read_anew()
    new = (x for x in db.session.query(Letter) if x.id not in before and x.kind.startswith("escalated"))
    return {letter.to_address for letter in new}


def test_a_swap_changes_who_is_paged(house: House, roster: Roster, gao: Person, browser: Browsers) -> None:
    bo, gaos, chen = (browser().known_as(person) for person in (house.bo, gao, house.chen))
    turns = re.findall(r'href="(/on-call/swaps/new\?[^"]+)"', bo.get("/on-call/swaps").text)
    path = unescape(turns[1])  # none that has begun
    form = bo.get(path).text
    typed = dict(re.findall(r'name="(starts_at|ends_at)" type="[^"]+" value="(\S+)"', form))
    answer = bo.post(path, data={**typed, "offered_to_id": str(gao.id), "reason": "The theatre"})
    assert answer.status_code == 303

    offered = newest("swap_offered", "gao@example.org")
    assert "> The theatre" in offered.text
    page = link_in(offered)
    assert "Take the turn" in gaos.get(page).text
    assert "once a lead has agreed" in gaos.post(f"{page}/accept", follow_redirects=True).text

    asked = newest("swap_accepted", "chen@example.org")
    assert asked.subject == "Do you agree to a swap of Bo and Gao?"
    during = datetime.fromisoformat(typed["starts_at"]).replace(tzinfo=BERLIN) + timedelta(hours=1)
    assert chen.post(f"{link_in(asked)}/approve").status_code == 303
    assert "no longer yours" in newest("turns_changed", "bo@example.org").text
    assert "Chen has agreed to the swap" in newest("turns_changed", "gao@example.org").text

    ana = browser().known_as(house.ana)
    report(ana, house, "ERP is down", works="nothing", affected="everyone")
    rang = paged(during.astimezone(clock.now().tzinfo))
    assert "gao@example.org" in rang
    assert "bo@example.org" not in rang


def test_without_the_swap_bo_is_paged(house: House, roster: Roster, browser: Browsers) -> None:
    ana = browser().known_as(house.ana)
    report(ana, house, "ERP is down", works="nothing", affected="everyone")
    start = clock.now().astimezone(BERLIN).replace(hour=1, minute=0) + timedelta(days=2)
    assert "bo@example.org" in paged(start.astimezone(clock.now().tzinfo))

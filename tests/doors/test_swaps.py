"""Swaps through their pages."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import event

from helpdesk.rules.access import Role
from helpdesk.store import db
from helpdesk.store.rosters import Layer, Roster, Swap
from tests.conftest import Browser, House, a_roster, read_anew

Browsers = Callable[[], Browser]


@pytest.fixture
def roster(house: House, app: Flask) -> Roster:
    """Bo and Chen take daily turns at 09:00 in Berlin."""
    app.extensions.pop("on_call", None)
    people = [house.bo.id, house.chen.id]
    layer = Layer(name="days", position=0, people=people, starts_at="2026-03-02T09:00", every=1, unit="days")
    found = a_roster("First line", layer)
    db.session.add(found)
    db.session.flush()
    house.team.roster_id = found.id
    db.session.commit()
    return found


def turns_of(door: Browser) -> list[str]:
    """The addresses at which somebody's turns can be offered."""
    found = re.findall(r'href="(/on-call/swaps/new\?[^"]+)"', door.get("/on-call/swaps").text)
    return [address.replace("&amp;", "&") for address in found]


def typed_at(address: str) -> dict[str, str]:
    found = re.findall(r"(starts_at|ends_at)=(\d{4}-\d\d-\d\dT\d\d)(?::|%3A)(\d\d)", address)
    return {name: f"{day}:{minute}" for name, day, minute in found}


def test_a_turn_is_offered_for_one_of_the_others_and_taken(
    house: House, roster: Roster, browser: Browsers
) -> None:
    bo, chen = browser().known_as(house.bo), browser().known_as(house.chen)
    address = turns_of(bo)[2]
    form = bo.get(address).text
    returned = re.findall(r'<option value="([^"/]+/[^"]+)"', form)[-1]
    data = {**typed_at(address), "offered_to_id": str(house.chen.id), "returned": returned}
    page = bo.post(address, data=data).location
    assert "In return" in chen.get(page).text
    assert "Can you take one of these?" in chen.get("/on-call/swaps").text
    assert "What you offer" in bo.get("/on-call/swaps").text
    assert chen.post(f"{page}/accept").status_code == 303
    assert "This offer is over by now" in chen.post(f"{page}/accept", follow_redirects=True).text
    assert "Settled" in bo.get("/on-call/swaps").text
    read_anew()
    assert db.session.query(Swap).one().state == "done"


def test_what_is_wrong_is_said_and_kept_in_the_form(house: House, roster: Roster, browser: Browsers) -> None:
    bo = browser().known_as(house.bo)
    address = turns_of(bo)[1]
    good = {**typed_at(address), "reason": "The theatre"}
    later = datetime.fromisoformat(good["ends_at"]) + timedelta(hours=1)
    for change, said in (
        ({"ends_at": later.isoformat()[:16]}, "Not all of this time is the turn of who offers it."),
        ({"offered_to_id": str(house.dee.id)}, "Choose a person from the list."),
        ({"returned": "tomorrow"}, "Choose a turn from the list."),
        ({"starts_at": "2020-01-01T08:00"}, "Choose a time that is still to come."),
    ):
        answer = bo.post(address, data=good | change)
        assert answer.status_code == 422
        assert said in answer.text
        assert "The theatre" in answer.text
    read_anew()
    assert db.session.query(Swap).count() == 0


def test_a_swap_exists_only_for_those_it_concerns(house: House, roster: Roster, browser: Browsers) -> None:
    bo, chen, eli = (browser().known_as(person) for person in (house.bo, house.chen, house.eli))
    address = turns_of(bo)[1]
    page = bo.post(address, data=typed_at(address)).location
    read_anew()
    hal = house.person("Hal", Role.AGENT)
    db.session.commit()
    for person in (hal, house.ana, house.dee, house.fay):
        door = browser().known_as(person)
        assert door.get(page).status_code == 404
        assert door.post(f"{page}/accept").status_code == 404
    assert bo.post(f"{page}/accept").status_code == 404, "nobody takes their own"
    assert bo.post(f"{page}/approve").status_code == 404
    assert chen.post(f"{page}/withdraw").status_code == 404
    assert eli.get(page).status_code == 200
    assert eli.post(f"{page}/accept").status_code == 404, "it was not offered to them"
    assert bo.post(f"{page}/withdraw").status_code == 303


def test_rosters_of_others_cost_nothing(house: House, browser: Browsers) -> None:
    bo = browser().known_as(house.bo)

    def count() -> int:
        read_anew()
        asked: list[str] = []
        event.listen(db.engine, "before_cursor_execute", note := lambda *given: asked.append(given[2]))
        assert bo.get("/on-call/swaps").status_code == 200
        event.remove(db.engine, "before_cursor_execute", note)
        return len(asked)

    count()  # what is asked once only
    before = count()
    layer = {"position": 0, "name": "weeks", "starts_at": "2026-01-05T09:00", "every": 1, "unit": "weeks"}
    layer["people"] = [house.chen.id]
    db.session.add_all(a_roster(f"Others {n}", Layer(**layer)) for n in range(9))
    db.session.commit()
    assert count() <= before + 9

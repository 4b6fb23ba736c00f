"""How people are told: added, verified with the code that came there, removed; for teams by their leads."""

import re
from collections.abc import Callable

import pytest
from flask import Flask

from helpdesk import clock
from helpdesk.desk import failures
from helpdesk.outbound import channels as outbound
from helpdesk.rules.access import Role
from helpdesk.store import db
from helpdesk.store.channels import Channel
from helpdesk.store.letters import Letter
from helpdesk.store.teams import Member, Team
from tests.chat import Chat
from tests.conftest import Browser, House, read_anew
from tests.outbound.test_channels import code_in

Browsers = Callable[[], Browser]
NTFY = {"name": "My phone", "url": "ntfys://chat.example.org/alarms"}


def channels() -> list[Channel]:
    read_anew()
    return db.session.query(Channel).order_by(Channel.id).all()


def test_the_code_that_comes_there_makes_it_count(house: House, chat: Chat, browser: Browsers) -> None:
    eli = browser().known_as(house.eli)
    page = eli.post(
        "/channels", data={"name": "My phone", "url": chat.url("room-secret")}, follow_redirects=True
    )
    assert "waits for its code" in page.text
    assert "room-secret" not in page.text
    outbound.send_waiting(clock.now(), failures.give_up_letter)
    refused = eli.post("/channels/1/verify", data={"code": "12"})
    assert refused.status_code == 422
    assert "This is not the code" in refused.text
    page = eli.post("/channels/1/verify", data={"code": code_in(chat)}, follow_redirects=True)
    assert "Alarms come over My phone from now on." in page.text
    assert "room-secret" not in page.text
    assert channels()[0].verified_at is not None
    assert "My phone is removed." in eli.post("/channels/1/remove", follow_redirects=True).text
    assert channels()[0].sealed_url == ""
    log = eli.get("/security").text
    assert "Channel added" in log
    assert "room-secret" not in log


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": ""}, "Give it a name"),
        ({"url": ""}, "Paste the address"),
        ({"url": "syslog://"}, "cannot be sent to this kind of service"),
        ({"url": "json://example.org/"}, "Only administrators"),
        ({"url": "ntfy://localhost/alarms"}, "the machine on which Helpdesk runs"),
        ({"url": "rubbish"}, "Nobody knows how to send"),
    ],
)
def test_what_cannot_be_is_said_and_the_address_does_not_come_back(
    house: House, browser: Browsers, typed: dict[str, str], said: str
) -> None:
    answer = browser().known_as(house.bo).post("/channels", data=NTFY | typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert "chat.example.org" not in answer.text
    assert channels() == []


def test_too_many_codes_have_to_wait(house: House, browser: Browsers) -> None:
    bo = browser().known_as(house.bo)
    for _ in range(3):
        assert bo.post("/channels", data=NTFY).status_code == 303
    answer = bo.post("/channels", data=NTFY)
    assert (answer.status_code, "Retry-After" in answer.headers) == (429, True)
    assert bo.post("/channels/1/code").status_code == 429


def test_channels_of_others_do_not_exist(house: House, browser: Browsers) -> None:
    browser().known_as(house.bo).post("/channels", data=NTFY)
    for person in (house.chen, house.eli, house.dee):
        for verb in ("code", "verify", "remove"):
            assert browser().known_as(person).post(f"/channels/1/{verb}").status_code == 404
    assert channels()[0].removed_at is None
    assert browser().known_as(house.ana).get("/channels").status_code == 404


def test_a_teams_channels_are_its_leads_and_administrators(house: House, browser: Browsers) -> None:
    other = Team(name="Network")
    lead = house.person("Gus", Role.LEAD)
    db.session.add(other)
    db.session.flush()
    db.session.add(Member(team_id=other.id, person_id=lead.id, is_lead=True))
    db.session.commit()
    path = f"/teams/{house.team.id}/channels"
    for person in (house.bo, house.dee, lead, house.ana):
        assert browser().known_as(person).get(path).status_code == 404
        assert browser().known_as(person).post(path, data=NTFY).status_code == 404
    assert browser().known_as(house.chen).post(path, data=NTFY).location == path
    assert browser().known_as(lead).post("/channels/1/remove").status_code == 404
    assert path in browser().known_as(house.chen).get("/channels").text
    assert path in browser().known_as(house.eli).get(f"/admin/teams/{house.team.id}").text
    assert browser().known_as(house.eli).post("/channels/1/remove").location == path
    assert channels()[0].removed_at is not None


def test_the_code_is_nowhere_but_in_the_message(app: Flask, house: House, browser: Browsers) -> None:
    bo = browser().known_as(house.bo)
    bo.post("/channels", data=NTFY)
    read_anew()
    code = re.search(r"\d{6}", db.session.query(Letter).one().subject)
    assert code is not None
    for person in (house.bo, house.eli):
        known = browser().known_as(person)
        assert known.get("/letters/1").status_code == 404
        assert code[0] not in known.get("/letters").text
    assert code[0] not in channels()[0].code_hash

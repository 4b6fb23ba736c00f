"""Coming in by link: first set-up, invitation, forgotten password; and the security log."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask

from helpdesk import clock
from helpdesk.desk import people, security, setup
from helpdesk.desk.security import log_event
from helpdesk.outbound import links
from helpdesk.rules.access import Role
from helpdesk.store import db
from helpdesk.store.db import transaction
from helpdesk.store.letters import Letter
from helpdesk.store.organisation import get_organisation
from helpdesk.store.people import find_administrator, get_person
from helpdesk.store.policies import list_calendars, list_policies, list_policy_rules
from helpdesk.store.security import SecurityEvent, SignInAttempt
from helpdesk.store.services import list_services
from helpdesk.store.teams import list_teams
from tests.conftest import MONDAY_9, Browser, House, read_anew

Browsers = Callable[[], Browser]
GOOD = "vier muntere Elche"
ANSWERS = {
    "organisation": "Musterwerke",
    "zone": "Asia/Shanghai",
    "locale": "en",
    "night_answer": "roster",
    "cover_reason": "The factory watches",
    "team": "Desk",
    "service": "Mail",
    "name": "Eli",
    "email": "Eli@Example.org",
    "password": GOOD,
}


def path_of(url: str | None) -> str:
    assert url is not None
    return url.removeprefix("http://desk.example.org")


def letters(kind: str) -> list[Letter]:
    read_anew()
    return db.session.query(Letter).filter_by(kind=kind).order_by(Letter.id).all()


def link_in(letter: Letter) -> str:
    found = re.search(r"http://desk\.example\.org(/\S+)", letter.text)
    assert found is not None
    return found[1]


def is_in(client: Browser) -> bool:
    return client.get("/profile").status_code == 200


def test_the_first_set_up_makes_a_desk_that_works(app: Flask, browser: Browsers) -> None:
    client = browser()
    link = path_of(setup.setup_link(clock.now()))
    assert client.get(link).status_code == 200
    assert client.post(link, data=ANSWERS).location == "/admin"
    assert is_in(client)
    read_anew()
    organisation = get_organisation()
    assert (organisation.name, organisation.zone) == ("Musterwerke", "Asia/Shanghai")
    rules = list_policy_rules()
    assert [(rule.policy.name, rule.kind) for rule in rules] == [
        ("Requests", "request"),
        ("Questions", "question"),
        ("Standard", None),
    ]
    policies = [rule.policy for rule in rules]
    assert {p.versions[0].definition["critical"]["response"]["calendar_id"] for p in policies} == {None}
    assert [team.name for team in list_teams()] == ["Desk"]
    assert [service.name for service in list_services()] == ["Mail"]
    eli = find_administrator()
    assert eli is not None
    assert (eli.email, eli.asker.lead_of) == ("eli@example.org", {organisation.default_team_id})


def test_with_nobody_at_night_critical_counts_office_hours(app: Flask, browser: Browsers) -> None:
    link = path_of(setup.setup_link(clock.now()))
    browser().post(link, data=ANSWERS | {"night_answer": "nobody", "team": "", "service": ""})
    read_anew()
    *_, policy = list_policies()
    critical, minor = (
        policy.versions[0].definition[severity]["response"]["calendar_id"]
        for severity in ("critical", "minor")
    )
    names = {calendar.id: calendar.name for calendar in list_calendars()}
    assert (names[critical], names[minor]) == ("Office hours, holidays too", "Office hours")
    assert [team.name for team in list_teams()] == ["Service desk"]


def test_nights_that_no_roster_covers_are_promised_with_a_reason_alone(app: Flask, browser: Browsers) -> None:
    link = path_of(setup.setup_link(clock.now()))
    page = browser().post(link, data=ANSWERS | {"cover_reason": " "})
    assert page.status_code == 422
    assert "Say who watches at night until there is a roster" in page.text
    read_anew()
    assert find_administrator() is None
    client = browser()
    assert client.post(link, data=ANSWERS).location == "/admin"
    read_anew()
    reasons = {version.reason for policy in list_policies() for version in policy.versions}
    assert reasons == {"The factory watches"}
    assert "nobody is on call" in client.get("/queue").text.lower()


@pytest.mark.parametrize(("locale", "office"), [("zh_Hans", "工作时间"), ("zh_Hant", "上班時間")])
def test_what_is_installed_bears_names_in_the_organisations_language(
    app: Flask, browser: Browsers, locale: str, office: str
) -> None:
    link = path_of(setup.setup_link(clock.now()))
    browser().post(link, data=ANSWERS | {"locale": locale})
    read_anew()
    assert [calendar.name for calendar in list_calendars()] == [office]
    assert "Requests" not in [policy.name for policy in list_policies()]


def test_the_set_up_link_works_once(app: Flask, browser: Browsers) -> None:
    link = path_of(setup.setup_link(clock.now()))
    browser().post(link, data=ANSWERS)
    again = browser().post(link, data=ANSWERS | {"email": "mallory@example.org"})
    assert again.location == "/sign-in"
    assert browser().get(link).location == "/sign-in"
    read_anew()
    assert people.find_person_by_address("mallory@example.org") is None
    assert setup.setup_link(clock.now()) is None


def test_two_who_set_up_at_the_same_moment_do_not_both_succeed(app: Flask, browser: Browsers) -> None:
    link = path_of(setup.setup_link(clock.now()))

    def try_it(n: int) -> str | None:
        return browser().post(link, data=ANSWERS | {"email": f"eli{n}@example.org"}).location

    with ThreadPoolExecutor(4) as many:
        assert sorted(map(str, many.map(try_it, range(4)))) == ["/admin", *["/sign-in"] * 3]


def test_a_link_used_twice_at_the_same_moment_works_once(house: House, browser: Browsers) -> None:
    link = path_of(people.password_link(house.ana, "invite"))
    db.session.rollback()
    with ThreadPoolExecutor(4) as many:
        answers = many.map(
            lambda n: browser().post(link, data={"password": f"{n} muntere Elche"}).status_code, range(4)
        )
        assert sorted(answers) == [303, 410, 410, 410]


def test_a_made_up_set_up_link_is_no_page(app: Flask, browser: Browsers) -> None:
    assert browser().get("/setup/x.y.z").status_code == 404
    assert browser().get("/setup/" + links.sign("reset", {})).status_code == 404


def test_set_up_says_what_is_missing_and_keeps_what_was_typed(app: Flask, browser: Browsers) -> None:
    link = path_of(setup.setup_link(clock.now()))
    answer = browser().post(link, data=ANSWERS | {"email": "eli", "password": "musterwerke1"})
    assert answer.status_code == 422
    assert "Musterwerke" in answer.text
    assert "it should look like name@example.org" in answer.text
    answer = browser().post(link, data=ANSWERS | {"password": "musterwerke1"})
    assert answer.status_code == 422
    assert "Do not build the password from your name" in answer.text
    assert find_administrator() is None


def test_an_invitation_lets_in_once(house: House, browser: Browsers) -> None:
    people.invite(house.ana.id, now=clock.now(), actor_id=house.eli.id)
    [letter] = letters("invitation")
    assert letter.to_address == "ana@example.org"
    link, client = link_in(letter), browser()
    for _ in range(2):  # a scanner that opens the link uses nothing up
        assert browser().get(link).status_code == 200
    assert client.post(link, data={"password": "kurz"}).status_code == 422
    assert client.post(link, data={"password": GOOD}).status_code == 303
    assert is_in(client)
    assert browser().get(link).status_code == 410
    assert browser().post(link, data={"password": "drei hungrige Dachse"}).status_code == 410


def test_asking_for_a_new_password_never_tells_who_is_known(house: House, browser: Browsers) -> None:
    known = browser().post("/forgotten-password", data={"email": "ana@example.org"})
    unknown = browser().post("/forgotten-password", data={"email": "nobody@example.org"})
    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)
    assert set(known.headers.keys()) == set(unknown.headers.keys())
    [letter] = letters("password_reset")
    assert letter.to_address == "ana@example.org"


def test_a_new_password_ends_every_session_and_link(house: House, browser: Browsers) -> None:
    people.set_password(house.bo.id, GOOD, now=clock.now())
    old = browser()
    old.post("/sign-in", data={"email": "bo@example.org", "password": GOOD})
    browser().post("/forgotten-password", data={"email": "bo@example.org"})
    browser().post("/forgotten-password", data={"email": "bo@example.org"})
    first, second = (link_in(letter) for letter in letters("password_reset"))
    new = browser()
    assert new.post(first, data={"password": "drei hungrige Dachse"}).status_code == 303
    assert is_in(new)
    assert not is_in(old)
    assert browser().post(second, data={"password": "zwei hungrige Dachse"}).status_code == 410
    assert len(letters("password_changed")) == 1


def test_a_new_password_ends_the_wait_of_a_guessed_account(house: House, browser: Browsers) -> None:
    people.set_password(house.bo.id, GOOD, now=clock.now())
    db.session.add_all(SignInAttempt(bucket=f"account:{house.bo.id}", at=clock.now()) for _ in range(50))
    db.session.commit()
    who = {"email": "bo@example.org"}
    assert browser().post("/sign-in", data=who | {"password": GOOD}).status_code == 429
    browser().post("/forgotten-password", data=who)
    [letter] = letters("password_reset")
    assert browser().post(link_in(letter), data={"password": GOOD + "!"}).status_code == 303
    assert browser().post("/sign-in", data=who | {"password": GOOD + "!"}).status_code == 303


def test_letters_do_not_rain(house: House, browser: Browsers) -> None:
    for _ in range(6):
        answer = browser().post("/forgotten-password", data={"email": "ana@example.org"})
        assert answer.location == "/forgotten-password/sent"
    assert len(letters("password_reset")) == 3


def test_an_old_link_offers_a_new_one(
    house: House, browser: Browsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = path_of(people.password_link(house.ana, "reset"))
    monkeypatch.setitem(links.LASTS, "reset", timedelta(seconds=-1))
    answer = browser().get(link)
    assert answer.status_code == 410
    assert "/forgotten-password" in answer.text


def test_a_link_for_one_purpose_does_not_serve_another(house: House, browser: Browsers) -> None:
    token = links.sign("follow", {"p": house.eli.id, "e": 0})
    assert browser().get(f"/new-password/{token}").status_code == 410


def test_the_last_administrator_stays(house: House) -> None:
    people.set_password(house.eli.id, GOOD, now=MONDAY_9)
    with pytest.raises(people.LastAdministrator):
        people.change_role(house.eli.id, Role.AGENT, now=MONDAY_9, actor_id=house.eli.id)
    people.change_role(house.bo.id, Role.ADMINISTRATOR, now=MONDAY_9, actor_id=house.eli.id)
    people.set_password(house.bo.id, GOOD, now=MONDAY_9)
    people.change_role(house.eli.id, Role.AGENT, now=MONDAY_9, actor_id=house.bo.id)
    assert get_person(house.eli.id).role == Role.AGENT


def enter(browser: Browser, house: House, name: str) -> Browser:
    people.set_password(getattr(house, name).id, GOOD, now=MONDAY_9)
    browser.post("/sign-in", data={"email": f"{name}@example.org", "password": GOOD})
    return browser


@pytest.mark.parametrize(
    ("name", "status"), [("ana", 404), ("bo", 404), ("chen", 404), ("dee", 200), ("eli", 200), ("fay", 200)]
)
def test_the_security_log_is_for_those_who_answer_for_it(
    house: House, browser: Browsers, name: str, status: int
) -> None:
    assert enter(browser(), house, name).get("/security").status_code == status


def test_the_security_log_can_be_narrowed(house: House, browser: Browsers) -> None:
    dee = enter(browser(), house, "dee")
    people.change_role(house.bo.id, Role.LEAD, now=clock.now(), actor_id=house.eli.id)
    page = dee.get(f"/security?what=role_changed&actor={house.eli.id}").text
    assert "from: agent" in page
    assert "127.0.0.1" not in page
    assert "Nothing here" in dee.get("/security?until=2020-01-01").text
    assert dee.get("/security?since=yesterday&actor=x&before=y").status_code == 200


def test_the_security_log_is_kept_for_half_a_year_at_least(house: House) -> None:
    now = clock.now()
    get_organisation().options = {"security_log_days": 1}
    db.session.commit()
    with transaction():
        for days in (181, 179):
            log_event("exported", now=now - timedelta(days=days))
        db.session.add(SignInAttempt(bucket="account:1", at=now - timedelta(days=3)))
    security.sweep(now)
    read_anew()
    assert [event.at for event in db.session.query(SecurityEvent)] == [now - timedelta(days=179)]
    assert db.session.query(SignInAttempt).count() == 0

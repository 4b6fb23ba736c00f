"""Signing in and out through the pages."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask

from helpdesk import clock
from helpdesk.desk import passwords, people
from helpdesk.store import db
from helpdesk.store.organisation import get_organisation
from helpdesk.store.people import Person, get_person
from helpdesk.store.security import SecurityEvent, SignInAttempt
from tests.conftest import MONDAY_9, Browser, House, read_anew

Browsers = Callable[[], Browser]

GOOD = "vier muntere Elche"


@pytest.fixture
def bo(house: House) -> Person:
    return people.set_password(house.bo.id, GOOD, now=MONDAY_9)


def sign_in(client: Browser, password: str = GOOD, email: str = "bo@example.org", **more: str):
    return client.post("/sign-in", data={"email": email, "password": password, **more})


def is_in(client: Browser) -> bool:
    return client.get("/profile").status_code == 200


def events() -> list[str]:
    read_anew()
    return [event.what for event in db.session.query(SecurityEvent).order_by(SecurityEvent.id)]


def test_the_right_password_leads_to_where_one_wanted_to_go(browser: Browsers, bo: Person) -> None:
    client = browser()
    asked = client.get("/profile")
    assert asked.location == "/sign-in?next=/profile"
    answer = sign_in(client, next="/profile")
    assert (answer.status_code, answer.location) == (303, "/profile")
    assert is_in(client)
    assert events()[-1] == "signed_in"


@pytest.mark.parametrize("email", ["bo@example.org", "nobody@example.org", "ana@example.org"])
def test_a_wrong_password_and_an_unknown_address_are_told_the_same(
    browser: Browsers, bo: Person, email: str
) -> None:
    answer = sign_in(browser(), "vier traurige Elche", email)
    assert answer.status_code == 422
    assert "This address and password do not fit together." in answer.text
    assert events()[-1] == "sign_in_refused"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example.org/",
        "//evil.example.org",
        "/\\evil.example.org",
        "\\\\evil.example.org",
        "/\t/evil.example.org",
        "javascript:alert(1)",
        "/%0d%0aX: y\r\nX: y",
        "profile",
    ],
)
def test_next_never_leads_away(browser: Browsers, bo: Person, elsewhere: str) -> None:
    assert sign_in(browser(), next=elsewhere).location == "/"


def test_nothing_of_the_session_before_survives_signing_in(browser: Browsers, bo: Person) -> None:
    client = browser()
    with client.session_transaction() as session:
        session["planted"], session["csrf_token"] = "x", "known to the attacker"
    sign_in(client)
    with client.session_transaction() as session:
        assert "planted" not in session
        assert "csrf_token" not in session


def test_signing_out_needs_a_post(browser: Browsers, bo: Person) -> None:
    client = browser()
    sign_in(client)
    assert client.get("/sign-out").status_code == 405
    assert is_in(client)
    client.post("/sign-out")
    assert not is_in(client)
    assert events()[-1] == "signed_out"


def test_a_copy_of_the_cookie_does_not_outlive_signing_out(browser: Browsers, bo: Person) -> None:
    client, thief = browser(), browser()
    sign_in(client)
    cookie = client.get_cookie("helpdesk")
    assert cookie is not None
    thief.set_cookie("helpdesk", cookie.value)
    assert is_in(thief)
    client.post("/sign-out")
    assert not is_in(thief)


def test_forms_without_our_token_are_refused(
    app: Flask, browser: Browsers, bo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    assert sign_in(browser()).status_code == 400


def test_guessing_has_to_wait_and_is_told_for_how_long(browser: Browsers, bo: Person) -> None:
    client = browser()
    for _ in range(5):
        assert sign_in(client, "wrong").status_code == 422
    answer = sign_in(client)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 61
    assert "Please wait 1 min, then try again." in answer.text
    read_anew()
    # Hammering makes no wait longer, and leaves no rows.
    assert db.session.query(SignInAttempt).filter(SignInAttempt.bucket == f"account:{bo.id}").count() == 5


def test_an_unknown_address_is_held_off_like_a_known_one(browser: Browsers, bo: Person) -> None:
    client = browser()
    statuses = [sign_in(client, "wrong", "nobody@example.org").status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]


def test_a_browser_that_was_here_before_is_not_locked_out_by_strangers(browser: Browsers, bo: Person) -> None:
    own, stranger = browser(), browser()
    sign_in(own)
    own.post("/sign-out")
    for _ in range(6):
        sign_in(stranger, "wrong")
    assert sign_in(stranger).status_code == 429
    assert sign_in(own).status_code == 303


def test_one_network_address_cannot_try_many_accounts(browser: Browsers, bo: Person) -> None:
    now = clock.now()
    db.session.add_all(SignInAttempt(bucket="address:127.0.0.1", at=now) for _ in range(50))
    db.session.commit()
    assert sign_in(browser()).status_code == 429


def test_guesses_at_the_same_moment_count_each(browser: Browsers, bo: Person) -> None:
    with ThreadPoolExecutor(12) as many:
        statuses = list(many.map(lambda _n: sign_in(browser(), "wrong").status_code, range(12)))
    assert sorted(statuses) == [422] * 5 + [429] * 7


def test_a_wait_ends_by_itself(browser: Browsers, bo: Person) -> None:
    long_ago = clock.now() - timedelta(minutes=16)
    db.session.add_all(SignInAttempt(bucket=f"account:{bo.id}", at=long_ago) for _ in range(90))
    db.session.commit()
    assert sign_in(browser()).status_code == 303


def test_a_hash_made_with_other_parameters_is_renewed(browser: Browsers, bo: Person) -> None:
    from argon2 import PasswordHasher

    get_person(bo.id).password_hash = PasswordHasher(1, 8192, 1).hash(GOOD)
    db.session.commit()
    assert sign_in(browser()).status_code == 303
    read_anew()
    assert not passwords.needs_rehash(get_person(bo.id).password_hash)


def test_signing_out_everywhere_ends_the_other_sessions(browser: Browsers, bo: Person) -> None:
    here, there = browser(), browser()
    sign_in(here)
    sign_in(there)
    here.post("/profile/sign-out-everywhere")
    assert is_in(here)
    assert not is_in(there)


def test_another_password_needs_the_present_one(browser: Browsers, bo: Person) -> None:
    here, there = browser(), browser()
    sign_in(here)
    sign_in(there)
    new = "drei hungrige Dachse"
    assert here.post("/profile/password", data={"current": "wrong", "password": new}).status_code == 422
    assert here.post("/profile/password", data={"current": GOOD, "password": new}).status_code == 303
    assert is_in(here)
    assert not is_in(there)
    assert sign_in(browser()).status_code == 422
    assert sign_in(browser(), new).status_code == 303


def test_whoever_leaves_is_signed_out(browser: Browsers, bo: Person) -> None:
    client = browser()
    sign_in(client)
    get_person(bo.id).left_at = MONDAY_9
    db.session.commit()
    assert not is_in(client)
    assert sign_in(browser()).status_code == 422


def switch(**options: object) -> None:
    get_organisation().options = options
    db.session.commit()


def go_back(client: Browser, by: timedelta) -> None:
    with client.session_transaction() as session:
        session["seen"] -= by.total_seconds()


def test_an_idle_session_ends_only_where_the_organisation_says_so(browser: Browsers, bo: Person) -> None:
    client = browser()
    sign_in(client)
    go_back(client, timedelta(hours=9))
    assert is_in(client)
    switch(idle_timeout_minutes=30)
    go_back(client, timedelta(minutes=31))
    answer = client.get("/profile")
    assert answer.location == "/sign-in?next=/profile"
    assert "nothing happened here for a while" in client.get("/sign-in").text


def test_pages_that_refresh_themselves_do_not_keep_a_session_alive(browser: Browsers, bo: Person) -> None:
    client = browser()
    sign_in(client)
    switch(idle_timeout_minutes=30)
    go_back(client, timedelta(minutes=20))
    client.get("/profile", headers={"Sec-Fetch-Dest": "empty"})
    go_back(client, timedelta(minutes=11))
    assert not is_in(client)


def test_an_expired_password_must_be_changed_first(browser: Browsers, bo: Person) -> None:
    client = browser()
    sign_in(client)
    assert is_in(client)
    switch(password_expiry_days=90)
    get_person(bo.id).password_changed_at = clock.now() - timedelta(days=91)
    db.session.commit()
    assert client.get("/profile").location == "/profile/password"
    new = "drei hungrige Dachse"
    assert client.post("/profile/password", data={"current": GOOD, "password": new}).status_code == 303
    assert is_in(client)


def test_composition_counts_where_it_is_switched_on(browser: Browsers, bo: Person) -> None:
    client = browser()
    sign_in(client)
    switch(password_composition=True)
    answer = client.post("/profile/password", data={"current": GOOD, "password": "drei hungrige dachse"})
    assert answer.status_code == 422
    assert "The password needs capital and small letters, a digit and a sign." in answer.text
    new = "3 hungrige Dachse!"
    assert client.post("/profile/password", data={"current": GOOD, "password": new}).status_code == 303


def test_the_language_switch_is_kept_for_pages_and_letters(browser: Browsers, bo: Person) -> None:
    client = browser()
    sign_in(client)
    answer = client.post("/language", data={"locale": "zh_Hans", "next": "/profile"})
    assert answer.location == "/profile"
    assert 'lang="zh-Hans"' in client.get("/profile").text
    read_anew()
    assert get_person(bo.id).locale == "zh_Hans"


def test_tokens_are_shown_once_and_can_be_revoked(browser: Browsers, bo: Person) -> None:
    client = browser()
    sign_in(client)
    answer = client.post("/profile/tokens", data={"token_name": "nightly report"})
    assert "hd_" in answer.text
    page = client.get("/profile").text
    assert "hd_" not in page
    assert "nightly report" in page
    assert events()[-1] == "token_added"

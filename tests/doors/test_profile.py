"""What people change about themselves."""

from collections.abc import Callable

import pytest

from helpdesk.store import db
from helpdesk.store.people import Address, get_person
from tests.conftest import Browser, House, read_anew

Browsers = Callable[[], Browser]
TYPED = {"name": "Ana Example", "phone": "+49 30 1", "locale": "zh_Hans", "zone": "Asia/Shanghai"}


def test_name_phone_language_and_zone_are_kept(house: House, browser: Browsers) -> None:
    ana = browser().known_as(house.ana)
    ana.set_cookie("language", "en")
    assert ana.post("/profile", data=TYPED).location == "/profile"
    read_anew()
    person = get_person(house.ana.id)
    assert {name: getattr(person, name) for name in TYPED} == TYPED
    assert 'lang="zh-Hans"' in ana.get("/profile").text


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("zone", "Berlin"), ("zone", "../../etc/passwd"), ("locale", "xx"), ("name", "x" * 121)],
)
def test_what_cannot_be_is_said_at_the_field_and_nothing_is_kept(
    house: House, browser: Browsers, field: str, value: str
) -> None:
    answer = browser().known_as(house.ana).post("/profile", data=TYPED | {field: value})
    assert answer.status_code == 422
    assert f'id="{field}-wrong"' in answer.text
    assert "+49 30 1" in answer.text
    read_anew()
    assert get_person(house.ana.id).phone == ""


def test_letters_go_to_one_of_the_persons_own_addresses(house: House, browser: Browsers) -> None:
    house.ana.addresses.append(Address(email="ana@home.example.org"))
    db.session.commit()
    ana = browser().known_as(house.ana)
    assert ana.post("/profile", data=TYPED | {"primary_address": "bo@example.org"}).status_code == 422
    assert ana.post("/profile", data=TYPED | {"primary_address": "ana@home.example.org"}).status_code == 303
    read_anew()
    assert get_person(house.ana.id).email == "ana@home.example.org"


def test_nobody_reads_or_revokes_the_tokens_of_others(house: House, browser: Browsers) -> None:
    ana, bo = browser().known_as(house.ana), browser().known_as(house.bo)
    token = ana.post("/profile/tokens", data={"token_name": "mine"}).text.partition("hd_")[2][:43]
    assert bo.post("/profile/tokens/1/revoke").status_code == 404
    headers = {"Authorization": f"Bearer hd_{token}"}
    assert browser().get("/api/v1/tickets", headers=headers).status_code == 200
    assert ana.post("/profile/tokens/1/revoke").status_code == 303
    assert browser().get("/api/v1/tickets", headers=headers).status_code == 401


@pytest.mark.parametrize("path", ["/profile", "/profile/password", "/security"])
def test_strangers_are_asked_to_sign_in(house: House, browser: Browsers, path: str) -> None:
    assert browser().get(path).location == f"/sign-in?next={path}"

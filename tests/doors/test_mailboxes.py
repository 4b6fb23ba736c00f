"""The pages of mailboxes: added, changed, tried, switched off; what is secret is never shown again."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from helpdesk import clock
from helpdesk.desk import mail_watch
from helpdesk.desk.mailboxes import PURPOSE
from helpdesk.outbound.sealing import unseal
from helpdesk.store import db
from helpdesk.store.mailboxes import Mailbox
from helpdesk.store.organisation import get_organisation
from helpdesk.store.security import SecurityEvent
from tests.conftest import MONDAY_9, Browser, House, read_anew

Browsers = Callable[[], Browser]
TYPED = {
    "name": "Support",
    "address": "Support@Example.org",
    "host": "127.0.0.1",
    "port": "1",
    "privacy": "none",
    "user": "support",
    "folder": "INBOX",
    "auth": "password",
    "password": " blank at both ends ",
    "is_active": "1",
}


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.fixture
def eli(house: House, browser: Browsers) -> Browser:
    return browser().known_as(house.eli)


def add(eli: Browser, **typed: str) -> Mailbox:
    answer = eli.post("/admin/mailboxes/new", data=TYPED | typed)
    assert answer.status_code == 303, text_of(answer.text)
    read_anew()
    return db.session.query(Mailbox).order_by(Mailbox.id.desc()).first()


def marker(eli: Browser, box: Mailbox) -> str:
    page = eli.get(f"/admin/mailboxes/{box.id}").text
    return re.search(r'name="marker" value="(\w+)"', page)[1]


def change(eli: Browser, box: Mailbox, **typed: str) -> Any:
    data = TYPED | {"password": "", "marker": marker(eli, box)} | typed
    return eli.post(f"/admin/mailboxes/{box.id}", data={k: v for k, v in data.items() if v})


def test_a_mailbox_is_added_and_its_password_is_shown_nowhere(eli: Browser) -> None:
    box = add(eli)
    assert (box.address, box.port, box.is_active) == ("support@example.org", 1, True)
    for path in ("/admin/mailboxes", f"/admin/mailboxes/{box.id}"):
        page = eli.get(path)
        assert "Support" in page.text
        assert "blank" not in page.text
    assert box.sealed not in eli.get(f"/admin/mailboxes/{box.id}").text
    events = db.session.query(SecurityEvent).filter_by(subject="mailbox:Support")
    assert [event.what for event in events] == ["setting_added"]
    assert "blank" not in str([event.detail for event in events])


def test_a_password_left_empty_stays_and_another_server_asks_for_it_again(eli: Browser) -> None:
    box = add(eli)
    assert change(eli, box, folder="Desk").status_code == 303
    read_anew()
    assert box.folder == "Desk"
    assert json.loads(unseal(PURPOSE, box.sealed)) == {"password": " blank at both ends "}
    answer = change(eli, box, host="localhost")
    assert answer.status_code == 422
    assert "Type this again" in text_of(answer.text)


def test_what_cannot_be_is_said_at_its_field_and_no_secret_comes_back(eli: Browser) -> None:
    answer = eli.post("/admin/mailboxes/new", data=TYPED | {"host": "imap.example.org"})
    assert answer.status_code == 422
    assert "Choose an encrypted way" in text_of(answer.text)
    assert "Passwords and tokens are not shown again" in text_of(answer.text)
    assert "blank at both ends" not in answer.text
    answer = eli.post("/admin/mailboxes/new", data={"name": "Support"})
    assert "Enter the name of the mail server" in text_of(answer.text)
    add(eli)
    answer = eli.post("/admin/mailboxes/new", data=TYPED | {"name": "Again"})
    assert "Support fetches this folder of this account already." in text_of(answer.text)


def test_oauth_asks_for_what_it_needs(eli: Browser) -> None:
    oauth = TYPED | {"auth": "oauth", "password": ""}
    answer = eli.post("/admin/mailboxes/new", data={k: v for k, v in oauth.items() if v})
    assert answer.status_code == 422
    assert 'name="auth" value="oauth" checked' in answer.text
    assert "Enter the address at which the provider gives tokens." in answer.text
    given = {
        "token_url": "http://127.0.0.1:1/token",
        "client_id": "desk",
        "refresh_token": "x" * 3000,
    }
    box = add(eli, auth="oauth", password="", **given)
    assert "x" * 100 not in eli.get(f"/admin/mailboxes/{box.id}").text


def test_somebody_who_was_faster_is_not_overwritten(eli: Browser) -> None:
    box = add(eli)
    seen = marker(eli, box)
    assert change(eli, box, folder="Desk").status_code == 303
    answer = change(eli, box, folder="Other", marker=seen)
    assert answer.status_code == 422
    assert "Somebody else has changed this" in text_of(answer.text)


def test_trying_the_connection_says_what_is_wrong(eli: Browser) -> None:
    box = add(eli)
    answer = eli.post(f"/admin/mailboxes/{box.id}/try", follow_redirects=True)
    assert "The server cannot be reached. Check its name and port." in text_of(answer.text)
    assert eli.post("/admin/mailboxes/999/try").status_code == 404


def test_a_silent_mailbox_says_so_on_its_pages_and_on_the_watch_page(eli: Browser, house: House) -> None:
    box = add(eli)
    now = clock.now()
    box.created_at = box.active_since = MONDAY_9
    box.succeeded_at, box.fault = now - timedelta(hours=2, minutes=5), "sign_in: wrong password"
    db.session.commit()
    mail_watch.sweep(now)
    page = text_of(eli.get(f"/admin/mailboxes/{box.id}").text)
    assert "Nothing is heard of this mailbox: HD-1" in page
    assert "The server refuses the user name, password or token. wrong password" in page
    assert "silent cannot be fetched" in text_of(eli.get("/admin/mailboxes").text)
    watch = text_of(eli.get("/watch").text)
    assert "Nothing was heard of mailbox Support since" in watch
    assert "2 h 05 min ago silent cannot be fetched" in watch
    assert "/tickets/HD-1" in eli.get("/watch").text


def test_all_is_well_says_so(eli: Browser, house: House) -> None:
    box = add(eli)
    box.succeeded_at = clock.now()
    db.session.commit()
    assert "ago heard –" in text_of(eli.get("/watch").text)
    box.is_active = False
    db.session.commit()
    assert "switched off" in text_of(eli.get("/admin/mailboxes").text)
    assert "No mailbox is fetched" in text_of(eli.get("/watch").text)


def test_for_how_long_it_may_be_silent_is_set(eli: Browser, house: House) -> None:
    assert eli.post("/admin/mailboxes/silence", data={"mailbox_silent_minutes": "240"}).status_code == 303
    read_anew()
    assert mail_watch.silent_after(get_organisation()) == timedelta(hours=4)
    add(eli)
    assert 'value="240"' in eli.get("/admin/mailboxes").text
    answer = eli.post("/admin/mailboxes/silence", data={"mailbox_silent_minutes": "9"}, follow_redirects=True)
    assert "Enter a whole number from 10 to 10080." in text_of(answer.text)


def test_auditors_read_and_others_find_nothing(eli: Browser, house: House, browser: Browsers) -> None:
    box = add(eli)
    fay = browser().known_as(house.fay)
    assert fay.get(f"/admin/mailboxes/{box.id}").status_code == 200
    assert "Try the connection" not in fay.get(f"/admin/mailboxes/{box.id}").text
    for path in (f"/admin/mailboxes/{box.id}", f"/admin/mailboxes/{box.id}/try", "/admin/mailboxes/silence"):
        assert fay.post(path, data=TYPED).status_code == 404
    for person in (house.ana, house.bo, house.chen, house.dee):
        assert browser().known_as(person).get("/admin/mailboxes").status_code == 404

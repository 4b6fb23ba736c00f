"""A mailbox from its page to its silence and back, with a real Dovecot."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask

from helpdesk import clock
from helpdesk.desk import mail_watch
from helpdesk.intake import fetch
from helpdesk.store import db
from helpdesk.store.mailboxes import Mailbox
from helpdesk.store.tickets import Entry, Ticket
from tests.conftest import Browser, House, read_anew
from tests.mail.dovecot import PASSWORD, dovecot
from tests.mail.fetchers import fetching, letter, seen_anew
from tests.mail.peers import free_port, wait_until

pytestmark = pytest.mark.processes
LATER = timedelta(hours=2)


@pytest.fixture(autouse=True)
def _eager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "LOOKS_EVERY", 0.05)
    monkeypatch.setattr(fetch, "FIRST_PAUSE", timedelta(milliseconds=100))


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def marker(eli: Browser, mailbox_id: int) -> str:
    page = eli.get(f"/admin/mailboxes/{mailbox_id}").text
    return re.search(r'name="marker" value="(\w+)"', page)[1]


def notes() -> list[str]:
    return [entry.body for entry in db.session.query(Entry).filter_by(kind="noted").order_by(Entry.id)]


def test_a_mailbox_is_added_tried_heard_silent_and_heard_again(
    app: Flask, house: House, browser: Callable[[], Browser]
) -> None:
    eli, port = browser().known_as(house.eli), free_port()
    typed = {
        "name": "Support",
        "address": "support@example.org",
        "host": "127.0.0.1",
        "port": str(port),
        "privacy": "none",
        "user": "desk",
        "folder": "INBOX",
        "auth": "password",
        "password": "not this one",
        "is_active": "1",
    }
    with dovecot(port=port) as server:
        server.deliver(letter(1))
        assert eli.post("/admin/mailboxes/new", data=typed).status_code == 303
        read_anew()
        mailbox_id = db.session.query(Mailbox.id).scalar()
        tried = eli.post(f"/admin/mailboxes/{mailbox_id}/try", follow_redirects=True)
        assert "The server refuses the user name, password or token." in text_of(tried.text)
        mended = typed | {"password": PASSWORD, "marker": marker(eli, mailbox_id)}
        assert eli.post(f"/admin/mailboxes/{mailbox_id}", data=mended).status_code == 303
        tried = eli.post(f"/admin/mailboxes/{mailbox_id}/try", follow_redirects=True)
        assert "It works: 1 mail is there." in text_of(tried.text)
        with fetching(app):
            wait_until(lambda: seen_anew(mailbox_id).succeeded_at is not None, "not heard")
    now = clock.now()
    mail_watch.sweep(now)
    assert db.session.query(Ticket).count() == 0
    with fetching(app):  # its server is gone
        wait_until(lambda: seen_anew(mailbox_id).fault != "", "nothing is said")
    mail_watch.sweep(now + LATER)
    read_anew()
    [ticket] = db.session.query(Ticket)
    assert ticket.subject.startswith("Nothing was heard of mailbox Support since")
    [reported] = db.session.query(Entry).filter_by(kind="reported")
    assert reported.body.startswith("The server cannot be reached. Check its name and port.")
    assert f"Nothing is heard of this mailbox: {ticket.number}" in text_of(
        eli.get(f"/admin/mailboxes/{mailbox_id}").text
    )
    with dovecot(port=port), fetching(app):
        wait_until(lambda: seen_anew(mailbox_id).fault == "", "not heard again")
    mail_watch.sweep(clock.now())
    read_anew()
    assert notes() == ["The mailbox is heard again."]

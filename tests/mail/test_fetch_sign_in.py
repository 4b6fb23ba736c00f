"""Signing in at a real Dovecot: what is refused, told, and tried again."""

import time
from datetime import timedelta

import pytest
from flask import Flask

from helpdesk import clock
from helpdesk.desk import mailboxes
from helpdesk.desk.changes import By
from helpdesk.outbound import imap
from helpdesk.store import db
from tests.conftest import House
from tests.mail.dovecot import PASSWORD, dovecot
from tests.mail.fetchers import add_mailbox, change, fetching, letter, seen_anew
from tests.mail.peers import rows, wait_until

pytestmark = pytest.mark.processes


def test_the_server_hears_who_we_are_after_signing_in(app: Flask, house: House) -> None:
    with dovecot(imap="imap_id_log = *") as server:
        server.deliver(letter(1))
        mailbox_id = add_mailbox(house, server)
        tried = mailboxes.try_connection(mailbox_id, clock.now())
        assert tried == mailboxes.Tried(messages=1, unseen=1, has_idle=True)
        told = [line for line in server.log().splitlines() if "ID sent" in line]
        assert len(told) == 1
        assert "name=Helpdesk" in told[0]
        assert "imap(desk)" in told[0]  # of the session, not of the sign-in before it
        assert server.unseen() == 1


def test_a_wrong_password_is_told_and_a_right_one_is_tried_at_once(app: Flask, house: House) -> None:
    with dovecot() as server:
        server.deliver(letter(1))
        mailbox_id = add_mailbox(house, server, {"password": "battery staple"})
        with pytest.raises(imap.Failed) as failed:
            mailboxes.try_connection(mailbox_id, clock.now())
        assert failed.value.code == "sign_in"
        with fetching(app, FIRST_PAUSE=timedelta(minutes=5)):
            wait_until(lambda: seen_anew(mailbox_id).fault != "", "no fault is told")
            mailbox = seen_anew(mailbox_id)
            assert mailbox.fault.startswith("sign_in: ")
            assert "staple" not in mailbox.fault
            assert mailbox.tried_at is not None
            assert mailbox.succeeded_at is None
            change(house, mailbox_id, {"password": PASSWORD})
            wait_until(lambda: len(rows()) == 1, "the new password is not tried")
            wait_until(lambda: seen_anew(mailbox_id).fault == "", "the fault stays")


def test_a_connection_that_works_again_is_not_waited_for(app: Flask, house: House) -> None:
    with dovecot() as server:
        mailbox_id = add_mailbox(house, server)
        seen_anew(mailbox_id).claimed_until = clock.now() + timedelta(minutes=5)
        db.session.commit()
        server.deliver(letter(1))
        with fetching(app):
            mailboxes.try_connection(mailbox_id, clock.now())
            wait_until(lambda: len(rows()) == 1, "not fetched")


def test_a_password_in_any_script_signs_in(app: Flask, house: House) -> None:
    with dovecot() as server:
        (server.folder / "users").write_text("desk:{PLAIN}пароль 密码\n")
        mailbox_id = add_mailbox(house, server, {"password": "пароль 密码"})
        assert mailboxes.try_connection(mailbox_id, clock.now()).messages == 0


def test_a_folder_that_is_not_there_is_told(app: Flask, house: House) -> None:
    with dovecot() as server:
        mailbox_id = add_mailbox(house, server, folder="工单")
        with pytest.raises(imap.Failed) as failed:
            mailboxes.try_connection(mailbox_id, clock.now())
        assert failed.value.code == "folder"
        with server.client() as client:
            client.create("&XeVTVQ-")  # the same in modified UTF-7 (RFC 3501 5.1.3)
        assert mailboxes.try_connection(mailbox_id, clock.now()).messages == 0


def test_a_server_that_goes_away_and_comes_back_is_read_on(app: Flask, house: House) -> None:
    with fetching(app, LONGEST_PAUSE=timedelta(milliseconds=300)):
        with dovecot() as server:
            mailbox_id = add_mailbox(house, server)
            wait_until(lambda: seen_anew(mailbox_id).succeeded_at is not None, "not reached")
            last = seen_anew(mailbox_id).succeeded_at
        wait_until(lambda: seen_anew(mailbox_id).fault.startswith("unreachable: "), "its end goes unnoticed")
        assert seen_anew(mailbox_id).succeeded_at == last
        with dovecot(port=server.port) as server:
            server.deliver(letter(1))
            wait_until(lambda: len(rows()) == 1, "not fetched")
            wait_until(lambda: seen_anew(mailbox_id).fault == "", "the fault stays")


def test_switched_off_it_is_let_go_and_switched_on_fetched_again(app: Flask, house: House) -> None:
    with dovecot() as server, fetching(app) as fetcher:
        mailbox_id = add_mailbox(house, server)
        wait_until(lambda: seen_anew(mailbox_id).succeeded_at is not None, "not reached")
        mailboxes.switch(mailbox_id, False, By(clock.now(), house.eli.id))
        wait_until(lambda: not any(t.is_alive() for t in fetcher.threads.values()), "it goes on")
        server.deliver(letter(1))
        time.sleep(0.3)
        assert rows() == []
        mailboxes.switch(mailbox_id, True, By(clock.now(), house.eli.id))
        wait_until(lambda: len(rows()) == 1, "not fetched")


def test_certificates_are_looked_at(app: Flask, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with dovecot(only_private=True) as server:
        server.deliver(letter(1))
        tls = add_mailbox(house, server, host="localhost", port=server.tls_port, privacy="tls")
        starttls = add_mailbox(
            house, server, host="localhost", privacy="starttls", name="Second", user="second"
        )
        for mailbox_id in (tls, starttls):
            with pytest.raises(imap.Failed) as failed:
                mailboxes.try_connection(mailbox_id, clock.now())
            assert failed.value.code == "untrusted"
        monkeypatch.setenv("SSL_CERT_FILE", str(server.folder / "mail.crt"))
        assert mailboxes.try_connection(tls, clock.now()).messages == 1
        assert mailboxes.try_connection(starttls, clock.now()).messages == 0

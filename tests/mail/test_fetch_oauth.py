"""Mailboxes that are signed in to with OAuth (XOAUTH2): a real Dovecot asks a token server about tokens."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from helpdesk import clock
from helpdesk.desk import mailboxes
from helpdesk.outbound import imap
from helpdesk.store import db
from tests.conftest import House
from tests.mail.dovecot import PASSWORD, Dovecot, TokenServer, dovecot, token_server
from tests.mail.fetchers import add_mailbox, change, fetching, letter, seen_anew
from tests.mail.peers import rows, wait_until

pytestmark = pytest.mark.processes
SECRETS = {"client_secret": "client secret", "refresh_token": "refresh-1"}


@contextmanager
def servers() -> Iterator[tuple[Dovecot, TokenServer]]:
    with token_server() as tokens, dovecot(tokens=tokens.url) as server:
        yield server, tokens


def add(house: House, server: Dovecot, tokens: TokenServer, secrets: dict[str, str], **more: Any) -> int:
    return add_mailbox(
        house, server, secrets, auth="oauth", token_url=f"{tokens.url}/token", client_id="helpdesk", **more
    )


def test_a_token_is_asked_for_kept_and_used_until_it_ends(app: Flask, house: House) -> None:
    with servers() as (server, tokens):
        mailbox_id = add(house, server, tokens, SECRETS, scope="imap offline_access")
        now = clock.now()
        assert mailboxes.try_connection(mailbox_id, now).messages == 0
        assert tokens.asked == [
            {
                "grant_type": "refresh_token",
                "refresh_token": "refresh-1",
                "client_id": "helpdesk",
                "client_secret": "client secret",
                "scope": "imap offline_access",
            }
        ]
        mailbox = seen_anew(mailbox_id)
        assert mailbox.token_expires_at == now + timedelta(hours=1)
        assert mailbox.refresh_expires_at == now + timedelta(days=1)
        assert "refresh" not in mailbox.sealed
        mailboxes.try_connection(mailbox_id, now + timedelta(minutes=57))
        assert len(tokens.asked) == 1
        # It would end while we sign in.
        mailboxes.try_connection(mailbox_id, now + timedelta(minutes=58))
        assert [asked["refresh_token"] for asked in tokens.asked] == ["refresh-1", "refresh-2"]


def test_mail_is_fetched_with_a_token_and_with_a_new_one_after_it_ended(app: Flask, house: House) -> None:
    with servers() as (server, tokens):
        server.deliver(letter(1))
        mailbox_id = add(house, server, tokens, SECRETS)
        with fetching(app):
            wait_until(lambda: len(rows()) == 1, "not fetched")
        tokens.live.clear()
        seen_anew(mailbox_id).token_expires_at = clock.now() - timedelta(minutes=1)
        db.session.commit()
        server.deliver(letter(2))
        with fetching(app):
            wait_until(lambda: len(rows()) == 2, "not fetched with a new token")
        assert len(tokens.asked) == 2
        assert seen_anew(mailbox_id).fault == ""


def test_a_token_that_was_called_back_before_its_end_is_replaced(app: Flask, house: House) -> None:
    with servers() as (server, tokens):
        mailbox_id = add(house, server, tokens, SECRETS)
        mailboxes.try_connection(mailbox_id, clock.now())
        tokens.live.clear()
        mailboxes.try_connection(mailbox_id, clock.now())
        assert len(tokens.asked) == 2


def test_a_grant_that_is_spent_is_told_on_the_mailbox(app: Flask, house: House) -> None:
    with servers() as (server, tokens):
        server.deliver(letter(1))
        tokens.is_granting = False
        mailbox_id = add(house, server, tokens, SECRETS)
        with fetching(app):
            wait_until(lambda: seen_anew(mailbox_id).fault != "", "no fault is told")
            assert seen_anew(mailbox_id).fault == "token: invalid_grant: The token was called back."
            tokens.is_granting = True
            change(house, mailbox_id, {"refresh_token": "refresh-1"})
            wait_until(lambda: len(rows()) == 1, "not fetched")
            wait_until(lambda: seen_anew(mailbox_id).fault == "", "the fault stays")


def test_without_a_refresh_token_the_client_asks_in_its_own_name(app: Flask, house: House) -> None:
    with servers() as (server, tokens):
        mailbox_id = add(house, server, tokens, {"client_secret": "client secret"})
        mailboxes.try_connection(mailbox_id, clock.now())
        assert tokens.asked[0]["grant_type"] == "client_credentials"
        assert seen_anew(mailbox_id).refresh_expires_at is None


def test_of_two_who_ask_with_one_refresh_token_both_sign_in(
    app: Flask, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counts once: the one that came later takes what the other was given."""
    with servers() as (server, tokens):
        mailbox_id = add(house, server, tokens, SECRETS)
        ask, asked = mailboxes.oauth.ask, []

        def after_another(*words: Any) -> Any:
            if not asked:
                asked.append(words)
                mailboxes.try_connection(mailbox_id, clock.now())
            return ask(*words)

        monkeypatch.setattr(mailboxes.oauth, "ask", after_another)
        assert mailboxes.try_connection(mailbox_id, clock.now()).messages == 0
        assert len(tokens.asked) == 2
        assert seen_anew(mailbox_id).fault == ""


def test_a_token_server_that_is_away_is_asked_again_later(app: Flask, house: House) -> None:
    with dovecot() as server:
        away = TokenServer(url="http://127.0.0.1:9")
        mailbox_id = add(house, server, away, SECRETS)
        with pytest.raises(imap.Failed) as failed:
            mailboxes.try_connection(mailbox_id, clock.now())
        assert failed.value.code == "token_server"
        assert "refresh-1" not in failed.value.words


def test_no_secret_is_logged(app: Flask, house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with servers() as (server, tokens):
        mailbox_id = add(house, server, tokens, SECRETS)
        mailboxes.try_connection(mailbox_id, clock.now())
        change(house, mailbox_id, {"password": PASSWORD}, auth="password")
        mailboxes.try_connection(mailbox_id, clock.now())
        change(house, mailbox_id, {"password": "battery staple"})
        with fetching(app):
            wait_until(lambda: seen_anew(mailbox_id).fault != "", "no fault is told")
    assert "sign_in" in caplog.text
    for secret in (*SECRETS.values(), "access-1", PASSWORD, "battery staple"):
        assert secret not in caplog.text

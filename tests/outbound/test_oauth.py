"""What token servers answer, and what becomes of it."""

from datetime import timedelta
from typing import Any

import pytest

from helpdesk.outbound import oauth
from helpdesk.outbound.imap import Failed
from tests.conftest import MONDAY_9
from tests.mail.dovecot import TokenServer, token_server

GIVEN = {"access_token": "access", "expires_in": 3600}


def ask(tokens: TokenServer) -> oauth.Grant:
    return oauth.ask(f"{tokens.url}/token", "helpdesk", "client secret", "refresh-1", "", MONDAY_9)


@pytest.mark.parametrize(
    ("answer", "lasts", "refresh_token", "refresh_lasts"),
    [
        ({}, timedelta(hours=1), "refresh-1", None),
        ({"expires_in": "600"}, timedelta(minutes=10), "refresh-1", None),
        ({"expires_in": None}, oauth.LASTS, "refresh-1", None),
        ({"expires_in": "soon"}, oauth.LASTS, "refresh-1", None),
        ({"refresh_token": "next"}, timedelta(hours=1), "next", None),
        ({"refresh_token_expires_in": 86400}, timedelta(hours=1), "refresh-1", timedelta(days=1)),
        ({"refresh_expires_in": 1800}, timedelta(hours=1), "refresh-1", timedelta(minutes=30)),
        ({"refresh_expires_in": 0}, timedelta(hours=1), "refresh-1", None),  # it has no end
    ],
)
def test_what_a_token_server_gives(
    answer: dict[str, Any], lasts: timedelta, refresh_token: str, refresh_lasts: timedelta | None
) -> None:
    with token_server() as tokens:
        tokens.grant = lambda _asked: (200, GIVEN | answer)  # type: ignore[method-assign]
        grant = ask(tokens)
    assert (grant.access_token, grant.expires_at, grant.refresh_token) == (
        "access",
        MONDAY_9 + lasts,
        refresh_token,
    )
    assert grant.refresh_expires_at == (MONDAY_9 + refresh_lasts if refresh_lasts else None)
    assert "access" not in repr(grant).replace("access_token", "")


@pytest.mark.parametrize(
    ("status", "answer", "code", "words"),
    [
        (400, {"error": "invalid_grant"}, "token", "invalid_grant"),
        (401, {"error": "invalid_client", "error_description": "No."}, "token", "invalid_client: No."),
        (400, {"error": "bad refresh-1"}, "token", "bad …"),
        (400, {}, "token", "400 Bad Request"),
        (429, {}, "token_server", "429 Too Many Requests"),
        (503, {}, "token_server", "503 Service Unavailable"),
        (200, {"token_type": "Bearer"}, "token", "no access_token in the answer"),
        (200, ["access"], "token", "no access_token in the answer"),
    ],
)
def test_what_a_token_server_refuses(status: int, answer: Any, code: str, words: str) -> None:
    with token_server() as tokens:
        tokens.grant = lambda _asked: (status, answer)  # type: ignore[method-assign]
        with pytest.raises(Failed) as failed:
            ask(tokens)
    assert (failed.value.code, failed.value.words) == (code, words)

"""Access tokens for mailboxes: with a refresh token, or in the client's own name (RFC 6749 6 and 4.4)."""

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from helpdesk.outbound.imap import Failed

TIMEOUT = 20.0  # seconds
LONGEST_ANSWER = 1 << 18  # bytes
LASTS = timedelta(minutes=5)  # where the server does not say


@dataclass(frozen=True)
class Grant:
    """What a token server gave: when the access token ends; the refresh token to use from now on ("" where
    there is none) and its end (None: it does not say)."""

    access_token: str = field(repr=False)
    expires_at: datetime
    refresh_token: str = field(repr=False)
    refresh_expires_at: datetime | None


def ask(url: str, client_id: str, client_secret: str, refresh_token: str, scope: str, now: datetime) -> Grant:
    """A new access token. Without a refresh token the client asks in its own name.

    Raises imap.Failed (token, token_server).
    """
    asked = {"client_id": client_id, "client_secret": client_secret, "scope": scope}
    if refresh_token:
        asked |= {"grant_type": "refresh_token", "refresh_token": refresh_token}
    else:
        asked |= {"grant_type": "client_credentials"}
    answer = _post(url, {name: value for name, value in asked.items() if value})
    token = answer.get("access_token")
    if not isinstance(token, str) or not token:
        raise Failed("token", "no access_token in the answer")
    ends = answer.get("refresh_token_expires_in") or answer.get("refresh_expires_in")
    return Grant(
        access_token=token,
        expires_at=now + (_seconds(answer.get("expires_in")) or LASTS),
        refresh_token=str(answer.get("refresh_token") or refresh_token),
        refresh_expires_at=now + within if (within := _seconds(ends)) else None,
    )


def _post(url: str, asked: dict[str, str]) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 - http(s), see desk/mailboxes
        url,
        urllib.parse.urlencode(asked).encode(),
        {"Accept": "application/json", "User-Agent": "Helpdesk"},
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:  # noqa: S310
            answer = json.loads(response.read(LONGEST_ANSWER))
    except urllib.error.HTTPError as fault:
        # 5xx and 429: it may well give one later.
        is_later = fault.code >= 500 or fault.code == 429
        raise Failed("token_server" if is_later else "token", _without(asked, _said(fault))) from None
    except (OSError, http.client.HTTPException, ValueError) as fault:
        raise Failed("token_server", _without(asked, str(fault) or type(fault).__name__)) from None
    if not isinstance(answer, dict):
        raise Failed("token", "no access_token in the answer")
    return answer


def _said(fault: urllib.error.HTTPError) -> str:
    """Its error and description (RFC 6749 5.2), else its status."""
    try:
        answer = json.loads(fault.read(LONGEST_ANSWER))
        said = ": ".join(str(answer[name]) for name in ("error", "error_description") if answer.get(name))
    except (OSError, ValueError, TypeError, AttributeError, http.client.HTTPException):
        said = ""
    return " ".join((said or f"{fault.code} {fault.reason}").split())


def _without(asked: dict[str, str], words: str) -> str:
    for name in ("client_secret", "refresh_token"):
        if asked.get(name):
            words = words.replace(asked[name], "…")
    return words[:300]


def _seconds(value: object) -> timedelta | None:
    try:
        seconds = int(str(value))
    except ValueError:
        return None
    return timedelta(seconds=min(seconds, 10**9)) if seconds > 0 else None

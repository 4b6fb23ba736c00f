"""Pages that are the same for everybody, answered from memory: also while the rest is busy or away."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs

from werkzeug.http import parse_accept_header, unquote_etag

from helpdesk import clock, i18n

FRESH_FOR = timedelta(seconds=15)
# How old a page may be that is shown while the database is away; it says itself of when it is.
KEPT_FOR = timedelta(hours=12)
MOST_KEPT = 2000

Application = Callable[..., Iterable[bytes]]
Answer = tuple[str, list[tuple[str, str]], bytes]


@dataclass
class _Copy:
    """An answer with status 200, and when it was made; `renewing`: somebody makes a newer one."""

    made_at: datetime
    headers: list[tuple[str, str]]
    body: bytes
    etag: str
    renewing: threading.Lock


class Kept:
    """WSGI: GET and HEAD below `prefix` in a language are made once in FRESH_FOR and given to all who ask.

    No cookie and no query but `lang` reaches them, so that nobody's page is kept for another.
    """

    def __init__(self, application: Application, prefix: str) -> None:
        self.application, self.prefix = application, prefix
        self.copies: dict[tuple[str, str], _Copy] = {}
        self.first = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path, method = environ.get("PATH_INFO", ""), environ["REQUEST_METHOD"]
        if method not in ("GET", "HEAD") or not (path == self.prefix or path.startswith(f"{self.prefix}/")):
            return self.application(environ, start_response)
        copy, answer = self._copy(environ, (path, _locale(environ)))
        if copy is None:
            status, headers, body = answer
            start_response(status, headers)
        elif copy.etag in unquoted(environ.get("HTTP_IF_NONE_MATCH", "")):
            start_response("304 Not Modified", [h for h in copy.headers if h[0] not in _OF_BODY])
            body = b""
        else:
            start_response("200 OK", copy.headers)
            body = copy.body
        return [b"" if method == "HEAD" else body]

    def forget(self) -> None:
        """Nothing is kept any more."""
        self.copies.clear()

    def _copy(self, environ: dict[str, Any], key: tuple[str, str]) -> tuple[_Copy | None, Answer]:
        """A copy fresh enough, or none and the answer itself (a fault, or no such page)."""
        known, now = self.copies.get(key), clock.now()
        if known is not None and now - known.made_at < FRESH_FOR:
            return known, ("", [], b"")
        # The first of all waits for nobody; later on one renews, and the others take what there is.
        lock = known.renewing if known is not None else self.first
        if not lock.acquire(blocking=known is None):
            return known, ("", [], b"")
        try:
            return self._renewed(environ, key, now)
        finally:
            lock.release()

    def _renewed(
        self, environ: dict[str, Any], key: tuple[str, str], now: datetime
    ) -> tuple[_Copy | None, Answer]:
        known = self.copies.get(key)
        if known is not None and now - known.made_at < FRESH_FOR:
            return known, ("", [], b"")  # somebody else made it meanwhile
        status, headers, body = self._ask(environ, key[1])
        if status.startswith("5") and known is not None and now - known.made_at < KEPT_FOR:
            return known, ("", [], b"")
        if not status.startswith("200"):
            return None, (status, headers, body)
        etag = sha256(body).hexdigest()[:32]
        kept = [(name, value) for name, value in headers if name.lower() not in _NOT_FOR_ALL]
        kept += [
            ("ETag", f'"{etag}"'),
            ("Cache-Control", f"public, max-age={int(FRESH_FOR.total_seconds())}, stale-if-error=43200"),
            ("Vary", "Accept-Language"),
        ]
        if len(self.copies) >= MOST_KEPT:
            self.copies.clear()
        self.copies[key] = _Copy(now, kept, body, etag, threading.Lock())
        return self.copies[key], ("", [], b"")

    def _ask(self, environ: dict[str, Any], locale: str) -> Answer:
        """The application's own answer to a stranger."""
        said: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], *_rest: Any) -> Callable[[bytes], None]:
            said[:] = [status, headers]
            return lambda _written: None

        asked = {name: value for name, value in environ.items() if name not in _PERSONAL}
        asked |= {"REQUEST_METHOD": "GET", "QUERY_STRING": f"lang={locale}"}
        found = self.application(asked, start)
        try:
            body = b"".join(found)
        finally:
            if hasattr(found, "close"):
                found.close()
        return said[0], said[1], body


_PERSONAL = frozenset(
    {
        "HTTP_ACCEPT_ENCODING",
        "HTTP_COOKIE",
        "HTTP_AUTHORIZATION",
        "HTTP_IF_NONE_MATCH",
        "HTTP_IF_MODIFIED_SINCE",
    }
)
_NOT_FOR_ALL = frozenset({"set-cookie", "vary", "cache-control", "etag", "x-request-id"})
_OF_BODY = frozenset({"Content-Length", "Content-Type"})


def _locale(environ: dict[str, Any]) -> str:
    """As the address says (?lang=), else as the browser asks."""
    wanted = parse_qs(environ.get("QUERY_STRING", "")).get("lang", [""])[0]
    if wanted in i18n.LOCALES:
        return wanted
    accepted = parse_accept_header(environ.get("HTTP_ACCEPT_LANGUAGE", ""))
    return i18n.negotiate(list(accepted.values()))


def unquoted(if_none_match: str) -> set[str | None]:
    """The entity tags that a browser has, without quotes and weakness (RFC 9110, 13.1.2)."""
    return {unquote_etag(tag.strip())[0] for tag in if_none_match.split(",") if tag.strip()}

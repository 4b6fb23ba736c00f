"""Fetches people's calendars (iCal): over HTTPS, from public addresses alone, within limits of size and time.

The address of a calendar is a secret, and whoever names one must not have us ask for what only this machine
or its network may see. So a name is looked up once, all it leads to must be public, and the connection goes
to that very address.
"""

import http.client
import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from flask import current_app

from helpdesk.rules.addresses import is_public

LONGEST_URL = 2000
LONGEST_ETAG = 200  # one that is longer is not used
MOST = 4_000_000  # bytes
ANSWERS_WITHIN = 5.0  # seconds for each word of the server's
ALL_WITHIN = 15.0  # seconds for everything
HOPS = 4
TRIED = 3  # addresses of one name
PIECE = 65_536
_MOVED = (301, 302, 303, 307, 308)


class Unusable(Exception):
    """An address that is not asked; `code`: too_long, not_https, not_public."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Unfetched(Exception):
    """The calendar could not be had; `code`: unreachable, untrusted, not_public, not_https, moved (too
    often), refused (by the server), too_large, too_slow."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Fetched:
    """What the server gave; `data` None: nothing has changed since `etag`."""

    data: bytes | None
    etag: str


def check(typed: str) -> str:
    """The address as it is kept: calendars call theirs webcal:// as well. Raises Unusable; asks nobody."""
    url = typed.strip()
    if len(url) > LONGEST_URL:
        raise Unusable("too_long")
    if url.lower().startswith("webcal://"):
        url = "https" + url[len("webcal") :]
    parts = _split(url)
    if parts is None:
        raise Unusable("not_https")
    host = parts.hostname or ""
    is_number = host.replace(".", "").isdigit() or ":" in host
    if not _may_reach_this_machine() and ((is_number and not is_public(host)) or "." not in host.strip(".:")):
        raise Unusable("not_public")
    return url


def fetch(url: str, etag: str) -> Fetched:
    """Asks for the calendar, unless it is still the one of `etag` ("": in any case). Raises Unfetched."""
    until = time.monotonic() + ALL_WITHIN
    for _hop in range(HOPS):
        parts = _split(url)
        if parts is None:
            raise Unfetched("not_https")
        answer = _ask(parts, etag, until)
        if isinstance(answer, Fetched):
            return answer
        try:
            url = urljoin(url, answer)
        except ValueError as fault:  # what they send us to is no address
            raise Unfetched("not_https") from fault
    raise Unfetched("moved")


def _split(url: str) -> SplitResult | None:
    """The parts of an address that may be asked for, else None."""
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and parts.port != 0 and parts.username is None
    except ValueError:
        return None
    allowed = ("https", "http") if _may_reach_this_machine() else ("https",)
    clean = url.isascii() and not any(c.isspace() for c in url)
    return parts if is_whole and clean and parts.scheme in allowed else None


def _ask(parts: SplitResult, etag: str, until: float) -> Fetched | str:
    """What the server gives, or where it sends us."""
    connection = _Pinned(parts, _addresses_of(parts))
    # A server that sends a byte now and then is never late for one.
    watch = threading.Timer(max(until - time.monotonic(), 0), connection.cut)
    watch.daemon = True
    watch.start()
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"Accept": "text/calendar", "Accept-Encoding": "identity", "User-Agent": "Helpdesk"}
        connection.request("GET", path, headers=headers | ({"If-None-Match": etag} if etag else {}))
        with connection.getresponse() as given:
            answer = _read(given, etag)
        if connection.is_cut:  # where no length was said, an end is an end
            raise TimeoutError
        return answer
    except ssl.SSLError as fault:
        raise Unfetched("too_slow" if connection.is_cut else "untrusted") from fault
    except (OSError, http.client.HTTPException, ValueError) as fault:
        is_late = connection.is_cut or isinstance(fault, TimeoutError)
        raise Unfetched("too_slow" if is_late else "unreachable") from fault
    finally:
        watch.cancel()
        connection.close()


def _read(answer: http.client.HTTPResponse, etag: str) -> Fetched | str:
    if answer.status == 304 and etag:
        return Fetched(None, etag)
    if answer.status in _MOVED and (to := answer.getheader("Location")):
        return to
    if answer.status != 200:
        raise Unfetched("refused")
    pieces, size = [], 0
    while piece := answer.read(PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > MOST:
            raise Unfetched("too_large")
    etag = answer.getheader("ETag") or ""
    return Fetched(b"".join(pieces), etag if etag.isprintable() and len(etag) <= LONGEST_ETAG else "")


def _addresses_of(parts: SplitResult) -> list[str]:
    """The addresses that the name leads to; all of them must be public."""
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as fault:
        raise Unfetched("unreachable") from fault
    addresses = [str(each[4][0]) for each in found]
    if not _may_reach_this_machine() and not all(map(is_public, addresses)):
        raise Unfetched("not_public")
    return addresses[:TRIED]


class _Pinned(http.client.HTTPConnection):
    """A connection to one of those addresses and no other, whatever the name leads to by now."""

    def __init__(self, parts: SplitResult, addresses: list[str]) -> None:
        self.default_port = 443 if parts.scheme == "https" else 80
        super().__init__(parts.hostname or "", parts.port or self.default_port, timeout=ANSWERS_WITHIN)
        self._is_tls, self._addresses = parts.scheme == "https", addresses
        self.is_cut = False
        self._held: socket.socket | None = None

    def connect(self) -> None:
        self.sock = self._reach()
        if self._is_tls:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
        self._held = self.sock  # http.client lets go of it once an answer is to end with the connection
        if self.is_cut:
            raise TimeoutError
        if isinstance(self.sock, ssl.SSLSocket):
            self.sock.do_handshake()  # it can be drawn out as an answer can, and be cut

    def _reach(self) -> socket.socket:
        """The first that answers: a machine may have no way to the others."""
        for address in self._addresses[:-1]:
            with suppress(OSError):
                return socket.create_connection((address, self.port), ANSWERS_WITHIN)
        return socket.create_connection((self._addresses[-1], self.port), ANSWERS_WITHIN)

    def cut(self) -> None:
        """Ends it, from another thread."""
        self.is_cut = True
        if self._held is not None:
            with suppress(OSError):  # it has ended meanwhile
                self._held.shutdown(socket.SHUT_RDWR)


def _may_reach_this_machine() -> bool:
    """False but in tests, whose calendars lie on the loopback."""
    return bool(current_app.config.get("CALENDARS_REACH_LOOPBACK"))

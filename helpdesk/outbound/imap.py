"""Speaks with IMAP servers (RFC 3501; IDLE, RFC 2177; ID, RFC 2971): reads in pieces, marks as seen."""

import imaplib
import io
import logging
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any, BinaryIO, Literal

CONNECTS_WITHIN = 10.0  # seconds
ANSWERS_WITHIN = 60.0
ENDS_WITHIN = 2.0
PIECE = 1 << 20  # bytes; a larger message is read in pieces
AT_ONCE = 500  # messages in a command: servers limit the length of its line
SEEN = rb"\Seen"
# Some providers refuse the folder to programs that do not say who they are.
WHO = {"name": "Helpdesk", "version": "1", "vendor": "Helpdesk"}

Code = Literal[
    "unreachable",
    "untrusted",
    "sign_in",
    "folder",
    "server",
    "token",
    "token_server",
    "sealed_otherwise",
    "disk",
]


class Failed(Exception):
    """A server did not give what was asked; `code` says at which step, `words` are its own.

    unreachable: no connection, or it broke; untrusted: its certificate is not to be trusted, or it offers no
    STARTTLS; sign_in: it refused user and secret; folder: there is no such folder; server: anything else.
    Of OAuth: token: no more token is given for the kept secrets; token_server: it cannot be asked now.
    Of ours: sealed_otherwise: the kept secrets were sealed with another HELPDESK_SECRET_KEY; disk: the data
    folder takes nothing.
    """

    def __init__(self, code: Code, words: str = "") -> None:
        super().__init__(f"{code}: {words}")
        self.code = code
        self.words = words


class Refused(Failed):
    """The server refused one thing; the connection stands."""


@dataclass(frozen=True)
class Server:
    """Where to sign in, as whom, to read which folder. `secret`: the password, or the access token."""

    host: str
    port: int
    privacy: str
    user: str
    auth: str
    folder: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Folder:
    """A folder as it is now: its UIDVALIDITY, the highest UID given so far, how many messages it holds."""

    uid_validity: int
    last_uid: int
    size: int


@dataclass(frozen=True)
class Found:
    """A message in a folder: its bytes as a stream that is read while the session lasts, and when it came
    there (INTERNALDATE; None where the server does not say)."""

    stream: BinaryIO
    arrived_at: datetime | None


class Session:
    """Signed in at a server; everything raises Failed."""

    def __init__(self, client: Any, folder: str) -> None:
        self._client = client
        self._folder = folder
        self.has_idle = bool(client.has_capability("IDLE"))

    def select(self) -> Folder:
        """The folder, looked at anew."""
        with _told("folder"):
            found = self._client.select_folder(self._folder)
        with _told("server"):
            if b"UIDVALIDITY" not in found:
                raise Failed("server", "no UIDVALIDITY")
            last = found[b"UIDNEXT"] - 1 if b"UIDNEXT" in found else max(self._client.search(), default=0)
        return Folder(found[b"UIDVALIDITY"], last, found[b"EXISTS"])

    def list_uids(self, above: int) -> list[int]:
        """UIDs of the messages above that one."""
        with _told("server"):
            # "*" is the last message, even where it lies below.
            return sorted(uid for uid in self._client.search(["UID", f"{above + 1}:*"]) if uid > above)

    def list_unseen(self) -> list[int]:
        """UIDs of the messages that nobody has read."""
        with _told("server"):
            return sorted(self._client.search("UNSEEN"))

    def list_since(self, day: date) -> list[int]:
        """UIDs of the messages that came on that day of the server's, or later."""
        with _told("server"):
            return sorted(self._client.search(["SINCE", day]))

    def find_message(self, uid: int, beat: Callable[[], object]) -> Found | None:
        """The message; None if it is gone. Raises Refused where the server cannot give this one, as reading
        its stream does. `beat` is called before each piece."""
        with _told("server"):
            answer = self._client.fetch([uid], ["RFC822.SIZE", "INTERNALDATE"]).get(uid)
        if answer is None:
            return None
        message = _Message(self._client, uid, answer.get(b"RFC822.SIZE", PIECE + 1), beat)
        return Found(io.BufferedReader(message, PIECE), answer.get(b"INTERNALDATE"))

    def read_header(self, uid: int) -> bytes:
        """The header alone, of a message that cannot be had whole; b"" where it cannot be had either."""
        with suppress(Refused), _told("server"):
            return self._client.fetch([uid], ["BODY.PEEK[HEADER]"]).get(uid, {}).get(b"BODY[HEADER]") or b""
        return b""

    def mark_seen(self, uids: Sequence[int]) -> None:
        """Sets \\Seen on them."""
        with _told("server"):
            for start in range(0, len(uids), AT_ONCE):
                self._client.add_flags(uids[start : start + AT_ONCE], [SEEN], silent=True)

    @contextmanager
    def idling(self) -> Iterator[None]:
        """Within it the server tells of news by itself."""
        with _told("server"):
            self._client.idle()
        try:
            yield
        finally:
            with _told("server"):
                self._client.idle_done()

    def hears(self, seconds: float) -> bool:
        """Whether the server told of anything within that time, were it that it hung up; while idling."""
        began_at = time.monotonic()
        with _told("server"):
            told = self._has_read_ahead() or self._client.idle_check(timeout=seconds)
        return bool(told) or time.monotonic() - began_at < seconds / 2

    def _has_read_ahead(self) -> bool:
        """Whether news came along with the last answer: the library waits at the socket alone."""
        connection = self._client.socket()
        connection.setblocking(False)
        try:
            return bool(self._client._imap.file.peek(1))
        except OSError:  # TLS: nothing there
            return False
        finally:
            connection.settimeout(ANSWERS_WITHIN)


class _Message(io.RawIOBase):
    """A message, fetched as it is read: in one piece where it is small, for some servers count badly."""

    def __init__(self, client: Any, uid: int, size: int, beat: Callable[[], object]) -> None:
        self.client = client
        self.beat = beat
        self.uid = uid
        self.is_small = size <= PIECE
        self.place = 0
        self.piece = b""
        self.is_over = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self.piece and not self.is_over:
            self.piece = self._next()
        count = min(len(buffer), len(self.piece))
        buffer[:count], self.piece = self.piece[:count], self.piece[count:]
        return count

    def _next(self) -> bytes:
        self.beat()
        part = "" if self.is_small else f"<{self.place}.{PIECE}>"
        with _told("server"):
            answer = self.client.fetch([self.uid], [f"BODY.PEEK[]{part}"]).get(self.uid, {})
        piece = answer.get(b"BODY[]" if self.is_small else f"BODY[]<{self.place}>".encode())
        if piece is None:
            raise Refused("server", "the message was not given")
        self.place += len(piece)
        self.is_over = self.is_small or len(piece) < PIECE
        return bytes(piece)


@contextmanager
def session(server: Server) -> Iterator[Session]:
    """Signs in, and out at the end. Raises Failed."""
    client = _connected(server)
    try:
        _sign_in(client, server)
        with _told("server"):
            if client.has_capability("ID"):
                client.id_(WHO)
        yield Session(client, server.folder)
    finally:
        _leave(client)


def _connected(server: Server) -> Any:
    imapclient = _imapclient()
    context = ssl.create_default_context()
    timeout = imapclient.SocketTimeout(connect=CONNECTS_WITHIN, read=ANSWERS_WITHIN)
    is_tls = server.privacy == "tls"
    try:
        client = imapclient.IMAPClient(
            server.host, server.port, ssl=is_tls, ssl_context=context if is_tls else None, timeout=timeout
        )
    except ssl.SSLError as fault:
        raise Failed("untrusted", _words(fault)) from None
    except (OSError, imaplib.IMAP4.error) as fault:
        raise Failed("unreachable", _words(fault)) from None
    client.normalise_times = False
    if server.privacy == "starttls":
        try:
            client.starttls(context)
        except (OSError, imaplib.IMAP4.error) as fault:
            _leave(client)
            raise Failed("untrusted", _words(fault)) from None
    return client


def _sign_in(client: Any, server: Server) -> None:
    try:
        if server.auth == "oauth":
            client.oauth2_login(server.user, server.secret)
        elif (server.user + server.secret).isascii() and not client.has_capability("LOGINDISABLED"):
            client.login(server.user, server.secret)
        else:
            client.plain_login(server.user, server.secret)  # LOGIN has no charset
    except imaplib.IMAP4.abort as fault:
        raise Failed("unreachable", _words(fault)) from None
    except imaplib.IMAP4.error as fault:
        raise Failed("sign_in", _words(fault).replace(server.secret, "…")) from None
    except OSError as fault:
        raise Failed("unreachable", _words(fault)) from None


def _leave(client: Any) -> None:
    with suppress(OSError, imaplib.IMAP4.error):
        client.socket().settimeout(ENDS_WITHIN)
        client.logout()
        return
    with suppress(OSError, imaplib.IMAP4.error):
        client.shutdown()


@contextmanager
def _told(code: Code) -> Iterator[None]:
    """The library's faults as ours: an abort or a fault of the network ends the connection."""
    try:
        yield
    except (imaplib.IMAP4.abort, OSError) as fault:
        raise Failed("unreachable", _words(fault)) from None
    except imaplib.IMAP4.error as fault:
        raise Refused(code, _words(fault)) from None
    except (ValueError, LookupError, TypeError, AttributeError) as fault:  # an answer that no RFC knows
        raise Refused("server", f"{type(fault).__name__}: {_words(fault)}") from None


def _words(fault: Exception) -> str:
    return " ".join(str(fault).split())[:300] or type(fault).__name__


@cache
def _imapclient() -> Any:
    """The library, loaded with the first mailbox. At DEBUG it would log what bears secrets."""
    import imapclient

    logging.getLogger("imapclient").setLevel(logging.WARNING)
    return imapclient

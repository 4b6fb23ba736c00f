"""SMTP (RFC 5321) and LMTP (RFC 2033) as we speak them: 250 once a message is on the disk and its row is
committed, never before."""

import logging
import re
import ssl
from collections.abc import Callable
from typing import Any, BinaryIO

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session, syntax
from sqlalchemy.exc import SQLAlchemyError

from helpdesk.intake.charsets import clean
from helpdesk.intake.keeper import Keeper

log = logging.getLogger(__name__)
MOST_RECIPIENTS = 100
ALL_THERE_IS = 1 << 30
TAKEN = "250 2.0.0 Taken in"
NOT_NOW = "451 4.3.0 This message cannot be stored now; send it again later"
TOO_BIG = "552 5.3.4 This message is too big; it may have {} bytes"
NULL_PATH = "<>"  # as aiosmtpd calls it
_END = b"\r\n.\r\n"
# In brackets, with what may stand in quotation marks there, or bare; then the command's parameters.
_PATH = re.compile(r'\s*(?:<((?:"(?:[^"\\]|\\.)*"|[^"<>])*)>|([^\s<>]+))\s*(.*)', re.DOTALL)
_ROUTE = re.compile(r"^@[^:]*:")


class Text:
    """The text after DATA (RFC 5321 4.1.1.4 and 4.5.2), piece by piece: finds its end, takes the dots off.

    `rest`: what came behind the end (RFC 2920), None as long as there is none.
    """

    def __init__(self) -> None:
        self.rest: bytes | None = None
        self._undecided = b"\r\n"  # the end of the line with DATA begins an empty text's end
        self._ours = 2  # bytes before the text that are not of it

    def take(self, piece: bytes) -> bytes:
        """What the piece adds to the text."""
        found = self._undecided + piece
        at = found.find(_END)
        if at >= 0:
            found, self.rest = found[: at + 2], found[at + len(_END) :]
        else:
            kept = next(n for n in range(len(_END) - 1, -1, -1) if found.endswith(_END[:n]))
            self._undecided = found[len(found) - kept :]
            found = found[: len(found) - kept]
        text = found.replace(b"\r\n.", b"\r\n")
        begins, self._ours = self._ours, max(self._ours - len(text), 0)
        return text[begins:]


class Handler:
    """What aiosmtpd asks us."""

    def __init__(self, keeper: Keeper) -> None:
        self.keeper = keeper

    async def handle_EHLO(
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, replies: list[str]
    ) -> list[str]:
        """We have nobody sign in; commands may come several at once (RFC 2920)."""
        session.host_name = hostname
        return [
            replies[0],
            "250-PIPELINING",
            *(each for each in replies[1:] if not each.startswith("250-AUTH")),
        ]

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        try:
            if not await self.keeper.is_ours(clean(address)):
                return "550 5.1.1 No such address here"
        except SQLAlchemyError as fault:
            log.error("cannot look for a mailbox: %s", fault)
            return "451 4.3.0 Try again later"
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_exception(self, _fault: Exception) -> str:
        """A fault of ours is no reason to refuse a message for good, as aiosmtpd's own 500 would."""
        log.exception("a mail session stumbled")
        return NOT_NOW


class Listener(SMTP):
    """A connection over which mail is taken in."""

    door = "smtp"
    line_length_limit = 1 << 16  # of commands alone: the text is read in pieces, its lines are of any length

    def __init__(self, keeper: Keeper, **options: Any) -> None:
        super().__init__(Handler(keeper), decode_data=False, enable_SMTPUTF8=True, **options)
        self.keeper = keeper

    @syntax("DATA")
    async def smtp_DATA(self, arg: str | None) -> None:
        """In place of aiosmtpd's, which keeps each line apart in memory and refuses long ones."""
        assert self.envelope is not None  # noqa: S101 - since the connection was made
        if await self.check_helo_needed():
            return
        if not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 Name a recipient first")
            return
        if arg:
            await self.push("501 5.5.4 DATA takes no argument")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        reply = await self._take()
        replies = self._replies(reply, len(self.envelope.rcpt_tos))
        self._set_post_data_state()
        for each in replies:
            await self.push(each)

    def _replies(self, reply: str, _recipients: int) -> list[str]:
        return [reply]

    async def _take(self) -> str:
        """Reads the text to its end, whatever becomes of it, and says that."""
        envelope = self.envelope
        assert envelope is not None  # noqa: S101 - smtp_DATA has asked
        content = self.keeper.draft()
        try:
            size = await self._read_into(content)
        except OSError as fault:
            content.close()
            log.error("mail cannot be kept: %s", fault)
            return NOT_NOW
        if self.data_size_limit is not None and size > self.data_size_limit:
            content.close()
            log.warning("refused mail of %d bytes from %r", size, envelope.mail_from)
            return TOO_BIG.format(self.data_size_limit)
        sender = "" if envelope.mail_from == NULL_PATH else clean(envelope.mail_from or "")
        recipients = [clean(address) for address in envelope.rcpt_tos]
        return TAKEN if await self.keeper.keep(content, self.door, sender, recipients) else NOT_NOW

    async def _read_into(self, content: BinaryIO) -> int:
        """The size of the text; beyond the limit nothing is kept of it. OSError once all is read, where it
        could not be written."""
        text, size = Text(), 0
        fault: OSError | None = None
        while text.rest is None:
            piece = await self._reader.read(ALL_THERE_IS)
            if not piece:
                raise ConnectionResetError("the sender went away amid a message")
            self._reset_timeout()  # as long as something comes, however slowly
            wanted = text.take(piece)
            size += len(wanted)
            if fault is None and (self.data_size_limit is None or size <= self.data_size_limit):
                try:
                    content.write(wanted)
                except OSError as full:
                    fault = full
        if text.rest:
            self._reader.feed_data(text.rest)
        if fault is not None:
            raise fault
        return size

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """The path of MAIL or RCPT and its parameters. Whatever senders call themselves is taken: aiosmtpd
        refuses some addresses that are in use."""
        found = _PATH.fullmatch(arg)
        if found is None:
            return None, None
        path = found[1] if found[1] is not None else found[2]
        return _ROUTE.sub("", path.strip()) or NULL_PATH, found[3]


class LmtpListener(Listener, LMTP):
    """The same over LMTP: each recipient has a reply of its own (RFC 2033 4.2)."""

    door = "lmtp"

    def _replies(self, reply: str, recipients: int) -> list[str]:
        return [reply] * recipients


def listeners(
    kind: type[Listener], keeper: Keeper, tls: Callable[[], ssl.SSLContext | None]
) -> Callable[[], Listener]:
    """Makes a listener for each connection."""
    settings = keeper.settings

    def listen() -> Listener:
        return kind(
            keeper,
            data_size_limit=settings.mail_max_bytes,
            hostname=settings.mail_address.rpartition("@")[2],
            ident="Helpdesk",
            tls_context=tls(),
        )

    return listen

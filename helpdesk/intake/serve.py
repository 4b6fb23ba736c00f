"""The SMTP listener: says 250 once a message is on the disk and its row is committed, never before."""

import asyncio
import logging
import signal
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from helpdesk import clock
from helpdesk.config import CannotStart, Settings
from helpdesk.core import create_core
from helpdesk.desk import mail
from helpdesk.desk.mail import Arrival
from helpdesk.intake.charsets import clean
from helpdesk.rules.threading import is_ours

log = logging.getLogger(__name__)
WRITERS = 4  # files at once: the disk syncs several in the time of one
MOST_AT_ONCE = 50  # messages in a commit
MOST_RECIPIENTS = 100
AGAIN_LATER = "451 4.3.0 This message cannot be stored now; send it again later"


@dataclass
class _Waiting:
    """A message that its sender waits for, and whether it is kept."""

    content: bytes
    sender: str
    recipients: list[str]
    kept: "asyncio.Future[bool]"


class Keeper:
    """Stores messages in threads, so that a slow disk does not stop the others from talking; those that
    come together share one commit."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.queue: asyncio.Queue[_Waiting] = asyncio.Queue()
        self.threads = ThreadPoolExecutor(WRITERS + 1, thread_name_prefix="keep-mail")

    async def keep(self, content: bytes, sender: str, recipients: list[str]) -> bool:
        """Whether the message is on the disk and committed."""
        kept = asyncio.get_running_loop().create_future()
        await self.queue.put(_Waiting(content, sender, recipients, kept))
        return await kept

    async def run(self) -> None:
        """Stores what waits until it is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            batch = [await self.queue.get()]
            while not self.queue.empty() and len(batch) < MOST_AT_ONCE:
                batch.append(self.queue.get_nowait())
            written = await asyncio.gather(
                *(loop.run_in_executor(self.threads, self._write, each) for each in batch)
            )
            done = await loop.run_in_executor(self.threads, self._commit, [a for a in written if a])
            for each, arrival in zip(batch, written, strict=True):
                if not each.kept.done():
                    each.kept.set_result(done and arrival is not None)

    def _write(self, waiting: _Waiting) -> Arrival | None:
        try:
            with self.app.app_context():
                return mail.keep_raw(waiting.content, "smtp", waiting.sender, waiting.recipients)
        except OSError as fault:
            log.error("mail cannot be kept: %s", fault)
            return None

    def _commit(self, arrivals: list[Arrival]) -> bool:
        with self.app.app_context():
            try:
                mail.take_in(arrivals, clock.now())
            except SQLAlchemyError as fault:
                log.error("mail cannot be kept: %s", fault)
                return False
        return True


class Handler:
    """What aiosmtpd asks us."""

    def __init__(self, keeper: Keeper, own: Collection[str]) -> None:
        self.keeper = keeper
        self.own = own

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if not is_ours(address, self.own):
            return "550 5.1.1 No such address here"
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        recipients = [clean(address) for address in envelope.rcpt_tos]
        if await self.keeper.keep(content, clean(envelope.mail_from or ""), recipients):
            return "250 2.0.0 Taken in"
        return AGAIN_LATER


def run(settings: Settings) -> None:
    """Takes mail in until SIGTERM or SIGINT; CannotStart where the address is taken."""
    asyncio.run(_serve(create_core(settings), settings))


async def _serve(app: Flask, settings: Settings) -> None:
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd tells of every command
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for sent in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sent, stop.set)
    keeper = Keeper(app)
    keeping = asyncio.create_task(keeper.run())
    try:
        server = await loop.create_server(_listener(keeper, settings), *settings.mail_bind)
    except OSError as fault:
        keeping.cancel()
        raise CannotStart(
            f"HELPDESK_MAIL_BIND: cannot listen on {settings.mail_bind} ({fault.strerror})"
        ) from None
    log.info("taking mail in on %s", settings.mail_bind)
    stopped = asyncio.create_task(stop.wait())
    # A keeper that died would leave senders waiting: better to end and be started again.
    await asyncio.wait({stopped, keeping}, return_when=asyncio.FIRST_COMPLETED)
    server.close()
    stopped.cancel()
    if keeping.done():
        keeping.result()
    keeping.cancel()


def _listener(keeper: Keeper, settings: Settings) -> Any:
    handler = Handler(keeper, settings.own_addresses)
    longest = settings.mail_max_bytes

    class Listener(SMTP):
        line_length_limit = longest  # a longer line than RFC 5321 allows is no reason to refuse its words

    def listen() -> SMTP:
        return Listener(
            handler,
            data_size_limit=longest,
            enable_SMTPUTF8=True,
            decode_data=False,
            hostname=settings.mail_address.rpartition("@")[2],
            ident="Helpdesk",
            loop=asyncio.get_running_loop(),
        )

    return listen

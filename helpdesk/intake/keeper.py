"""Keeps what the listeners take in: bytes on the disk by several threads, rows of many in one commit."""

import asyncio
import logging
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import BinaryIO, cast

from flask import Flask
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from helpdesk import clock
from helpdesk.config import Settings
from helpdesk.desk import mail
from helpdesk.desk.mail import Arrival
from helpdesk.desk.mailboxes import own_addresses
from helpdesk.rules.threading import is_ours

log = logging.getLogger(__name__)
WRITERS = 4  # files at once: the disk syncs several in the time of one
MOST_AT_ONCE = 50  # messages in a commit
IN_MEMORY = 1 << 20  # bytes of a message; one that is larger comes over the disk


@dataclass
class _Waiting:
    """A message on the disk whose sender waits for its row."""

    arrival: Arrival
    kept: "asyncio.Future[bool]"


class Keeper:
    """Does in threads what takes time, so that a slow disk does not stop the others from talking; messages
    that come together share one commit."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.settings: Settings = app.config["SETTINGS"]
        self.waiting: asyncio.Queue[_Waiting] = asyncio.Queue()
        self.threads = ThreadPoolExecutor(WRITERS + 1, thread_name_prefix="keep-mail")

    def draft(self) -> BinaryIO:
        """Where a message is gathered while it comes; gone when closed."""
        return cast(BinaryIO, tempfile.SpooledTemporaryFile(IN_MEMORY, dir=str(self.settings.data)))

    async def is_ours(self, address: str) -> bool:
        """Whether mail to that address is the desk's. Only those of mailboxes need the database (its
        SQLAlchemyError where that is away)."""
        if is_ours(address, self.settings.own_addresses):
            return True
        return await asyncio.get_running_loop().run_in_executor(self.threads, self._is_mailbox, address)

    async def keep(self, content: BinaryIO, door: str, sender: str, recipients: list[str]) -> bool:
        """Whether the message is on the disk and committed. Closes it."""
        loop = asyncio.get_running_loop()
        arrival = await loop.run_in_executor(self.threads, self._write, content, door, sender, recipients)
        if arrival is None:
            return False
        kept = loop.create_future()
        self.waiting.put_nowait(_Waiting(arrival, kept))
        return await kept

    async def run(self) -> None:
        """Commits what waits until it is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            batch = [await self.waiting.get()]
            while not self.waiting.empty() and len(batch) < MOST_AT_ONCE:
                batch.append(self.waiting.get_nowait())
            done = await loop.run_in_executor(self.threads, self._commit, [each.arrival for each in batch])
            for each, is_kept in zip(batch, done, strict=True):
                if not each.kept.done():
                    each.kept.set_result(is_kept)

    def _is_mailbox(self, address: str) -> bool:
        with self.app.app_context():
            return is_ours(address, own_addresses(()))

    def _write(self, content: BinaryIO, door: str, sender: str, recipients: list[str]) -> Arrival | None:
        try:
            with content, self.app.app_context():
                content.seek(0)
                return mail.keep_raw(content, door, sender, recipients)
        except OSError as fault:
            log.error("mail cannot be kept: %s", fault)
            return None

    def _commit(self, arrivals: list[Arrival]) -> list[bool]:
        """Whether each is committed. One that the database refuses takes no other along."""
        try:
            with self.app.app_context():
                mail.take_in(arrivals, clock.now())
        except SQLAlchemyError as fault:
            log.error("mail cannot be kept: %s", fault)
            if len(arrivals) == 1 or isinstance(fault, OperationalError):
                return [False] * len(arrivals)
            return [done for each in arrivals for done in self._commit([each])]
        return [True] * len(arrivals)

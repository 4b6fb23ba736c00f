"""Listens for mail: SMTP, and LMTP where it is set."""

import asyncio
import logging
import signal
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from flask import Flask

from helpdesk.config import Address, CannotStart, Settings
from helpdesk.intake.keeper import Keeper
from helpdesk.intake.smtp import Listener, LmtpListener, listeners

log = logging.getLogger(__name__)


class Certificate:
    """What STARTTLS shows; read anew once its file has changed, for certificates live for weeks."""

    def __init__(self, certificate: Path, key: Path | None) -> None:
        self.files = (certificate, key)
        self.changed_at = certificate.stat().st_mtime_ns
        self.context = self._read()

    def __call__(self) -> ssl.SSLContext:
        """The present one. While a new one cannot be used the old one stays."""
        with suppress(OSError):
            changed_at = self.files[0].stat().st_mtime_ns
            if changed_at != self.changed_at:
                self.changed_at = changed_at
                try:
                    self.context = self._read()
                except OSError as fault:
                    log.error("the new certificate %s cannot be used: %s", self.files[0], fault)
        return self.context

    def _read(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*self.files, password="")  # else the terminal is asked for one
        return context


def run(app: Flask) -> None:
    """Takes mail in until SIGTERM or SIGINT; CannotStart where address or certificate cannot be used."""
    asyncio.run(_serve(app, app.config["SETTINGS"]))


async def _serve(app: Flask, settings: Settings) -> None:
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd tells of every command
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for sent in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sent, stop.set)
    keeper, tls = Keeper(app), _certificate(settings)
    servers = [await _listen("HELPDESK_MAIL_BIND", settings.mail_bind, listeners(Listener, keeper, tls))]
    if settings.lmtp_bind is not None:
        lmtp = listeners(LmtpListener, keeper, tls)
        servers.append(await _listen("HELPDESK_LMTP_BIND", settings.lmtp_bind, lmtp))
    keeping, stopped = asyncio.create_task(keeper.run()), asyncio.create_task(stop.wait())
    # A keeper that died would leave senders waiting: better to end and be started again.
    await asyncio.wait({stopped, keeping}, return_when=asyncio.FIRST_COMPLETED)
    for server in servers:
        server.close()
    stopped.cancel()
    if keeping.done():
        keeping.result()
    keeping.cancel()


async def _listen(setting: str, address: Address, listener: Callable[[], Listener]) -> asyncio.Server:
    try:
        server = await asyncio.get_running_loop().create_server(listener, *address)
    except OSError as fault:
        raise CannotStart(f"{setting}: cannot listen on {address} ({fault.strerror})") from None
    log.info("taking mail in on %s", address)
    return server


def _certificate(settings: Settings) -> Callable[[], ssl.SSLContext | None]:
    if settings.mail_tls_cert is None:
        return lambda: None
    try:
        return Certificate(settings.mail_tls_cert, settings.mail_tls_key)
    except OSError as fault:  # ssl.SSLError is one
        raise CannotStart(f"HELPDESK_MAIL_TLS_CERT: cannot use {settings.mail_tls_cert} ({fault})") from None

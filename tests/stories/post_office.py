"""A post office between mail servers: it carries letters, and may lose what they say of themselves."""

import asyncio
import re
import smtplib
from collections.abc import Callable, Collection
from typing import Any

from aiosmtpd.controller import Controller

from tests.stories.service import PATIENCE, free_port

# What programs say so that no other program answers them, and what threads a letter.
MARKS = ("auto-submitted", "x-auto-response-suppress", "x-helpdesk-instance", "precedence", "list-")
THREAD = ("in-reply-to", "references", "reply-to")
_NUMBER = re.compile(r"\[HD-\d+\] ?")


class PostOffice:
    """`routes`: the SMTP port for each address; all letters are kept in `letters`. `loses`: header fields (by
    how they begin, in lower case) that do not survive the way. `on_letter(to, text)` is told of each."""

    def __init__(self) -> None:
        self.routes: dict[str, int] = {}
        self.loses: Collection[str] = ()
        self.letters: list[tuple[str, str]] = []
        self.on_letter: Callable[[str, str], None] = lambda _to, _text: None
        self.controller = Controller(self, hostname="127.0.0.1", port=free_port(), ready_timeout=30)
        self.controller.start()
        self.url = f"smtp://127.0.0.1:{self.controller.port}"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        content = self._stripped(envelope.content.decode("utf-8", "surrogateescape"))
        for address in envelope.rcpt_tos:
            self.letters.append((address, content))
            await asyncio.to_thread(self._carry, envelope.mail_from, address, content)
        return "250 OK"

    def _carry(self, sender: str, address: str, content: str) -> None:
        self.on_letter(address, content)
        port = self.routes.get(address)
        if port is not None:
            hand_over(port, sender, address, content)

    def _stripped(self, content: str) -> str:
        head, _, body = content.partition("\r\n\r\n")
        fields = re.split(r"\r\n(?![ \t])", head)
        kept = [field for field in fields if not field.lower().startswith(tuple(self.loses))]
        if "in-reply-to" in self.loses:
            kept = [
                _NUMBER.sub("", field) if field.lower().startswith("subject") else field for field in kept
            ]
        return "\r\n".join(kept) + "\r\n\r\n" + body

    def stop(self) -> None:
        self.controller.stop()


def hand_over(port: int, sender: str, address: str, content: str) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) as client:
        client.sendmail(sender, [address], content.encode("utf-8", "surrogateescape"))

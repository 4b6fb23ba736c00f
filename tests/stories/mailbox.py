"""A real mail server that keeps what it gets."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from tests.stories.service import free_port


class MailServer:
    """Takes letters on a port of its own for as long as it runs; `letters` in the order they came."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.controller = Controller(self, hostname="127.0.0.1", port=free_port(), ready_timeout=30)
        self.controller.start()
        self.url = f"smtp://127.0.0.1:{self.controller.port}"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        return "250 OK"

    def to(self, address: str, *words: str) -> list[EmailMessage]:
        """The letters to that address in whose subject or text all of these words stand."""
        found = [(x, f"{x['Subject']}\n{text_of(x)}") for x in self.letters if x["To"] == address]
        return [letter for letter, said in found if all(each in said for each in words)]

    def stop(self) -> None:
        self.controller.stop()


def text_of(letter: EmailMessage) -> str:
    part = letter.get_body(("plain",))
    assert part is not None
    text: str = part.get_content()
    return text


def link_in(letter: EmailMessage, path: str) -> str:
    """The one link in the letter to that page."""
    (found,) = set(re.findall(rf"https?://\S+{path}\S+", text_of(letter)))
    return str(found)

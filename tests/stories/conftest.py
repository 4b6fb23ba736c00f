"""The desk of the stories: the whole service on each database, its mail server, and a look into its rows."""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask import Flask

from helpdesk.app import create_app
from helpdesk.config import load_settings
from helpdesk.store import db
from tests import servers
from tests.conftest import BACKENDS
from tests.stories.mailbox import MailServer
from tests.stories.service import PATIENCE, Service, wait_until

PASSWORD = "a quiet lamp under the stairs"


class Desk(Service):
    """A service whose letters reach `mail`, with the commands that people and programs give it."""

    def __init__(self, folder: Path, mail: MailServer, **settings: str) -> None:
        self.mail = mail
        super().__init__(
            folder,
            HELPDESK_MAIL_ADDRESS="desk@example.org",
            HELPDESK_SMTP_URL=mail.url,
            **settings,
        )

    def add_user(self, name: str, role: str, *words: str) -> None:
        """`helpdesk user add`, for NAME@example.org, with PASSWORD."""
        done = self.run(
            "user", "add", f"{name.lower()}@example.org", "--name", name, "--role", role, "--password-stdin",
            *words, given=f"{PASSWORD}\n",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    def send_mail(self, sender: str, subject: str, body: str, number: int = 1) -> None:
        """A mail from SENDER@example.org to the desk, handed over by SMTP as a mail server does: one that is
        refused for now comes again."""
        mail = self.mail_of(sender, subject, body, number)
        wait_until(lambda: self.deliver(mail) == "")

    @staticmethod
    def mail_of(sender: str, subject: str, body: str, number: int = 1) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = f"{sender} <{sender.lower()}@example.org>"
        mail["To"] = "desk@example.org"
        mail["Subject"] = subject
        mail["Message-ID"] = f"<{number}.{sender.lower()}@example.org>"
        mail.set_content(body)
        return mail

    def deliver(self, mail: EmailMessage) -> str:
        """Hand a mail over once; "" or why it was not taken."""
        host, _colon, port = self.environ["HELPDESK_MAIL_BIND"].rpartition(":")
        try:
            with smtplib.SMTP(host, int(port), timeout=PATIENCE) as client:
                client.send_message(mail)
        except (OSError, smtplib.SMTPException) as fault:
            return str(fault)
        return ""

    @contextmanager
    def rows(self) -> Iterator[Flask]:
        """The service's own database, for the test to read and to set up."""
        app = create_app(load_settings(self.environ))
        with app.app_context():
            yield app
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def mail() -> Iterator[MailServer]:
    running = MailServer()
    yield running
    running.stop()


@pytest.fixture(params=BACKENDS)
def database(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """The settings that choose an empty database of this kind."""
    if request.param == "sqlite":
        yield {}
        return
    url = servers.new_database(servers.postgres_url())
    yield {"HELPDESK_DATABASE_URL": url}
    servers.drop_database(url)


@pytest.fixture
def desk(tmp_path: Path, mail: MailServer, database: dict[str, str]) -> Iterator[Desk]:
    """A desk that has not been started; what runs of it is stopped afterwards."""
    made = Desk(tmp_path, mail, **database)
    done = made.run("db", "upgrade")
    assert done.returncode == 0, done.stderr
    yield made
    made.end()

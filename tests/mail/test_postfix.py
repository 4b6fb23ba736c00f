"""A real Postfix: it brings mail over SMTP, LMTP and our pipe, keeps it while we are away, and reports on
letters that it cannot deliver."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from flask import Flask

from helpdesk import clock
from helpdesk.app import create_app
from helpdesk.config import load_settings
from helpdesk.desk import failures, tickets
from helpdesk.desk.tickets import Report
from helpdesk.intake import receive
from helpdesk.outbound import smtp
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.mail import RawMail, get_bytes
from helpdesk.store.people import Address, Person
from helpdesk.store.tickets import Entry, Ticket
from tests.conftest import MONDAY_9, House, read_anew
from tests.mail.peers import free_port, listening, mail, rows, wait_until
from tests.mail.postfix import Postfix, postfix

pytestmark = pytest.mark.processes
ROOT = Path(__file__).parents[2]
AT_ONCE = "5"  # seconds for which Postfix tries in these tests


class Elsewhere:
    """Another house's mail server. `said`: what it answers to every recipient."""

    def __init__(self, said: str = "250 OK") -> None:
        self.said = said
        self.received: list[bytes] = []
        self.controller = Controller(self, hostname="127.0.0.1", port=free_port(), ready_timeout=10)
        self.controller.start()

    async def handle_RCPT(
        self, _server: object, _session: object, envelope: object, address: str, _options: list[str]
    ) -> str:
        if self.said.startswith("250"):
            envelope.rcpt_tos.append(address)  # type: ignore[attr-defined]
        return self.said

    async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:
        self.received.append(envelope.content)  # type: ignore[attr-defined]
        return "250 OK"


@contextmanager
def elsewhere(said: str) -> Iterator[Elsewhere]:
    running = Elsewhere(said)
    yield running
    running.controller.stop()


def understood(count: int = 1) -> None:
    """Waits until as many messages have come, and has them understood."""
    wait_until(lambda: len(rows()) >= count, "no mail came")
    while receive.parse_waiting(clock.now()):
        pass
    read_anew()


@pytest.mark.parametrize("way", ["smtp:[127.0.0.1]", "lmtp:inet:127.0.0.1"])
def test_it_brings_mail(app: Flask, house: House, way: str) -> None:
    lmtp_port = free_port()
    with listening(app, HELPDESK_LMTP_BIND=f"127.0.0.1:{lmtp_port}") as at:
        port = lmtp_port if way.startswith("lmtp") else at.port
        with postfix(desk=f"{way}:{port}") as mta:
            mta.hand_over(mail())
            understood()
            mta.finish()
    assert [x.subject for x in db.session.query(Ticket)] == ["Printer"]


def test_it_keeps_mail_while_we_are_away(app: Flask, house: House) -> None:
    port = free_port()
    with postfix(desk=f"lmtp:inet:127.0.0.1:{port}") as mta:
        mta.hand_over(mail())
        wait_until(lambda: "Connection refused" in mta.log(), "it did not try")
        assert mta.has_mail()
        with listening(app, HELPDESK_LMTP_BIND=f"127.0.0.1:{port}"):
            understood()
            mta.finish()
    assert db.session.query(Ticket).count() == 1


def test_it_brings_each_message_once_however_large_and_strange(app: Flask, house: House) -> None:
    strange = b"From: ana@example.org\r\nSubject: \xff\xfe\r\n\r\n" + b"x" * 5000 + b"\r\n.\r\n..\r\n\x80\r\n"
    with listening(app) as at, postfix(desk=f"smtp:[127.0.0.1]:{at.port}") as mta:
        for n in range(5):
            mta.hand_over(mail(number=n))
        mta.hand_over(strange)
        understood(6)
        mta.finish()
    assert len(rows()) == 6
    assert db.session.query(Ticket).count() == 6
    bodies = [entry.body for entry in db.session.query(Entry).filter_by(kind="reported")]
    assert len([body for body in bodies if "x" * 900 in body]) == 1


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A data folder that the pipe's account may enter; not below pytest's own, which only its owner may."""
    folder = Path(tempfile.mkdtemp(prefix="hd-pipe-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def python_for_all(folder: Path) -> str:
    """How an account without rights starts our Python: Postfix runs pipes as one. Where it may not enter the
    folder of ours (root's home), a copy of it."""
    with suppress(OSError):
        if not subprocess.run([sys.executable, "-V"], user="nobody", check=False).returncode:
            return f"PYTHONPATH={ROOT} {sys.executable}"
    version, base = f"python{sys.version_info[0]}.{sys.version_info[1]}", Path(sys.base_prefix)
    left_out = shutil.ignore_patterns("test", "site-packages", "__pycache__", "config-*", "idlelib")
    shutil.copytree(base / "lib" / version, folder / "lib" / version, ignore=left_out)
    for library in (base / "lib").glob("libpython*"):
        shutil.copy(library, folder / "lib")
    shutil.copy(base / "bin" / version, folder / version)
    paths = ":".join([str(ROOT), *(each for each in sys.path if "site-packages" in each)])
    here = f"PYTHONHOME={folder} LD_LIBRARY_PATH={folder}/lib PYTHONPATH={paths}"
    return f"{here} PYTHONDONTWRITEBYTECODE=1 {folder}/{version}"


def test_it_brings_mail_through_our_pipe(open_folder: Path) -> None:
    settings = {
        "HELPDESK_DATA": str(open_folder / "data"),
        "HELPDESK_SECRET_KEY": "tests" * 8,
        "HELPDESK_MAIL_ADDRESS": "desk@example.org",
        "HELPDESK_CONFIG": os.devnull,
    }
    app = create_app(load_settings(settings))
    with app.app_context():
        db.create_all()
        House()
        db.session.remove()
        db.engine.dispose()
    subprocess.run(["chown", "-R", "nobody:nogroup", open_folder / "data"], check=True)
    set_here = " ".join(f"{name}={value}" for name, value in settings.items())
    command = f"/usr/bin/env {set_here} {python_for_all(open_folder)} -m helpdesk mail receive"
    pipe = f"{command} --sender=${{sender}} --recipient=${{recipient}}"
    with postfix(desk="helpdesk:", pipe=pipe) as mta:
        mta.hand_over(mail())
        mta.hand_over(mail(number=2), "")
        mta.finish()
        assert mta.log().count("status=sent (delivered via helpdesk service") == 2, mta.log()
    with app.app_context():
        found = db.session.query(RawMail).order_by(RawMail.sender.desc()).all()  # they come at once
        assert [(x.door, x.sender, x.recipients, x.outcome) for x in found] == [
            ("pipe", "ana@example.org", ["desk@example.org"], "created"),
            ("pipe", "", ["desk@example.org"], "filed"),
        ]
        db.session.remove()
        db.engine.dispose()


@contextmanager
def letters_through(app: Flask, mta: Postfix) -> Iterator[None]:
    settings = app.config["SETTINGS"]
    object.__setattr__(settings, "smtp_url", f"smtp://127.0.0.1:{mta.port}")
    yield
    object.__setattr__(settings, "smtp_url", None)


def write_to(house: House, address: str) -> Letter:
    """The letter that Ana gets, at that address, has been taken by Postfix."""
    house.ana.addresses[0].email = address
    db.session.commit()
    tickets.report(Report("Printer", "jam"), house.ana, now=MONDAY_9, door="web")
    assert smtp.send_waiting(MONDAY_9, failures.give_up_letter).sent == 1
    return letter()


def letter() -> Letter:
    read_anew()
    return db.session.query(Letter).one()


def address_of(person: Person) -> Address:
    read_anew()
    return db.session.query(Address).filter_by(person_id=person.id).one()


def test_a_letter_that_arrives_is_as_we_wrote_it(app: Flask, house: House) -> None:
    with elsewhere("250 OK") as other, postfix(desk="error:no", elsewhere=other.controller.port) as mta:
        with letters_through(app, mta):
            sent = write_to(house, "ana@example.org")
        wait_until(lambda: len(other.received) == 1, "the letter did not arrive")
    assert sent.state == "sent"
    assert f"Message-ID: {sent.message_id}".encode() in other.received[0].replace(
        b"Message-Id", b"Message-ID"
    )


@pytest.mark.parametrize("refused_by", ["postfix", "elsewhere"])
def test_a_letter_that_comes_back_is_bounced_and_its_address_marked(
    app: Flask, house: House, refused_by: str
) -> None:
    address = "ana@gone.example.org" if refused_by == "postfix" else "ana@example.org"
    with (
        elsewhere("550 5.1.1 No such person here") as other,
        listening(app) as at,
        postfix(desk=f"smtp:[127.0.0.1]:{at.port}", elsewhere=other.controller.port) as mta,
    ):
        with letters_through(app, mta):
            assert write_to(house, address).state == "sent"
        understood()
    found = letter()
    assert found.state == "bounced"
    returned = get_bytes(db.session.query(RawMail).one())
    assert f"Original-Envelope-Id: {found.message_id.strip('<>')}".encode() in returned
    assert found.report.startswith("5.1.1")
    assert "No such person here" in found.report
    marked = address_of(house.ana)
    assert marked.failing_since is not None
    assert "5.1.1" in marked.fault
    assert db.session.query(Ticket).count() == 1
    assert db.session.query(Letter).count() == 1  # nobody answers a report


def test_a_letter_put_off_is_told_apart_and_one_that_was_too_long_put_off_comes_back(
    app: Flask, house: House
) -> None:
    with (
        elsewhere("450 4.2.0 Come back later") as other,
        listening(app) as at,
        postfix(
            desk=f"smtp:[127.0.0.1]:{at.port}", elsewhere=other.controller.port, lifetime=f"{AT_ONCE}s"
        ) as mta,
    ):
        with letters_through(app, mta):
            write_to(house, "ana@example.org")
        understood()
        assert letter().state == "sent"
        assert "4.2.0" in letter().report
        understood(2)
    assert letter().state == "bounced"
    assert address_of(house.ana).failing_since is None  # temporary: it may work tomorrow

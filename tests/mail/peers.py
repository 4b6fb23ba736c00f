"""The real listener in a process of its own, and what mail servers and pipes do to us."""

import base64
import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

from flask import Flask

from helpdesk.store import db
from helpdesk.store.mail import RawMail
from tests.stories.service import PATIENCE

LARGEST = 65536 * 20
MIB = 1024**2
SERVE = (
    "import os; from helpdesk.config import load_settings; from helpdesk.core import create_core\n"
    "from helpdesk.intake import serve\n"
)
PIPE = "from helpdesk.cli import main; main(['mail', 'receive', '--sender', 'ana@example.org'])"
UNDERSTAND = (
    "import os; from helpdesk.config import load_settings; from helpdesk.app import create_app\n"
    "from helpdesk.intake import receive; from helpdesk import clock\n"
    "with create_app(load_settings(os.environ)).app_context():\n"
    "    while receive.parse_waiting(clock.now()): pass"
)


class Listening(NamedTuple):
    """A listener that runs."""

    port: int
    process: "subprocess.Popen[bytes]"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def wait_until(holds: Callable[[], bool], what: str) -> None:
    give_up_at = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < give_up_at, what
        time.sleep(0.02)


def environ(app: Flask, **more: str) -> dict[str, str]:
    return os.environ | app.config["SETTINGS"].as_environ() | more


@contextmanager
def listening(app: Flask, *, first: str = "", lives: bool = True, **more: str) -> Iterator[Listening]:
    """A listener on a free port. `first`: what its process runs before it listens; `lives`: it is there
    still at the end, and stops when told to."""
    port = free_port()
    settings = environ(
        app, **{"HELPDESK_MAIL_BIND": f"127.0.0.1:{port}", "HELPDESK_MAIL_MAX_BYTES": str(LARGEST)} | more
    )
    program = f"{SERVE}{first}\nserve.run(create_core(load_settings(os.environ)))"
    process = subprocess.Popen([sys.executable, "-c", program], env=settings)
    ports = [port, *(int(each.rpartition(":")[2]) for each in [more.get("HELPDESK_LMTP_BIND")] if each)]
    try:
        for each in ports:
            wait_until(partial(answers, each, process), "the listener does not listen")
        yield Listening(port, process)
        if lives:
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def answers(port: int, process: "subprocess.Popen[bytes]") -> bool:
    assert process.poll() is None, "the listener ended"
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def mail(body: bytes = b"It jams.", number: int = 1) -> bytes:
    head = f"From: Ana <ana@example.org>\r\nTo: desk@example.org\r\nMessage-ID: <m{number}@example.org>\r\n"
    return head.encode() + b"Subject: Printer\r\n\r\n" + body + b"\r\n"


def large_mail(size: int) -> bytes:
    """A mail with a file of that many bytes."""
    file = base64.encodebytes(bytes(range(256)) * (size // 256))
    return (
        b"From: ana@example.org\r\nMessage-ID: <big@example.org>\r\nSubject: Big\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=q\r\n\r\n"
        b"--q\r\nContent-Type: text/plain\r\n\r\nSee it.\r\n--q\r\n"
        b"Content-Type: application/zip; name=big.zip\r\nContent-Transfer-Encoding: base64\r\n"
        b"Content-Disposition: attachment\r\n\r\n" + file.replace(b"\n", b"\r\n") + b"--q--\r\n"
    )


def memory(pid: int) -> int:
    """The most memory that the process has had so far, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def send(port: int, content: bytes, recipient: str = "desk@example.org") -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
        client.sendmail("ana@example.org", [recipient], content)


def receive_by_pipe(
    app: Flask, content: bytes, *words: str, **more: str
) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "helpdesk", "mail", "receive", *words]
    return subprocess.run(command, input=content, env=environ(app, **more), capture_output=True, check=False)


def killed_at(step: str) -> str:
    """What has a process die by kill -9 as soon as it comes to that function."""
    module, _, name = step.rpartition(".")
    return (
        f"import os, signal, {module} as there\n"
        f"there.{name} = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)\n"
    )


def run_until_killed(app: Flask, program: str, step: str, given: bytes = b"") -> None:
    """Runs the program, which must not survive that step. Letters leave, so that sending begins."""
    command = [sys.executable, "-c", killed_at(step) + program]
    settings = environ(app, HELPDESK_SMTP_URL="smtp://127.0.0.1:9")
    done = subprocess.run(command, env=settings, input=given, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, b""), done.stderr


def rows() -> list[RawMail]:
    db.session.rollback()
    return list(db.session.query(RawMail).order_by(RawMail.id))


def raw_files(app: Flask) -> set[str]:
    """The digests of what lies in the data folder's room of mail."""
    folder: Path = app.config["SETTINGS"].data / "mail"
    return {path.name for path in folder.glob("??/*")}

"""The whole service as real processes on a data folder of its own, and what a story asks of it."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import servers

ROOT = Path(__file__).parents[2]
PARTS = ("web", "background", "worker-0", "clock", "intake", "fetch", "queue")
PATIENCE = 120.0  # seconds for what must happen, on however busy a machine


def wait_until(condition: Callable[[], object], within: float = PATIENCE, every: float = 0.1) -> float:
    """Wait for something to become true; the seconds that took."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > within:
            pytest.fail(f"did not happen within {within} s")
        time.sleep(every)
    return time.monotonic() - began


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class Service:
    """One `helpdesk up` on a data folder of its own, by which every process it starts is known."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.data = folder / "data"
        self.url = f"http://127.0.0.1:{free_port()}"
        self.log = folder / "log"
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("HELPDESK_")},
            "HELPDESK_DATA": str(self.data),
            "HELPDESK_BIND": self.url.removeprefix("http://"),
            "HELPDESK_MAIL_BIND": f"127.0.0.1:{free_port()}",
            **settings,
        }

    up: "subprocess.Popen[bytes] | None" = None

    def run(self, *words: str, given: str = "", **settings: str) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end, with that on its standard input."""
        command = [sys.executable, "-m", "helpdesk", *words]
        environ = self.environ | settings
        return subprocess.run(
            command,
            env=environ,
            cwd=ROOT,
            input=given,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def start(self) -> float:
        """Start it; the seconds until its first page."""
        with self.log.open("ab") as log:
            self.up = subprocess.Popen(
                [sys.executable, "-m", "helpdesk", "up"],
                env=self.environ,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=servers.end_with_parent,  # a run of tests that is killed leaves nothing behind
            )
        return wait_until(self.answers, every=0.02)

    def answers(self) -> bool:
        assert self.up is not None
        if self.up.poll() is not None:
            pytest.fail(f"it ended: {self.log.read_text()}")
        try:
            with urllib.request.urlopen(self.url, timeout=PATIENCE):  # noqa: S310
                return True
        except urllib.error.HTTPError as fault:
            fault.close()
            return fault.code < 500
        except OSError:
            return False

    def stop(self, told: signal.Signals) -> float:
        """Tell it to stop; the seconds until it has ended."""
        assert self.up is not None
        began = time.monotonic()
        self.up.send_signal(told)
        self.up.wait(PATIENCE)
        return time.monotonic() - began

    def end(self) -> None:
        """Stop it if it runs still; insist where it does not listen."""
        if self.up is not None and self.up.poll() is None:
            try:
                self.stop(signal.SIGTERM)
            except subprocess.TimeoutExpired:
                self.up.kill()
                self.up.wait()

    def running(self) -> dict[int, dict[str, str]]:
        """The environment of each process of ours, by its id."""
        return {
            pid: environ for pid, environ in processes() if environ.get("HELPDESK_DATA") == str(self.data)
        }

    def supervisor(self) -> int:
        return int((self.data / "run" / "supervisord.pid").read_text())

    def parts(self) -> dict[str, int]:
        """The id of each process that the supervisor started and that runs, by its name there, and of the
        forks of the one in the background, by theirs."""
        parent, running = self.supervisor(), self.running()
        found = {
            environ["SUPERVISOR_PROCESS_NAME"]: pid
            for pid, environ in running.items()
            if "SUPERVISOR_PROCESS_NAME" in environ and parent_of(pid) == parent
        }
        forks = [pid for pid in running if parent_of(pid) == found.get("background", -1)]
        return found | {name_of(pid): pid for pid in forks}

    def part(self, name: str) -> int | None:
        """The id of the process of that name, if it runs."""
        return self.parts().get(name)

    def all_parts_run(self) -> bool:
        return self.parts().keys() >= {*PARTS}


def processes() -> Iterator[tuple[int, dict[str, str]]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "environ").read_text(errors="replace").split("\0")
            except OSError:
                continue
            yield int(folder.name), dict(word.split("=", 1) for word in words if "=" in word)


def name_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def parent_of(pid: int) -> int | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[1])


@contextmanager
def service(folder: Path, **settings: str) -> Iterator[Service]:
    made = Service(folder, **settings)
    try:
        made.start()
        yield made
    finally:
        made.end()

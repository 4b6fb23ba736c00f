"""Parts of the service as forks of one process: what it has loaded they share."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress

from helpdesk.cli.processes import end_with_parent

TOLD = (signal.SIGTERM, signal.SIGINT)


class Forks:
    """Runs each part as a fork, and starts whichever ends again."""

    def __init__(self, parts: Mapping[str, Callable[[], object]]) -> None:
        self.parts = parts
        self.children: dict[int, str] = {}
        self.is_stopping = False

    def run(self) -> None:
        """Returns once we were told to stop and all have ended; in a fork, what its part raises or SystemExit
        leads out of here."""
        for told in TOLD:
            signal.signal(told, self._stop)
        for name in self.parts:
            self._begin(name)
        while self.children:
            pid, _status = os.wait()
            self._begin(self.children.pop(pid))

    def _stop(self, told: int, _frame: object) -> None:
        self.is_stopping = True
        if told == signal.SIGINT:
            return  # Ctrl-C reaches them as well
        for pid in self.children:
            with suppress(ProcessLookupError):
                os.kill(pid, told)

    def _begin(self, name: str) -> None:
        parent = os.getpid()
        # No signal between the question and the answer: a child not yet known would not be told.
        signal.pthread_sigmask(signal.SIG_BLOCK, TOLD)
        pid = None if self.is_stopping else os.fork()
        if pid:
            self.children[pid] = name
        elif pid == 0:
            self._become(name, parent)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, TOLD)

    def _become(self, name: str, parent: int) -> None:
        """In the child: run the part, and leave."""
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, TOLD)
        end_with_parent()
        _be_called(name)
        if os.getppid() == parent:  # else it died before we asked to hear of it
            self.parts[name]()
        raise SystemExit(0)


def _be_called(name: str) -> None:
    """The name that ps and top show (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(15, name.encode(), 0, 0, 0)  # 15: PR_SET_NAME

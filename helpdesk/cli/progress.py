"""How far long work has come, on a terminal."""

import sys
import time


class Progress:
    """Called with how many are done; writes a line on standard error where that is a terminal."""

    def __init__(self, what: str, total: int) -> None:
        self.what, self.total, self.done = what, total, 0
        self.began = time.monotonic()
        self.shown = sys.stderr.isatty()

    def __call__(self, done: int) -> None:
        self.done = done
        if self.shown:
            share = f" of {self.total:,}" if self.total else ""
            print(f"\r{done:,}{share} {self.what}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """The last line: how many in how long."""
        seconds = time.monotonic() - self.began
        print(f"{chr(13) if self.shown else ''}{self.done:,} {self.what} in {seconds:.1f} s", file=sys.stderr)

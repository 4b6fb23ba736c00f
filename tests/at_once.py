"""Several at the same moment, each in a thread with a database session of its own."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from flask import Flask


def at_once(app: Flask, *works: Callable[[], Any]) -> Sequence[Any]:
    """What each returned, or the fault it raised, in their order."""
    found: list[Any] = [None] * len(works)
    start = threading.Barrier(len(works))

    def run(place: int) -> None:
        with app.app_context():
            start.wait()
            try:
                found[place] = works[place]()
            except Exception as fault:
                found[place] = fault

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found

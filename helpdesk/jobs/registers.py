"""Makes ordered registers beside all else: one takes minutes, and neither alarms nor letters wait for it."""

import logging
import threading

from flask import Flask, current_app

from helpdesk import clock
from helpdesk.desk import exports

log = logging.getLogger(__name__)

_free = threading.Semaphore()  # one a process


def make_beside() -> None:
    """Has every register made that is ordered, without waiting for it."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    if _free.acquire(blocking=False):
        # A daemon: stopping does not wait; what is left behind is begun anew once its claim has run out.
        threading.Thread(target=_make, args=(app,), name="registers", daemon=True).start()


def make() -> None:
    """Makes every register that is ordered."""
    while exports.make_next(clock.now):
        pass


def _make(app: Flask) -> None:
    try:
        with app.app_context():
            make()
    except Exception:  # the next sweep asks again
        log.exception("registers could not be made")
    finally:
        _free.release()

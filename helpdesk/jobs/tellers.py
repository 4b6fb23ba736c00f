"""Messages over channels leave in threads of their own: a chat server that does not answer holds up neither
mail nor alarms. What a thread leaves behind when its process ends is found by the clock's sweep."""

import logging
import threading

from flask import Flask, current_app

from helpdesk import clock
from helpdesk.desk import failures
from helpdesk.outbound import channels
from helpdesk.outbound.sending import Sending
from helpdesk.store.letters import count_waiting_messages

log = logging.getLogger(__name__)

TELLERS = 4  # threads of a process

_free = threading.BoundedSemaphore(TELLERS)


def tell_beside() -> None:
    """Has the messages sent that wait, without waiting for it."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    for _ in range(min(count_waiting_messages(clock.now()), TELLERS)):
        if _free.acquire(blocking=False):
            threading.Thread(target=_teller, args=(app,), name="teller", daemon=True).start()


def tell() -> None:
    """Sends every message that waits."""
    while channels.send_waiting(clock.now(), failures.give_up_letter) != Sending():
        pass


def _teller(app: Flask) -> None:
    try:
        with app.app_context():
            tell()
    except Exception:
        log.exception("messages could not be sent")
    finally:
        _free.release()

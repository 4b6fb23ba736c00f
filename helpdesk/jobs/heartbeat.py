"""The clock's sign of life: once a minute, while alarms ring in time and the database answers."""

import logging
import threading
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from helpdesk.outbound import heartbeat
from helpdesk.store.health import find_oldest_due

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=1)
YOUNG = timedelta(minutes=1)  # an alarm due for longer without having rung: something is wrong


class Heartbeat:
    """Beats beside the clock: a slow answer from outside delays no alarm. Does nothing without an address.

    What goes wrong is logged once, until it is well again.
    """

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.url: str | None = app.config["SETTINGS"].heartbeat_url
        self.beat_at: datetime | None = None
        self.beating: threading.Thread | None = None
        self.fault = ""

    def beat_beside(self, now: datetime) -> None:
        """Starts a beat every minute, unless the one before still waits for its answer."""
        if self.url is None or (self.beating is not None and self.beating.is_alive()):
            return
        if self.beat_at is None or now - self.beat_at >= EVERY:
            self.beat_at = now
            # A daemon: stopping the clock does not wait for somebody outside.
            self.beating = threading.Thread(target=self._beat, args=[self.url, now], daemon=True)
            self.beating.start()

    def _beat(self, url: str, now: datetime) -> None:
        fault = self._why_silent(now)
        if not fault:
            try:
                heartbeat.beat(url)
            except heartbeat.Unheard as unheard:
                fault = f"the heartbeat was not heard: {unheard}"
        if fault and not self.fault:
            log.error("%s", fault)
        elif self.fault and not fault:
            log.info("the heartbeat is heard again")
        self.fault = fault

    def _why_silent(self, now: datetime) -> str:
        """Why no sign of life is due; "" where all is well."""
        try:
            with self.app.app_context():
                oldest = find_oldest_due(now)
        except (SQLAlchemyError, OSError) as fault:
            return f"no heartbeat, the database does not answer: {type(fault).__name__}"
        late = now - oldest if oldest is not None else timedelta()
        return "" if late < YOUNG else f"no heartbeat, an alarm is {int(late.total_seconds())} s late"

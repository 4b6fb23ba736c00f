"""Reads people's calendars beside the clock: a slow server delays no alarm and no letter."""

import logging
import threading
from datetime import datetime, timedelta

from flask import Flask

from helpdesk import clock
from helpdesk.desk import absence_feeds
from helpdesk.store.absence_feeds import list_feeds_to_read

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=1)


class AbsenceReader:
    """Looks once a minute whether calendars are to be read, and reads them."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.looked_at: datetime | None = None
        self.reading: threading.Thread | None = None

    def read_beside(self, now: datetime) -> None:
        """Begins to read what is due, unless the reading before goes on. In an application context."""
        if self.reading is not None and self.reading.is_alive():
            return
        if self.looked_at is not None and now - self.looked_at < EVERY:
            return
        self.looked_at = now
        if list_feeds_to_read(now - absence_feeds.EVERY):
            # A daemon: stopping the clock does not wait for somebody outside.
            self.reading = threading.Thread(target=self._read, daemon=True)
            self.reading.start()

    def _read(self) -> None:
        try:
            with self.app.app_context():
                absence_feeds.read_due(clock.now())
        except Exception:  # it is tried again in a minute; a dead thread would say less
            log.exception("calendars could not be read")

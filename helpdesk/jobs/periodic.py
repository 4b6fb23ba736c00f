"""What is done once a day, by whichever clock claims it first."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import NamedTuple
from zoneinfo import ZoneInfo

from flask import current_app

from helpdesk.desk import (
    backup,
    digests,
    found_mail,
    holidays,
    imports,
    preflight,
    runs,
    security,
    window_series,
)
from helpdesk.store.organisation import find_organisation

log = logging.getLogger(__name__)


class Daily(NamedTuple):
    """An errand done daily at `hour` o'clock in the organisation's zone, or as soon as possible after it."""

    errand: str
    hour: int
    work: Callable[[datetime], object]


def make_backup(now: datetime) -> None:
    """Writes the day's backup into the data folder."""
    settings = current_app.config["SETTINGS"]
    place = backup.Place(settings.data, settings.database_url, version("helpdesk"))
    backup.daily_backup(place, settings.backups_kept, now)


DAILY = (
    Daily("security_log", 3, security.sweep),
    Daily("imports", 3, imports.sweep),
    Daily("backup", 2, make_backup),
    Daily("holidays", 4, holidays.propose_all),
    Daily("found_mail", 5, found_mail.take_in_found),
    Daily("preflight", 7, preflight.write_letters),
    Daily("window_series", 4, window_series.make_due),
    Daily("digest", 7, digests.write_digests),
    Daily("daily_letter", 7, digests.write_daily_letters),
)


def run_due(now: datetime) -> None:
    """Does what is due and nobody has done. A failure is logged and tried again later."""
    organisation = find_organisation()
    if organisation is None:
        return
    zone = ZoneInfo(organisation.zone)
    for daily in DAILY:
        period = (now.astimezone(zone) - timedelta(hours=daily.hour)).date().isoformat()
        if not runs.claim(daily.errand, period, now):
            continue
        try:
            daily.work(now)
        except Exception:
            log.exception("daily errand %s failed", daily.errand)
        else:
            runs.finish(daily.errand, period, now)

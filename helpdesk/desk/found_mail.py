"""Mail whose bytes were kept and whose row was never written, or was lost with a database."""

import logging
from datetime import datetime, timedelta

from helpdesk.desk.mail import Arrival, take_in
from helpdesk.store.files import StoredFile, drop_drafts, list_files
from helpdesk.store.mail import ROOM, list_known

log = logging.getLogger(__name__)
IN_FLIGHT = timedelta(hours=1)  # what is younger may yet have its row
DRAFTS_STAY = timedelta(days=1)


def take_in_found(now: datetime) -> int:
    """Takes in what lies in the data folder and no row names, the oldest first; how many there were.

    Its envelope is not known any more. What its sender has sent again meanwhile is a duplicate. Drafts that
    were never finished go: nobody was told that they had been taken.
    """
    found: list[StoredFile] = []
    for files in list_files(ROOM, now - IN_FLIGHT):
        known = list_known(file.sha256 for file in files)
        found += [file for file in files if file.sha256 not in known]
    for file in sorted(found, key=lambda file: file.written_at):
        log.warning("found mail %s, written at %s, which no row names", file.sha256, file.written_at)
        take_in([Arrival(file.sha256, file.size, "disk", None, ())], file.written_at)
    if dropped := drop_drafts(ROOM, now - DRAFTS_STAY):
        log.warning("removed %d unfinished drafts of mail", dropped)
    return len(found)

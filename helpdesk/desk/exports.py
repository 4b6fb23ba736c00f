"""The register of tickets as a workbook: ordered on a page, made in the background, fetched for a week.

It is made in pages, each read and noted by itself, and packed at the end: whatever its length, memory holds
one page. Whoever makes it holds a claim and renews it with each page. Where they die the claim runs out and
the next begins anew with a file of its own; the row says whose attempt counts, so that one file is handed out
and never a half.
"""

import logging
import os
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

from helpdesk.desk.changes import By
from helpdesk.desk.figures import begins
from helpdesk.desk.security import log_event
from helpdesk.outbound import alarms, register
from helpdesk.rules.access import Asker, may
from helpdesk.store.db import Conflict, after_commit, db, transaction
from helpdesk.store.exports import (
    Export,
    RegisterPage,
    change_claimed,
    claim_export,
    count_register,
    find_sent_export,
    get_export,
    list_expired_exports,
    list_export_files,
    list_register,
)
from helpdesk.store.files import room_path
from helpdesk.store.people import get_person_afresh

log = logging.getLogger(__name__)

ROOM = "exports"
KEPT = timedelta(days=7)
CLAIMED_FOR = timedelta(minutes=5)  # a page takes a second, packing a million lines a minute or two
MOST_ATTEMPTS = 3
PAGE = 1000  # tickets
DAY = timedelta(days=1)

Clock = Callable[[], datetime]


class _TakenOver(Exception):
    """The claim ran out and another makes it now, or its orderer may not have it any more."""


def order_register(
    first: date, last: date, *, zone: str, locale: str, by: By, sent_key: str | None = None
) -> Export:
    """Orders the register of the tickets reported on the days [first, last] of a zone, for `make_next`; the
    same sending again orders nothing."""
    try:
        with transaction():
            if sent_key and (earlier := find_sent_export(sent_key)):
                return earlier
            asked = {"first": first.isoformat(), "last": last.isoformat()}
            export = Export(
                person_id=by.actor_id,
                what="register",
                asked=asked,
                zone=zone,
                locale=locale,
                ordered_at=by.now,
                sent_key=sent_key,
            )
            db.session.add(export)
            after_commit("export", alarms.export_soon)
            return export
    except Conflict:  # the same sending at the same time was faster
        if sent_key and (earlier := find_sent_export(sent_key)):
            return earlier
        raise


def make_next(clock: Clock) -> bool:
    """Makes the oldest register that nobody makes; False where there is none. `clock` tells the time, for it
    takes minutes. Several may call it at once: each makes another."""
    with transaction():
        export = claim_export(clock())
        if export is None:
            return False
        if export.attempts >= MOST_ATTEMPTS:
            export.state, export.finished_at = "failed", clock()
            log.error("export %s was given up: %s attempts did not end", export.id, MOST_ATTEMPTS)
            return True
        export.state, export.claimed_until = "at_work", clock() + CLAIMED_FOR
        export.attempts, export.done_rows = export.attempts + 1, 0
        claimed = export.id, export.attempts
    try:
        _make(*claimed, clock)
    except _TakenOver:
        log.warning("export %s is no longer ours to make", claimed[0])
    except Exception:
        log.exception("export %s could not be made", claimed[0])
        db.session.rollback()
        with transaction():
            change_claimed(*claimed, {"state": "failed", "finished_at": clock()})
    return True


def _make(export_id: int, attempt: int, clock: Clock) -> None:
    with transaction():
        export = get_export(export_id)
        person, now = get_person_afresh(export.person_id), clock()
        first, last = (date.fromisoformat(export.asked[name]) for name in ("first", "last"))
        since, until = begins(first, export.zone), begins(last + DAY, export.zone)
        about = register.About(
            first.isoformat(), last.isoformat(), export.zone, export.locale, person.name, export.ordered_at
        )
        asker = _require_right(export.person_id)
        _keep(export_id, attempt, {"all_rows": count_register(asker, since, until)})
    path = _draft(export_id, attempt)
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            pages = _pages(export_id, attempt, since, until, clock)
            register.write(file, pages, about, now, path.parent)
            file.flush()
            os.fsync(file.fileno())
        _hand_out(export_id, attempt, path, clock)
    finally:
        path.unlink(missing_ok=True)


def _pages(
    export_id: int, attempt: int, since: datetime, until: datetime, clock: Clock
) -> Iterator[RegisterPage]:
    """Page after page; with each the claim is renewed and the right asked anew. No transaction stays open."""
    after, done = None, 0
    while True:
        with transaction():
            asker = _require_right(_keep(export_id, attempt, _renewed(done, clock)))
        page = list_register(asker, since, until, after, PAGE)
        db.session.rollback()
        if not page.tickets:
            return
        yield page
        last = page.tickets[-1]
        after, done = (last.reported_at, last.id), done + len(page.tickets)


def _renewed(done: int, clock: Clock) -> dict[str, object]:
    return {"done_rows": done, "claimed_until": clock() + CLAIMED_FOR}


def _keep(export_id: int, attempt: int, values: dict[str, object]) -> int:
    """Notes it and answers who has ordered it. Raises _TakenOver where another makes it now."""
    if not change_claimed(export_id, attempt, values):
        raise _TakenOver
    return get_export(export_id).person_id


def _require_right(person_id: int) -> Asker:
    person = get_person_afresh(person_id)
    if not person.is_active or not may(person.asker, "figures.export"):
        raise PermissionError(f"person {person_id} may not take figures out")
    return person.asker


def _hand_out(export_id: int, attempt: int, draft: Path, clock: Clock) -> None:
    """Puts the file in its place and says so; the place is nobody's until the row names it."""
    name = f"{export_id}-{attempt}.xlsx"
    draft.rename(draft.with_name(name))
    now = clock()
    ready = {"state": "ready", "file": name, "finished_at": now, "expires_at": now + KEPT}
    try:
        with transaction():
            person_id = _keep(export_id, attempt, {**ready, "claimed_until": None})
            export = get_export(export_id)
            detail = {**export.asked, "rows": export.done_rows}
            log_event("exported", now=now, actor_id=person_id, subject="register", detail=detail)
    except BaseException:
        draft.with_name(name).unlink(missing_ok=True)
        raise


def _draft(export_id: int, attempt: int) -> Path:
    folder = room_path(ROOM)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f"draft-{export_id}-{attempt}"


def fetch(export: Export, by: By) -> Path | None:
    """The file of an export, for whoever may have it, and notes that they took it; None where it is not
    there (any more)."""
    path = room_path(ROOM) / export.file
    is_there = export.state == "ready" and bool(export.expires_at and by.now < export.expires_at)
    if not is_there or not path.is_file():
        return None
    with transaction():
        log_event(
            "export_fetched",
            now=by.now,
            actor_id=by.actor_id,
            subject=export.what,
            detail=dict(export.asked),
            address=by.address,
        )
    return path


def sweep(now: datetime) -> None:
    """Removes what is no longer to be fetched, and files that no row names. For the periodic list, daily."""
    with transaction():
        for export in list_expired_exports(now):
            export.state = "gone"
    named, folder = list_export_files(), room_path(ROOM)
    old = (now - DAY).timestamp()  # what is being made is younger
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in named and path.stat().st_mtime < old:
            path.unlink(missing_ok=True)
